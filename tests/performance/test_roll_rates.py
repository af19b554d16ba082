from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from loantwin.errors import UsageError
from loantwin.performance.roll_rates import (
    FORWARD,
    LIVE,
    STATES,
    forward_rates,
    last_months,
    matrices_by,
    moves,
    period_labels,
    roll_forward,
    roll_rates,
)

NAMES = {"current": "current", "1-29": "dpd_1_29", "30-59": "dpd_30_59", "60-89": "dpd_60_89",
    "90+": "default_0_3",
         "charged off": "charged_off", "paid off": "prepaid", "other end": "settled"}  # fmt: skip


def panel(rows: list[tuple[str, date, str, float]]) -> pl.DataFrame:
    columns = {"loan_id": pl.String, "report_date": pl.Date, "state": pl.String, "principal": pl.Float64}
    return pl.DataFrame(rows, schema=columns, orient="row")


def loans(**weight: float) -> pl.DataFrame:
    return pl.DataFrame({"loan_id": list(weight), "weight": list(weight.values())})


def month_end(number: int) -> date:
    following = date(2020 + (number + 1) // 12, (number + 1) % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def test_by_hand() -> None:
    rows = [
        ("a", date(2020, 1, 31), "current", 100.0), ("a", date(2020, 2, 29), "dpd_1_29", 90.0),
        ("a", date(2020, 3, 31), "current", 80.0), ("a", date(2020, 5, 31), "current", 60.0),
        ("a", date(2020, 6, 30), "prepaid", 0.0),
        ("b", date(2020, 1, 31), "dpd_60_89", 50.0), ("b", date(2020, 2, 28), "default_0_3", 50.0),
        ("b", date(2020, 3, 15), "charged_off", 50.0), ("b", date(2020, 4, 30), "charged_off", 0.0),
    ]  # fmt: skip
    made = moves(panel(rows), loans(a=1.0, b=3.0))
    found = roll_rates(made)
    assert found.at_risk.tolist() == [2, 1, 0, 3, 3]
    assert found.balance.tolist() == [160, 90, 0, 150, 150]
    assert found.events[0].tolist() == [0, 1, 0, 0, 0, 0, 1, 0]
    assert found.number[3, 4] == found.number[4, 5] == 1
    assert found.amount[0, 1] == pytest.approx(100 / 160)
    assert np.isnan(found.number[2]).all()
    assert made.facts["left out: no report in the month after"] == 1


def simulated(
    count: int, months: int, seed: int, shared: float = 0.0
) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray]:
    """A chain with known rows; `shared` lets a month's odds of leaving current move together."""
    truth = np.array(
        [[0.95, 0.04, 0, 0, 0, 0, 0.01, 0], [0.5, 0.2, 0.3, 0, 0, 0, 0, 0], [0.2, 0.1, 0.3, 0.4, 0, 0, 0, 0],
         [0.1, 0, 0.1, 0.2, 0.6, 0, 0, 0], [0.1, 0, 0, 0, 0.7, 0.2, 0, 0]]
    )  # fmt: skip
    draws = np.random.default_rng(seed)
    state, rows = np.zeros(count, dtype=int), []
    for month in range(months):
        rows.append(
            pl.DataFrame({"loan": np.arange(count)[state < 5], "month": month, "code": state[state < 5]})
        )
        step = truth.copy()
        if shared:
            step[0, 1] *= np.exp(shared * draws.standard_normal() - shared**2 / 2)
            step[0, 0] = 1 - step[0, 1:].sum()
        cumulative = np.concatenate([np.cumsum(step, axis=1), np.ones((3, 8))])
        following = (cumulative[state] <= draws.random(count)[:, None]).sum(axis=1)
        ended = (state < 5) & (following >= 5)
        rows.append(
            pl.DataFrame({"loan": np.arange(count)[ended], "month": month + 1, "code": following[ended]})
        )
        state = np.where(state < 5, following, state)
    table = pl.concat(rows)
    names = dict(enumerate(NAMES[name] for name in STATES))
    ends = {month: month_end(month) for month in range(months + 1)}
    made = table.select(
        pl.format("L{}", "loan").alias("loan_id"), pl.col("month").replace_strict(ends,
            return_dtype=pl.Date).alias("report_date"),
        pl.col("code").replace_strict(names).alias("state"), pl.lit(100.0).alias("principal"),
    )  # fmt: skip
    return made, pl.DataFrame({"loan_id": [f"L{n}" for n in range(count)], "weight": np.ones(count)}), truth


