"""How much is decided without a person, and how much would be at the loss of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats


@dataclass(frozen=True)
class Automation:
    """Shares of applications. alone : approved or declined. loss_rate : realised loss by money lent; None
    where no loan is known. at_equal_loss : alone, where the approvals of the highest default are given to a
    person until what is left loses no more than the other; None where either loss is not known.
    """

    alone: float
    loss_rate: float | None
    at_equal_loss: float | None


def automation(
    outcome: Floats, lent: Floats, lost: Floats, annual_pd: Floats, level: float | None = None
) -> Automation:
    """Return how much is decided without a person.

    Parameters
    ----------
    outcome : (N,) 1 approved, 0 declined, NaN referred. lent, lost : (N,) money, NaN where no loan is known.
    annual_pd : (N,), NaN where it is not known: given to a person first. level : the loss rate of the other.
    """
    rows = len(outcome)
    if not rows:
        return Automation(0.0, None, None)
    approved, declined = outcome == 1.0, outcome == 0.0
    known = approved & np.isfinite(lent) & np.isfinite(lost)
    alone = float((approved | declined).sum()) / rows
    if not known.any() or float(lent[known].sum()) <= 0.0:
        return Automation(alone, None, None)
    rate = float(lost[known].sum() / lent[known].sum())
    if level is None:
        return Automation(alone, rate, None)
    kept = _within(approved, known, lent, lost, annual_pd, level)
    return Automation(alone, rate, float(kept + declined.sum()) / rows)


def _within(
    approved: Flags, known: Flags, lent: Floats, lost: Floats, annual_pd: Floats, level: float
) -> int:
    """Return how many approvals, the lowest default first, lose no more than a level in all."""
    order = np.argsort(np.where(np.isfinite(annual_pd), annual_pd, np.inf), kind="stable")
    order = order[approved[order]]
    money = np.cumsum(np.where(known[order], lent[order], 0.0))
    loss = np.cumsum(np.where(known[order], lost[order], 0.0))
    good = loss <= level * money + 1e-9
    return int(good.nonzero()[0][-1]) + 1 if good.any() else 0
