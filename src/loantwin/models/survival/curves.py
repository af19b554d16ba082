"""Curves that know no loan: Kaplan-Meier and Aalen-Johansen by months, and the rate of the last year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.models.survival.lives import COMPETING, EVENT, Lives

YEAR = 12


@dataclass(frozen=True)
class Curve:
    """Hazards by age, (A,): of the event, and of the other end among loans that the event left."""

    event: Floats
    competing: Floats


def counted(lives: Lives) -> tuple[Floats, Floats, Floats]:
    """Return loans at risk, events and other ends by age, (A,); an end comes before the end of the watch."""
    ages = int(lives.last.max()) + 1
    change = np.bincount(lives.first, minlength=ages + 1) - np.bincount(lives.last + 1, minlength=ages + 1)
    ends = [np.bincount(lives.last[lives.cause == kind], minlength=ages) for kind in (EVENT, COMPETING)]
    return np.cumsum(change)[:ages].astype(float), ends[0].astype(float), ends[1].astype(float)


def empirical(lives: Lives) -> Curve:
    """Return the curve of Aalen and Johansen; without another end it is that of Kaplan and Meier.

    Hazard of an age: ends over loans at risk; 0 where none is at risk.
    """
    at_risk, events, others = counted(lives)
    left = at_risk - events
    return Curve(_over(events, at_risk), _over(others, left))


def last_rate(lives: Lives) -> Curve:
    """Return one hazard for every age: ends of the last twelve months over the months at risk in them."""
    first = np.maximum(lives.first, lives.until - YEAR + 1 - lives.origin)
    months = np.maximum(lives.last - first + 1, 0)
    late = (lives.last >= first) & (lives.origin + lives.last > lives.until - YEAR)
    events, others = (float((late & (lives.cause == kind)).sum()) for kind in (EVENT, COMPETING))
    at_risk = float(months.sum())
    return Curve(np.array([events / max(at_risk, 1.0)]), np.array([others / max(at_risk - events, 1.0)]))


def cumulative(curve: Curve, age: Integers, horizon: int) -> Floats:
    """Return the probability of the event in the `horizon` months after age (N,), -1: from origin on.

    From origin on the month of origin counts too: ages 0 to `horizon`. Beyond the last age of a curve the
    last hazard of a single rate goes on, and an empirical one is 0.
    """
    return incidence(at_ages(curve.event, age, horizon), at_ages(curve.competing, age, horizon))


def at_ages(hazard: Floats, age: Integers, horizon: int) -> Floats:
    """Return hazards of each month ahead, (N, horizon + 1); 0 beyond the end or horizon."""
    ages = np.asarray(age)[:, None] + 1 + np.arange(horizon + 1)
    if len(hazard) == 1:
        made = np.full(ages.shape, hazard[0])
    else:
        made = np.where(ages < len(hazard), hazard[np.minimum(ages, len(hazard) - 1)], 0.0)
    made[np.asarray(age) >= 0, horizon] = 0.0
    return np.asarray(made)


def incidence(event: Floats, competing: Floats) -> Floats:
    """Return the cumulative incidence of the event (N,) of hazards by month (N, T), the event first."""
    left = np.cumprod((1 - event) * (1 - competing), axis=1)
    before = np.column_stack([np.ones(len(event)), left[:, :-1]])
    return np.asarray((before * event).sum(axis=1))


def _over(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def at_risk_by_month(lives: Lives, first: int, last: int) -> Floats:
    """Return loans at risk by month and age, (T, A), of months first to last."""
    months, ages = last - first + 1, int(lives.last.max()) + 1
    change = np.zeros((int(lives.origin.max()) - first + 1, ages + 1))
    np.add.at(change, (lives.origin - first, lives.first), 1.0)
    np.add.at(change, (lives.origin - first, lives.last + 1), -1.0)
    cohort = np.cumsum(change, axis=1)[:, :ages]
    made = np.zeros((months, ages))
    for age in range(ages):
        reach = max(min(len(cohort), months - age), 0)
        made[age : age + reach, age] = cohort[:reach, age]
    return made