def test_known_rows_are_recovered_within_their_intervals() -> None:
    table, book, truth = simulated(3000, 24, seed=1)
    found = roll_rates(moves(table, book))
    inside = (found.low <= truth) & (truth <= found.high)
    assert inside[truth > 0].mean() >= 0.8
    assert (found.number[truth == 0] == 0).all()
    np.testing.assert_allclose(found.number.sum(axis=1), 1)
    np.testing.assert_allclose(found.amount, found.number)  # equal balances


def test_the_economy_of_a_month_widens_the_interval_and_it_covers() -> None:
    """With a shared month effect an interval for independent loans would hold the truth far less than nine
    times in ten.
    """
    hits, plain = [], []
    for seed in range(30):
        table, book, truth = simulated(800, 36, seed=seed, shared=0.5)
        found = roll_rates(moves(table, book))
        hits.append(found.low[0, 1] <= truth[0, 1] <= found.high[0, 1])
        error = np.sqrt(found.number[0, 1] * (1 - found.number[0, 1]) / found.at_risk[0])
        plain.append(abs(found.number[0, 1] - truth[0, 1]) <= 1.645 * error)
    assert np.mean(hits) >= 0.78
    assert np.mean(plain) < 0.7


def test_agrees_with_a_second_library(oracle: Any) -> None:
    """creditriskengine knows five live buckets and charge-off; payoffs are left out on both sides."""
    theirs = oracle("creditriskengine.models.retail.roll_rate")
    table, book, _ = simulated(500, 12, seed=4)
    made = moves(table, book)
    inside = made.target <= 5
    counts = np.zeros((6, 6))
    np.add.at(counts, (made.origin[inside], made.target[inside]), made.weight[inside])
    np.testing.assert_allclose(
        roll_rates(made, inside).number[:, :6], theirs.roll_rate_matrix(counts)[:5], atol=1e-12
    )


def test_a_weight_is_as_many_loans() -> None:
    table, book, _ = simulated(60, 8, seed=2)
    twice = pl.concat([table, table.with_columns(pl.col("loan_id") + "x")])
    more = pl.concat([book, book.with_columns(pl.col("loan_id") + "x")])
    one, other = (
        roll_rates(moves(table, book.with_columns(pl.lit(2.0).alias("weight")))),
        roll_rates(moves(twice, more)),
    )
    np.testing.assert_allclose(one.number, other.number)
    np.testing.assert_allclose(one.at_risk, other.at_risk)


def test_periods_add_up() -> None:
    table, book, _ = simulated(300, 30, seed=6)
    made = moves(table, book)
    for by in ("year", "quarter", "month"):
        parts = matrices_by(made, by)  # type: ignore[arg-type]
        np.testing.assert_allclose(sum(part.events for part in parts.values()), roll_rates(made).events)
    labels, rates = forward_rates(made, "quarter")
    assert labels[0] == "2020 Q1"
    for column, (origin, target) in enumerate(FORWARD):
        first = matrices_by(made, "quarter")[labels[0]]
        np.testing.assert_allclose(rates[0, column], first.number[LIVE.index(origin), STATES.index(target)])
    assert period_labels(np.array([2020 * 12, 2020 * 12 + 13]), "month")[0] == ["2020-01", "2021-02"]
    recent = last_months(made, date(2022, 6, 30), 6)
    assert set(made.month[recent]) <= set(range(2022 * 12, 2022 * 12 + 6))


def test_a_straight_forecast_is_the_power_of_the_matrix() -> None:
    _, _, truth = simulated(1, 1, seed=7)
    made = roll_forward(truth, np.array([100.0, 10, 5, 2, 1]), 3)
    step = np.eye(8)
    step[:5] = truth
    np.testing.assert_allclose(
        made[3], np.array([100.0, 10, 5, 2, 1, 0, 0, 0]) @ np.linalg.matrix_power(step, 3)
    )
    np.testing.assert_allclose(made.sum(axis=1), 118)


def test_errors() -> None:
    with pytest.raises(UsageError, match="consecutive months"):
        moves(panel([("a", date(2020, 1, 31), "current", 1.0)]), loans(a=1.0))
    with pytest.raises(UsageError, match="quarter"):
        period_labels(np.array([1]), "week")  # type: ignore[arg-type]
    empty = np.full((5, 8), np.nan)
    with pytest.raises(UsageError, match="out of current"):
        roll_forward(empty, np.array([1.0, 0, 0, 0, 0]), 2)
