"""Reverse stress: the shortest vector of standard normal innovations at which a figure reaches a target.

The search is that of first-order reliability (Hasofer and Lind, J. Engineering Mechanics 100 (1974); Rackwitz
and Fiessler, Computers and Structures 9 (1978)): from a point z with value g and slope s, the next is the
point of the tangent plane {g + s (z' - z) = target} nearest to the origin; steps that do not improve a merit
are halved (Zhang and Der Kiureghian, 1995).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import erfc, sqrt

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError
from loantwin.risk.stress.rarity import CrisisCost, Rarity

Slopes = Callable[[Floats], tuple[float, Floats]]

FARTHEST = 8.0
"""No path farther than this from what is expected is looked at: one in 10^15 were innovations normal."""
STRIDE = 0.5
"""Distance between the points at which a frontier is looked for."""
ROUNDS = 40
TURNS = 8
ALMOST, NARROW = 1e-3, 1e-3
"""Relative gap to the target, and width in standard deviations, at which a walk ends: stages make steps."""
CLOSE = 1e-5
"""Relative gap to the target, and relative change of distance, at which the search ends."""


@dataclass(frozen=True)
class Mildest:
    """The point found. value : of the figure there. distance : its length. evaluations : rounds of slopes."""

    z: Floats
    value: float
    distance: float
    evaluations: int


@dataclass(frozen=True)
class Plausibility:
    """How far a scenario lies from what the generator expects, seen through the factors that the model reads.

    distance : Mahalanobis, of the shortest innovations that take these factors there every third month.
        conditions : their number. probability : of a path drawn at random at least as far off, were
        innovations normal. gap : why there is none.
    """

    distance: float | None
    conditions: int
    probability: float | None
    gap: str = ""
    rank: int | None = None
    """1 + how many of history's crises, measured alike, lie farther away; None where none could be."""
    ranked_among: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReverseStress:
    """The mildest path that costs a given loss or breaks a ratio; the scenario of that name is the path.

    figure, target, reached : what was asked for and what the path gives; decimals where the figure is a
        ratio.
    expected : the figure on the path without shocks. distance : Mahalanobis, standard deviations of
        innovations.
    tail_probability : Phi(-distance), of paths beyond the target were innovations normal and the figure
        linear in them.
    chi_square_probability : of a path drawn at random at least as far off in all `degrees_of_freedom`
        innovations.
    generated_paths, generated_beyond : paths the generator drew, and how many of them reach the target;
        `generated_share` with its binomial standard error. peaks : factor -> its largest move away from the
        expected path, and its month.
    """

    name: str
    figure: str
    target: float
    reached: float
    expected: float
    months: int
    distance: float
    tail_probability: float
    chi_square_probability: float
    degrees_of_freedom: int
    generated_paths: int
    generated_beyond: int
    generated_share: float
    generated_standard_error: float
    peaks: Mapping[str, Peak]
    notes: tuple[str, ...]
    beyond_seen: Mapping[str, BeyondSeen] = field(default_factory=dict)
    """Factors that the path takes where no month of the known history was."""
    crises: Mapping[str, CrisisCost] = field(default_factory=dict)
    """What history's own crises cost, and the mildest paths that cost as much."""
    rarity: Rarity | None = None
    """How often an economy comes that costs as much: by history's windows, and by a tail fitted to them."""


@dataclass(frozen=True)
class BeyondSeen:
    """A factor beyond its known history: month and value on the path, and the range seen, `low` to `high`.

    measure : level, or growth_12m for an index, whose level has no range; decimals.
    """

    measure: str
    month: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Peak:
    """A factor's largest move: month, value on the path and on the expected path."""

    month: str
    value: float
    expected: float


def mildest(slopes: Slopes, values: Callable[[Floats], Floats], start: Floats, target: float) -> Mildest:
    """Return the shortest z at which a figure is at least `target`.

    Parameters
    ----------
    slopes : z (D,) -> value and gradient (D,). values : z (P, D) -> values (P,), for the steps of a search
        along a line.
    start : (D,) where the search begins, 0 where nothing is known. target : the figure rises towards it.

    Raises
    ------
    RiskError : the target is not reached within `FARTHEST`; the message says the largest value found.
    """
    check.call(slopes=slopes, values=values)
    check.finite(start=start)
    check.number(target=target)
    check.shaped((None,), start=start)
    z = start
    value, slope = slopes(z)
    if not z.any() and value >= target:
        return Mildest(z, value, 0.0, 1)
    scale = max(abs(target - value), abs(target) * 1e-3, 1e-12)
    best = value
    for turn in range(1, ROUNDS + 1):
        steep = float(slope @ slope)
        if not steep > 0.0:
            raise unreachable(target, value)
        wanted = slope * ((slope @ z - value + target) / steep)
        length = float(np.linalg.norm(wanted))
        if length > FARTHEST:
            wanted = wanted * (FARTHEST / length)
        before = z
        z = _step(values, z, wanted, value, target, scale)
        moved = float(np.linalg.norm(z - before))
        value, slope = slopes(z)
        best = max(best, value)
        distance = float(np.linalg.norm(z))
        aligned = abs(float(slope @ z)) >= (1.0 - 1e-4) * float(np.linalg.norm(slope)) * distance
        if abs(value - target) <= CLOSE * scale and (aligned or moved < CLOSE * max(distance, 1.0)):
            return Mildest(z, value, distance, turn + 1)
        if distance > 0.999 * FARTHEST and value < target and moved < 1e-3:
            break
    if abs(value - target) <= 1e-3 * scale:
        return Mildest(z, value, float(np.linalg.norm(z)), ROUNDS + 1)
    raise unreachable(target, best)


