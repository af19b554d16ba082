"""How often an economy comes that costs as much: history's windows counted, and a tail fitted to them.

Each economy is measured by what it costs the book, as the distance of the mildest path that costs as much. So
a path drawn at random, a window of history and the mildest path itself are comparable, which their own
distances, over all quarters and factors, are not. With shocks normal and the figure linear such a distance is
standard normal, and half of all economies cost more than the expected path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin import months
from loantwin.arrays import Floats, Integers

LEAST_APART = 5.0
"""Windows side by side below which no tail is fitted."""
LEAST_HARMFUL = 5
HEAVIEST = 1.0
"""Largest 1 / degrees of freedom looked at: with one or fewer there is no mean."""
LEVEL = 0.9
ROUNDS = 100
"""Of a fixed point."""
ASSUMED = (
    "moves: what the economy did from any month of history it can do from today, wherever it began",
    "surprises and tail: the macro generator's dynamics are right, its residuals are what surprised",
    "windows overlap: all of them are worth as many independent ones as fit side by side",
    "tail: half of all economies cost more than the expected path; those that did give a Student t",
    "averaged over tails: errs to the safe side; of normal shocks some ten times too high at a distance of 3",
)


@dataclass(frozen=True)
class CrisisCost:
    """What a crisis of history, replayed from today, costs the book, and the mildest path that costs as much.

    cost : the target's figure, in its unit. distance : of the mildest path that costs as much; 0 where the
        crisis costs no more than the expected path, null where none within reach does. last : last month of
        history it takes, after the as-of date where `hindsight`. gap : why there is none.
    """

    cost: float | None
    distance: float | None
    last: str | None = None
    hindsight: bool = False
    gap: str = ""


@dataclass(frozen=True)
class WindowsCost:
    """How many windows of history, run from today, cost at least as much as the path.

    first, last : months in which the first and the last window begin. apart : windows that fit side by side.
    beyond, share : of all windows; low, high : 90 % interval of the share by Clopper and Pearson, for as many
        independent windows as fit side by side.
    worst, worst_cost, worst_distance : the costliest window's first month, what it costs (in `measure`), and
        the distance of the mildest path that costs as much. bent : windows kept at a bound. gap : why there
        are none.
    """

    windows: int
    apart: float
    beyond: int
    share: float | None
    low: float | None
    high: float | None
    first: str | None = None
    last: str | None = None
    worst: str | None = None
    worst_cost: float | None = None
    worst_distance: float | None = None
    bent: int = 0
    gap: str = ""


@dataclass(frozen=True)
class FittedTail:
    """A Student t fitted to the distances of history's surprises, and the chance it gives of the path's.

    harmful : windows that cost more than the expected path. spread : the t's scale, 1 as the generator has
        it. degrees_of_freedom : null where the normal fits best.
    chance, low, high : of an economy that costs at least as much by the likeliest t, and its 90 % likelihood
        interval. averaged : the chance over all spreads and degrees, weighed by their likelihood.
        equivalent_distance : at which normal shocks have the averaged chance.
    fatter : whether even `low` is above the normal's chance; otherwise a fatter tail is not shown, and
        `factor`, `chance` over the normal's, is null.
    """

    harmful: int
    apart: float
    spread: float
    degrees_of_freedom: float | None
    chance: float
    low: float
    high: float
    averaged: float
    equivalent_distance: float
    fatter: bool
    factor: float | None


@dataclass(frozen=True)
class Rarity:
    """How often an economy comes that costs as much as the mildest path.

    measure : the figure by which economies are compared, the target's own or what stands in for it.
    normal : the chance were shocks normal and the figure linear. generated_low, generated_high : 90 %
        interval of the share of generated paths, by Clopper and Pearson. moves, surprises : history's
        windows. tail : None where the windows are too few, `gap` says so.
    """

    measure: str
    normal: float
    generated_low: float
    generated_high: float
    moves: WindowsCost
    surprises: WindowsCost
    tail: FittedTail | None
    gap: str = ""
    assumed: tuple[str, ...] = ASSUMED


def least_distances(radii: Floats, figures: Floats, costs: Floats) -> Floats:
    """Return the distance of the mildest path to each cost (P,), between the points of a `frontier` (J,).

    0 where it costs no more than the expected path, the largest of `radii` where none costs as much.
    """
    check.within(0, radii=radii)
    check.finite(figures=figures, costs=costs)
    check.shaped((None,), radii=radii, costs=costs)
    check.shaped(radii.shape, figures=figures)
    return np.asarray(np.interp(costs, figures, radii))


def share_interval(share: float, trials: float) -> tuple[float, float]:
    """Return Clopper and Pearson's 90 % interval of a share seen in so many independent trials, 1 or more."""
    from loantwin.migrations.estimators import exact_interval

    check.number(0, 1, share=share)
    check.number(1, trials=trials)
    low, high = exact_interval(np.array([share * trials]), np.array([float(trials)]), LEVEL)
    return float(low[0]), float(high[0])


