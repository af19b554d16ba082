"""Memory in arrears: live states split by what a loan did in the months before.

A loan that has just fallen behind is up to date again next month far more often than one that has been late
for three months, and one that was late lately falls behind far more often than one that never was; a chain
over the published states forgets both. Here a published live state may be a split state: up to three of the
chain, side by side, named "<published>|<words>" but for the first, which has the published name:

    up to date:           not late within a year | 1 month since arrears | late within the year
    a state of arrears:   late for 1 month       | for 2                 | for 3 or more

This month's class and next month's published state give next month's class; the end of the year alone is
counted. Where a class cannot last, a month without a change of the published state moves the loan on: that
move is certain, and what leaves the class is told against it (`Memory.certain`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.rows import MEMORY, published_state
from loantwin.models.priors.table import Z90

UP_TO_DATE = ("", "1 month since arrears", "late within the year")
LATE = ("", "2 months late", "3 months late or more")
CLASSES = 3
REMEMBERED = 12
"""Months after which arrears are forgotten."""
WARM = 2
"""Reports before one that tell its class, where the source does not begin with the loan."""
LEAST_MONTHS = 300.0
"""Loan-months below which a class is not told from its neighbour."""
LEAST_GAIN = 0.005
"""Least gain of a split, as a share of the log loss out of time: it costs up to 2.5 times the time."""
TRAINED = 0.6
"""Share of the moves, the earliest, that a split is learnt on when it is tried."""
PULL = 5.0
"""Moves by which a class is drawn to the state it is part of when a split is tried."""
CERTAIN = 20.0
"""Log-odds of a certain move against staying: what stays against the rule is 2e-9 of the loans."""


@dataclass(frozen=True)
class Memory:
    """kept : published live state -> its classes told apart, rising; the least has the plain name."""

    kept: Mapping[str, tuple[int, ...]]

    def name(self, state: str, kind: int) -> str:
        """Return the chain's state of a published state and class; a class not told is its neighbour's."""
        kept, first = self.kept.get(state, (0,)), state == next(iter(self.kept), "")
        if first and kind == 1 and 1 not in kept:
            kind = 2
        place = max((place for place, one in enumerate(kept) if one <= kind), default=0)
        return state if place == 0 else state + MEMORY + (UP_TO_DATE if first else LATE)[kept[place]]

    def states(self) -> tuple[str, ...]:
        """Return the chain's live states, in order."""
        return tuple(self.name(state, kind) for state, kept in self.kept.items() for kind in kept)

    def kind(self, state: str) -> int:
        """Return the class that a state of the chain stands for."""
        base = published_state(state)
        return next(kind for kind in self.kept[base] if self.name(base, kind) == state)

    def after(self, state: str, published: str) -> str:
        """Return where a loan of the chain's `state` is when its next published live state is `published`."""
        first, base, kind = next(iter(self.kept)), published_state(state), self.kind(state)
        if published == first:
            return self.name(first, 1 if base != first else {0: 0, 1: 2, 2: 2}[kind])
        return self.name(published, 0 if base == first else min(kind + 1, CLASSES - 1))

    @property
    def certain(self) -> dict[str, str]:
        """Return the states that cannot last, with where a loan is when its published state stays."""
        found = {state: self.after(state, published_state(state)) for state in self.states()}
        return {state: later for state, later in found.items() if later != state}


def memory_of(provenance: Mapping[str, Any]) -> Memory | None:
    """Return how a fitted model splits live states, from its provenance; None where it does not."""
    kept = provenance.get("memory")
    return None if kept is None else Memory({state: tuple(kinds) for state, kinds in kept.items()})


def against(memory: Memory | None, origin: str) -> float:
    """Return the log-odds that a fitted edge has in the chain beyond those it was fitted with: against a move
    that is certain `CERTAIN`, against staying none.
    """
    return CERTAIN if memory is not None and origin in memory.certain else 0.0


def split_codes(live: Sequence[str], codes: Integers, kind: Integers) -> Integers:
    """Return the places of loans' states (N,) among the chain's `live` ones.

    codes : (N,) the first place of each loan's published state. kind : (N,) its class; one that is not told
    apart is its neighbour's.
    """
    made = codes.copy()
    names = [published_state(state) for state in live]
    for place, state in enumerate(live):
        words = state.partition(MEMORY)[2]
        if not words:
            continue
        first = names[place] == names[0]
        own = (UP_TO_DATE if first else LATE).index(words)
        # 1 month since arrears is within the year, where the two are one
        least = 1 if first and live[place - 1] == names[place] else own
        made[(codes == names.index(names[place])) & (kind >= least)] = place
    return made


