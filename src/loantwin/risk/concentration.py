"""Concentration: how few names, groups or sectors carry the book, and its cost beyond an infinitely fine one.

Weights count like names: a row of weight w stands for w independent names of its exposure each (case weights,
and the probability of being on the book). So a book of one row of weight 100 is as fine as one of a hundred
rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import gamma

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.types import Interval

TOPS = (1, 5, 10, 20, 50, 100)
FACTOR_PRECISION = 0.25
"""Precision of the gamma factor (variance 4) at which Gordy and Luetkebohmert's delta is 4.83 at 99.9 %."""
SEVERITY_SHARE = 0.25
"""Variance of loss given default = this x mean x (1 - mean): Gordy and Luetkebohmert's parameter."""


@dataclass(frozen=True)
class Names:
    """Concentration by name. Shares are decimals of total exposure.

    names : number of names, weights counted. exposure : currency. herfindahl : sum of squared shares, 1 / n
        for n equal names.
    effective_number : 1 / herfindahl. gini : 0 for equal names, towards 1 where few hold all. top : share of
        the largest 1, 5, 10, 20, 50 and 100 names. largest : exposure of the largest name.
    """

    names: float
    exposure: float
    herfindahl: float
    effective_number: float
    gini: float
    top: Mapping[str, float]
    largest: float


@dataclass(frozen=True)
class Sector:
    """One sector: loans (weighted), exposure, and its share of the book's exposure, decimal."""

    loans: float
    exposure: float
    share: float


@dataclass(frozen=True)
class SectorConcentration:
    """Concentration by sector: the Herfindahl index of shares, at least 1 / S for S equal sectors."""

    herfindahl: float
    effective_number: float
    sectors: Mapping[str, Sector]


def check_exposures(exposure: Floats, weight: Floats | None = None) -> tuple[Floats, Floats]:
    """Return exposures and weights (N,) as checked arrays.

    Raises
    ------
    RiskError : no loan, a negative or missing exposure or weight, a total of zero. The row is named.
    """
    amounts = check.numbers(exposure, "exposure")
    if amounts.ndim != 1 or not len(amounts):
        raise RiskError(expected("at least one loan", "none"), field="exposure")
    counts = np.ones(len(amounts)) if weight is None else check.numbers(weight, "weight")
    if counts.shape != amounts.shape:
        raise RiskError(expected(f"{len(amounts)} weights", f"shape {counts.shape}"), field="weight")
    for name, array in (("exposure", amounts), ("weight", counts)):
        bad = ~np.isfinite(array) | (array < 0)
        if bad.any():
            raise RiskError(
                expected("an amount of at least 0", array[bad][0]), row=int(np.argmax(bad)) + 1, field=name
            )
    check.money(exposure=amounts)
    if not float(amounts @ counts) > 0:
        raise RiskError(expected("a total exposure above 0", "0"), field="exposure")
    return amounts, counts


def herfindahl(exposure: Floats, weight: Floats | None = None) -> float:
    """Return the sum of squared shares over names: sum w e^2 / (sum w e)^2.

    Source: Herfindahl (1950), Hirschman (1945).
    """
    amounts, counts = check_exposures(exposure, weight)
    return float(counts @ amounts**2 / float(counts @ amounts) ** 2)


def gini(exposure: Floats, weight: Floats | None = None) -> float:
    """Return the Gini coefficient over names: twice the area between the Lorenz curve and equality.

    Names without exposure count: they make it larger.
    """
    amounts, counts = check_exposures(exposure, weight)
    order = np.argsort(amounts, kind="stable")
    held = np.concatenate([[0.0], np.cumsum((counts * amounts)[order])])
    share = counts[order] / counts.sum()
    return float(1 - (share * (held[1:] + held[:-1])).sum() / held[-1])


def top_shares(
    exposure: Floats, weight: Floats | None = None, tops: Sequence[int] = TOPS
) -> dict[str, float]:
    """Return the share of exposure of the largest 1, 5, ... names; fewer names hold it all."""
    check.each((int, np.integer), tops=tops)
    amounts, counts = check_exposures(exposure, weight)
    order = np.argsort(-amounts, kind="stable")
    number = np.concatenate([[0.0], np.cumsum(counts[order])])
    held = np.concatenate([[0.0], np.cumsum((counts * amounts)[order])])
    return {str(top): float(np.interp(top, number, held) / held[-1]) for top in tops}


