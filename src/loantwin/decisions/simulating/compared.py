"""Money lost under two policies on the same applications: what was seen, what is guessed, and how far apart.

Levels are of these very applicants: their intervals hold what nobody saw and the errors of the guess.
Differences are paired, and hold which applicants came as well: another year's would be others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.decisions.simulating.unseen import Guess

Z = 1.959963984540054
"""Standard deviations to either side of a 95 % interval."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bounds:
    """Least and most that can be true, whatever the unseen did."""

    low: float
    high: float


@dataclass(frozen=True)
class Money:
    """N applications: amount asked (N,), loss (N,) as lent, NaN where unseen; granted by each policy (N,)."""

    amount: Floats
    loss: Floats
    granted: Floats
    against: Floats

    @property
    def seen(self) -> Flags:
        """Return whose end was seen, (N,)."""
        return np.asarray(np.isfinite(self.loss))

    @property
    def share(self) -> Floats:
        """Return the share lost of each seen, (N,), 0 of the unseen."""
        return np.where(self.seen, np.nan_to_num(self.loss) / self.amount, 0.0)


def realised(money: Money, granted: Floats) -> float | None:
    """Return what was lost of what is granted and was seen; a part loses its part. None: none seen."""
    here = money.seen & (granted > 0)
    return float((money.share * granted)[here].sum()) if here.any() else None


def bounds(money: Money, granted: Floats) -> Bounds | None:
    """Return the least and the most that can have been lost: nothing, and all, of what nobody saw."""
    if not money.seen.any():
        return None
    certain = float((money.share * granted)[money.seen].sum())
    return Bounds(certain, certain + float(granted[~money.seen].sum()))


def estimated(money: Money, granted: Floats, guess: Guess) -> Estimate:
    """Return the loss of what is granted: what was seen, and the guess of what was not, within the bounds."""
    unseen = np.where(money.seen, 0.0, granted)
    value = float((money.share * granted).sum() + (guess.share * unseen).sum())
    variance = float((guess.influence(unseen) ** 2).sum() + (unseen**2 * guess.spread).sum())
    found, certain = _around(value, variance), float((money.share * granted).sum())
    most = certain + float(unseen.sum())
    return Estimate(
        float(np.clip(value, certain, most)),
        max(found.low, certain),
        float(np.clip(found.high, certain, most)),
    )


def loss_difference(money: Money, guess: Guess, here: Flags) -> Estimate:
    """Return the loss of the policy less that of the one in force, in a part of the applications."""
    apart = np.where(here, money.granted - money.against, 0.0)
    moved = _moves(money, apart, guess)
    unseen = np.where(money.seen, 0.0, apart)
    centred = moved - moved.mean()
    return _around(_total(money, apart, guess), float((centred**2).sum() + (unseen**2 * guess.spread).sum()))


def rate_difference(money: Money, guess: Guess, here: Flags) -> Estimate | None:
    """Return loss / amount of the policy less that of the one in force; None: one of them grants nothing."""
    parts, shown = [], []
    for granted in (money.granted, money.against):
        own = np.where(here, granted, 0.0)
        if not own.any():
            return None
        rate = _total(money, own, guess) / own.sum()
        parts.append((_moves(money, own, guess) - rate * own) / own.sum())
        shown.append((rate, np.where(money.seen, 0.0, own) / own.sum()))
    (one, weight), (two, other) = shown
    variance = float(((parts[0] - parts[1]) ** 2).sum() + ((weight - other) ** 2 * guess.spread).sum())
    return _around(float(one - two), variance)


def _total(money: Money, granted: Floats, guess: Guess) -> float:
    return float((np.where(money.seen, money.share, guess.share) * granted).sum())


def _moves(money: Money, granted: Floats, guess: Guess) -> Floats:
    """Return what each application adds to a loss, (N,): its own, and what its end says of the unseen."""
    own = np.where(money.seen, money.share, guess.share) * granted
    return np.asarray(own + guess.influence(np.where(money.seen, 0.0, granted)))


def _around(value: float, variance: float) -> Estimate:
    half = Z * float(np.sqrt(max(variance, 0.0)))
    return Estimate(value, value - half, value + half)


def verdict(found: Estimate | None, enough: bool) -> str:
    """Return lower, higher or not shown: whether an interval of a difference is clear of 0."""
    if found is None or not enough or found.low <= 0.0 <= found.high:
        return "not shown"
    return "lower" if found.high < 0.0 else "higher"
