"""Rivals on histories whose answer is known: constant hazards, matrices to a power, a regression by another
library.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from loantwin.book.mapping import load_mapping
from loantwin.engine.columns import loan_columns
from loantwin.engine.runoff import build_cells
from loantwin.macro.scenario import Scenario
from loantwin.models.counts import Counts
from loantwin.performance import rivals
from loantwin.performance.known import AGES, Known, MoneyByAge, known_history
from loantwin.performance.outcomes import approval_bands

LAST = 12 * 2020 + 11


def cells_of(
    age: list[int], segment: list[int], group: list[int], state: list[int] | None = None, months: int = 12
):
    size = len(age)
    columns = loan_columns(
        segment=segment, age=age, state=state or [0] * size, product=0, remaining_months=60,
        principal=np.full(size, 1_000.0), annual_rate=0.0, weight=np.full(size, 100.0), group=group,
    )  # fmt: skip
    return build_cells(columns, months)


def history(
    at_risk: np.ndarray,
    lost: np.ndarray,
    paid: np.ndarray,
    segment: np.ndarray,
    age: np.ndarray,
    month: np.ndarray,
) -> Known:
    table = pl.DataFrame(
        {
            "from_state": np.zeros(len(age), dtype=int),
            "segment": segment,
            "age": age,
            "month": month,
            "at_risk": at_risk,
        }
    )
    counts = Counts(("current", "charged_off", "prepaid"), 1, ("a", "b"), table, LAST - 59, LAST, 1.0)
    ending = np.zeros((2, AGES))
    return Known(
        counts=counts, segment=segment, age=age, month=month, at_risk=at_risk, lost=lost, paid=paid,
        last=LAST, payoff=None, severity=0.5, unit=1.0, lost_events=float(lost.sum()),
        paid_events=float(paid.sum()), originated=ending.sum(axis=0), originated_band=ending, money=None,
    )  # fmt: skip


def constant(lost: float, paid: float, segments: int = 2) -> Known:
    age, month = (item.ravel() for item in np.meshgrid(np.arange(60), np.arange(LAST - 59, LAST + 1)))
    segment = np.arange(len(age)) % segments
    at_risk = np.full(len(age), 1_000.0)
    return history(at_risk, at_risk * lost, at_risk * paid, segment, age, month)


def task(cells, horizons=(3, 12), unemployment=None, first=0) -> rivals.Task:
    return rivals.Task(cells, 2, ("current",), horizons, unemployment, first, np.array([0, 1]))


@pytest.mark.parametrize("name", [rivals.LAST_RATE, rivals.AGE_LEVEL, rivals.LOGISTIC])
def test_a_constant_hazard_is_run_off_as_a_hand_would(name: str) -> None:
    """200 loans at 1 % a month lost and 2 % prepaid: lost by month 12 = 200 x 0.01 x (1 - 0.97^12) / 0.03."""
    made = rivals.RIVALS[name](constant(0.01, 0.02), task(cells_of([10, 30], [0, 1], [0, 1])))
    assert made is not None
    by_hand = 100 * 0.01 * (1 - 0.97 ** np.array([3, 12])) / 0.03
    tolerance = 2e-3 if name == rivals.LOGISTIC else 1e-9  # its ridge
    assert made["charge_offs", "loans"][0] == pytest.approx(by_hand, rel=tolerance)
    assert made["charge_offs", "loans"][1] == pytest.approx(by_hand, rel=tolerance)
    assert made["prepayment", "loans"][0] == pytest.approx(2 * by_hand, rel=tolerance)
    # interest-free level payments over 60 months: the balance falls by a sixtieth a month
    assert made["balance", "money"][0, 1] == pytest.approx(100_000 * 0.97**12 * 48 / 60, rel=tolerance)


def test_last_years_rate_forgets_older_years_and_the_standardised_level_keeps_the_shape() -> None:
    known = constant(0.01, 0.0)
    lost = (
        known.at_risk * np.where(known.age < 24, 0.004, 0.012) * np.where(known.month > LAST - 12, 2.0, 1.0)
    )
    known = replace(known, lost=lost)
    young, old = cells_of([3, 3], [0, 1], [0, 1], months=3), cells_of([40, 40], [0, 1], [0, 1], months=3)
    flat = [
        rivals.last_years_rate(known, task(item, (3,)))["charge_offs", "loans"][0, 0] for item in (young, old)
    ]
    shaped = [
        rivals.age_standardised(known, task(item, (3,)))["charge_offs", "loans"][0, 0]
        for item in (young, old)
    ]
    year = known.recent()
    assert flat[0] == pytest.approx(flat[1])
    assert flat[0] / 300 == pytest.approx(lost[year].sum() / known.at_risk[year].sum(), rel=0.03)
    assert shaped[1] / shaped[0] == pytest.approx(3.0, rel=0.03)
    assert shaped[0] / 300 == pytest.approx(0.008, rel=0.03)


def test_roll_rates_are_the_matrix_to_a_power() -> None:
    matrix = np.array(
        [[0.90, 0.05, 0.01, 0.04], [0.30, 0.40, 0.25, 0.05]]
    )  # current, late -> current, late, default, prepaid
    month = np.repeat(np.arange(LAST - 11, LAST + 1), 2)
    state = np.tile([0, 1], 12)
    table = {
        "from_state": state,
        "segment": np.zeros(24, dtype=int),
        "age": np.full(24, 5),
        "month": month,
        "at_risk": np.full(24, 100.0),
    }
    for place, name in enumerate(("current", "late", "default", "prepaid")):
        table[f"moved_{name}"] = np.where(state == place, 0.0, 100.0 * matrix[state, place])
    known = replace(
        constant(0.01, 0.02, 1),
        counts=Counts(
            ("current", "late", "default", "prepaid"), 2, ("a",), pl.DataFrame(table), LAST - 11, LAST, 1.0
        ),
        money=MoneyByAge(*(np.zeros(AGES) for _ in range(4)), *(0.0 for _ in range(6))),
    )
    asked = replace(task(cells_of([5, 5], [0, 0], [0, 1], [0, 1])), states=("current", "late"))
    made = rivals.roll_rates(known, asked)
    assert made is not None
    whole = np.vstack([matrix, [[0, 0, 1, 0], [0, 0, 0, 1]]])
    for horizon, place in ((3, 0), (12, 1)):
        power = np.linalg.matrix_power(whole, horizon)
        assert made["defaults", "loans"][:, place] == pytest.approx(100 * power[:2, 2])
        assert made["prepayment", "loans"][:, place] == pytest.approx(100 * power[:2, 3])


def test_the_logistic_rival_is_the_regression_another_library_fits(oracle: Any) -> None:
    sm = oracle("statsmodels.api")
    random = np.random.default_rng(7)
    age, month = (item.ravel() for item in np.meshgrid(np.arange(0, 60, 3), np.arange(LAST - 59, LAST + 1)))
    segment = random.integers(0, 2, len(age))
    unemployment = 0.05 + 0.02 * np.sin(np.arange(72) / 9.0)
    eta = -5.0 + 0.02 * age + 0.5 * segment + 20.0 * (unemployment[month - LAST + 59] - 0.05)
    at_risk = np.full(len(age), 20_000.0)
    lost = random.binomial(20_000, 1 / (1 + np.exp(-eta))).astype(float)
    known = history(at_risk, lost, np.zeros(len(age)), segment, age, month)
    asked = task(cells_of([10, 30], [0, 1], [0, 1]), (12,), unemployment, LAST - 59)
    ours = rivals._regressed(known, asked, lost)
    dummies = np.eye(len(rivals.AGE_ENDS))[rivals.age_class(age)]
    keep = dummies.any(axis=0)
    design = np.column_stack([dummies[:, keep], segment == 1, unemployment[month - LAST + 59]])
    fitted = sm.GLM(np.column_stack([lost, at_risk - lost]), design, family=sm.families.Binomial()).fit()
    ages = np.array([10, 30])[:, None] + np.arange(1, 13)
    shown = np.column_stack(
        [
            np.eye(len(rivals.AGE_ENDS))[rivals.age_class(ages.ravel())][:, keep],
            np.repeat([0, 1], 12),
            np.tile(unemployment[-12:], 2),
        ]
    )
    assert ours.ravel() == pytest.approx(fitted.predict(shown), rel=5e-3)


def test_a_vintage_goes_on_along_the_curve_of_older_ones() -> None:
    """Old vintage: 1,000 loans, 10 lost at each age up to 23. New one: 1,000 loans of age 11 with twice as
    many lost.
    """
    age = np.concatenate([np.arange(1, 24), np.arange(1, 12)])
    month = np.concatenate([LAST - 23 + np.arange(1, 24), LAST - 11 + np.arange(1, 12)])
    lost = np.concatenate([np.full(23, 10.0), np.full(11, 20.0)])
    known = history(np.full(34, 900.0), lost, np.zeros(34), np.zeros(34, dtype=int), age, month)
    ending = np.zeros((2, AGES))
    ending[0, 23], ending[1, 11] = 1_000.0, 1_000.0
    known = replace(known, originated_band=ending, originated=ending.sum(axis=0)[::-1].cumsum()[::-1])
    made = rivals.vintage_curve(known, task(cells_of([23, 11], [0, 0], [0, 1]), (12,)))
    curve = np.concatenate(
        [np.full(11, 30 / 2_000), np.full(12, 10 / 1_000)]
    )  # increments: both vintages, then the old alone
    expected = 1_000 * curve[:11].sum()
    factor = (11 * 20 + 10) / (expected + 10)
    assert made["charge_offs", "loans"][1, 0] == pytest.approx(factor * 1_000 * curve[11:23].sum())


def test_a_rival_knows_its_own_spread() -> None:
    random = np.random.default_rng(3)
    drawn = rivals.spread(np.full((1, 2), 400.0), 0.5, (12, 48), 1.0, 20_000, random)
    assert drawn.mean(axis=0)[0] == pytest.approx([400, 400], rel=0.03)
    assert np.log(drawn[:, 0, 0]).std() == pytest.approx(0.5, rel=0.05)
    assert np.log(drawn[:, 0, 1]).std() == pytest.approx(1.0, rel=0.05)
    assert rivals.yearly_change(constant(0.01, 0.0)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.data
def test_known_history_is_what_was_known(data) -> None:
    """As of 2005 the SBA block knows 269 charge-offs of vintages from 1990 on, and the bands hold all loans
    made by then.
    """
    from loantwin.book.as_of import known_at
    from loantwin.book.tape import read_tape

    tape, as_of = read_tape(data / "sba/sba_block.csv.gz", "sba"), date(2005, 12, 31)
    loans = known_at(tape.loans, as_of)
    macro = Scenario("Actual", 12 * 1980, ("prime_rate",), ("yield",), np.full((312, 1), 0.06))
    _, bands = approval_bands(loans.filter(pl.col("origination_date").is_not_null()), as_of)
    known = known_history(loans, None, tape.mapping, as_of, macro, bands)
    assert known.lost_events == pytest.approx(269, abs=1)
    assert known.paid_events == 0
    assert known.payoff is not None
    usable = loans.filter(pl.col("origination_date") >= date(1990, 1, 1))
    assert known.originated[0] == pytest.approx(
        usable.filter(pl.col("origination_date") <= as_of).height, abs=1
    )
    assert load_mapping("sba").name == "sba"
