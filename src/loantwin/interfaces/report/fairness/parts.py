"""The parts of the page of `fairness`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loantwin.decisions.fairness.measure import GroupFigures
from loantwin.errors import visible
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    bullets,
    details,
    note,
    percent,
    pictures,
    table,
)
from loantwin.interfaces.report.fairness.charts import calibrated, monthly, ratios, shares
from loantwin.interfaces.report.fairness.words import ends, part, parts, point_ends, points, ratio
from loantwin.verbs.fairness import FairnessResult

METHODS = (
    "Shares: Wilson's interval. Ratios and differences of shares: score intervals (Koopman; Miettinen and "
    "Nurminen), right for small samples.",
    "Odds ratios: exact conditional interval where a cell holds fewer than 50 cases, else normal on "
    "the scale of "
    "logarithms.",
    "At equal risk: Mantel and Haenszel over bands of the score. At equal columns: logistic regression.",
    "An approval ratio of 1 is equality. No threshold is drawn: whether a difference is justified is "
    "not judged here.",
)


def figure_of(result: FairnessResult) -> str:
    """Return which ratio the page is about: of approvals where levels stand, else of odds."""
    return "approval_ratio" if result.levels_kept else "odds_ratio"


def _names(items: Sequence[Any]) -> list[str]:
    return [visible(item.group) for item in items]


def _compared(items: Sequence[GroupFigures], where: str, kept: bool) -> list[PageBlock]:
    """Return pictures and table of approvals; where : what the pictures are of, in their titles."""
    told = [item for item in items if item.approval is not None]
    beside = [item for item in items if item.odds_ratio is not None]
    drawn = []
    if told:
        chart = shares(
            f"Share approved{where}",
            _names(told),
            [item.approval for item in told if item.approval],
            unit="% of cases",
        )
        drawn.append((chart, "The wider the bar, the fewer the cases."))
    if beside:
        name, words = ("approval_ratio", "Approval ratio") if kept else ("odds_ratio", "Odds ratio")
        chart = ratios(
            f"{words}{where}",
            _names(beside),
            [getattr(item, name) for item in beside],
            unit="the line is equality",
        )
        drawn.append((chart, "Beside the reference; the scale is of ratios."))
    rows: list[tuple[str, ...]] = [
        (item.group, f"{item.cases:,}", f"{item.approved:,}", part(item.approval), parts(item.approval),
         ratio(item.approval_ratio), ends(item.approval_ratio), points(item.approval_difference),
          point_ends(item.approval_difference),
         ratio(item.odds_ratio), ends(item.odds_ratio))
        for item in items
    ]  # fmt: skip
    heads: tuple[str, ...] = ("group", "cases", "approved", "share", "95 %", "approval ratio",
     "95 % of ratio",
                              "difference, points", "95 % of points", "odds ratio",
                               "95 % of odds ratio")  # fmt: skip
    if not kept:
        rows = [(*row[:3], *row[9:]) for row in rows]
        heads = (*heads[:3], *heads[9:])
    return [*([pictures(*drawn)] if drawn else []), table(heads, rows)]


def approvals(result: FairnessResult) -> Section:
    """Return approvals by group, and what is refused."""
    refused = [
        note(f"Not shown: {', '.join(result.refused)}. {words}.")
        for words in dict.fromkeys(result.refused.values())
    ]
    return Section(
        "approvals",
        "Approvals by group",
        f"Approved: {result.outcome} = {result.favourable}; declined: {result.unfavourable}. Each "
        f"group beside {result.reference}.",
        (*refused, *_compared(result.groups, "", result.levels_kept)),
    )


def equal(result: FairnessResult) -> Section | None:
    """Return odds ratios at equal risk and columns, beside all cases; None where none was asked for."""
    named = (("at equal risk", result.at_equal_risk), ("at equal columns", result.at_equal_columns))
    given = [(words, item) for words, items in named for item in items]
    if not given:
        return None
    plain = [("of all cases", item) for item in result.groups[1:]]
    order = {item.group: place for place, item in enumerate(result.groups)}
    told = [(item, words) for words, item in (*plain, *given)]
    told.sort(key=lambda pair: order.get(pair[0].group, len(order)))
    drawn = [(item, words) for item, words in told if item.odds_ratio is not None]
    labels = [f"{visible(item.group)}, {words}" for item, words in drawn]
    rows = [
        (item.group, words, f"{item.cases:,}", ratio(item.odds_ratio), ends(item.odds_ratio))
        for item, words in told
    ]
    chart = ratios(
        "Odds ratio of approval",
        labels,
        [item.odds_ratio for item, _ in drawn if item.odds_ratio],
        unit="the line is equality",
        head="",
    )
    words = (
        f"Columns held equal: {', '.join(result.given)}."
        if result.given
        else "Risk is held equal by bands of the score."
    )
    return Section(
        "equal",
        "At equal risk and equal columns",
        words,
        (
            *(
                [
                    pictures(
                        (
                            chart,
                            "What moves towards the line goes with what is held equal, whatever the reason.",
                        )
                    )
                ]
                if drawn
                else []
            ),
            table(("group", "which cases", "cases", "odds ratio", "95 %"), rows, words=(0, 1)),
        ),
    )


def opportunity(result: FairnessResult) -> Section | None:
    """Return approvals among cases that ended well; None where no end is known."""
    if not result.good_cases:
        return None
    return Section(
        "opportunity",
        "Equal opportunity",
        "Approvals among cases that ended well.",
        tuple(_compared(result.good_cases, ", ended well", result.levels_kept)),
    )


def ended(result: FairnessResult) -> Section | None:
    """Return how cases ended, and calibration; None where no end is known."""
    if not result.ends:
        return None
    told = [item for item in result.ends if item.observed is not None]
    drawn = []
    if told:
        chart = shares(
            "Share that ended badly",
            _names(told),
            [item.observed for item in told if item.observed],
            unit="% of known ends",
        )
        drawn.append((chart, "Of cases whose end is known."))
    if result.calibration:
        drawn.append((calibrated(result.calibration), "On the dashed line the score says what came."))
    rows = [
        (item.group, f"{item.cases:,}", f"{item.bads:,}", part(item.observed), parts(item.observed),
         percent(item.predicted, 1), ratio(item.auc), ends(item.auc))
        for item in result.ends
    ]  # fmt: skip
    bands = [
        (
            item.group,
            str(item.band),
            f"{item.cases:,}",
            percent(item.predicted, 1),
            part(item.observed),
            parts(item.observed),
        )
        for item in result.calibration
    ]
    heads = ("group", "known ends", "bad", "observed", "95 %", "predicted", "AUC", "95 % of AUC")
    return Section(
        "ends",
        "How cases ended",
        "What came of the cases, and what the score said of them.",
        (
            *([pictures(*drawn)] if drawn else []),
            table(heads, rows),
            *(
                [
                    details(
                        "By band of risk",
                        table(("group", "band", "cases", "predicted", "observed", "95 %"), bands),
                    )
                ]
                if bands
                else []
            ),
        ),
    )


def months(result: FairnessResult) -> Section | None:
    """Return the figures by month; None where none was asked for."""
    told = [item for item in result.months if item.odds_ratio is not None]
    if not result.months:
        return None
    figure, words = (figure_of(result), "Approval ratio" if result.levels_kept else "Odds ratio")
    rows = [
        (item.month, item.group, f"{item.cases:,}", f"{item.approved:,}", ratio(item.approval_ratio),
         ends(item.approval_ratio),
         ratio(item.odds_ratio), ends(item.odds_ratio))
        for item in result.months
    ]  # fmt: skip
    heads = (
        "month",
        "group",
        "cases",
        "approved",
        "approval ratio",
        "95 % of ratio",
        "odds ratio",
        "95 % of odds ratio",
    )
    chart = monthly(f"{words} by month", told, figure, unit="the line is equality") if told else None
    return Section(
        "months",
        "By month",
        "Months with few cases have wide intervals, or none.",
        (
            *([pictures((chart, "Each month beside the reference of the same month."))] if chart else []),
            details("Every month in figures", table(heads, rows, words=(0, 1))),
        ),
    )


def how(result: FairnessResult) -> Section:
    """Return what was done, what is not shown and why."""
    named: tuple[tuple[str, Sequence[Any]], ...] = (
        ("approvals", result.groups),
        ("ended well", result.good_cases),
        ("ends", result.ends),
        ("equal risk", result.at_equal_risk),
        ("equal columns", result.at_equal_columns),
        ("by month", result.months),
    )
    rows = [
        (item.group, getattr(item, "month", name), item.not_shown)
        for name, items in named
        for item in items
        if item.not_shown
    ]
    thin = table(("group", "figure", "why"), rows, words=(0, 1, 2))
    return Section(
        "how",
        "How it is counted",
        f"Levels of approval: {result.levels}.",
        (bullets((*METHODS, *result.notes)), *([details("Not shown, and why", thin)] if rows else [])),
    )
