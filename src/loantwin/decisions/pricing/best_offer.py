"""The best offer of each applicant under a policy that is asked as seldom as it may be, and the frontier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Codes, Flags, Floats, Integers
from loantwin.decisions.pricing.offer_grid import OfferGrid
from loantwin.decisions.pricing.offer_values import ALLOWED, POLICY, OfferValues

Approves = Callable[[Integers, Integers], Flags]
"""Places of applicants (M,), and of their offers (M,) -> whether the policy approves each, (M,)."""
ROUNDS = (1, 4, 16, 64)
"""How many of the best offers left a policy is asked about at a time; after these, all that are left."""


@dataclass
class Judged:
    """What a policy has said of offers so far, filled as it is asked.

    said : (N, O) 0 not asked, 1 approved, 2 not. asked : how many.
    """

    said: Codes
    approves: Approves | None
    asked: int = 0

    @classmethod
    def of(cls, values: OfferValues, approves: Approves | None) -> Judged:
        """Return that nothing was asked; without a policy, that all is approved."""
        start = np.full(values.value.shape, 1 if approves is None else 0, dtype=np.int8)
        return cls(start, approves)

    def ask(self, row: Integers, offer: Integers) -> None:
        """Ask about offers (M,) that were not asked about."""
        new = self.said[row, offer] == 0
        row, offer = row[new], offer[new]
        if len(row) and self.approves is not None:
            self.said[row, offer] = np.where(self.approves(row, offer), 1, 2)
            self.asked += len(row)

    def refused(self, values: OfferValues) -> OfferValues:
        """Return offers with those that the policy did not approve marked so."""
        gone = (self.said == 2) & (values.why == ALLOWED)
        why = np.where(gone, POLICY, values.why).astype(np.int8)
        value = np.where(gone, -np.inf, values.value)
        return OfferValues(values.profit, values.take_up, values.lent, value, why)


def best(score: Floats, judged: Judged) -> Integers:
    """Return the best approved offer of each applicant, (N,) places; -1 where none is worth making.

    The first of the highest: in the order of the grid, the smaller amount at the lower rate. Only offers that
    might be best are asked about: what is found is what asking about all of them would find.

    Parameters
    ----------
    score : (N, O) what is to be highest, at most 0 or -inf where an offer is not worth making.
    """
    made = np.full(len(score), -1, dtype=np.int64)
    left = np.arange(len(score))
    for width in (*ROUNDS, score.shape[1]):
        here = np.where(judged.said[left] == 2, -np.inf, score[left])
        there = here.max(axis=1, initial=-np.inf) > 0.0
        left, here = left[there], here[there]
        if not len(left):
            break
        if width == 1:
            top = here.argmax(axis=1)[:, None]
        else:
            top = np.argsort(-here, axis=1, kind="stable")[:, :width]
        row, column = np.nonzero(np.take_along_axis(here, top, axis=1) > 0.0)
        judged.ask(left[row], top[row, column])
        good = (judged.said[left[:, None], top] == 1) & (np.take_along_axis(here, top, axis=1) > 0.0)
        found = good.any(axis=1)
        first = good.argmax(axis=1)
        made[left[found]] = top[found, first[found]]
        left = left[~found]
    return made


def frontier(values: OfferValues) -> Flags:
    """Return the offers that no other beats in both take-up and profit, (N, O); allowed ones that earn alone.

    Of offers equal in both, the first stands.
    """
    earns = (values.why == ALLOWED) & (values.profit > 0.0)
    profit = np.where(earns, values.profit, -np.inf)
    order = np.lexsort((-profit, -values.take_up), axis=1)
    sorted_ = np.take_along_axis(profit, order, axis=1)
    before = np.concatenate(
        [np.full((len(profit), 1), -np.inf), np.maximum.accumulate(sorted_, axis=1)[:, :-1]], axis=1
    )
    made = np.zeros(profit.shape, dtype=bool)
    np.put_along_axis(made, order, (sorted_ > before) & np.isfinite(sorted_), axis=1)
    return made


def neighbour(chosen: Integers, grid: OfferGrid, axis: int, step: int) -> Integers:
    """Return the offer a step beside each chosen one along an axis of the grid, (N,); -1 beyond its end."""
    places = list(np.unravel_index(np.maximum(chosen, 0), grid.shape))
    moved = places[axis] + step
    inside = (moved >= 0) & (moved < grid.shape[axis]) & (chosen >= 0)
    places[axis] = np.where(inside, moved, places[axis])
    return np.where(inside, np.ravel_multi_index(places, grid.shape), -1)
