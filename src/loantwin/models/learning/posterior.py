"""One month's counts brought to a model's posterior: Laplace filtering, edge and level together.

The state of the edges that read one level is Gaussian: what they share (baseline, macro effects, level), the
single month's noise, and each edge's own coefficients. The level makes its step, the month's counts are the
likelihood, Newton's method gives the new mode. What is kept is what a model holds: the shared block and each
edge's own; that two edges' own errors come to correlate is dropped (assumed density filtering).

Where edges have a common level it is found first, by their loadings as they are, and each edge is brought on
alone, given that level: the two stages of a fit. A fit clusters such edges' own errors by month,
H^-1 (M + P) H^-1. So does an update, with the month's squared score for M, and the covariance before in place
of all earlier months. A level fitted in one piece with its edge has the month's noise in it, and the
covariance is the inverse curvature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve
from scipy.special import expit

from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.uncertainty import root

ROUNDS = 50


@dataclass(frozen=True)
class EdgeState:
    """An edge before a month: log-odds and what each cell adds to its derivatives.

    eta : (C,) log-odds of the cells but for the level. at : (C, n - 2) derivatives by the edge's own
        coefficients: age, segment and macro. loading : by which it reads the level and what is shared.
    covariance : (n, n) as `EdgeErrors.covariance`. trials, events : (C,) effective numbers. share : of the
        macro effects that acts (`saturation`); `at` has it.
    """

    eta: Floats
    at: Floats
    loading: float
    covariance: Floats
    trials: Floats
    events: Floats
    share: float = 1.0


@dataclass(frozen=True)
class LevelState:
    """A level in a month, before its counts: already stepped on.

    mean, variance : of u. noise : standard deviation of the single month's. shared : (F + 2, F + 2) what its
        edges share, None where level and edge are one fit (and its covariance with the edge is the last row
        of the edge's). macro : (F,) the month's covariates.
    """

    mean: float
    variance: float
    noise: float
    shared: Floats | None
    macro: Floats


@dataclass(frozen=True)
class Learned:
    """What a month brought. moves : by edge (n,), in the order of its covariance. shared : (F + 2,) or None.

    level : of u. variance : of u. covariances : by edge. shared_covariance : (F + 2, F + 2) or None.
    """

    moves: tuple[Floats, ...]
    covariances: tuple[Floats, ...]
    level: float
    variance: float
    shared: Floats | None
    shared_covariance: Floats | None


@dataclass(frozen=True)
class Pull:
    """How a month's counts pull at the level: for a shift e of it from where it was thought, their log
    likelihood is slope e - bend e^2 / 2 and a constant, with all else integrated out, what was thought of the
    level included.

    mode : (n,) where that was found, in units of the prior.
    """

    slope: float
    bend: float
    mode: Floats


@dataclass(frozen=True)
class Totals:
    """Edges' events in a month against what was expected: expected (E,), covariance (E, E), events (E,)."""

    expected: Floats
    covariance: Floats
    events: Floats
    log_score: float


@dataclass(frozen=True)
class _Problem:
    """Places in the joint state: what is shared, the noise, then edge by edge. scale : square root of the
    prior.
    """

    level: LevelState
    edges: tuple[EdgeState, ...]
    scale: Floats
    places: tuple[slice, ...]
    noise: int
    common: slice

    @property
    def level_at(self) -> int:
        """Return where the level stands: at the end of what is shared, else of its one edge."""
        return int((self.common if self.common.stop else self.places[0]).stop) - 1


def stepped(shared: Floats, phi: float, variance: float) -> Floats:
    """Return a covariance whose last element is the level, after a step to the level's `variance`."""
    made = shared.copy()
    made[-1, :] *= phi
    made[:, -1] *= phi
    made[-1, -1] = variance
    return made


def foreseen(level: LevelState, edges: tuple[EdgeState, ...], heavy: float = 0.0) -> Totals:
    """Return what was expected of the month's events before it was seen, with its covariance.

    Parameters
    ----------
    heavy : what heavy tails add to the variance of the level's last step.
    """
    problem = _problem(level, edges)
    state = np.zeros(len(problem.scale))
    slope = np.zeros((len(edges), len(state)))
    came, spread, score = np.zeros(len(edges)), np.zeros(len(edges)), 0.0
    for place, edge in enumerate(edges):
        eta = _eta(problem, place, state)
        read, jacobian = _jacobian(problem, place, state)
        chance = expit(eta)
        weight = edge.trials * chance * (1.0 - chance)
        came[place], spread[place] = float(edge.trials @ chance), float(weight.sum())
        slope[place, read] = weight @ jacobian
        score += _likelihood(edge, eta)
    half, wide = slope @ problem.scale, slope[:, problem.level_at]
    covariance = np.diag(spread) + half @ half.T + heavy * np.outer(wide, wide)
    events = np.array([float(edge.events.sum()) for edge in edges])
    return Totals(came, covariance, events, score)


def learn(level: LevelState, edges: tuple[EdgeState, ...], start: Floats | None = None) -> Learned:
    """Return the posterior after the month's counts.

    Parameters
    ----------
    start : `Pull.mode` of the same counts, where the mode is looked for first; None for the prior's.

    Raises
    ------
    ModelError : Newton's method does not settle.
    """
    problem = _first(level, edges)
    mode, _, bend = _mode(problem, start)
    state = problem.scale @ mode
    if level.shared is None:
        at = problem.level_at
        return Learned(
            moves=tuple(state[place] for place in problem.places),
            covariances=tuple(_block(problem, bend, place) for place in problem.places),
            level=level.mean + float(state[at]),
            variance=float(_block(problem, bend, slice(at, at + 1))[0, 0]),
            shared=None,
            shared_covariance=None,
        )
    # as in a fit: first the common level, by loadings as they are; then each edge alone, given that level
    shared, covariance = state[problem.common], _block(problem, bend, problem.common)
    given = LevelState(_now(problem, state), 0.0, 0.0, None, level.macro)
    own = [_alone(given, replace(edge, eta=edge.eta + edge.loading * _reach(level, edge, shared)))
           for edge in edges]  # fmt: skip
    return Learned(
        moves=tuple(move for move, _ in own),
        covariances=tuple(one for _, one in own),
        level=level.mean + float(shared[-1]),
        variance=float(covariance[-1, -1]),
        shared=shared,
        shared_covariance=covariance,
    )


def pull(level: LevelState, edges: tuple[EdgeState, ...]) -> Pull:
    """Return how a month's counts pull at the level, about the posterior mode (Laplace).

    Raises
    ------
    ModelError : Newton's method does not settle.
    """
    problem = _first(level, edges)
    mode, _, factor = _mode(problem)
    state = problem.scale @ mode
    slope = bend = 0.0
    shared = np.zeros(len(state))
    for place, edge in enumerate(problem.edges):
        chance = expit(_eta(problem, place, state))
        read, jacobian = _jacobian(problem, place, state)
        weight = edge.trials * chance * (1.0 - chance)
        # a month's noise moves log-odds as the level does
        by_level = jacobian[:, problem.noise]
        slope += float((edge.events - edge.trials * chance) @ by_level)
        bend += float(weight @ by_level**2)
        shared[read] += ((weight * by_level) @ jacobian) @ problem.scale[np.ix_(read, read)]
    return Pull(slope, bend - float(shared @ cho_solve(factor, shared)), mode)


def _first(level: LevelState, edges: tuple[EdgeState, ...]) -> _Problem:
    """Return what is solved first: a level with its one edge, or what edges share by known loadings."""
    if level.shared is None:
        return _problem(level, edges)
    return _problem(level, tuple(replace(edge, covariance=_held(edge.covariance)) for edge in edges))


def _alone(level: LevelState, edge: EdgeState) -> tuple[Floats, Floats]:
    """Return an edge's move and its covariance, clustered by month, given the level."""
    problem = _problem(level, (edge,))
    mode, scores, bend = _mode(problem)
    state, place = problem.scale @ mode, problem.places[0]
    half = problem.scale[place] @ cho_solve(bend, np.eye(len(state)))
    covariance = half @ half.T + np.outer(half @ scores[0], half @ scores[0])
    return state[place], _symmetric(covariance)


def _held(covariance: Floats) -> Floats:
    """Return an edge's covariance with its loading taken as known."""
    made = covariance.copy()
    made[-2, :] = made[:, -2] = 0.0
    return made


def _mode(problem: _Problem, start: Floats | None = None) -> tuple[Floats, Floats, tuple[Floats, bool]]:
    """Return the posterior mode (n,), edges' scores there (E, n) and the curvature, factored.

    Newton's method in units of the prior, in which nothing is singular; all three are in them.
    """
    point = np.zeros(len(problem.scale)) if start is None else start
    value = _value(problem, point)
    for _ in range(ROUNDS):
        scores, bend = _derivatives(problem, point)
        slope = scores.sum(axis=0) - point
        move = cho_solve(bend, slope)
        size = 1.0
        for _ in range(30):
            fresh = _value(problem, point + size * move)
            if np.isfinite(fresh) and fresh >= value - 1e-10 * (1.0 + abs(value)):
                break
            size /= 2.0
        else:
            break
        point, value = point + size * move, fresh
        if float(slope @ move) < 1e-6:
            break
    else:
        raise ModelError(expected("an update that settles", f"none after {ROUNDS} steps"), field="update")
    return point, *_derivatives(problem, point)


def _block(problem: _Problem, bend: tuple[Floats, bool], place: slice) -> Floats:
    """Return the posterior covariance of a part of the state."""
    rows = problem.scale[place]
    return _symmetric(rows @ cho_solve(bend, rows.T))


def _problem(level: LevelState, edges: tuple[EdgeState, ...]) -> _Problem:
    common = 0 if level.shared is None else len(level.shared)
    starts = np.cumsum([common + 1, *(len(edge.covariance) for edge in edges)])
    blocks = [] if level.shared is None else [root(level.shared)]
    blocks += [np.array([[np.sqrt(level.noise**2 + 1e-8)]])]
    blocks += [root(edge.covariance) for edge in edges]
    places = tuple(slice(int(low), int(high)) for low, high in pairwise(starts))
    return _Problem(level, edges, block_diag(*blocks), places, common, slice(0, common))


def _eta(problem: _Problem, place: int, state: Floats) -> Floats:
    """Return an edge's log-odds, (C,)."""
    edge, level = problem.edges[place], problem.level
    own = state[problem.places[place]]
    eta = edge.eta + edge.at @ own[:-2] + (edge.loading + own[-2]) * _now(problem, state)
    if level.shared is not None:
        eta = eta + edge.loading * _reach(level, edge, state)
    return np.asarray(eta)


def _reach(level: LevelState, edge: EdgeState, shared: Floats) -> float:
    """Return what a loading of 1 reads of the errors that edges share, the level apart."""
    return float(np.append(1.0, edge.share * level.macro) @ shared[: len(level.macro) + 1])


def _now(problem: _Problem, state: Floats) -> float:
    """Return the month's level, its noise included."""
    return problem.level.mean + float(state[problem.level_at] + state[problem.noise])


def _jacobian(problem: _Problem, place: int, state: Floats) -> tuple[Integers, Floats]:
    """Return what an edge reads of the joint state, places (m,), and its log-odds' derivatives (C, m)."""
    edge, level, own = problem.edges[place], problem.level, problem.places[place]
    read = np.concatenate([np.arange(problem.noise + 1), np.arange(own.start, own.stop)])
    loading = edge.loading + state[own.stop - 2]
    made = np.zeros((len(edge.eta), len(read)))
    made[:, problem.noise] = loading
    made[:, problem.noise + 1 : -2] = edge.at
    made[:, -2] = _now(problem, state)
    if level.shared is None:
        made[:, -1] = loading
    else:
        made[:, : len(level.macro) + 1] = edge.loading * np.append(1.0, edge.share * level.macro)
        made[:, problem.level_at] = loading
    return read, made


def _value(problem: _Problem, point: Floats) -> float:
    state = problem.scale @ point
    value = -0.5 * float(point @ point)
    for place, edge in enumerate(problem.edges):
        value += _likelihood(edge, _eta(problem, place, state))
    return value


def _likelihood(edge: EdgeState, eta: Floats) -> float:
    return float(edge.events @ eta - edge.trials @ np.logaddexp(0.0, eta))


def _derivatives(problem: _Problem, point: Floats) -> tuple[Floats, tuple[Floats, bool]]:
    """Return edges' scores (E, n) and the factored curvature of the log posterior, in units of the prior."""
    state = problem.scale @ point
    scores = np.zeros((len(problem.edges), len(state)))
    curvature = np.eye(len(state))
    for place, edge in enumerate(problem.edges):
        chance = expit(_eta(problem, place, state))
        read, jacobian = _jacobian(problem, place, state)
        # an edge reads whole blocks of the scale
        jacobian = jacobian @ problem.scale[np.ix_(read, read)]
        scores[place, read] = (edge.events - edge.trials * chance) @ jacobian
        weight = edge.trials * chance * (1.0 - chance)
        curvature[np.ix_(read, read)] += (jacobian * weight[:, None]).T @ jacobian
    lower, low = cho_factor(curvature)
    return scores, (np.asarray(lower), bool(low))


def _symmetric(matrix: Floats) -> Floats:
    return np.asarray((matrix + matrix.T) / 2.0)
