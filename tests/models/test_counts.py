"""Counts: hand-worked cohorts, and a slow loop over loans as an independent oracle."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import ModelError
from loantwin.models.counts import edge_cells, outcome_counts, panel_counts, segment_codes

AS_OF = dt.date(2004, 12, 31)


def loans(rows: list[dict[str, object]]) -> pl.DataFrame:
    schema = {
        "loan_id": pl.String, "origination_date": pl.Date, "charge_off_date": pl.Date,
        "charged_off": pl.Float64, "closed_date": pl.Date, "term_months": pl.Int32, "weight": pl.Float64,
    }  # fmt: skip
    base: dict[str, object] = {
        "charge_off_date": None,
        "charged_off": None,
        "closed_date": None,
        "term_months": 60,
        "weight": 1.0,
    }
    return pl.DataFrame(
        [{"loan_id": str(place), **base, **row} for place, row in enumerate(rows)], schema=schema
    )


def at(cells: pl.DataFrame, column: str, **keys: int) -> float:
    chosen = cells.filter(*[pl.col(name) == value for name, value in keys.items()])
    return float(chosen[column].sum())


def test_a_charge_off_counts_once_and_leaves_the_risk_set() -> None:
    table = loans([
        {"origination_date": dt.date(2004, 1, 15)},
        {"origination_date": dt.date(2004, 1, 20), "charge_off_date": dt.date(2004, 4, 3),
            "charged_off": 10.0},
    ])  # fmt: skip
    counts = outcome_counts(table, pl.Series(["a", "a"]), AS_OF)
    assert [at(counts.cells, "at_risk", age=age) for age in range(6)] == [2, 2, 2, 2, 1, 1]
    assert [at(counts.cells, "moved_charged_off", age=age) for age in range(6)] == [0, 0, 0, 1, 0, 0]
    assert at(counts.cells, "moved_charged_off", age=3, month=12 * 2004 + 3) == 1
    assert counts.cells["age"].max() == 11


def test_a_date_without_an_amount_is_no_charge_off() -> None:
    table = loans(
        [
            {
                "origination_date": dt.date(2004, 1, 15),
                "charge_off_date": dt.date(2004, 4, 3),
                "charged_off": 0.0,
            }
        ]
    )
    assert outcome_counts(table, pl.Series(["a"]), AS_OF).events("charged_off") == 0


def test_loans_leave_after_their_term_and_a_payoff_at_it_is_maturity() -> None:
    table = loans([
        {"origination_date": dt.date(2004, 1, 15), "term_months": 6, "closed_date": dt.date(2004, 7, 15)},
        {"origination_date": dt.date(2004, 1, 15), "term_months": 6, "closed_date": dt.date(2004, 4, 15)},
    ])  # fmt: skip
    counts = outcome_counts(table, pl.Series(["a", "a"]), AS_OF, payoff_observed=True)
    assert counts.cells["age"].max() == 6
    assert counts.events("prepaid") == 1
    assert at(counts.cells, "at_risk", age=6) == 1
    assert counts.facts["closed at the contractual term (matured, not prepaid)"] == 1


def test_assumed_payoff_makes_the_number_at_risk_an_expectation() -> None:
    table = loans([{"origination_date": dt.date(2004, 1, 15)}] * 4)
    survival = 0.9 ** np.arange(20)
    counts = outcome_counts(table, pl.Series(["a"] * 4), AS_OF, survival=survival)
    assert at(counts.cells, "at_risk", age=5) == pytest.approx(4 * 0.9**5)


def test_what_is_left_out_is_counted() -> None:
    table = loans([
        {"origination_date": dt.date(1980, 1, 15)},
        {"origination_date": None},
        {"origination_date": dt.date(2004, 1, 15), "charge_off_date": dt.date(2003, 1, 1),
            "charged_off": 5.0},
        {"origination_date": dt.date(2004, 1, 15), "term_months": 2, "charge_off_date": dt.date(2004, 8, 1),
            "charged_off": 5.0},
        {"origination_date": dt.date(2004, 1, 15)},
    ])  # fmt: skip
    facts = outcome_counts(table, pl.Series(["a"] * 5), AS_OF, fit_from_vintage=dt.date(1990, 1, 1)).facts
    assert facts["left out: originated before 1990-01-01"] == 1
    assert facts["left out: no origination date or term"] == 1
    assert facts["left out: charged off before origination"] == 1
    assert facts["left out: charged off after the contractual term"] == 1


def test_no_usable_loan_is_an_error() -> None:
    with pytest.raises(ModelError, match="origination date"):
        outcome_counts(loans([{"origination_date": None}]), pl.Series(["a"]), AS_OF)


def test_effective_number_of_weighted_events_is_kishs() -> None:
    rows = [
        {
            "origination_date": dt.date(2004, 1, 5),
            "charge_off_date": dt.date(2004, 4, 3),
            "charged_off": 1.0,
            "weight": weight,
        }
        for weight in (1.0, 3.0)
    ]
    counts = outcome_counts(loans(rows), pl.Series(["a", "a"]), AS_OF)
    assert counts.events("charged_off") == 4
    assert counts.effective * counts.events("charged_off") == pytest.approx((1 + 3) ** 2 / (1 + 9))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.integers(1, 30), st.none() | st.integers(0, 35), st.sampled_from("ab"),
            st.sampled_from([1.0, 2.5]),
        ),
        min_size=1, max_size=25,
    )
)  # fmt: skip
def test_cohorts_equal_a_loop_over_loans(drawn: list[tuple[int, int, int | None, str, float]]) -> None:
    first = 12 * 2001
    rows, labels = [], []
    for start, term, lived, label, weight in drawn:
        month = first + start
        row: dict[str, object] = {"origination_date": day(month), "term_months": term, "weight": weight}
        if lived is not None and month + lived <= 12 * 2004 + 11:
            row |= {"charge_off_date": day(month + lived), "charged_off": 1.0}
        rows.append(row)
        labels.append(label)
    survival = 0.98 ** np.arange(60)
    counts = outcome_counts(loans(rows), pl.Series(labels), AS_OF, survival=survival)
    want: dict[tuple[int, int, int], list[float]] = {}
    codes, _ = segment_codes(pl.Series(labels))
    for code, row, (start, term, _, _, weight) in zip(codes, rows, drawn, strict=True):
        month, gone = first + start, row.get("charge_off_date")
        end = None if gone is None else 12 * gone.year + gone.month - 1 - month  # type: ignore[attr-defined]
        for age in range(min(term, 12 * 2004 + 11 - month, 10**6 if end is None else end) + 1):
            cell = want.setdefault((int(code), age, month + age), [0.0, 0.0])
            cell[0] += weight * survival[age]
            cell[1] += weight * (age == end)
    got = {(row[1], row[2], row[3]): [row[4], row[5]] for row in counts.cells.rows()}
    assert set(got) == set(want)
    for key, value in want.items():
        assert got[key] == pytest.approx(value)


def day(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 10)


def test_panel_pairs_consecutive_months_and_default_absorbs() -> None:
    states = ["current", "dpd_30_59", "default_0_3", "current", "current"]
    panel = pl.DataFrame(
        {
            "loan_id": ["x"] * 5,
            "report_date": [dt.date(2004, month, 28) for month in range(1, 6)],
            "state": states,
        }
    )
    table = loans([{"origination_date": dt.date(2003, 12, 1)}]).with_columns(loan_id=pl.lit("x"))
    counts = panel_counts(panel, table, pl.Series(["a"]), AS_OF)
    assert counts.events("dpd_30_59") == 1
    assert counts.events("default") == 1
    assert counts.cells["at_risk"].sum() == 2, "what follows the first default is not a transition"
    cells = edge_cells(counts, "dpd_30_59", "default")
    assert (cells.age.tolist(), cells.month.tolist(), cells.events.tolist()) == ([3], [12 * 2004 + 2], [1.0])


def test_panel_report_days_that_wander_are_one_month_each() -> None:
    days = [dt.date(2004, 8, 11), dt.date(2004, 9, 11), dt.date(2004, 10, 13), dt.date(2004, 11, 12)]
    panel = pl.DataFrame({"loan_id": ["x"] * 4, "report_date": days, "state": ["current"] * 4})
    table = loans([{"origination_date": dt.date(2003, 12, 1)}]).with_columns(loan_id=pl.lit("x"))
    assert panel_counts(panel, table, pl.Series(["a"]), dt.date(2004, 11, 12)).cells["at_risk"].sum() == 3


def test_a_gap_in_the_reports_is_not_a_move() -> None:
    days = [dt.date(2004, month, 28) for month in (1, 2, 4, 5)]
    panel = pl.DataFrame(
        {"loan_id": ["x"] * 4, "report_date": days, "state": ["current", "current", "dpd_30_59", "current"]}
    )
    table = loans([{"origination_date": dt.date(2003, 12, 1)}]).with_columns(loan_id=pl.lit("x"))
    counts = panel_counts(panel, table, pl.Series(["a"]), AS_OF)
    assert counts.cells["at_risk"].sum() == 2
    assert counts.events("dpd_30_59") == 0
    assert counts.events("current") == 1


def test_paid_off_at_the_contractual_end_is_maturity_in_a_panel() -> None:
    panel = pl.DataFrame({
        "loan_id": ["x", "x", "y", "y"],
        "report_date": [dt.date(2004, 1, 31), dt.date(2004, 2, 29)] * 2,
        "state": ["current", "prepaid"] * 2,
    })  # fmt: skip
    table = loans([
        {"origination_date": dt.date(2003, 12, 1), "term_months": 2},
        {"origination_date": dt.date(2003, 12, 1), "term_months": 24},
    ]).with_columns(loan_id=pl.Series(["x", "y"]))  # fmt: skip
    assert panel_counts(panel, table, pl.Series(["a", "a"]), AS_OF).events("prepaid") == 1


def test_loans_repaid_at_their_term_were_at_risk_like_those_that_did_not_pay() -> None:
    """Ten loans in their last month: two miss the payment, eight repay. The odds of missing it are 2 to 8,
    not 2 to 0.
    """
    last = ["dpd_1_29"] * 2 + ["matured"] * 5 + ["prepaid"] * 3
    after = ["dpd_30_59"] * 2
    names = [f"l{place}" for place in range(10)]
    panel = pl.DataFrame({
        "loan_id": names * 2 + names[:2],
        "report_date": [dt.date(2004, 1, 31)] * 10 + [dt.date(2004, 2, 29)] * 10 + [dt.date(2004, 3, 31)] * 2,
        "state": ["current"] * 10 + last + after,
    })  # fmt: skip
    table = loans([{"origination_date": dt.date(2003, 12, 1), "term_months": 2}] * 10).with_columns(
        loan_id=pl.Series(names)
    )
    counts = panel_counts(panel, table, pl.Series(["a"] * 10), AS_OF)
    cells = edge_cells(counts, "current", "dpd_1_29")
    assert (cells.age.tolist(), cells.trials.tolist(), cells.events.tolist()) == ([2], [10.0], [2.0])
    assert counts.events("prepaid") == 0
    # what a loan does once its contract is over is not what one under contract does
    assert counts.events("dpd_30_59") == 0
    assert counts.facts["left out: moves after the contractual term"] == 2
    assert counts.facts["repaid at the contractual term (up to date, not prepaid)"] == 8


def test_arrears_repaid_at_the_term_are_cured() -> None:
    panel = pl.DataFrame({
        "loan_id": ["x", "x"], "report_date": [dt.date(2004, 1, 31), dt.date(2004, 2, 29)],
        "state": ["dpd_30_59", "matured"],
    })  # fmt: skip
    table = loans([{"origination_date": dt.date(2003, 12, 1), "term_months": 2}]).with_columns(
        loan_id=pl.lit("x")
    )
    assert panel_counts(panel, table, pl.Series(["a"]), AS_OF).events("current") == 1


def test_other_moves_are_left_out_of_an_edges_trials() -> None:
    panel = pl.DataFrame({
        "loan_id": ["x", "x", "y", "y", "z", "z"],
        "report_date": [dt.date(2004, 1, 31), dt.date(2004, 2, 29)] * 3,
        "state": ["current", "prepaid", "current", "dpd_30_59", "current", "current"],
    })  # fmt: skip
    table = loans([{"origination_date": dt.date(2003, 12, 1)}] * 3).with_columns(
        loan_id=pl.Series(["x", "y", "z"])
    )
    cells = edge_cells(panel_counts(panel, table, pl.Series(["a"] * 3), AS_OF), "current", "dpd_30_59")
    assert (cells.trials.tolist(), cells.events.tolist()) == ([2.0], [1.0])
