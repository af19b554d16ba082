"""Offers of many applicants under budgets of segments: a price on money lent, found for all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.pricing.best_offer import Judged, best
from loantwin.decisions.pricing.offer_values import OfferValues

STEPS = 40
"""Halvings of the price of money; what is left of a budget after them is filled offer by offer."""


@dataclass(frozen=True)
class Budgeted:
    """Offers under budgets. chosen : (N,) places, -1 for none. price : (B,) of a unit lent, beside all costs.

    expected : (B,) money that is expected to be lent. value : of all offers made. bound : what no choice
    under the budgets can be worth more than (Lagrangian); the best lies between the two.
    """

    chosen: Integers
    price: Floats
    expected: Floats
    value: float
    bound: float


def under_budgets(values: OfferValues, judged: Judged, segment: Integers, budget: Floats) -> Budgeted:
    """Return the offers of most value whose expected lending keeps every budget.

    An offer counts as what it is worth less the price of its segment's money times what is expected to be
    lent by it; prices rise until budgets are kept (Everett 1963; from general knowledge, not opened here:
    assumed).

    Parameters
    ----------
    segment : (N,) place of the budget, -1 for none. budget : (B,) money.
    """
    lent = np.where(np.isfinite(values.value), values.lent * values.take_up, 0.0)
    own, bound = np.maximum(segment, 0), segment >= 0
    if not len(budget):
        chosen = best(values.value, judged)
        total = _value(values, chosen)
        return Budgeted(chosen, np.zeros(0), np.zeros(0), total, total)

    def choice(price: Floats) -> Integers:
        charge = np.where(bound, price[own], 0.0)
        return best(values.value - charge[:, None] * lent, judged)

    def spent(chosen: Integers) -> Floats:
        there = bound & (chosen >= 0)
        amount = lent[np.arange(len(chosen)), np.maximum(chosen, 0)]
        return np.asarray(np.bincount(own[there], amount[there], minlength=len(budget)), dtype=float)

    low = np.zeros(len(budget))
    loose = choice(low)
    over = spent(loose) > budget
    worth = np.divide(values.value, lent, out=np.zeros_like(lent), where=lent > 0.0)
    dearest = np.where(np.isfinite(worth), worth, 0.0).max(axis=1, initial=0.0)
    high = np.zeros(len(budget))
    np.maximum.at(high, own[bound], dearest[bound])
    high = np.where(over, 1.0001 * high + 1e-12, 0.0)
    for _ in range(STEPS):
        if not over.any():
            break
        middle = 0.5 * (low + high)
        kept = spent(choice(middle)) <= budget
        low, high = np.where(over & ~kept, middle, low), np.where(over & kept, middle, high)
    tight, loose = choice(high), choice(low)
    chosen = _filled(tight, loose, values, lent, own, bound, budget - spent(tight))
    dual = _value(values, tight, high, lent, own, bound) + float(high @ budget)
    return Budgeted(chosen, high, spent(chosen), _value(values, chosen), dual)


def _value(
    values: OfferValues, chosen: Integers, price: Floats | None = None, lent: Floats | None = None,
    own: Integers | None = None, bound: Flags | None = None,
) -> float:  # fmt: skip
    there, at = chosen >= 0, np.maximum(chosen, 0)
    rows = np.arange(len(chosen))
    made = values.value[rows, at]
    if price is not None and lent is not None and own is not None and bound is not None:
        made = made - np.where(bound, price[own], 0.0) * lent[rows, at]
    return float(made[there].sum())


def _filled(
    tight: Integers, loose: Integers, values: OfferValues, lent: Floats, own: Integers, bound: Flags,
    left: Floats,
) -> Integers:  # fmt: skip
    """Return the tight choice with what is left of budgets filled by looser ones, the most worthy first."""
    rows = np.arange(len(tight))

    def read(table: Floats, chosen: Integers) -> Floats:
        return np.where(chosen >= 0, table[rows, np.maximum(chosen, 0)], 0.0)

    more, gain = read(lent, loose) - read(lent, tight), read(values.value, loose) - read(values.value, tight)
    moves = np.flatnonzero((loose != tight) & bound & (more > 0.0) & (gain > 0.0))
    moves = moves[np.argsort(-gain[moves] / more[moves], kind="stable")]
    made = tight.copy()
    for place in range(len(left)):
        own_moves = moves[own[moves] == place]
        fits = np.cumsum(more[own_moves]) <= left[place]
        made[own_moves[fits]] = loose[own_moves[fits]]
    return made
