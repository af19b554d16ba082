"""Tail figures of a sample of losses, with standard errors: value at risk, expected shortfall, spread."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, ndtr, ndtri

from loantwin import arguments as check
from loantwin.arguments import numbers
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.types import Estimate

TAIL_PATHS = 20
"""Fewest paths beyond a quantile for which its order-statistics error is worth stating."""


def paths_needed(confidence: float) -> int:
    """Return the fewest paths that support a quantile: `TAIL_PATHS` of them lie beyond it.

    Raises
    ------
    RiskError : a confidence outside (0, 1).
    """
    check.level(confidence=confidence)
    if not 0 < confidence < 1:
        raise RiskError(expected("a confidence between 0 and 1", confidence), field="confidence")
    return math.ceil(TAIL_PATHS / (1 - confidence) - 1e-6)


def check_support(paths: int, confidence: float) -> None:
    """Raise RiskError, naming confidence and paths, where the sample cannot support the quantile."""
    check.count(1, paths=paths)
    check.level(confidence=confidence)
    # Trap: a quantile beyond the sample. A thousand paths say nothing of 99.9 %: it is refused.
    needed = paths_needed(confidence)
    if paths < needed:
        raise RiskError(
            expected(
                f"at least {needed} paths for confidence {confidence} ({TAIL_PATHS} beyond the quantile)",
                paths,
            ),
            field="confidence",
        )


def value_at_risk(losses: Floats, confidence: float) -> Estimate:
    """Return the quantile of equally likely losses (P,): the smallest whose share at or below reaches it.

    The standard error is that of Maritz and Jarrett (1978): the spread of the order statistic under
    resampling, with the exact binomial weights of a bootstrap of unlimited size.
    """
    check.finite(losses=losses)
    check.level(confidence=confidence)
    check.shaped((None,), losses=losses)
    check_support(len(losses), confidence)
    ordered, rank = np.sort(losses), _rank(len(losses), confidence)
    paths = len(ordered)
    reach = (
        int(10 * math.sqrt(paths * confidence * (1 - confidence))) + 30
    )  # weights beyond ten deviations vanish
    low, high = max(rank - reach, 0), min(rank + reach, paths)
    grid = np.arange(low, high + 1) / paths
    weight = np.diff(betainc(rank, paths - rank + 1, grid))
    near = ordered[low:high] - ordered[rank - 1]  # centred: amounts are large against their spread
    first = float(weight @ near)
    return Estimate(float(ordered[rank - 1]), math.sqrt(max(float(weight @ near**2) - first**2, 0.0)))


def expected_shortfall(losses: Floats, confidence: float) -> Estimate:
    """Return the mean loss beyond the quantile of equally likely losses (P,), an atom's share counted in.

    ES = VaR + mean(max(L - VaR, 0)) / (1 - confidence) (Rockafellar and Uryasev 2002, eq. 9); its standard
    error is the spread of that mean (the quantile itself adds nothing to first order).
    """
    check.finite(losses=losses)
    check.level(confidence=confidence)
    check.shaped((None,), losses=losses)
    check_support(len(losses), confidence)
    quantile = float(np.sort(losses)[_rank(len(losses), confidence) - 1])
    beyond = np.maximum(losses - quantile, 0.0) / (1 - confidence)
    return Estimate(quantile + float(beyond.mean()), float(beyond.std(ddof=1)) / math.sqrt(len(losses)))


def shortfall_shares(losses: Floats, parts: Floats, confidence: float) -> Floats:
    """Return what parts add to expected shortfall, (G,), from losses (P,) and parts (P, G) that sum to them.

    The mean of a part over the paths beyond value at risk, the atom at it counted with the share that makes 1
    - confidence (Tasche 1999: the derivative of expected shortfall by the size of the part). They sum to
      expected shortfall.
    """
    check.finite(losses=losses, parts=parts)
    check.level(confidence=confidence)
    check.shaped((None,), losses=losses)
    check.shaped((len(losses), None), parts=parts)
    check_support(len(losses), confidence)
    var = float(np.sort(losses)[_rank(len(losses), confidence) - 1])
    above, at = losses > var, losses == var
    short = (1 - confidence) * len(losses) - float(above.sum())
    weight = above + at * min(max(short / max(float(at.sum()), 1.0), 0.0), 1.0)
    return _summing(np.asarray(weight @ parts), expected_shortfall(losses, confidence).value)


def quantile_shares(losses: Floats, parts: Floats, confidence: float) -> Floats:
    """Return what each part adds to value at risk, (G,): its mean over paths near it, scaled to sum to it.

    Near: a normal kernel as wide as half the distance between the quantiles at which 0.8 and 1.2 times 1 -
    confidence lies beyond, so that the mean rests on about a third of the paths beyond value at risk.
    """
    check.finite(losses=losses, parts=parts)
    check.level(confidence=confidence)
    check.shaped((None,), losses=losses)
    check.shaped((len(losses), None), parts=parts)
    check_support(len(losses), confidence)
    ordered, paths = np.sort(losses), len(losses)
    var = float(ordered[_rank(paths, confidence) - 1])
    low, high = (ordered[_rank(paths, max(1 - (1 - confidence) * by, 1 / paths)) - 1] for by in (1.2, 0.8))
    width = float(high - low) / 2
    near = np.exp(-0.5 * ((losses - var) / width) ** 2) if width > 0 else (losses == var).astype(np.float64)
    return _summing(np.asarray(near @ parts), var)


def _summing(parts: Floats, total: float) -> Floats:
    whole = float(parts.sum())
    return np.asarray(parts * (total / whole)) if whole > 0 else np.zeros_like(parts)


def _rank(paths: int, confidence: float) -> int:
    # Trap: a rank pushed up by rounding. 0.55 x 100 is a little above 55.
    return max(1, math.ceil(paths * confidence - 1e-9 * paths))


def mean(values: Floats) -> Estimate:
    """Return the mean of independent values (P,) and its standard error."""
    check.finite(values=values)
    check.shaped((None,), values=values)
    return Estimate(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))


def standard_deviation(conditional_mean: Floats, conditional_variance: Floats) -> Estimate:
    """Return the standard deviation of a mixture over P paths: means' spread with the mean of variances.

    The standard error is the delta method's, from the spread of each path's contribution to the variance.
    """
    check.finite(conditional_mean=conditional_mean)
    check.within(0, conditional_variance=conditional_variance)
    check.shaped((None,), conditional_mean=conditional_mean)
    check.shaped(conditional_mean.shape, conditional_variance=conditional_variance)
    paths = len(conditional_mean)
    apart = (conditional_mean - conditional_mean.mean()) ** 2 * paths / (paths - 1)
    each = apart + conditional_variance
    variance = float(each.mean())
    error = float(each.std(ddof=1)) / math.sqrt(paths)
    deviation = math.sqrt(variance)
    return Estimate(deviation, error / (2 * deviation) if deviation else 0.0)


def unexpected_loss(
    var: Estimate, expectation: Estimate, losses: Floats, conditional_mean: Floats, confidence: float
) -> Estimate:
    """Return value at risk less expected loss; the error counts that both come from the same paths.

    The covariance follows from the influence of a path on a quantile, (confidence - 1{L <= VaR}) / density,
    the density being the one that the quantile's own standard error implies.
    """
    check.kind(Estimate, var=var, expectation=expectation)
    check.finite(losses=losses, conditional_mean=conditional_mean)
    check.level(confidence=confidence)
    check.shaped((None,), losses=losses)
    check.shaped(losses.shape, conditional_mean=conditional_mean)
    beyond = losses > var.value
    spread = math.sqrt(confidence * (1 - confidence) * len(losses))
    covariance = var.standard_error / spread * float(((beyond - beyond.mean()) * conditional_mean).mean())
    variance = var.standard_error**2 + expectation.standard_error**2 - 2 * covariance
    return Estimate(var.value - expectation.value, math.sqrt(max(variance, 0.0)))


def vasicek_quantile(pd: ArrayLike, rho: ArrayLike, q: ArrayLike) -> Floats | float:
    """Return the quantile of a large pool's default rate in the one-factor model (Vasicek 2002).

    Parameters
    ----------
    pd : decimal in [0, 1]. rho : asset correlation in [0, 1). q : probability in [0, 1]. Shapes broadcast.

    Returns
    -------
    Decimal, a float for three numbers: Phi((Phi^-1(pd) + sqrt(rho) Phi^-1(q)) / sqrt(1 - rho)). With rho 0 it
    is pd whatever q; pd 0 and 1 stay what they are; q 0 and 1 give the ends 0 and 1 of the distribution.

    Raises
    ------
    RiskError : a value out of range or not a number, or shapes that do not fit.
    """
    values = [numbers(item, name) for name, item in (("pd", pd), ("rho", rho), ("q", q))]
    for name, item, top in zip(("pd", "rho", "q"), values, (1.0, np.nextafter(1.0, 0.0), 1.0), strict=True):
        wrong = ~((item >= 0) & (item <= top))
        if wrong.any():
            what = "a correlation from 0 to below 1" if name == "rho" else "a probability from 0 to 1"
            raise RiskError(expected(what, float(item[wrong].ravel()[0])), field=name)
    try:
        rates, correlation, level = np.broadcast_arrays(*values)
    except ValueError as error:
        shapes = ", ".join(str(item.shape) for item in values)
        raise RiskError(expected("pd, rho and q whose shapes fit together", shapes), field="pd") from error
    certain = (rates <= 0) | (rates >= 1) | (correlation <= 0)
    inside, level = np.where(certain, 0.5, rates), np.where(certain, 0.5, level)
    made = ndtr((ndtri(inside) + np.sqrt(correlation) * ndtri(level)) / np.sqrt(1 - correlation))
    made = np.where(certain, rates, made)
    return float(made) if made.ndim == 0 else np.asarray(made)