def remembered(reports: pl.DataFrame, first: str, late: Sequence[str]) -> pl.DataFrame:
    """Return reports with the class of each, and whether it is known.

    Parameters
    ----------
    reports : loan_id, month, state, at most one row a loan and month, sorted by both; `start`, the month of
        origination, where it is known. first : the state that is up to date. late : states of arrears.
        Others have class 0.

    Returns
    -------
    The rows with `kind` 0 to 2, and `known`: False where what came before the loan's first report, or in a
    gap, may tell another class.
    """
    size, month = reports.height, reports["month"].to_numpy().astype(np.int64)
    at = np.arange(size)
    loan, behind = reports["loan_id"], reports["state"].is_in(list(late)).to_numpy()
    current = (reports["state"] == first).to_numpy()
    new = (loan != loan.shift(1)).fill_null(True).to_numpy()
    own = _latest(at, new)
    since_gap = at - _latest(at, new | (np.diff(month, prepend=0) != 1))
    run = np.minimum(at - _latest(at, ~behind, -1), since_gap + 1)
    before = np.concatenate([[-1], _latest(at, behind, -1)])[:size]
    ago = np.where(before >= own, month - month[np.maximum(before, 0)], REMEMBERED + 1)
    lately = np.where(ago > REMEMBERED, 0, np.where(ago == 1, 1, 2))
    kind = np.where(behind, np.minimum(run, CLASSES) - 1, np.where(current, lately, 0))
    told = np.where(behind, (run > WARM) | (run <= since_gap), (kind > 0) | (since_gap >= WARM))
    young = (
        (month[own] - reports["start"].fill_null(-1).to_numpy().astype(np.int64) <= 1)
        & (since_gap == at - own)
        if "start" in reports.columns
        else np.zeros(size, dtype=bool)
    )
    return reports.with_columns(
        kind=pl.Series(kind, dtype=pl.Int32), known=pl.Series(told | young | ~(behind | current))
    )


def _latest(at: Integers, mark: Flags, none: int = 0) -> Integers:
    """Return the last marked row up to each, (N,); `none` before the first."""
    return np.asarray(np.maximum.accumulate(np.where(mark, at, none)))


@dataclass(frozen=True)
class Moves:
    """N moves whose class is known, (N,) each. origin, target : places among published states, live ones
    first. kind : the origin's class. loan : code. month, weight.
    """

    origin: Integers
    target: Integers
    kind: Integers
    loan: Integers
    month: Integers
    weight: Floats


def chosen_memory(moves: Moves, live: Sequence[str]) -> tuple[Memory | None, dict[str, float]]:
    """Return which live states are split, and by "up to date" and "in arrears" the gain of the split.

    A split is tried out of time: learnt on the earlier moves, it must foretell how the later ones of the same
    month and published state divide, better than that month's own division, surely and by `LEAST_GAIN`.
    The gain is a share of the log loss. None: no split gains.
    """
    gains, kept = {}, {}
    places = range(len(live))
    for words, part in (("up to date", places[:1]), ("in arrears", places[1:])):
        gain, surely = _gain(moves, np.isin(moves.origin, part))
        gains[words] = gain
        for place in part:
            own = moves.origin == place
            weight = np.bincount(moves.kind[own], moves.weight[own], CLASSES).astype(np.float64)
            kept[live[place]] = _told(weight) if surely and gain >= LEAST_GAIN else (0,)
    split = any(len(one) > 1 for one in kept.values())
    return (Memory(kept) if split else None), gains


def _told(weight: Floats) -> tuple[int, ...]:
    """Return the classes with enough loan-months each; one with fewer is its neighbour's."""
    return tuple(kind for kind in range(CLASSES) if weight[kind] >= LEAST_MONTHS) or (0,)


def _gain(moves: Moves, inside: Flags) -> tuple[float, bool]:
    """Return the gain of telling classes apart among some moves, and whether it is sure."""
    if not inside.any():
        return 0.0, False
    month, kind, loan = moves.month[inside], moves.kind[inside], moves.loan[inside]
    states, origin = np.unique(moves.origin[inside], return_inverse=True)
    ends, target = np.unique(moves.target[inside], return_inverse=True)
    weight = moves.weight[inside]
    order = np.sort(month)
    cut = order[min(int(TRAINED * len(order)), len(order) - 1)]
    early = month < cut if (month < cut).any() else month <= cut
    if early.all():
        return 0.0, False
    origins, targets = len(states), len(ends)
    shape = (origins, CLASSES, targets)
    flat = np.ravel_multi_index((origin, kind, target), shape)
    counted = np.bincount(flat[early], weight[early], origins * CLASSES * targets).reshape(shape)
    whole = counted.sum(axis=1) + 0.1
    share = whole / whole.sum(axis=1, keepdims=True)
    drawn = counted + PULL * share[:, None]
    ratio = drawn / drawn.sum(axis=2, keepdims=True) / share[:, None]
    months, at = np.unique(month, return_inverse=True)
    place = np.ravel_multi_index((at, origin, target), (len(months), origins, targets))
    came = np.bincount(place[~early], weight[~early], len(months) * origins * targets)
    own = came.reshape(len(months), origins, targets) + 0.1
    own = own / own.sum(axis=2, keepdims=True)
    told = own[at, origin] * ratio[origin, kind]
    chance = told[np.arange(len(target)), target] / told.sum(axis=1)
    late = ~early
    plain = np.log(own[at, origin, target])
    better = weight * (np.log(chance) - plain)
    loss = -float((weight * plain)[late].sum())
    by_loan = np.bincount(loan[late], better[late])
    gain = float(by_loan.sum())
    return gain / max(loss, 1e-300), gain > Z90 * float(np.sqrt((by_loan**2).sum()))
