"""The report's words, ticks, layout and pictures, on small inputs made by hand."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from loantwin.errors import UsageError
from loantwin.events.verify import LogVerification
from loantwin.interfaces.cli.tables.render import render
from loantwin.interfaces.demo import DemoDone
from loantwin.interfaces.report import charts
from loantwin.interfaces.report.backtest.charts import by_origin
from loantwin.interfaces.report.blocks import arranged, beside, note, pictures, table
from loantwin.interfaces.report.labels import (
    accuracy_words,
    counted,
    covariate_words,
    edge_words,
    money,
    money_ticks,
    percent_ticks,
    plain,
    segment_words,
    wrapped,
)
from loantwin.interfaces.report.report.compared import against
from loantwin.interfaces.report.report.moves import leading_edges
from loantwin.interfaces.report.report.parts import PARTS, chosen, made
from loantwin.interfaces.report.report.report import ReportWritten
from loantwin.synthesis.write import SyntheticSummary

from .conftest import Command

LONG = "instalment, guaranteed share > 0.5, full documentation, existing business"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("instalment|guaranteed_share>0.5|full_doc", "instalment, guaranteed share > 0.5, full doc"),
        ("guaranteed_share<=0.5", "guaranteed share ≤ 0.5"),
        ("interest_only|A", "interest only, A"),
        ("dpd_30_59", "30–59 days past due"),
    ],
)
def test_segments_keep_their_numbers(raw: str, words: str) -> None:
    assert segment_words(raw) == words


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("house_price_index.log_ratio_12m.lag3", "house price index, log change in 12 months, lag 3"),
        ("unemployment_rate.level", "unemployment rate, level"),
        ("rate>0.5", "rate > 0.5"),
        ("v1.25", "v1.25"),
    ],
)
def test_only_covariates_are_split_at_dots(raw: str, words: str) -> None:
    assert covariate_words(raw) == words


def test_transitions_are_named_in_words() -> None:
    assert edge_words("current -> dpd_1_29") == "current → 1–29 days past due"
    assert edge_words("current -> charged_off") == "current → charged off"
    assert plain("interest_only") == "interest only"


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 year"), (2, "2 years"), (0, "0 years"), (1.2, "1 year"), (1234, "1,234 years")],
)
def test_one_is_singular(number: float, words: str) -> None:
    assert counted(number, "year") == words


def test_an_accuracy_below_zero_has_no_digits() -> None:
    assert accuracy_words(-1.29) == "below 0 %"
    assert accuracy_words(0.874) == "87 %"
    assert accuracy_words(None) == "–"
    assert "-129" not in against(0.4, -1.29)
    assert against(0.4, -1.29) == "better than last year's rate carried on (below 0 %)"
    assert against(0.1, 0.4).startswith("worse than")
    assert against(0.4, 0.4).startswith("as good as")


@pytest.mark.parametrize(
    ("step", "labels"),
    [
        (0.0005, ["0 %", "0.05 %", "0.10 %", "0.15 %"]),
        (0.0025, ["0 %", "0.25 %", "0.50 %", "0.75 %"]),
        (0.01, ["0 %", "1 %", "2 %", "3 %"]),
        (0.00002, ["0 %", "0.002 %", "0.004 %", "0.006 %"]),
    ],
)
def test_percent_ticks_have_the_decimals_of_their_step(step: float, labels: list[str]) -> None:
    assert percent_ticks([place * step for place in range(4)]) == labels


def test_money_ticks_share_one_unit() -> None:
    assert money_ticks([0.0, 500e3, 1e6, 1.5e6]) == ["0", "0.5 M", "1.0 M", "1.5 M"]
    assert money(12_345_678.0) == "12.35 M"
    assert money(55_480_123_456_789.0) == "55,480 bn"


def test_long_labels_take_two_lines_at_most() -> None:
    assert wrapped("mortgage, A") == "mortgage, A"
    lines = wrapped("instalment, guaranteed share > 0.5, full doc, new").split("\n")
    assert len(lines) == 2
    assert " ".join(lines) == "instalment, guaranteed share > 0.5, full doc, new"
    assert len(wrapped(LONG + ", " + LONG).split("\n")) == 2
    assert wrapped("x" * 300).count("\n") <= 1


def _ids(svg: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', svg)


def _texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    return ["".join(item.itertext()).strip() for item in root.iter() if item.tag.endswith("text")]


def test_ids_are_unique_on_a_page_of_two_pictures() -> None:
    one = charts.lines("Same title", ["2020", "2021"], {"a": [0.1, 0.2]}, unit="%", percent=True).svg
    two = charts.lines("Same title", ["2020", "2021"], {"a": [0.1, 0.3]}, unit="%", percent=True).svg
    together = _ids(one) + _ids(two)
    assert together
    assert len(together) == len(set(together))
    for svg in (one, two):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)) <= set(_ids(svg))


@pytest.mark.parametrize("top", [0.00004, 0.0007, 0.012, 0.4, 1.0])
def test_percent_axes_never_repeat_a_label(top: float) -> None:
    svg = charts.lines("Rates", ["2020", "2021"], {"a": [0.0, top]}, unit="%", percent=True).svg
    ticks = [words for words in _texts(svg) if words.endswith("%")]
    assert len(ticks) >= 3
    assert len(ticks) == len(set(ticks))
    assert len({words.partition(".")[2] and len(words) for words in ticks if words != "0 %"}) <= 2


def test_names_of_rows_stay_whole_and_inside_the_picture() -> None:
    labels = [LONG, "mortgage, A", "revolving, guaranteed share ≤ 0.5, new"]
    values = np.array([0.1, -0.2, 0.3])
    made = charts.forest(
        "Segments, current → charged off",
        labels,
        values,
        values - 0.1,
        values + 0.1,
        "log-odds",
        unit="log-odds",
    )
    words = _texts(made.svg)
    assert "mortgage, A" in words
    for label in labels[1:]:
        assert label in " ".join(words)
    box = [float(part) for part in re.findall(r'viewBox="([^"]+)"', made.svg)[0].split()]
    at_the_left = re.findall(r'text-anchor: end[^>]*?x="([\d.-]+)"[^>]*>([^<]+)<', made.svg)
    assert len(at_the_left) >= len(labels)
    for x, words_ in at_the_left:
        assert float(x) - 4.0 * len(words_) > box[0] - 1.0, words_


def test_titles_and_keys_are_the_pages_not_the_pictures() -> None:
    made = charts.fan(
        "Balance", ["2020-01", "2020-02"], [2.0, 1.0], [1.5, 0.5], [2.5, 1.5], unit="USD", actual=[2.0]
    )
    assert (made.title, made.unit) == ("Balance", "USD")
    assert [key.name for key in made.keys] == ["forecast (mean)", "90 % interval", "what happened"]
    assert not any("Balance" in words for words in _texts(made.svg))
    assert not any("interval" in words for words in _texts(made.svg))


def test_more_series_than_colours_are_drawn() -> None:
    series = {f"scenario {place}": [1.0, 2.0 + place] for place in range(9)}
    assert len(charts.lines("Defaulted", ["a", "b"], series, unit="USD").keys) == 9
    assert len(charts.grouped("Defaulted", ["a", "b"], series, unit="USD").keys) == 9


def test_small_tables_stand_side_by_side_and_wide_ones_alone() -> None:
    small, wide = table(("rule", "rows"), [("a", 1)]), table(("rule", "rows"), [("a" * 120, 1)])
    assert [block.kind for block in arranged([small, small])] == ["grid"]
    assert [block.kind for block in arranged([small, wide, small])] == ["table", "table", "table"]
    assert [block.kind for block in arranged([small, note("words"), small])] == ["table", "note", "table"]
    chart = pictures((charts.bars("Balance", ["a"], [1.0], unit="USD"), ""))
    assert [block.kind for block in arranged([chart, small])] == ["grid"]
    assert [block.kind for block in beside(small, chart)] == ["grid"]
    assert [block.kind for block in beside(wide, chart)] == ["pictures", "table"]


@pytest.mark.parametrize(
    ("first", "months", "named"),
    [
        ("2023-01", 36, ["2023-06", "2023-12", "2024-06", "2024-12", "2025-06", "2025-12"]),
        ("2022-11", 12, ["2022-12", "2023-03", "2023-06", "2023-09"]),
        ("2020-02", 60, ["2020-12", "2021-12", "2022-12", "2023-12", "2024-12"]),
        ("2023-01", 4, ["2023-01", "2023-02", "2023-03", "2023-04"]),
    ],
)
def test_months_are_named_at_quarters_and_as_many_as_fit(first: str, months: int, named: list[str]) -> None:
    start = 12 * int(first[:4]) + int(first[5:]) - 1
    labels = [f"{month // 12}-{month % 12 + 1:02d}" for month in range(start, start + months)]
    svg = charts.stacked("Cash", labels, {"interest": [1.0] * months}, unit="USD").svg
    assert [words for words in _texts(svg) if re.fullmatch(r"\d{4}-\d\d", words)] == named


def test_areas_and_bars_are_read_from_zero() -> None:
    """Values that lie far from zero, and close together: an axis cut at them would be half as tall."""
    labels, high = ["2020-03", "2020-06"], [1000.0, 1010.0]
    drawings = [
        charts.fan("a", labels, high, [990.0, 980.0], [1020.0, 1030.0], unit="USD"),
        charts.stacked("a", labels, {"x": high}, unit="USD"),
        charts.grouped("a", labels, {"x": high}, unit="USD"),
        charts.bars("a", labels, high, unit="USD"),
        charts.errorbars("a", labels, [0.91, 0.92], [0.9, 0.9], [0.93, 0.93], unit="%"),
        by_origin("a", labels, high, [[990.0, 995.0, 1000.0, 1005.0, 1010.0]] * 2, high, unit="loans"),
    ]
    for chart in drawings:
        assert {"0", "0 %"} & set(_texts(chart.svg)), _texts(chart.svg)


def test_the_parts_of_a_report_are_chosen_by_name_and_kept_in_order() -> None:
    assert chosen("") == chosen(()) == tuple(PARTS)
    assert chosen("loss, book") == chosen(("loss", "book")) == ("book", "loss")
    with pytest.raises(UsageError, match=r"parts of book, forecast.*was 'tables'"):
        chosen("book,tables")


def test_a_part_that_a_source_cannot_fill_is_left_out_with_its_reason() -> None:
    twin = SimpleNamespace(macro_sources=())
    found: Any = SimpleNamespace(
        comparison=None, comparison_gap="expected a year of facts.", stress=None, twin=twin
    )
    drawn, left_out = made(found, ("compared", "stress"))
    assert drawn == ()
    assert left_out == (
        "what happened (expected a year of facts)",
        "stress (the model was fitted without a macro file, so that no scenario can be run)",
    )


def test_an_unknown_part_is_refused_before_anything_is_read(loantwin: Command, tmp_path: Path) -> None:
    ran = loantwin("report", tmp_path / "nowhere", "--sections", "tables", "--out", tmp_path / "a.html")
    ran.refused("sections", "tables", "provenance")


def test_panels_lead_with_delinquency_then_default() -> None:
    def edge(name: str, events: float) -> dict[str, Any]:
        return {"edge": name, "events": events}

    panel = [
        edge("dpd_60_89 -> default", 40.0),
        edge("current -> prepaid", 900.0),
        edge("dpd_1_29 -> default", 1.0),
        edge("current -> dpd_1_29", 500.0),
    ]
    assert [item["edge"] for item in leading_edges(panel, "default")] == [
        "current -> dpd_1_29",
        "dpd_60_89 -> default",
    ]
    outcomes = [edge("current -> prepaid", 900.0), edge("current -> charged_off", 5.0)]
    assert [item["edge"] for item in leading_edges(outcomes, "charged_off")] == ["current -> charged_off"]
    assert leading_edges([], "default") == []


RESULTS = {
    "report": (
        ReportWritten(
            path="out/report.html",
            size=490_000,
            sections=("The book",),
            figures={"Balance": "4 M"},
            left_out=("stress (no macro file)",),
        ),
        (
            "Report written to out/report.html (0.5 MB)",
            "Left out: the source cannot fill them",
            "stress (no macro file)",
            "open out/report.html in a browser",
        ),
    ),
    "demo": (
        DemoDone(
            folder="demo",
            report="demo/report.html",
            as_of=date(2023, 12, 31).isoformat(),
            loans=1000,
            loan_months=None,
            seconds={"fit": 1.25, "report": 2.0},
            figures={"Balance": "4 M"},
            next_steps=("loantwin loss demo/twin",),
        ),
        ("Seconds by step", "3.2", "demo/report.html", "loantwin loss demo/twin"),
    ),
    "synthetic": (
        SyntheticSummary(
            folder="made",
            seed=1,
            first_month="2020-01",
            last_month="2022-12",
            loans=10,
            loan_months=90,
            originated=1e6,
            balance=5e5,
            charged_off=0.0,
            defaults=0,
            loan_count_by_status={"current": 10},
            planted={},
            files={"tape.csv": 90, "mapping.toml": 40},
        ),
        ("loantwin twin create twin --tape made/tape.csv --format made/mapping.toml --as-of 2021-12-31",),
    ),
    "log": (
        LogVerification(
            home="twin",
            ok=True,
            events=3,
            head="ab" * 32,
            by_type={"TwinCreated": 1},
            problems=(),
            missing=(),
            unreferenced=(),
        ),
        ("The log is sound", "TwinCreated"),
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_read_as_words_not_as_fields(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result, told = RESULTS[name]
    render(result)
    out = capsys.readouterr().out
    for words in told:
        assert words in out
    for raw in ("loantwin.", "schema", "True", "provenance", "_"):
        assert raw not in out