def windows_cost(
    costs: Floats, distances: Floats, starts: Integers, apart: float, bar: float, bent: int = 0
) -> WindowsCost:
    """Return how many windows cost at least `bar`, with an interval.

    Parameters
    ----------
    costs : (P,). distances : (P,) of the mildest path that costs as much. starts : (P,) month numbers.
    apart : independent windows that they are worth.
    """
    check.finite(costs=costs)
    check.within(0, distances=distances)
    check.codes(0, starts=starts)
    check.shaped((None,), costs=costs)
    check.shaped(costs.shape, distances=distances)
    check.shaped(costs.shape, starts=starts)
    check.number(1, apart=apart)
    check.number(bar=bar)
    check.count(0, bent=bent)
    beyond, worst = int((costs >= bar).sum()), int(np.argmax(costs))
    share = beyond / len(costs)
    low, high = share_interval(share, apart)
    return WindowsCost(
        windows=len(costs),
        apart=apart,
        beyond=beyond,
        share=share,
        low=low,
        high=high,
        first=months.label(int(starts.min())),
        last=months.label(int(starts.max())),
        worst=months.label(int(starts[worst])),
        worst_cost=float(costs[worst]),
        worst_distance=float(distances[worst]),
        bent=bent,
    )


def fitted_tail(distances: Floats, apart: float, distance: float) -> FittedTail | None:
    """Return a t fitted to windows' distances, and the chance that an economy lies beyond `distance`.

    P(beyond x) = S((x / spread), degrees of freedom), S the upper tail of Student's t. Spread and degrees of
    freedom maximise the likelihood of the positive distances; one of 0, no more than expected, only says that
    it is of the milder half. Overlapping windows count as `apart`: their log-likelihood is divided by windows
    / `apart` (a composite likelihood). The interval of the chance is its range over all spreads and degrees
    of freedom whose log-likelihood is at most 1.35 below the best (90 %, one degree). The averaged chance
    weighs them by likelihood, flat in the logarithm of the spread and falling evenly in 1 / degrees of
    freedom, to 0 at one degree.

    None where there are too few windows: `LEAST_APART`, `LEAST_HARMFUL`.
    """
    from scipy.special import chdtri, ndtr, ndtri

    check.within(0, distances=distances)
    check.shaped((None,), distances=distances)
    check.number(0, apart=apart, distance=distance)
    harmful = distances[distances > 0.0]
    if apart < LEAST_APART or len(harmful) < LEAST_HARMFUL:
        return None
    weights = np.linspace(0.0, HEAVIEST, 101)  # 1 / degrees of freedom
    best = _spreads(harmful, weights)
    spreads = best[:, None] * np.concatenate([[1.0], np.geomspace(0.2, 5.0, 161)])
    likelihood = np.array(
        [_likelihood(harmful, row, weight) for row, weight in zip(spreads, weights, strict=True)]
    ) * (apart / len(distances))
    chances = np.array(
        [_beyond(distance / row, weight) for row, weight in zip(spreads, weights, strict=True)]
    )
    place = int(np.argmax(likelihood[:, 0]))
    chance, normal = float(chances[place, 0]), float(ndtr(-distance))
    within = likelihood >= likelihood[place, 0] - 0.5 * float(chdtri(1, 1.0 - LEVEL))
    low, high = float(chances[within].min()), float(chances[within].max())
    trust = (HEAVIEST - weights)[:, None] * np.exp(likelihood[:, 1:] - likelihood.max())
    averaged = float((trust * chances[:, 1:]).sum() / trust.sum())
    return FittedTail(
        harmful=len(harmful),
        apart=apart,
        spread=float(best[place]),
        degrees_of_freedom=float(1.0 / weights[place]) if weights[place] else None,
        chance=chance,
        low=low,
        high=high,
        averaged=averaged,
        equivalent_distance=float(-ndtri(averaged)),
        fatter=low > normal,
        factor=chance / normal if low > normal > 0.0 else None,
    )


def _spreads(distances: Floats, weights: Floats) -> Floats:
    """Return the likeliest scales (S,) of a t with 1 / `weights` (S,) degrees of freedom: a fixed point."""
    squares, by_row = distances**2, weights[:, None]
    scale = np.full(len(weights), squares.mean())
    for _ in range(ROUNDS):
        scale = (squares * (1.0 + by_row) / (1.0 + by_row * squares / scale[:, None])).mean(axis=1)
    return np.asarray(np.sqrt(scale))


def _likelihood(distances: Floats, spreads: Floats, weight: float) -> Floats:
    """Return the log-likelihood at each spread (S,), of a t with 1 / `weight` degrees of freedom."""
    from scipy.special import gammaln

    squares = (distances / spreads[:, None]) ** 2
    if weight == 0.0:
        terms, constant = -0.5 * squares, -0.5 * np.log(2.0 * np.pi)
    else:
        degrees = 1.0 / weight
        terms = -0.5 * (degrees + 1.0) * np.log1p(weight * squares)
        constant = gammaln(0.5 * (degrees + 1.0)) - gammaln(0.5 * degrees) - 0.5 * np.log(degrees * np.pi)
    return np.asarray(terms.sum(axis=1) + len(distances) * (constant - np.log(spreads)))


def _beyond(places: Floats, weight: float) -> Floats:
    """Return the upper tail at places (S,), of a t with 1 / `weight` degrees of freedom."""
    from scipy.special import ndtr, stdtr

    return np.asarray(ndtr(-places) if weight == 0.0 else stdtr(1.0 / weight, -places))
