"""What is read on the pages of fairness, of its alternatives and on a model card's top, figure by figure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loantwin.interfaces.report.drawing import share
from loantwin.interfaces.report.fairness.page import page as fairness_page
from loantwin.interfaces.report.fairness.search import page as search_page
from loantwin.interfaces.report.score_card.page import page as card_page
from loantwin.verbs.fairness import FairnessResult
from loantwin.verbs.fairness_search import FairnessSearchResult
from loantwin.verbs.score_card import ScoreCardResult

from .page_results import result_of
from .pages import Reader, Table, read
from .test_pages_read import percent, read_of, whole


def three(value: float) -> str:
    return f"{value:.3f}"


def span(item: Any) -> str:
    return f"{three(item.low)} to {three(item.high)}"


def shares(item: Any, decimals: int = 1) -> str:
    return f"{percent(item.low, decimals)} to {percent(item.high, decimals)}"


def points(item: Any, decimals: int = 1) -> str:
    return f"{100 * item.low:+.{decimals}f} to {100 * item.high:+.{decimals}f}"


def rows(table: Table, named: int = 1) -> dict[tuple[str, ...], dict[str, str]]:
    """Return a table's cells by its first columns and its headings; no row stands twice."""
    made = {tuple(row[:named]): dict(zip(table.cells[0], row, strict=True)) for row in table.cells[1:]}
    assert len(made) == len(table.cells) - 1
    return made


def dots(page: Reader, title: str, figures: dict[str, Any], shown: Any, under: str = "") -> None:
    """Hold a picture's rows to figures with their intervals, by name."""
    chart = page.chart(title, under)
    assert [row[0] for row in chart.cells[1:]] == list(figures)
    for name, item in figures.items():
        told = [chart.cell(name, head) for head in ("estimate", "2.5 %", "97.5 %")]
        assert told == [shown(item.value), shown(item.low), shown(item.high)], (title, name)


def approvals(item: Any) -> dict[str, str]:
    """Return what the cells of a group's approvals must tell by heading."""
    return {
        "cases": whole(item.cases), "approved": whole(item.approved),
        "share": percent(item.approval.value, 1), "95 %": shares(item.approval),
        "approval ratio": three(item.approval_ratio.value), "95 % of ratio": span(item.approval_ratio),
        "difference, points": f"{100 * item.approval_difference.value:+.1f}",
        "95 % of points": points(item.approval_difference),
        "odds ratio": three(item.odds_ratio.value), "95 % of odds ratio": span(item.odds_ratio),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "under", "where"),
    [("groups", "Approvals by group", ""), ("good_cases", "Equal opportunity", ", ended well")],
)
def test_approvals_by_group(name: str, under: str, where: str) -> None:
    page, items = read_of(FairnessResult), getattr(result_of(FairnessResult), name)
    told = rows(page.table("group", "cases", "approved", "share", under=under))
    assert len(told) == len(items)
    for item in items:
        assert told[item.group,] == {"group": item.group} | approvals(item)
    dots(page, f"Share approved{where}", {item.group: item.approval for item in items}, share, under)
    ratio = {item.group: item.approval_ratio for item in items}
    dots(page, f"Approval ratio{where}", ratio, three, under)


def test_ratios_at_equal_risk_stand_beside_those_of_all_cases() -> None:
    page, result = read_of(FairnessResult), result_of(FairnessResult)
    told = rows(page.table("group", "which cases"), 2)
    given = [(item, "of all cases") for item in result.groups[1:]]
    given += [(item, "at equal risk") for item in result.at_equal_risk]
    given += [(item, "at equal columns") for item in result.at_equal_columns]
    assert len(told) == len(given)
    for item, words in given:
        row = told[item.group, words]
        assert (row["cases"], row["odds ratio"]) == (whole(item.cases), three(item.odds_ratio.value))
        assert row["95 %"] == span(item.odds_ratio)
        chart = page.chart("Odds ratio of approval")
        assert chart.cell(f"{item.group}, {words}", "97.5 %") == three(item.odds_ratio.high)


