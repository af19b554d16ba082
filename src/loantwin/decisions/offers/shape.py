"""The shape of demand: a line beside a curve and a logit, take-up along the price, and above the standard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit

from loantwin.arrays import Floats
from loantwin.decisions.offers.effects import WIDE, Effect, effect_of
from loantwin.decisions.offers.log import Offers
from loantwin.decisions.offers.within import covariance_of, demeaned, regress
from loantwin.errors import ModelError

STEPS = 13
KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of price at which the curve may bend: a natural cubic spline, Harrell's usual four (memory)."""
LEVEL = 0.05
FEWEST = 50
"""Offers taken up below which a slope above the standard rate is not told; assumed."""
POWER = 2.8
"""Standard errors that an effect must have to be found in four of five logs (1.96 + 0.84)."""
MOST_STRATA = 400


@dataclass(frozen=True)
class DemandPoint:
    """Take-up at an offered rate with the strata as they are: by the line, with its 90 % interval (`p05`,
    `p95`), and `seen`, the mean of the offers nearest to it (None where they are fewer than 30).

    offered_rate : in the log's unit.
    """

    offered_rate: float
    take_up: float
    p05: float
    p95: float
    seen: float | None
    offers: int


@dataclass(frozen=True)
class Shape:
    """A line beside a curve: bends : probability of a curve bending this much by chance, None where it
    cannot be told; linear : whether the line stands; logit_slope : mean slope of a logit; why : in words."""

    bends: float | None
    linear: bool | None
    logit_slope: float | None
    why: str


@dataclass(frozen=True)
class Above:
    """Offers above the client's standard rate: told is False where they cannot say what price does there."""

    offers: int
    taken_up: int
    slope: Effect | None
    told: bool
    why: str


def shape(offers: Offers, slope: Effect) -> Shape:
    """Return whether a line is enough: bends of a natural spline tested, a logit's slope beside it."""
    taken = offers.taken.astype(float)
    knots = np.unique(np.quantile(offers.rate, KNOTS))
    bends = None
    if len(knots) == len(KNOTS):
        columns = np.column_stack([offers.rate, *_bends(offers.rate, knots)])
        try:
            fit = regress(taken, columns, offers.stratum, offers.cluster)
        except ModelError:
            fit = None
        if fit is not None:
            covariance = covariance_of(fit.influence, offers.cluster)[1:, 1:]
            wald = float(fit.value[1:] @ np.linalg.pinv(covariance, hermitian=True) @ fit.value[1:])
            bends = float(stats.chi2.sf(wald, len(knots) - 2))
    logit = _logit_slope(offers)
    beside = (
        "" if logit is None else f"; a logit's mean slope is {logit:.4g} beside the line's {slope.value:.4g}"
    )
    if bends is None:
        return Shape(None, None, logit, "too few prices to tell a curve from a line" + beside)
    words = (
        "a curve does not fit better than the line" if bends >= LEVEL else "demand bends: the line is a mean"
    )
    return Shape(bends, bends >= LEVEL, logit, f"{words} (probability {bends:.2g}){beside}")


def _bends(rate: Floats, knots: Floats) -> list[Floats]:
    """Return the terms of a natural cubic spline beside its line, one for each knot less two."""
    last, before, width = knots[-1], knots[-2], knots[-1] - knots[0]

    def cube(knot: float) -> Floats:
        return np.asarray(np.maximum((rate - knot) / width, 0.0) ** 3)

    made = []
    for knot in knots[:-2]:
        share = (last - knot) / (last - before)
        rest = (before - knot) / (last - before)
        made.append(cube(float(knot)) - share * cube(float(before)) + rest * cube(float(last)))
    return made


def _logit_slope(offers: Offers) -> float | None:
    """Return the mean slope of a logit with a constant a stratum; strata all or none taken up stay out."""
    number = np.bincount(offers.stratum, minlength=len(offers.strata))
    up = np.bincount(offers.stratum, offers.taken, len(offers.strata))
    both = (up > 0) & (up < number)
    here = offers.take(both[offers.stratum])
    groups, place = np.unique(here.stratum, return_inverse=True)
    if not 0 < len(groups) <= MOST_STRATA:
        return None
    x = demeaned(here.rate, place)
    share = up[groups] / number[groups]
    level, slope = np.log(share / (1.0 - share)), 0.0
    for _ in range(50):
        chance = expit(level[place] + slope * x)
        weight, error = chance * (1.0 - chance), here.taken - chance
        mass = np.bincount(place, weight)
        cross = np.bincount(place, weight * x)
        curve = float((weight * x * x).sum() - (cross**2 / mass).sum())
        if not curve > 0.0:
            return None
        pull = np.bincount(place, error)
        move = float((error * x).sum() - (cross * pull / mass).sum()) / curve
        slope, level = slope + move, level + (pull - cross * move) / mass
        if abs(move) < 1e-10:
            return float(slope * weight.sum() / len(offers))
    return None


def demand(offers: Offers, slope: Effect, points: float) -> tuple[DemandPoint, ...]:
    """Return take-up along the price, between the 2nd and 98th hundredth of offers, by the fitted line.

    points : percentage points in one unit of the log's rates.
    """
    ends = np.quantile(offers.rate, (0.02, 0.98))
    grid = np.linspace(float(ends[0]), float(ends[1]), STEPS)
    mean, base = float(offers.rate.mean()), float(offers.taken.mean())
    spread = demeaned(offers.taken.astype(float), offers.stratum)
    noise = float(spread @ spread) / len(offers) ** 2
    middle = demeaned(offers.rate, offers.stratum) + mean
    near = np.abs(middle[:, None] - grid).argmin(axis=1)
    wide = float(stats.norm.ppf(0.95))
    made = []
    for place, rate in enumerate(grid):
        told = float(base + slope.value * (rate - mean))
        half = wide * np.sqrt(noise + (slope.standard_error * (rate - mean)) ** 2)
        half += slope.bias * abs(rate - mean)
        here = near == place
        seen = float(spread[here].mean() + base) if here.sum() >= 30 else None
        made.append(
            DemandPoint(
                float(rate / points), told, float(told - half), float(told + half), seen, int(here.sum())
            )
        )
    return tuple(made)


def above(offers: Offers, slope: Effect) -> Above | None:
    """Return what offers above the standard rate can tell, None where there are none.

    They tell a slope where at least 50 were taken up and a slope as large as the one at or below the standard
    rate would be found among them in four of five logs.
    """
    here = offers.take(offers.beyond)
    number, up = len(here), int(here.taken.sum())
    if not number:
        return None
    cannot = f"it cannot be told what price does above the standard rate: {number:,} offers, {up:,} taken up"
    try:
        fit = regress(here.taken.astype(float), here.rate[:, None], here.stratum, here.cluster)
    except ModelError:
        return Above(number, up, None, False, f"{cannot}, at prices that hardly differ within strata")
    error = float(np.sqrt(covariance_of(fit.influence, here.cluster)[0, 0]))
    found = effect_of(float(fit.value[0]), error)
    if up < FEWEST or POWER * error > abs(slope.value):
        words = (
            f"; a slope as large as the one below it ({slope.value:.4g}) would not be found "
            f"(95 % interval to +-{WIDE * error:.2g})"
        )
        return Above(number, up, found, False, cannot + (words if POWER * error > abs(slope.value) else ""))
    return Above(number, up, found, True, f"{number:,} offers, {up:,} taken up, tell the slope there too")
