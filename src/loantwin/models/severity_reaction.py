"""How loss given default moves with the times: a reaction to what moves defaults, and a spread of its own.

By calendar year of default, the charge-offs that came are set against those that the tables of loss given
default expect:

    y[year] = reaction x (conditions[year] - centre) + spread x noise + sampling noise

`conditions` are the log-odds that macro and period effect add to worsening. The reaction has the prior 0 +-
0.20 (a change of severity by the factor 1.2 when default odds rise by the factor e); the spread is the moment
estimator of DerSimonian and Laird (Controlled Clinical Trials 7 (1986)). Where there is nothing to learn both
are 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters
from loantwin.models.counts import sums
from loantwin.models.severity import Defaults
from loantwin.streams import Stream, generator

PRIOR_DEVIATION = 0.20
"""Of the reaction about 0."""
LEAST_DEFAULTS = 10
"""A year with fewer says nothing."""
LEAST_YEARS = 4
STEPS = 60
"""Of a bisection: down to the precision of a float."""


@dataclass(frozen=True)
class SeverityReaction:
    """reaction, deviation : change of log severity by unit of log-odds, posterior mean and deviation.

    spread : standard deviation of log severity from year to year that conditions do not explain. centre :
        mean conditions of the defaults learnt from. years : of history used, 0 where there was nothing to
        learn.
    """

    reaction: float
    deviation: float
    spread: float
    centre: float
    years: int


def fit_reaction(
    defaults: Defaults,
    lgd: LossGivenDefault,
    conditions: Floats,
    first: int,
    prior: tuple[float, float] = (0.0, PRIOR_DEVIATION),
    spread: float = 0.0,
) -> SeverityReaction:
    """Return the reaction of the share charged off.

    Parameters
    ----------
    defaults : of history. lgd : the tables fitted to them, by segment. conditions : (T,) log-odds by month
        from `first` on.
    prior : mean and deviation of the reaction. spread : where there is nothing to learn, what other books
        leave unexplained from year to year.
    """
    nothing = SeverityReaction(*prior, spread, 0.0, 0)
    inside = (defaults.month >= first) & (defaults.month < first + len(conditions))
    known = np.cumsum(lgd.charge_off_lag)
    developed = known[np.minimum(defaults.watched, len(known) - 1)]
    share = lgd.charged_off[defaults.segment, np.minimum(defaults.age, lgd.charged_off.shape[1] - 1)]
    expected = defaults.weight * defaults.exposure * developed * share
    use = inside & (expected > 0)
    if not use.any():
        return nothing
    year, index = np.unique(defaults.month[use] // 12, return_inverse=True)
    size = len(year)
    enough = sums(index, np.ones(int(use.sum())), size) >= LEAST_DEFAULTS
    if enough.sum() < LEAST_YEARS:
        return nothing
    came, wanted = (
        sums(index, (defaults.weight * defaults.charged_off)[use], size),
        sums(index, expected[use], size),
    )
    at = sums(index, expected[use] * conditions[defaults.month[use] - first], size) / wanted
    residual = (defaults.weight * defaults.charged_off)[use] - expected[use] * (came / wanted)[index]
    # one relative variance for all defaults: a year's own would be noise
    relative = float((residual**2).sum() / (expected[use] ** 2).sum())
    sampling = relative * sums(index, expected[use] ** 2, size) / wanted**2
    return _posterior((came / wanted - 1.0)[enough], at[enough], sampling[enough], wanted[enough], prior)


def _posterior(
    y: Floats, at: Floats, sampling: Floats, weight: Floats, prior: tuple[float, float]
) -> SeverityReaction:
    centre = float(np.average(at, weights=weight))
    x = at - centre
    inverse = 1.0 / sampling
    level = float((inverse * y).sum() / inverse.sum())
    slope, _ = _slope(x, y - level, sampling, prior)
    # what a slope explains is no spread
    left = y - level - slope * x
    excess = float((inverse * left**2).sum()) - (len(y) - 2)
    spread = np.sqrt(max(0.0, excess / float(inverse.sum() - (inverse**2).sum() / inverse.sum())))
    reaction, deviation = _slope(x, y - level, sampling + spread**2, prior)
    return SeverityReaction(reaction, deviation, float(spread), centre, len(y))


def _slope(x: Floats, y: Floats, variance: Floats, prior: tuple[float, float]) -> tuple[float, float]:
    """Return posterior mean and deviation of a slope with a prior mean and deviation."""
    precision = float((x**2 / variance).sum()) + prior[1] ** -2
    pulled = float((x * y / variance).sum()) + prior[0] * prior[1] ** -2
    return pulled / precision, float(precision**-0.5)


def worsening_conditions(parameters: TransitionParameters, shocks: Floats) -> Floats:
    """Return the mean over months of the log-odds that shocks add to the first worsening edge, (P,).

    shocks : (P, T, R) factors on odds, by edge. What is returned are the conditions of `severity_factors`.
    """
    worse = int(np.argmax(parameters.target != parameters.prepaid_state))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(shocks[:, :, worse], 1e-300)).mean(axis=1))


def severity_factors(
    reaction: SeverityReaction, conditions: Floats, severity: float, seed: int, first: int = 0
) -> Floats:
    """Return by how much losses on each path exceed the expected severity's, (P,), mean 1 over paths.

    Parameters
    ----------
    conditions : (P,) mean log-odds of worsening on each path over the horizon.
    severity : expected loss given default, below 1. A move m multiplies it by exp(m) where that is less;
        where it is more, what is left of the exposure shrinks at the same initial rate, so that no path loses
        more than the exposure.

    Notes
    -----
    All moves share one shift that makes the mean exact: dividing by the mean would lift dear paths above the
    exposure.
    """
    random = generator(seed, Stream.SEVERITY, first)
    slope = reaction.reaction + reaction.deviation * random.standard_normal(len(conditions)) * (
        reaction.years > 0 or reaction.reaction != 0.0
    )
    move = slope * (conditions - conditions.mean()) + reaction.spread * random.standard_normal(
        len(conditions)
    )
    base = min(max(severity, 1e-6), 0.999)
    factor = _moved(move + _shift(move, base), base)
    return np.asarray(factor / factor.mean())


def severity_by_month(reaction: SeverityReaction, conditions: Floats, severity: float) -> Floats:
    """Return by how much a default's loss in a month is more than expected, of the shape of `conditions`.

    The expected reaction alone, without its error and spread: exp(reaction x (conditions - centre)), where it
    is dearer bounded as in `severity_factors`, so that nothing loses more than the exposure.

    Parameters
    ----------
    conditions : (..., T) log-odds that macro and period effect add to worsening. severity : expected loss
        given default, below 1.
    """
    return _moved(reaction.reaction * (conditions - reaction.centre), min(max(severity, 1e-6), 0.999))


def _moved(move: Floats, base: float) -> Floats:
    """Return severity / base after moves of its log, (P,), in (0, 1 / base): rising, slope 1 at 0."""
    dearer = (1.0 - (1.0 - base) * np.exp(-np.maximum(move, 0.0) * base / (1.0 - base))) / base
    return np.where(move > 0.0, dearer, np.exp(np.minimum(move, 0.0)))


def _shift(move: Floats, base: float) -> float:
    """Return the shift of all moves at which the mean factor is 1, by bisection: the mean rises with it."""
    low, high = -float(move.max()), -float(move.min())
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _moved(move + middle, base).mean() < 1.0 else (low, middle)
    return 0.5 * (low + high)
