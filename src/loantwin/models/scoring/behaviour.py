"""Features of behaviour: how a loan was paid up to a date, from what its months showed by then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Array, Floats

WINDOWS = (3, 6, 12)
"""Months that a feature looks back over; a window longer than the history is left out."""


@dataclass(frozen=True)
class History:
    """Months up to a date, the latest first: column 0 is the last month known, column k is k months before.

    arrears : (N, T) steps of lateness, 0 or below is up to date, NaN where the month was not seen. balance :
    (N, T) owed. paid : (N, T) paid in the month. limit : (N,) of the account. Missing parts are None.
    """

    arrears: Floats
    balance: Floats | None = None
    paid: Floats | None = None
    limit: Floats | None = None

    @property
    def months(self) -> int:
        """Return how many months it holds."""
        return int(self.arrears.shape[1])


def behaviour(history: History) -> dict[str, Floats]:
    """Return features by name, (N,) each, NaN where a loan's months do not tell.

    Arrears: now, worst in 3, 6 and 12 months, months late in them, months since the last late one (missing:
    never seen late), the run of late months that goes on now, steps up and down in 6 months, change in 3.
    Balance: trend over 3 and 6 months (slope a month over the mean, decimal). Utilisation, of a limit above
    0: now, mean of 6 months and its slope a month. Payment ratio: paid in a month over what was owed a month
    before, of one above 0; now, mean of 3 and 6 months, and months without a payment.
    """
    made = dict(_of_arrears(history.arrears))
    if history.balance is not None:
        made |= _of_balance(history.balance)
        if history.limit is not None:
            made |= _of_utilisation(history.balance, history.limit)
        if history.paid is not None:
            made |= _of_payment(history.balance, history.paid)
    return made


def _of_arrears(arrears: Floats) -> Iterator[tuple[str, Floats]]:
    seen = ~np.isnan(arrears)
    steps = np.where(seen, np.maximum(np.nan_to_num(arrears), 0.0), np.nan)
    late = np.nan_to_num(steps) > 0
    yield "arrears_now", steps[:, 0]
    for window in _windows(arrears):
        yield f"arrears_worst_{window}", _worst(steps[:, :window])
        yield (
            f"arrears_months_{window}",
            np.where(seen[:, :window].any(axis=1), late[:, :window].sum(axis=1).astype(float), np.nan),
        )
    first = np.where(late.any(axis=1), late.argmax(axis=1), -1)
    yield "arrears_since", np.where(first >= 0, first.astype(float), np.nan)
    run = np.where(late.all(axis=1), late.shape[1], (~late).argmax(axis=1))
    yield "arrears_run", np.where(seen[:, 0], run.astype(float), np.nan)
    if steps.shape[1] > 1:
        moved = steps[:, : min(6, steps.shape[1] - 1)] - steps[:, 1 : min(7, steps.shape[1])]
        told = ~np.isnan(moved).all(axis=1)
        yield "arrears_rolled_up_6", np.where(told, (np.nan_to_num(moved) > 0).sum(axis=1), np.nan)
        yield "arrears_rolled_down_6", np.where(told, (np.nan_to_num(moved) < 0).sum(axis=1), np.nan)
    if steps.shape[1] > 3:
        yield "arrears_change_3", steps[:, 0] - steps[:, 3]


def _of_balance(balance: Floats) -> dict[str, Floats]:
    made = {}
    for window in (3, 6):
        if window <= balance.shape[1]:
            middle = _mean(np.abs(balance[:, :window]))
            made[f"balance_trend_{window}"] = _over(slope(balance[:, :window]), middle)
    return made


def _of_utilisation(balance: Floats, limit: Floats) -> dict[str, Floats]:
    used = _over(balance, np.broadcast_to(limit[:, None], balance.shape))
    recent = used[:, : min(6, used.shape[1])]
    made = {"utilisation_now": used[:, 0], "utilisation_mean_6": _mean(recent)}
    return made | ({"utilisation_trend_6": slope(recent)} if recent.shape[1] > 2 else {})


def _of_payment(balance: Floats, paid: Floats) -> dict[str, Floats]:
    if balance.shape[1] < 2:
        return {}
    ratio = _over(paid[:, :-1], balance[:, 1:])
    made = {"payment_ratio_now": ratio[:, 0]}
    for window in (3, 6):
        if window <= ratio.shape[1] + 1:
            made[f"payment_ratio_{window}"] = _mean(ratio[:, :window])
    recent = paid[:, : min(6, paid.shape[1])]
    none = np.where(np.isnan(recent), np.nan, (recent <= 0).astype(float))
    return made | {"months_without_payment_6": _mean(none) * (~np.isnan(none)).sum(axis=1)}


def slope(values: Floats) -> Floats:
    """Return the least-squares slope a month of (N, W), the latest first; NaN with fewer than 3 months."""
    when = -np.arange(values.shape[1], dtype=float)
    there = ~np.isnan(values)
    count = there.sum(axis=1)
    x = np.where(there, when, 0.0)
    y = np.where(there, values, 0.0)
    size = np.maximum(count, 1)
    moved = np.where(there, when - (x.sum(axis=1) / size)[:, None], 0.0)
    below = (moved * moved).sum(axis=1)
    made = (moved * y).sum(axis=1) / np.where(below > 0, below, 1.0)
    return np.where(count >= 3, made, np.nan)


def _windows(values: Floats) -> tuple[int, ...]:
    return tuple(window for window in WINDOWS if window <= values.shape[1])


def _worst(values: Floats) -> Floats:
    return np.where(np.isnan(values).all(axis=1), np.nan, np.nan_to_num(values, nan=-1.0).max(axis=1))


def _mean(values: Floats) -> Floats:
    count = (~np.isnan(values)).sum(axis=1)
    return np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)


def _over(part: Floats, whole: Floats) -> Array:
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0))