def harshest(slopes: Slopes, start: Floats, radius: float) -> Mildest:
    """Return the point at a distance with the largest figure: its gradient points away from the origin."""
    check.call(slopes=slopes)
    check.finite(start=start)
    check.number(0, radius=radius)
    check.shaped((None,), start=start)
    z = start
    for turn in range(1, TURNS + 1):
        value, slope = slopes(z)
        steep = float(np.linalg.norm(slope))
        if not steep > 0.0:
            return Mildest(z, value, float(np.linalg.norm(z)), turn)
        wanted = slope * (radius / steep)
        moved = float(np.linalg.norm(wanted - z))
        z = wanted
        if moved < 1e-3 * radius:
            break
    return Mildest(z, slopes(z)[0], radius, turn + 1)


def walked(
    slopes: Slopes, figure: Callable[[Floats], float], size: int, target: float
) -> tuple[Mildest, float]:
    """Return the nearest of the harshest points where another figure reaches a target, and that figure.

    For figures that are too dear for gradients and move with the one of `slopes`. Distances are searched by
    the Illinois form of false position, from the expected path (distance 0) to `FARTHEST`.

    Parameters
    ----------
    figure : z (D,) -> value; it rises towards the target.

    Raises
    ------
    RiskError : not reached at `FARTHEST`; the message says the largest value found.
    """
    check.call(slopes=slopes, figure=figure)
    check.count(1, size=size)
    check.number(target=target)
    low, high = 0.0, 0.0
    point = Mildest(np.zeros(size), 0.0, 0.0, 0)
    below, above = figure(point.z), -np.inf
    while above < target:
        if high >= FARTHEST:
            raise unreachable(target, max(below, above))
        if above > below:
            low, below = high, above
        high = min(max(2.0 * high, 1.0), FARTHEST)
        point = harshest(slopes, point.z, high)
        above = figure(point.z)
    kept = (below - target, above - target)
    end, reached = point, above
    for _ in range(ROUNDS):
        if reached - target <= ALMOST * max(abs(target), 1e-12) or high - low <= NARROW:
            break
        radius = high - kept[1] * (high - low) / (kept[1] - kept[0])
        point = harshest(slopes, point.z, radius)
        found = figure(point.z)
        if found >= target:
            high, kept, end, reached = radius, (kept[0] / 2.0, found - target), point, found
        else:
            low, kept = radius, (found - target, kept[1] / 2.0)
    return end, reached


def frontier(slopes: Slopes, size: int, highest: float) -> tuple[Floats, Floats]:
    """Return distances (J,), from 0, and the largest figure at each (J,), until one is at least `highest`.

    Ends at `FARTHEST` at the latest, or where the figure does not move.
    """
    check.call(slopes=slopes)
    check.count(1, size=size)
    check.number(highest=highest)
    z = np.zeros(size)
    radii, figures = [0.0], [slopes(z)[0]]
    while figures[-1] < highest and radii[-1] < FARTHEST:
        radius = radii[-1] + STRIDE
        point = harshest(slopes, z * (radius / radii[-1]) if z.any() else z, radius)
        if not point.z.any():
            break
        z = point.z
        radii.append(radius)
        figures.append(max(point.value, figures[-1]))
    return np.array(radii), np.array(figures)


def unreachable(target: float, best: float) -> RiskError:
    """Return the error of a target beyond reach."""
    check.number(target=target, best=best)
    words = (
        f"expected a target that a path within {FARTHEST:g} standard deviations reaches, was {target:,.6g}"
    )
    return RiskError(f"{words}; the largest found is {best:,.6g}", field="reverse")


def _step(
    values: Callable[[Floats], Floats], z: Floats, wanted: Floats, value: float, target: float, scale: float
) -> Floats:
    """Return the best point between z and that wanted: half the squared length and the target's gap."""
    shares = 0.5 ** np.arange(6)
    points = z + shares[:, None] * (wanted - z)
    weight = 2.0 * max(float(np.linalg.norm(wanted)), 1.0) * FARTHEST / scale
    merit = 0.5 * (points**2).sum(axis=1) + weight * np.abs(values(points) - target)
    now = 0.5 * float(z @ z) + weight * abs(value - target)
    return np.asarray(points[int(np.argmin(merit)) if merit.min() < now else 0])


def normal_tail(distance: float) -> float:
    """Return Phi(-distance)."""
    check.number(0, distance=distance)
    return 0.5 * erfc(distance / sqrt(2.0))


def chi_square_tail(distance: float, degrees: int) -> float:
    """Return the chance that chi-squared of `degrees` degrees of freedom exceeds distance squared."""
    check.number(0, distance=distance)
    check.count(1, degrees=degrees)
    from scipy.special import gammaincc

    return float(gammaincc(degrees / 2.0, distance * distance / 2.0))