def by_name(exposure: Floats, weight: Floats | None = None) -> Names:
    """Return the concentration of a book by name.

    Parameters
    ----------
    exposure : (N,) of each name, currency, >= 0. weight : (N,) how many like names each stands for.

    Raises
    ------
    RiskError : see `check_exposures`.
    """
    amounts, counts = check_exposures(exposure, weight)
    index = herfindahl(amounts, counts)
    there = counts > 0
    return Names(
        names=float(counts.sum()),
        exposure=float(counts @ amounts),
        herfindahl=index,
        effective_number=1 / index,
        gini=gini(amounts, counts),
        top=top_shares(amounts, counts),
        largest=float(amounts[there].max()),
    )


def by_sector(labels: Sequence[str], exposure: Floats, weight: Floats | None = None) -> SectorConcentration:
    """Return the concentration of a book by sector, the largest first.

    Parameters
    ----------
    labels : N names of the loans' sectors. exposure, weight : (N,).

    Raises
    ------
    RiskError : another number of labels, or see `check_exposures`.
    """
    amounts, counts = check_exposures(exposure, weight)
    check.words(labels=labels)
    if len(labels) != len(amounts):
        raise RiskError(expected(f"{len(amounts)} labels", len(labels)), field="labels")
    names, code = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    total = np.bincount(code, counts * amounts, len(names))
    loans = np.bincount(code, counts, len(names))
    share = total / total.sum()
    order = np.argsort(-share, kind="stable")
    made = {
        str(names[place]): Sector(float(loans[place]), float(total[place]), float(share[place]))
        for place in order
    }
    index = float((share**2).sum())
    return SectorConcentration(index, 1 / index, made)


