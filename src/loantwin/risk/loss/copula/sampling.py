"""Draws of the factors where losses are large: a shift found by cross-entropy, and weights that undo it.

Most paths are drawn with the normals' mean moved to where the tail lies (and, for the t copula, with smaller
shock sizes), the rest as they are: with `KEPT` of them unmoved no weight exceeds 1 / KEPT (a defensive
mixture), so that no path can carry the result by itself.

Sources: Glasserman, Li, "Importance sampling for portfolio credit risk" (2005); Rubinstein, Kroese, The
Cross-Entropy Method (2004); Hesterberg, "Weighted average importance sampling and defensive mixture
distributions" (1995).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.risk.loss.copula.factors import FactorModel
from loantwin.streams import Stream
from loantwin.streams import generator as random_of

KEPT = 0.1
"""Share of paths drawn without a shift."""
PILOT, ROUNDS, ELITE = 4_000, 8, 0.1
"""Paths of a pilot run, most of them, and the share of its paths that the next shift is learnt from."""
DRAWS, PILOTS, LUCK = 0, 1, 101
"""Places of the stream COPULA: draws of the run itself, of pilots, and of single names in pilots."""


@dataclass(frozen=True)
class Shift:
    """Where paths are drawn: mean of the K normals, and chi-squared's factor (1 for the Gaussian)."""

    mean: Floats
    shrink: float

    def __post_init__(self) -> None:
        check.finite(**vars(self))


@dataclass(frozen=True)
class Draws:
    """P paths: factor (P, S) of each sector, size (P,) of the common shock, weight (P,) of mean 1."""

    factor: Floats
    size: Floats
    weight: Floats

    def __post_init__(self) -> None:
        check.finite(**vars(self))


def no_shift(model: FactorModel) -> Shift:
    """Return plain sampling."""
    check.kind(FactorModel, model=model)
    return Shift(np.zeros(model.root.shape[1]), 1.0)


def draw(model: FactorModel, shift: Shift, paths: int, seed: int, stream: int = DRAWS) -> Draws:
    """Return paths drawn under a shift, with their weights."""
    check.kind(FactorModel, model=model)
    check.kind(Shift, shift=shift)
    check.count(1, paths=paths)
    check.count(0, seed=seed, stream=stream)
    normals, square, _, weight = _drawn(model, shift, paths, seed, stream)
    return Draws(np.ascontiguousarray(normals @ model.root.T), _sizes(model, square), weight)


def _sizes(model: FactorModel, square: Floats) -> Floats:
    return (
        np.ones(len(square))
        if model.degrees_of_freedom is None
        else np.sqrt(square / model.degrees_of_freedom)
    )


def _drawn(
    model: FactorModel, shift: Shift, paths: int, seed: int, stream: int
) -> tuple[Floats, Floats, int, Floats]:
    generator = random_of(seed, Stream.COPULA, place=stream)
    normals = generator.standard_normal((paths, len(shift.mean)))
    nu = model.degrees_of_freedom
    square = np.ones(paths) if nu is None else generator.chisquare(nu, paths)
    moved = not (shift.shrink == 1.0 and not shift.mean.any())
    count = round((1 - KEPT) * paths) if moved else 0
    normals[:count] += shift.mean
    square[:count] *= shift.shrink
    if not moved:
        return normals, square, 0, np.ones(paths)
    ratio = normals @ shift.mean - 0.5 * float(shift.mean @ shift.mean)  # log of shifted over plain density
    if nu is not None:
        ratio += -0.5 * nu * np.log(shift.shrink) + 0.5 * square * (1 - 1 / shift.shrink)
    share = count / paths
    return normals, square, count, 1.0 / ((1 - share) + share * np.exp(np.minimum(ratio, 700.0)))


def find_shift(
    model: FactorModel, loss: Callable[[Draws], tuple[Floats, Floats]], confidence: float, seed: int
) -> Shift:
    """Return the shift towards losses beyond the quantile: the mean of what lies there, reached in steps.

    Parameters
    ----------
    loss : mean and deviation of each path's loss given its factors, (P,) each: where single names make the
        tail, it lies where factors are ordinary.
    """
    check.kind(FactorModel, model=model)
    check.call(loss=loss)
    check.level(confidence=confidence)
    check.count(0, seed=seed)
    shift = no_shift(model)
    nu = model.degrees_of_freedom
    for round_number in range(ROUNDS):
        normals, square, _, weight = _drawn(model, shift, PILOT, seed, PILOTS + round_number)
        mean, deviation = loss(
            Draws(np.ascontiguousarray(normals @ model.root.T), _sizes(model, square), weight)
        )
        luck = random_of(seed, Stream.COPULA, place=LUCK + round_number)
        amount = mean + deviation * luck.standard_normal(PILOT)
        order = np.argsort(amount)[::-1]
        beyond = np.searchsorted(np.cumsum(weight[order]) / PILOT, 1 - confidence)
        reached = beyond >= ELITE * PILOT
        best = order[: max(int(beyond), int(ELITE * PILOT))]
        total = weight[best].sum()
        shrink = 1.0 if nu is None else float(weight[best] @ square[best] / total / nu)
        shift = Shift(np.asarray(weight[best] @ normals[best] / total), min(max(shrink, 0.02), 1.0))
        if reached:
            break
    return shift