def test_ends_and_calibration_by_group() -> None:
    page, result = read_of(FairnessResult), result_of(FairnessResult)
    told = rows(page.table("group", "known ends"))
    for item in result.ends:
        assert told[item.group,] == {
            "group": item.group, "known ends": whole(item.cases), "bad": whole(item.bads),
            "observed": percent(item.observed.value, 1), "95 %": shares(item.observed),
            "predicted": percent(item.predicted, 1), "AUC": three(item.auc.value),
            "95 % of AUC": span(item.auc),
        }  # fmt: skip
    dots(page, "Share that ended badly", {item.group: item.observed for item in result.ends}, share)
    bands, drawn = (
        rows(page.table("group", "band"), 2),
        page.chart("Calibration by band of risk"),
    )
    for item in result.calibration:
        row = bands[item.group, str(item.band)]
        assert row["cases"] == whole(item.cases)
        assert row["predicted"] == percent(item.predicted, 1)
        assert (row["observed"], row["95 %"]) == (percent(item.observed.value, 1), shares(item.observed))
        name = f"{item.group}, {item.band}"
        assert drawn.cell(name, "predicted") == share(item.predicted)
        assert drawn.cell(name, "observed") == share(item.observed.value)
        assert drawn.cell(name, "97.5 %") == share(item.observed.high)


def test_months_of_each_group() -> None:
    page, result = read_of(FairnessResult), result_of(FairnessResult)
    told, drawn = rows(page.table("month", "group"), 2), page.chart("Approval ratio by month")
    assert len(told) == len(result.months)
    for item in result.months:
        row = told[item.month, item.group]
        assert (row["cases"], row["approved"]) == (whole(item.cases), whole(item.approved))
        assert row["approval ratio"] == three(item.approval_ratio.value)
        assert row["95 % of ratio"] == span(item.approval_ratio)
        assert row["odds ratio"] == three(item.odds_ratio.value)
        assert row["95 % of odds ratio"] == span(item.odds_ratio)
        assert drawn.cell(item.month, item.group) == three(item.approval_ratio.value)
        assert drawn.cell(item.month, f"{item.group}, 2.5 %") == three(item.approval_ratio.low)
        assert drawn.cell(item.month, f"{item.group}, 97.5 %") == three(item.approval_ratio.high)
    assert page.facts["As of"] == max(item.month for item in result.months)


def test_the_top_of_fairness_tells_the_lowest_ratio() -> None:
    page, result = read_of(FairnessResult), result_of(FairnessResult)
    lowest = min(result.groups, key=lambda item: item.approval_ratio.value)
    (summary,) = page.by_class["summary"]
    assert summary == (
        f"Of {result.reference} {percent(result.groups[0].approval.value, 1)} were approved, of "
        f"{lowest.group} {percent(lowest.approval.value, 1)}: a ratio of "
        f"{three(lowest.approval_ratio.value)}, interval {span(lowest.approval_ratio)}, on "
        f"{whole(lowest.cases)} cases, the lowest of {len(result.groups) - 1} compared."
    )
    ratio, odds = lowest.approval_ratio, lowest.odds_ratio
    assert tiles(page)[:3] == [
        ("Cases", whole(result.cases), f"{whole(result.approved)} approved"),
        ("Lowest approval ratio", three(ratio.value), span(ratio)),
        ("Its odds ratio", three(odds.value), span(odds)),
    ]


def tiles(page: Reader) -> list[tuple[str, ...]]:
    """Return what stands on tiles: name, figure, words below."""
    names, figures, words = (page.tiles[kind] for kind in ("span", "b", "small"))
    return list(zip(names, figures, words, strict=True))


def cost(item: Any) -> dict[str, str]:
    """Return what the cells of an alternative's cost must tell by heading."""
    change = item.auc_change
    return {
        "alternative": item.name, "AUC": f"{item.auc.value:.4f}", "change": f"{change.value:+.4f}",
        "95 % of change": f"{change.low:+.4f} to {change.high:+.4f}",
        "Brier": f"{item.brier:.4f}", "change of Brier": f"{item.brier_change.value:+.4f}",
        "95 % of Brier": f"{item.brier_change.low:+.4f} to {item.brier_change.high:+.4f}",
        "bad among approved": percent(item.bad_rate.value, 2),
        "change of bad, points": f"{100 * item.bad_rate_change.value:+.2f}",
        "95 % of points": points(item.bad_rate_change, 2),
    }  # fmt: skip