def merged(code: Integers, exposure: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return exposure and weight of groups of connected loans, (G,) each: members are held as one name.

    A group's weight is its members' mean by exposure, so that total exposure stays: loans drawn into a sample
    with one weight come with their connected ones.
    """
    check.codes(0, code=code)
    check.money(exposure=exposure)
    check.within(0, weight=weight)
    check.shaped((None,), code=code)
    check.shaped(code.shape, exposure=exposure, weight=weight)
    size = int(code.max()) + 1
    total, plain = (
        np.bincount(code, each, size).astype(np.float64) for each in (weight * exposure, exposure)
    )
    share = np.divide(
        total, plain, out=np.bincount(code, weight, size) / np.bincount(code, minlength=size), where=plain > 0
    )
    return plain, share


@dataclass(frozen=True)
class Granularity:
    """What single names add to the quantile of an infinitely fine book, decimals of exposure.

    fine : quantile of the loss of the fine book (in Gordy and Luetkebohmert expected loss plus capital).
    adjustment : to be added, the first term of a series. quantile : their sum, at most the largest loss there
        can be, beyond which the term can go where names are few. simplified : the adjustment without the
        terms of second order in the loss rate; None where the method has one form only.
    """

    method: str
    confidence: float
    fine: float
    adjustment: float
    quantile: float
    simplified: float | None = None


def granularity_delta(confidence: float = 0.999, precision: float = FACTOR_PRECISION) -> float:
    """Return delta = (a - 1)(xi + (1 - xi) / a), a the quantile of a gamma of mean 1 (Gordy, Luetkebohmert).

    precision : xi, one over the factor's variance.
    """
    check.level(confidence=confidence)
    check.number(0, precision=precision)
    level = float(gamma.ppf(confidence, precision, scale=1 / precision))
    return (level - 1) * (precision + (1 - precision) / level)


def granularity_adjustment(
    exposure: Floats,
    pd: Floats,
    lgd: Floats,
    capital: Floats,
    *,
    weight: Floats | None = None,
    confidence: float = 0.999,
    precision: float = FACTOR_PRECISION,
    severity: float | Floats = SEVERITY_SHARE,
) -> Granularity:
    """Return the granularity adjustment of Gordy and Luetkebohmert, full and simplified.

    Source: Int. J. Central Banking 9(3), 2013.

    Parameters
    ----------
    exposure, pd, lgd : (N,) by name; pd in [0, 1], lgd in (0, 1]. capital : (N,) unexpected loss K of each,
        decimal of exposure (from `irb_capital`, without its maturity adjustment for a default-mode reading).
    severity : variance of loss given default over lgd (1 - lgd); 0 for a certain one. precision : of the
        gamma factor.

    Notes
    -----
    With s shares, K capital, R = lgd pd, C = (V + lgd^2) / lgd, V = severity lgd (1 - lgd), K* the book's
    capital: full  GA = sum s^2 [ d C (K + R) + d (K + R)^2 V / lgd^2 - K (C + 2 (K + R) V / lgd^2) ] / (2
    K*), simple GA = sum s^2 C [ d (K + R) - K ] / (2 K*).

    Raises
    ------
    RiskError : values out of range, or a book whose capital is zero.
    """
    check.within(0, 1, pd=pd, lgd=lgd, capital=capital, severity=severity)
    check.level(confidence=confidence)
    check.number(0, precision=precision)
    amounts, counts = check_exposures(exposure, weight)
    _check_rates(len(amounts), pd=pd, lgd=lgd, capital=capital)
    if not (lgd > 0).all():
        raise RiskError(
            expected("a loss given default above 0", "0"), row=int(np.argmax(lgd <= 0)) + 1, field="lgd"
        )
    if np.ndim(severity):
        check.shaped(amounts.shape, severity=severity)
    share = amounts / float(counts @ amounts)
    book = float(counts @ (share * capital))
    if not book > 0:
        raise RiskError(expected("a book with capital above 0", "0"), field="capital")
    delta = granularity_delta(confidence, precision)
    variance = np.asarray(severity) * lgd * (1 - lgd)
    cost, loss = (variance + lgd**2) / lgd, lgd * pd
    spread = variance / lgd**2
    whole = capital + loss
    full = delta * (cost * whole + whole**2 * spread) - capital * (cost + 2 * whole * spread)
    simple = cost * (delta * whole - capital)
    fine = book + float(counts @ (share * loss))
    parts = [float(counts @ (share**2 * term)) / (2 * book) for term in (full, simple)]
    quantile = min(fine + parts[0], _largest(share, counts, pd, lgd, severity))
    return Granularity("Gordy and Luetkebohmert", confidence, fine, parts[0], quantile, parts[1])


def normal_granularity(
    exposure: Floats,
    pd: Floats,
    lgd: Floats,
    rho: float | Floats,
    *,
    weight: Floats | None = None,
    confidence: float = 0.999,
    severity: float | Floats = 0.0,
) -> Granularity:
    """Return the one-factor normal model's granularity adjustment (Martin, Wilde 2002; Pykhtin, Dev 2002).

    Parameters
    ----------
    rho : asset correlation in (0, 1), one number or (N,). severity : variance of loss given default over lgd
        (1 - lgd).

    Notes
    -----
    With m(x) and v(x) mean and variance of the loss given the factor x, at x = Phi^-1(1 - confidence):
    GA = - [ v' - v (m'' / m' + x) ] / (2 m').

    Raises
    ------
    RiskError : values out of range, or a book that cannot default.
    """
    check.within(0, 1, pd=pd, lgd=lgd, rho=rho, severity=severity)
    check.level(confidence=confidence)
    amounts, counts = check_exposures(exposure, weight)
    for name, value in (("rho", rho), ("severity", severity)):
        if np.ndim(value):
            check.shaped(amounts.shape, **{name: value})
    correlation = np.broadcast_to(np.asarray(rho, dtype=np.float64), amounts.shape)
    _check_rates(len(amounts), pd=pd, lgd=lgd)
    if not ((correlation > 0) & (correlation < 1)).all():
        raise RiskError(expected("correlations between 0 and 1", "one outside"), field="rho")
    if not 0 < confidence < 1:
        raise RiskError(expected("a confidence between 0 and 1", confidence), field="confidence")
    live = (pd > 0) & (pd < 1)
    if not (live & (amounts > 0) & (lgd > 0)).any():
        raise RiskError(expected("a loan that may default or not", "none"), field="pd")
    share = amounts / float(counts @ amounts)
    at = float(ndtri(1 - confidence))
    slope = np.sqrt(correlation / (1 - correlation))
    inner = np.where(live, ndtri(np.where(live, pd, 0.5)) / np.sqrt(1 - correlation) - slope * at, 0.0)
    given = np.where(live, ndtr(inner), pd)
    density = np.where(live, np.exp(-(inner**2) / 2) / np.sqrt(2 * np.pi), 0.0)
    first, second = -slope * density, -(slope**2) * inner * density
    square = lgd**2 + np.asarray(severity) * lgd * (1 - lgd)
    mean = float(counts @ (share * lgd * given))
    mean1, mean2 = float(counts @ (share * lgd * first)), float(counts @ (share * lgd * second))
    variance = float(counts @ (share**2 * (square * given - lgd**2 * given**2)))
    variance1 = float(counts @ (share**2 * first * (square - 2 * lgd**2 * given)))
    adjustment = -(variance1 - variance * (mean2 / mean1 + at)) / (2 * mean1)
    quantile = min(mean + adjustment, _largest(share, counts, pd, lgd, severity))
    return Granularity("one-factor normal", confidence, mean, adjustment, quantile)


def _largest(share: Floats, counts: Floats, pd: Floats, lgd: Floats, severity: float | Floats) -> float:
    """Return the largest loss there can be, decimal of exposure: all in default, at the worst severity."""
    worst = np.where(np.asarray(severity) > 0, 1.0, lgd)
    return float(counts @ (share * np.where(pd > 0, worst, 0.0)))


def _check_rates(size: int, **rates: Floats) -> None:
    for name, values in rates.items():
        if np.shape(values) != (size,):
            raise RiskError(expected(f"{size} values", f"shape {np.shape(values)}"), field=name)
        bad = ~((values >= 0) & (values <= 1))
        if bad.any():
            raise RiskError(
                expected("a decimal from 0 to 1", values[bad][0]), row=int(np.argmax(bad)) + 1, field=name
            )


def name_intervals(
    exposure: Floats, weight: Floats, presence: Floats, resamples: int = 400, seed: int = 0
) -> dict[str, Interval] | None:
    """Return 90 % intervals of the figures by name where they are estimates, None where the book is known.

    Parameters
    ----------
    weight : (N,) case weights: where any differs from 1 the book is a sample, whose names are drawn again
        (Poisson bootstrap).
    presence : (N,) probability that a name is on the book: names of weight 1 are there or not, independently.
    """
    check.money(exposure=exposure)
    check.within(0, weight=weight)
    check.within(0, 1, presence=presence)
    check.count(1, resamples=resamples)
    check.count(0, seed=seed)
    check.shaped((None,), exposure=exposure)
    check.shaped(exposure.shape, weight=weight, presence=presence)
    sample, doubt = bool((weight != 1).any()), bool((presence < 1).any())
    if not sample and not doubt:
        return None
    draws, found = np.random.default_rng(seed), []
    for _ in range(resamples):
        count = weight * draws.poisson(1.0, len(weight)) if sample else weight
        there = np.where(weight == 1, draws.random(len(weight)) < presence, presence)
        if float((count * there) @ exposure) > 0:
            found.append(by_name(exposure, count * there))
    point = by_name(exposure, weight * presence)
    figures: dict[str, Any] = {
        name: [getattr(item, name) for item in found] for name in ("herfindahl", "effective_number", "gini")
    }
    figures |= {f"top {top}": [item.top[str(top)] for item in found] for top in TOPS}
    return {name: _interval(_figure(point, name), values) for name, values in figures.items()}


def _figure(item: Names, name: str) -> float:
    return item.top[name.removeprefix("top ")] if name.startswith("top ") else float(getattr(item, name))


def _interval(point: float, values: Sequence[float]) -> Interval:
    low, high = np.quantile(values, (0.05, 0.95))
    return Interval(point, float(low), float(high))
