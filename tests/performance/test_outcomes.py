"""What happened, on tapes small enough to count by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from loantwin.book.mapping import load_mapping
from loantwin.errors import UsageError
from loantwin.performance.outcomes import OnBook, happened, observable, tape_end

AS_OF = date(2020, 12, 31)


def outcomes_table() -> pl.DataFrame:
    rows = [
        ("A", date(2019, 1, 15), 60, date(2021, 3, 5), 700.0, None),  # charged off in month 3
        ("B", date(2019, 1, 15), 60, None, 0.0, date(2021, 6, 30)),  # paid off early in month 6
        ("C", date(2018, 7, 15), 36, None, 0.0, date(2021, 7, 15)),  # paid at its term: no prepayment
        ("D", date(2020, 5, 15), 60, date(2020, 11, 5), 50.0, None),  # before the date: not on the book
        ("E", date(2020, 5, 15), 60, date(2021, 12, 31), 300.0, None),  # month 12
        ("F", date(2020, 5, 15), 60, date(2022, 1, 1), 999.0, None),  # month 13
    ]
    names = ["loan_id", "origination_date", "term_months", "charge_off_date", "charged_off", "closed_date"]
    return pl.DataFrame(rows, schema=names, orient="row", schema_overrides={"closed_date": pl.Date})


def book(ids: list[str], band: list[int], weight: list[float]) -> OnBook:
    return OnBook(
        pl.Series(ids),
        np.array(band),
        ("before 2020", "2020"),
        np.array(weight),
        np.ones(len(ids), dtype=bool),
    )


def test_outcomes_are_counted_once_in_every_window_that_holds_them() -> None:
    on = book(["A", "B", "C", "E", "F"], [0, 0, 0, 1, 1], [1.0, 1.0, 1.0, 2.0, 2.0])
    found = happened(outcomes_table(), None, on, AS_OF, (3, 6, 12))
    assert found["charge_offs", "loans"].tolist() == [[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]]
    assert found["charge_offs", "money"].tolist() == [[700.0, 700.0, 700.0], [0.0, 0.0, 600.0]]
    assert found["prepayment", "loans"].tolist() == [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]]


def panel_table() -> pl.DataFrame:
    def rows(loan: str, *states: tuple[str, float, float, float, float]) -> list[tuple[object, ...]]:
        days = [date(2020, 12, 31), date(2021, 1, 31), date(2021, 2, 28), date(2021, 3, 31)]
        return [(loan, day, *item) for day, item in zip(days, states, strict=False)]

    names = ["loan_id", "report_date", "state", "principal", "prepaid", "interest", "charged_off"]
    return pl.DataFrame(
        [
            *rows(
                "A",
                ("current", 100.0, 0, 1, 0),
                ("current", 90.0, 0, 1, 0),
                ("current", 80.0, 2.0, 1, 0),
                ("current", 70.0, 0, 1, 0),
            ),
            *rows(
                "B",
                ("dpd_60_89", 50.0, 0, 0, 0),
                ("default_0_3", 51.0, 0, 0, 0),
                ("charged_off", 0.0, 5.0, 0, 30.0),
            ),
            *rows("C", ("current", 40.0, 0, 1, 0), ("prepaid", 0.0, 40.0, 0.5, 0)),
            *rows("D", ("default_3_6", 25.0, 0, 0, 0), ("charged_off", 0.0, 0, 0, 20.0)),
        ],
        schema=names,
        orient="row",
        strict=False,
    )


def contracts(term: int = 60) -> pl.DataFrame:
    start = [date(2018, 3, 15)] * 4
    return pl.DataFrame({"loan_id": ["A", "B", "C", "D"], "origination_date": start}).with_columns(
        pl.lit(term).alias("term_months")
    )


def test_a_panel_tells_defaults_money_and_balances() -> None:
    on = OnBook(
        pl.Series(["A", "B", "C", "D"]),
        np.array([0, 0, 1, 1]),
        ("2019", "2020"),
        np.ones(4),
        np.array([True, True, True, False]),
    )
    found = happened(contracts(), panel_table(), on, AS_OF, (1, 3))
    assert found["defaults", "loans"].tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert found["defaults", "money"].tolist() == [[50.0, 50.0], [0.0, 0.0]]  # what was owed before it
    assert found["charge_offs", "money"].tolist() == [
        [0.0, 30.0],
        [20.0, 20.0],
    ]  # the stock in default counts
    assert found["charge_offs", "loans"].tolist() == [[0.0, 1.0], [1.0, 1.0]]
    assert found["balance", "money"].tolist() == [[90.0, 70.0], [0.0, 0.0]]
    assert found["prepayment", "money"].tolist() == [
        [0.0, 2.0],
        [40.0, 40.0],
    ]  # what a default brought in is no prepayment
    assert found["prepayment", "loans"].tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert found["interest", "money"].tolist() == [[1.0, 3.0], [0.5, 0.5]]


def test_a_payoff_is_prepayment_of_all_that_was_owed_where_no_column_tells_it() -> None:
    on = OnBook(
        pl.Series(["A", "B", "C", "D"]),
        np.zeros(4, dtype=np.int64),
        ("all",),
        np.array([1.0, 1.0, 3.0, 1.0]),
        np.array([True, True, True, False]),
    )
    bare = panel_table().with_columns(
        pl.lit(None, pl.Float64).alias("prepaid"), pl.lit(None, pl.Float64).alias("interest")
    )
    found = happened(contracts(), bare, on, AS_OF, (1, 3))
    assert found["prepayment", "loans"].tolist() == [[3.0, 3.0]]
    assert found["prepayment", "money"].tolist() == [[120.0, 120.0]]  # three loans that owed 40 each
    # 34 months after March 2018 is January 2021, the month of the payoff: paid at its term, no prepayment
    ended = happened(contracts(term=34), bare, on, AS_OF, (1, 3))
    assert ended["prepayment", "loans"].tolist() == [[0.0, 0.0]]
    assert ended["prepayment", "money"].tolist() == [[0.0, 0.0]]


def test_what_a_source_cannot_date_has_no_outcome() -> None:
    assert observable(load_mapping("sba"), panel=False) == (
        ("charge_offs", "loans"),
        ("charge_offs", "money"),
    )
    assert {key[0] for key in observable(load_mapping("lending-club"), panel=False)} == {
        "charge_offs",
        "prepayment",
    }
    assert {key[0] for key in observable(load_mapping("cmbs"), panel=True)} == {
        "defaults",
        "charge_offs",
        "balance",
        "prepayment",
        "interest",
    }


def test_a_tape_ends_where_the_first_of_its_figures_does() -> None:
    table = outcomes_table()
    assert tape_end(table, None, load_mapping("sba")) == date(2022, 1, 1)
    assert tape_end(table, None, load_mapping("lending-club")) == date(2021, 7, 15)
    with pytest.raises(UsageError, match="dated outcomes"):
        tape_end(table.with_columns(charged_off=pl.lit(0.0)), None, load_mapping("sba"))
