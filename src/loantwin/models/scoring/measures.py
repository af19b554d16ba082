"""How good a score is: discrimination, calibration and stability, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.ridge import fit_ridge
from loantwin.streams import Stream, generator

LEVEL = 0.95
"""Of every interval here."""
RESAMPLES, KS_RESAMPLES = 500, 200
SHARE_FLOOR = 1e-4
"""Share that an empty class of a stability index is given, so that its logarithm exists."""


def _both(bad: Flags) -> tuple[int, int]:
    bads = int(np.asarray(bad).sum())
    if not 0 < bads < len(bad):
        raise ModelError(expected("cases of both classes", "one class"))
    return bads, len(bad) - bads


def auc(bad: Flags, risk: Floats) -> float:
    """Return the area under the ROC curve: the chance that a bad case has the higher risk, ties half.

    Parameters
    ----------
    bad : (N,). risk : (N,), higher is riskier; only its order counts.

    Raises
    ------
    ModelError : one class alone.
    """
    bads, goods = _both(bad)
    ranks = rankdata(risk)
    return float((ranks[bad].sum() - bads * (bads + 1) / 2) / (bads * goods))


def auc_variance(bad: Flags, risk: Floats) -> float:
    """Return the variance of the area by DeLong, DeLong and Clarke-Pearson (1988), by midranks.

    Raises
    ------
    ModelError : one class alone.
    """
    bads, goods = _both(bad)
    ranks = rankdata(risk)
    of_bad = (ranks[bad] - rankdata(risk[bad])) / goods
    of_good = 1 - (ranks[~bad] - rankdata(risk[~bad])) / bads
    among = of_bad.var(ddof=1) / bads if bads > 1 else 0.0
    return float(among + (of_good.var(ddof=1) / goods if goods > 1 else 0.0))


def auc_interval(value: float, variance: float) -> tuple[float, float]:
    """Return the 95 % interval of an area, normal on the scale of its log-odds so that it stays in [0, 1]."""
    if not 0 < value < 1:
        return value, value
    spread = norm.ppf(0.5 + LEVEL / 2) * np.sqrt(variance) / (value * (1 - value))
    return float(expit(logit(value) - spread)), float(expit(logit(value) + spread))


def kolmogorov_smirnov(bad: Flags, risk: Floats) -> float:
    """Return the largest distance between the distributions of risk of bads and of goods.

    Raises
    ------
    ModelError : one class alone.
    """
    bads, goods = _both(bad)
    order = np.argsort(risk, kind="stable")
    steps = np.cumsum(np.where(bad[order], 1 / bads, -1 / goods))
    last = np.append(np.diff(risk[order]) > 0, True)
    return float(np.abs(steps[last]).max())


def ks_interval(bad: Flags, risk: Floats, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the Kolmogorov-Smirnov distance, cases of each class drawn again 200 times.

    Raises
    ------
    ModelError : one class alone.
    """
    bads, goods = _both(bad)
    random = generator(seed, Stream.BOOTSTRAP, part=1)
    order = np.argsort(risk, kind="stable")
    ends, last = bad[order], np.append(np.diff(risk[order]) > 0, True)
    drawn = []
    for _ in range(KS_RESAMPLES):
        times = np.empty(len(bad))
        times[ends] = random.multinomial(bads, np.full(bads, 1 / bads)) / bads
        times[~ends] = -random.multinomial(goods, np.full(goods, 1 / goods)) / goods
        drawn.append(np.abs(np.cumsum(times)[last]).max())
    low, high = np.quantile(drawn, (0.5 - LEVEL / 2, 0.5 + LEVEL / 2))
    return float(low), float(high)


def share_interval(hits: int, size: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    share, z = hits / size, float(norm.ppf(0.5 + LEVEL / 2))
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z * np.sqrt(share * (1 - share) / size + z * z / (4 * size * size)) / (1 + z * z / size)
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


def brier(bad: Flags, pd: Floats) -> float:
    """Return the mean squared distance of the probability of bad (N,) from the outcome."""
    return float(((pd - bad) ** 2).mean())


def brier_interval(bad: Flags, pd: Floats, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the Brier score, cases drawn again with replacement 500 times."""
    return mean_interval((pd - bad) ** 2, seed)


def mean_interval(losses: Floats, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the mean of some figures of cases (N,), cases drawn again 500 times."""
    random = generator(seed, Stream.BOOTSTRAP)
    drawn = [losses[random.integers(0, len(losses), len(losses))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, (0.5 - LEVEL / 2, 0.5 + LEVEL / 2))
    return float(low), float(high)


def calibration_slope(bad: Flags, log_odds: Floats) -> tuple[float, float]:
    """Return intercept and slope of a logistic regression of the outcome on the log-odds: 0 and 1 are best.

    A slope below one: probabilities are too far apart.
    """
    if np.ptp(log_odds) == 0:
        return 0.0, 0.0
    intercept, slope = fit_ridge(log_odds[:, None], bad, 0.0)
    return intercept, float(slope[0])


@dataclass(frozen=True)
class Decile:
    """A tenth of the cases by risk, the safest first: predicted and observed share of bads."""

    number: int
    cases: int
    predicted: float
    observed: float
    low: float
    high: float


def deciles(bad: Flags, pd: Floats) -> tuple[Decile, ...]:
    """Return calibration by tenths of the risk; the interval of the observed share is Wilson's, 95 %."""
    order = np.argsort(pd, kind="stable")
    made = []
    for number, rows in enumerate(np.array_split(order, 10), start=1):
        if not len(rows):
            continue
        low, high = share_interval(int(bad[rows].sum()), len(rows))
        made.append(Decile(number, len(rows), float(pd[rows].mean()), float(bad[rows].mean()), low, high))
    return tuple(made)


def stability(before: Floats, after: Floats, classes: int = 10) -> float:
    """Return the population stability index of a score: how far its distribution moved.

    Classes are tenths of `before`; sum of (after - before) x ln(after / before) over shares of classes.
    """
    edges = np.unique(np.quantile(before, np.arange(1, classes) / classes))
    return _index(
        np.searchsorted(edges, before, side="right"),
        np.searchsorted(edges, after, side="right"),
        len(edges) + 1,
    )


def characteristic_stability(before: Array, after: Array, classes: int = 10) -> float:
    """Return the stability index of one feature; being missing is a class, each code of a category one.

    Parameters
    ----------
    before, after : values, NaN where missing: numbers of more than `classes` values are cut at tenths.
    """
    known = before[~np.isnan(before)]
    single = np.unique(known)
    if len(single) > classes:
        single = np.unique(np.quantile(known, np.arange(1, classes) / classes))
    return _index(_class_of(before, single), _class_of(after, single), len(single) + 2)


def _class_of(values: Floats, edges: Floats) -> Integers:
    made = np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), len(edges) + 1, made)


def _index(before: Integers, after: Integers, classes: int) -> float:
    was = np.maximum(np.bincount(before, minlength=classes) / len(before), SHARE_FLOOR)
    now = np.maximum(np.bincount(after, minlength=classes) / len(after), SHARE_FLOOR)
    return float(((now - was) * np.log(now / was)).sum())
