"""Roll rates: where loans of each arrears bucket stand a month later, by number and by balance, over time.

Other than the transition model, which stops at the first default, the table keeps what follows: cures,
charge-offs, returns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from scipy.special import expit

from loantwin import months
from loantwin.arrays import Flags, Floats, Integers
from loantwin.book.schema import DEFAULT_STATES
from loantwin.errors import UsageError, expected

LIVE = ("current", "1-29", "30-59", "60-89", "90+")
ENDS = ("charged off", "paid off", "other end")
STATES = (*LIVE, *ENDS)
"""Rows are the live states, columns all: charged off; paid off early or at the end; settled or sold."""
FORWARD = tuple(zip(LIVE, (*LIVE[1:], "charged off"), strict=True))
"""The moves one bucket on, whose rates are the roll rates of a collections meeting."""

GROUPS: dict[str, str] = {
    "current": "current",
    "forborne_performing": "current",
    "cured_probation": "current",
    "dpd_1_29": "1-29",
    "dpd_30_59": "30-59",
    "dpd_60_89": "60-89",
    **dict.fromkeys(DEFAULT_STATES, "90+"),
    "charged_off": "charged off",
    "prepaid": "paid off",
    "matured": "paid off",
    "settled": "other end",
}
Period = Literal["all", "year", "quarter", "month"]
Z90 = 1.6448536269514722


@dataclass(frozen=True)
class StateMoves:
    """M pairs of reports a month apart. loan : code. month : of the second report, months since year 0.

    origin : row 0 .. 4 of `LIVE`. target : column 0 .. 7 of `STATES`. weight : case weight. amount : weight x
        balance at the first report. facts : what was left out.
    """

    loan: Integers
    month: Integers
    origin: Integers
    target: Integers
    weight: Floats
    amount: Floats
    facts: Mapping[str, int]


@dataclass(frozen=True)
class RollRates:
    """A roll-rate matrix. Rows `LIVE`, columns `STATES`; decimals a month.

    number, amount : (5, 8) rates by loans and by balance; NaN where nobody was at risk. low, high : ends of
        the 90 % interval of `number`. at_risk, balance : (5,) loan-months and balance-months that went in.
        events : (5, 8) weighted moves.
    """

    number: Floats
    amount: Floats
    low: Floats
    high: Floats
    at_risk: Floats
    balance: Floats
    events: Floats


def moves(panel: pl.DataFrame, loans: pl.DataFrame) -> StateMoves:
    """Return the moves of a panel, cut by `known_at`: reports of a loan in consecutive calendar months.

    A loan's later reports after its end are ignored; a gap in the reports is not paired. A missing balance
    counts by number and is counted in `facts`.

    Raises
    ------
    UsageError : no loan reported in two consecutive months.
    """
    month = (
        pl.col("report_date").dt.year().cast(pl.Int64) * 12
        + pl.col("report_date").dt.month().cast(pl.Int64)
        - 1
    )
    table = panel.select(
        "loan_id", "principal", month=month, group=pl.col("state").replace_strict(GROUPS, default=None)
    )
    facts = {"reports": panel.height, "left out: reports without a state": int(table["group"].null_count())}
    rows = table.filter(pl.col("group").is_not_null()).sort("loan_id", "month", maintain_order=True)
    same = pl.col("loan_id") == pl.col("loan_id").shift(-1)
    paired = rows.with_columns(
        to=pl.when(same & (pl.col("month").shift(-1) == pl.col("month") + 1)).then(pl.col("group").shift(-1))
    )
    chosen = paired.filter(pl.col("to").is_not_null() & pl.col("group").is_in(list(LIVE)))
    if not chosen.height:
        raise UsageError(expected("loans reported in two consecutive months", "none"), field="report_date")
    facts["left out: no report in the month after"] = int(paired.filter(same & pl.col("to").is_null()).height)
    facts["left out of amounts: no balance"] = int(chosen["principal"].null_count())
    weighted = chosen.join(loans.select("loan_id", "weight"), on="loan_id", how="left", maintain_order="left")
    number = {name: place for place, name in enumerate(STATES)}
    weight = weighted["weight"].fill_null(1.0).to_numpy()
    return StateMoves(
        loan=weighted["loan_id"].rank("dense").to_numpy().astype(np.int64) - 1,
        month=weighted["month"].to_numpy() + 1,
        origin=weighted["group"].replace_strict(number, return_dtype=pl.Int64).to_numpy(),
        target=weighted["to"].replace_strict(number, return_dtype=pl.Int64).to_numpy(),
        weight=weight,
        amount=weight * weighted["principal"].fill_null(0.0).to_numpy(),
        facts=facts,
    )


def roll_rates(made: StateMoves, chosen: Flags | None = None) -> RollRates:
    """Return the matrix of all moves, or of the chosen ones (M,).

    Notes
    -----
    The interval is of the long-run rate. A rate is a ratio of sums, its variance clusters by loan and by
    month (Cameron, Gelbach and Miller 2011: variance by loan plus by month less by loan and month, at least
    the larger of the first two), because the moves of one month share the economy. It is taken on the scale
    of log-odds; a rate of 0 or 1 has the exact binomial's bound.
    """
    keep = np.ones(len(made.loan), dtype=bool) if chosen is None else chosen
    origin, target, weight = made.origin[keep], made.target[keep], made.weight[keep]
    shape = (len(LIVE), len(STATES))
    cell = origin * shape[1] + target
    events = _sums(cell, weight, shape[0] * shape[1]).reshape(shape)
    at_risk = _sums(origin, weight, shape[0])
    amount = _sums(cell, made.amount[keep], shape[0] * shape[1]).reshape(shape)
    balance = _sums(origin, made.amount[keep], shape[0])
    rate, by_amount = (_share(a, b) for a, b in ((events, at_risk), (amount, balance)))
    variance = _variance(made.loan[keep], made.month[keep], cell, origin, weight, rate, at_risk)
    effective = np.divide(
        at_risk**2, _sums(origin, weight**2, shape[0]), out=np.zeros_like(at_risk), where=at_risk > 0
    )
    low, high = _interval(rate, np.sqrt(variance), effective)
    return RollRates(rate, by_amount, low, high, at_risk, balance, events)


def _sums(code: Integers, weight: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(code, weight, size), dtype=np.float64)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(
        np.divide(part, whole[:, None], out=np.full(part.shape, np.nan), where=whole[:, None] > 0)
    )


def _variance(
    loan: Integers,
    month: Integers,
    cell: Integers,
    origin: Integers,
    weight: Floats,
    rate: Floats,
    at_risk: Floats,
) -> Floats:
    """Return the variance of each rate, (5, 8), clustered two ways."""
    by_loan, by_month = (_clustered(key, cell, origin, weight, rate) for key in (loan, month))
    both = _clustered(np.arange(len(loan)), cell, origin, weight, rate)  # a loan moves once a month
    total = np.maximum(by_loan + by_month - both, np.maximum(by_loan, by_month))
    return np.asarray(
        np.divide(total, (at_risk**2)[:, None], out=np.zeros_like(total), where=at_risk[:, None] > 0)
    )


def _clustered(key: Integers, cell: Integers, origin: Integers, weight: Floats, rate: Floats) -> Floats:
    """Return the clusters' sum of (moves - rate x at risk)^2, (5, 8), without a table of clusters."""
    columns = rate.shape[1]
    pair, place = np.unique(key * rate.size + cell, return_inverse=True)
    moved = _sums(place, weight, len(pair))
    start, begun = np.unique(key * len(rate) + origin, return_inverse=True)
    risk = _sums(begun, weight, len(start))
    row = (pair % rate.size) // columns
    beside = risk[np.searchsorted(start, pair // rate.size * len(rate) + row)]
    size = rate.size
    square = _sums(pair % size, moved**2, size).reshape(rate.shape)
    cross = _sums(pair % size, moved * beside, size).reshape(rate.shape)
    own = _sums(start % len(rate), risk**2, len(rate))[:, None]
    known = np.nan_to_num(rate)
    return np.asarray(np.maximum(square - 2 * known * cross + known**2 * own, 0.0))


def _interval(rate: Floats, deviation: Floats, effective: Floats) -> tuple[Floats, Floats]:
    inside = (rate > 0) & (rate < 1)
    safe = np.where(inside, rate, 0.5)
    odds, width = np.log(safe / (1 - safe)), Z90 * deviation / (safe * (1 - safe))
    low, high = expit(odds - width), expit(odds + width)
    count = np.broadcast_to(effective[:, None], rate.shape)
    bound = np.where(count > 0, 0.05 ** (1 / np.maximum(count, 1e-9)), 0.0)
    low = np.where(inside, low, np.where(rate == 1, bound, rate))
    high = np.where(inside, high, np.where(rate == 0, 1 - bound, rate))
    return low, high


def period_labels(month: Integers, by: Period) -> tuple[list[str], Integers]:
    """Return the periods of months in order, and each month's place among them.

    Raises
    ------
    UsageError : another `by`.
    """
    if by not in ("all", "year", "quarter", "month"):
        raise UsageError(expected("all, year, quarter or month", by), field="by")
    key = {"all": month * 0, "year": month // 12, "quarter": month // 3, "month": month}[by]
    found, place = np.unique(key, return_inverse=True)
    return [_period_name(int(value), by) for value in found], place.ravel()


def _period_name(value: int, by: Period) -> str:
    if by == "quarter":
        return f"{value // 4} Q{value % 4 + 1}"
    return {"all": "all", "year": f"{value}", "month": months.label(value)}[by]


def forward_rates(made: StateMoves, by: Period = "quarter") -> tuple[list[str], Floats]:
    """Return the rates of `FORWARD` by period, (P, 5): NaN where nobody was at risk."""
    labels, place = period_labels(made.month, by)
    rates = np.full((len(labels), len(FORWARD)), np.nan)
    for column, (origin, target) in enumerate(FORWARD):
        own = made.origin == LIVE.index(origin)
        moved = own & (made.target == STATES.index(target))
        risk = _sums(place[own], made.weight[own], len(labels))
        rates[:, column] = np.divide(
            _sums(place[moved], made.weight[moved], len(labels)), risk, out=rates[:, column], where=risk > 0
        )
    return labels, rates


def roll_forward(rates: Floats, start: Floats, ahead: int) -> Floats:
    """Return what stands in each state 0 .. `ahead` months on, (ahead + 1, 8): a straight roll-rate forecast.

    Parameters
    ----------
    rates : (5, 8) matrix of a month by number or by amount, rows that sum to one. start : (5,) loans or
        balance by live state. What ends stays in its column. Neither age nor the economy enters: the rival
        every model must beat.

    Raises
    ------
    UsageError : a state with loans whose row is missing.
    """
    empty = ~np.isfinite(rates).all(axis=1) & (start > 0)
    if empty.any():
        raise UsageError(
            expected(f"moves out of {LIVE[int(np.argmax(empty))]} in the history", "none"), field="rates"
        )
    step = np.eye(len(STATES))
    step[: len(LIVE)] = np.where(np.isfinite(rates), rates, 0.0)
    made = [np.concatenate([start, np.zeros(len(ENDS))])]
    for _ in range(ahead):
        made.append(made[-1] @ step)
    return np.array(made)


def last_months(made: StateMoves, as_of: dt.date, count: int) -> Flags:
    """Return which moves lie in the last `count` months up to a date."""
    last = months.month_of(as_of)
    return np.asarray((made.month > last - count) & (made.month <= last))


def matrices_by(made: StateMoves, by: Period) -> dict[str, RollRates]:
    """Return one matrix a period, in order."""
    labels, place = period_labels(made.month, by)
    return {name: roll_rates(made, place == number) for number, name in enumerate(labels)}