def test_alternatives_stand_with_gain_and_cost() -> None:
    page, result = read_of(FairnessSearchResult), result_of(FairnessSearchResult)
    gains, costs = rows(page.table("alternative", "model")), rows(page.table("alternative", "AUC"))
    order, ends = page.chart("Order of risk against approvals"), page.chart("Bad ends against approvals")
    assert len(gains) == len(costs) == len(result.alternatives)
    for item in result.alternatives:
        assert gains[item.name,] == {
            "alternative": item.name, "model": item.model,
            "approval ratio": three(item.approval_ratio.value), "95 %": span(item.approval_ratio),
            "gain": f"{item.gain.value:+.3f}",
            "95 % of gain": f"{item.gain.low:+.3f} to {item.gain.high:+.3f}",
            "gain told": item.gain_told, "on the frontier": "yes" if item.on_frontier else "no",
        }  # fmt: skip
        assert costs[item.name,] == cost(item)
        assert order.cell(item.name, "approval ratio") == three(item.approval_ratio.value)
        assert order.cell(item.name, "AUC") == three(item.auc.value)
        assert ends.cell(item.name, "bad among approved") == three(item.bad_rate.value)
    assert page.facts["As of"] == "not told"


def test_the_top_of_alternatives_tells_the_largest_gain_shown() -> None:
    made = result_of(FairnessSearchResult)
    present, *others = made.alternatives
    best = max(others, key=lambda item: item.approval_ratio.value)
    page = read(search_page(replace(made, found=tuple(item.name for item in others))))
    (summary,) = page.by_class["summary"]
    assert summary.replace("\u00a0", " ") == (
        f"The largest gain shown is that of {best.name}: a ratio of {three(best.approval_ratio.value)} in "
        f"place of {three(present.approval_ratio.value)}, at an AUC of {three(best.auc.value)} in place of "
        f"{three(present.auc.value)} and {percent(best.bad_rate.value, 2)} bad among the approved in place "
        f"of {percent(present.bad_rate.value, 2)}."
    )
    ratio, shown = present.approval_ratio, len(others)
    assert tiles(page) == [
        ("Present approval ratio", three(ratio.value), span(ratio)),
        ("Present AUC", three(present.auc.value), span(present.auc)),
        ("Alternatives tried", f"{shown}", f"gain shown of {shown}"),
        ("Cases compared", whole(made.group_cases), f"beside {whole(made.reference_cases)}"),
    ]


def test_the_top_of_a_card_tells_its_champion() -> None:
    page, result = read_of(ScoreCardResult), result_of(ScoreCardResult)
    own = result.models[result.champion]
    assert tiles(page) == [
        ("Champion", result.champion, f"of {len(result.models)} models"),
        ("Cases", whole(result.rows), f"{whole(result.bads)} bad, {percent(result.bads / result.rows, 1)}"),
        ("AUC", f"{own.auc:.3f}", f"{own.auc_low:.3f} to {own.auc_high:.3f}"),
        ("KS", f"{own.ks:.3f}", f"Gini {own.gini:.3f}"),
        ("Brier score", f"{own.brier:.4f}", f"{own.brier_low:.4f} to {own.brier_high:.4f}"),
        ("Calibration slope", f"{own.calibration_slope:.2f}", "1 is best, below: too far apart"),
        ("Stability (PSI)", f"{own.stability:.3f}", "of the score, later rows"),
    ]
    (summary,) = page.by_class["summary"]
    assert summary.startswith(
        f"On cases it was not trained on the champion, {result.champion}, has an AUC of {own.auc:.3f}, 95 % "
        f"interval {own.auc_low:.3f} to {own.auc_high:.3f}, and a Brier score of {own.brier:.4f}. "
    )
    assert page.facts["As of"] == result.dates[-1]


@pytest.mark.parametrize(
    ("page", "made"),
    [
        (card_page, replace(result_of(ScoreCardResult), dates=())),
        (fairness_page, replace(result_of(FairnessResult), months=())),
    ],
    ids=["card", "fairness"],
)
def test_a_file_without_days_has_no_date_that_it_is_as_of(page: Any, made: Any) -> None:
    assert read(page(made)).facts["As of"] == "not told"
