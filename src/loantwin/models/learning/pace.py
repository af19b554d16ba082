"""The pace of a level, learnt from new months: how far it steps in a month, and how soon it forgets.

A fit keeps the processes that history can hardly tell apart (`latent.process_points`). To an update they are
what is believed: normal in the logarithms of half-life and innovation. How far the level stepped in a month
is seen from its counts. Each process is weighed by how likely it made them, given what the months before told
of the level, and what comes of it is normal again (assumed density filtering, as of the coefficients).

So a level that moves faster than its history showed is soon followed at its own pace, and a calm one slows
down. Source: multi-process models of West and Harrison, Bayesian Forecasting and Dynamic Models (1997),
chapter 12. The level before the month is held to be one and the same under all processes: what it lags
behind speaks for a fast one more than once.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.models.latent import LatentProcess, points_of
from loantwin.models.learning.posterior import EdgeState, LevelState, Pull, stepped

NODES = (3, 5)
"""Nodes of half-life and innovation, as many as a fit lays. No month carries the pace beyond the last."""
ONE_STEP = 2.0
"""What a step of known size tells of the logarithm of the innovation: Fisher's information, the most a month
can add.
"""


def paced(
    process: LatentProcess, level: LevelState, edges: tuple[EdgeState, ...], found: Pull
) -> tuple[LatentProcess, LevelState, tuple[EdgeState, ...]]:
    """Return the process as a month's counts tell it, and level and edges after a step of that pace.

    Parameters
    ----------
    process : by which the level made its last step, with its points. level, edges : after the step, before
        the counts. found : how the counts pull at the level.
    """
    made = weighed(process, level.mean, level.variance, found.slope, found.bend)
    fade = made.phi / process.phi
    variance = fade**2 * (level.variance - process.sigma**2) + made.sigma**2
    if level.shared is None:
        edges = tuple(replace(edge, covariance=stepped(edge.covariance, fade, variance)) for edge in edges)
    shared = None if level.shared is None else stepped(level.shared, fade, variance)
    return made, replace(level, mean=fade * level.mean, variance=variance, shared=shared), edges


def weighed(process: LatentProcess, mean: float, variance: float, slope: float, bend: float) -> LatentProcess:
    """Return the process with persistence, size and points as a month tells them.

    Parameters
    ----------
    mean, variance : of the level after its step, before the month. slope, bend : as `posterior.Pull` has
        them.
    """
    weight, phi, sigma = points_of(process).T
    node, weight = _nodes(*_moments(np.column_stack([_log_half_life(phi), np.log(sigma)]), weight))
    believed = _moments(node, weight)[1]
    phi, sigma = _process(node)
    fade = phi / process.phi
    added = (fade**2 - 1.0) * (variance - process.sigma**2) + sigma**2 - process.sigma**2
    told = np.log(weight) + evidence(slope, bend, (fade - 1.0) * mean, added)
    middle, left = _moments(node, np.exp(told - told.max()))
    # nodes are few: where one takes all the weight it is no surer than a month can make it
    left[1, 1] = max(left[1, 1], 1.0 / (1.0 / believed[1, 1] + ONE_STEP))
    node, weight = _nodes(middle, left)
    phi, sigma = _process(np.concatenate([middle[None], node]))
    points = zip(weight.tolist(), phi[1:].tolist(), sigma[1:].tolist(), strict=True)
    return replace(process, phi=float(phi[0]), sigma=float(sigma[0]), points=tuple(points))


def evidence(slope: float, bend: float, shift: Floats, added: Floats) -> Floats:
    """Return the log likelihood (K,) of counts whose level is N(shift, added) beyond where it was thought.

    The mean of exp(slope e - bend e^2 / 2) over e: in closed form also for `added` below 0, a level that is
    more certain than was thought, as far as one can be.
    """
    wide = 1.0 + added * bend
    return np.asarray(
        (slope * shift - 0.5 * bend * shift**2 + 0.5 * added * slope**2) / wide - 0.5 * np.log(wide)
    )


def _moments(node: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the mean (2,) and the covariance (2, 2) of nodes (K, 2) of some weight (K,)."""
    share = weight / weight.sum()
    middle = share @ node
    return np.asarray(middle), np.asarray(((node - middle).T * share) @ (node - middle))


def _nodes(middle: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Return Gauss and Hermite's nodes (K, 2) of a normal law in two numbers, and their weights (K,)."""
    root = np.linalg.cholesky(covariance + 1e-10 * np.eye(2))
    (x, x_weight), (y, y_weight) = (np.polynomial.hermite_e.hermegauss(size) for size in NODES)
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    weight = np.outer(x_weight, y_weight).reshape(-1)
    return np.asarray(middle + grid @ root.T), np.asarray(weight / weight.sum())


def _log_half_life(phi: Floats) -> Floats:
    return np.asarray(np.log(np.log(0.5) / np.log(phi)))


def _process(logs: Floats) -> tuple[Floats, Floats]:
    """Return phi and sigma (K,) of logarithms (K, 2) of half-life and innovation."""
    return np.asarray(0.5 ** np.exp(-logs[:, 0])), np.asarray(np.exp(logs[:, 1]))
