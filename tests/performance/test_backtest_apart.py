"""Losses taken apart: cases, exposure per case, severity, money, each figure under its heading, by hand."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from loantwin.interfaces.cli.tables.backtest import _apart
from loantwin.interfaces.report.backtest.apart import apart_section
from loantwin.performance.backtest.apart import apart, taken_apart
from loantwin.performance.backtest.origin import GIVEN, AtOrigin, Exposed, Predicted
from loantwin.performance.backtest.parts import ApartRow
from loantwin.performance.outcomes import CHARGE_OFFS, DEFAULTS, LOANS, MONEY, Key

NUMBER, AMOUNT = (CHARGE_OFFS, LOANS), (CHARGE_OFFS, MONEY)


def origin(
    year: int, given: dict[Key, list[float]], came: dict[Key, float], exposed: tuple[list[float], float],
    known: float = 500.0,
) -> AtOrigin:  # fmt: skip
    """Return an origin with two paths and two bands, one window; all is in the second band."""
    values = {key: np.array([[[0.0], [value]] for value in paths]) for key, paths in given.items()}
    predicted = Predicted({key: item.mean(axis=0) for key, item in values.items()}, values, values, {})
    made = AtOrigin(
        date=date(year, 12, 31), bands=("2004", "2005"), loans=np.array([10.0, 90.0]), closed={GIVEN: (12,)},
        actual={key: np.array([[0.0], [value]]) for key, value in came.items()},
        events=dict.fromkeys((CHARGE_OFFS, DEFAULTS), known), predicted={GIVEN: predicted}, rival={},
        rival_simulated={}, notes=(),
    )  # fmt: skip
    owed = Exposed(np.array([[value] for value in exposed[0]]), np.array([exposed[1]]))
    return AtOrigin(**{**vars(made), "apart": {GIVEN: taken_apart(made, GIVEN, owed, (12,))}})


def two_origins() -> list[AtOrigin]:
    # 8 and 12 cases of 3,000 and 4,000 each, half of it lost; 20 came, of 2,000 each, three quarters lost
    first = origin(
        2005, {NUMBER: [8.0, 12.0], AMOUNT: [12_000.0, 24_000.0]}, {NUMBER: 20.0, AMOUNT: 30_000.0},
        ([24_000.0, 48_000.0], 40_000.0),
    )  # fmt: skip
    # 30 cases of 1,000 on both paths, all of it lost; 10 came, of 2,000 each, half lost
    second = origin(
        2006, {NUMBER: [30.0, 30.0], AMOUNT: [30_000.0, 30_000.0]}, {NUMBER: 10.0, AMOUNT: 10_000.0},
        ([30_000.0, 30_000.0], 20_000.0),
    )  # fmt: skip
    # known too little: listed, in no sum
    third = origin(
        2007, {NUMBER: [1.0, 1.0], AMOUNT: [9e9, 9e9]}, {NUMBER: 1.0, AMOUNT: 1.0}, ([1.0, 1.0], 1.0), 99.0
    )
    return [first, second, third]


def figures(row: ApartRow) -> list[tuple[float | None, float | None]]:
    parts = (row.number, row.exposure_per_case, row.severity, row.amount)
    return [(part.forecast, part.came) for part in parts]


def test_an_origin_by_hand() -> None:
    row = apart(two_origins(), GIVEN)[0]
    assert figures(row) == [(10.0, 20.0), (3600.0, 2000.0), (0.5, 0.75), (18_000.0, 30_000.0)]
    # 5 and 95 % of two paths, linear between them
    assert (row.number.low, row.number.high) == (pytest.approx(8.2), pytest.approx(11.8))
    assert (row.exposure_per_case.low, row.exposure_per_case.high) == (
        pytest.approx(3050),
        pytest.approx(3950),
    )
    assert (row.severity.low, row.severity.high) == (0.5, 0.5)
    assert row.exposure_per_case.ratio == pytest.approx(1.8)


def test_origins_are_summed_before_they_are_divided() -> None:
    *_, whole = apart(two_origins(), GIVEN)
    assert (whole.origin, whole.horizon, whole.origins) == (None, 12, 2)
    # 10 + 30 cases owe 36,000 + 30,000; 20 + 10 came that owed 40,000 + 20,000 and lost 40,000
    assert figures(whole) == [(40.0, 30.0), (1650.0, 2000.0), (48 / 66, 40 / 60), (48_000.0, 40_000.0)]
    parts = (whole.number, whole.exposure_per_case, whole.severity)
    for side, total in (("forecast", 48_000.0), ("came", 40_000.0)):
        assert np.prod([getattr(part, side) for part in parts]) == pytest.approx(total)


def test_a_panel_without_charge_offs_has_no_severity() -> None:
    key = (DEFAULTS, LOANS)
    row = apart([origin(2005, {key: [4.0, 4.0]}, {key: 5.0}, ([400.0, 400.0], 750.0))], GIVEN)[0]
    assert figures(row) == [(4.0, 5.0), (100.0, 150.0), (None, None), (None, None)]


def test_nothing_came() -> None:
    row = apart([origin(2005, {NUMBER: [4.0, 4.0]}, {NUMBER: 0.0}, ([400.0, 400.0], 0.0))], GIVEN)[0]
    assert figures(row)[:2] == [(4.0, 0.0), (100.0, None)]
    assert row.number.ratio is None


def view() -> SimpleNamespace:
    return SimpleNamespace(apart=apart(two_origins(), GIVEN))


def test_the_terminal_shows_each_figure_under_its_heading() -> None:
    text = io.StringIO()
    _apart(Console(file=text, width=80), SimpleNamespace(horizons=(12,)), view(), "given macro")
    lines = [" ".join(line.split()) for line in text.getvalue().splitlines()]
    assert max(map(len, text.getvalue().splitlines())) <= 80
    assert "cases x exposure x severity = money months forecast came ratio" in lines
    assert "exposure per case 12 1,650 2,000 0.82" in lines
    assert "lost of the exposure 12 73 % 67 % 1.09" in lines
    assert "2005-12-31 exposure per case 2,000 3,600 3,050 to 3,950" in lines
    assert not any("2007-12-31" in line for line in lines)


def test_the_page_shows_each_figure_under_its_heading() -> None:
    (section,) = apart_section(SimpleNamespace(given_macro=view(), generated_macro=SimpleNamespace(apart=())))  # type: ignore[arg-type]
    _, summed, each = section.blocks
    assert summed.columns == ("months", "", "forecast", "came", "forecast / came")
    assert ("12", "exposure per case", "1,650", "2,000", "0.82") in summed.rows
    assert each.blocks[0].columns[3:6] == ("forecast", "90 % interval", "came")
    assert (
        "2005-12-31",
        "12",
        "exposure per case",
        "3,600",
        "3,050 to 3,950",
        "2,000",
        "1.80",
    ) in each.blocks[0].rows
    assert any(row[0] == "2007-12-31, prior only" for row in each.blocks[0].rows)
