"""CreditRisk+: the exact loss distribution of a Poisson mixture over gamma sectors, by one Fourier transform.

Obligor i of exposure E_i defaults as a Poisson number of mean p_i x sum over k of theta_ik x S_k, with
independent gamma factors S_k of mean 1 and variance V_k = (sector's volatility / sector's mean rate)^2. In
multiples of a loss unit the probability generating function is

    log G(z) = - sum over k of  log(1 - V_k (P_k(z) - mu_k)) / V_k ,     P_k(z) = sum over i of theta_ik p_i
    z^nu_i

(V_k = 0: P_k(z) - mu_k). On the unit circle the argument of the logarithm has a real part of at least 1, so
that nothing cancels and no recursion can lose digits; the grid reaches to where less than 1e-15 is left, so
that nothing wraps around.

Sources: Credit Suisse First Boston, CreditRisk+ (1997), appendix A; contributions: Haaf, Tasche, "Calculating
value-at-risk contributions in CreditRisk+" (2002); the transform: Melchiori, "CreditRisk+ by fast Fourier
transform" (2004).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arguments import LARGEST_AMOUNT, array, numbers
from loantwin.arrays import Complexes, Floats, Integers
from loantwin.errors import RiskError, expected

FEWEST_UNITS = 10_000
"""Least number of loss units in the total exposure where the caller names no unit."""
GRID = 2**17
"""Points the loss's support is cut into where no unit is named and the book is finely grained."""
MOST_POINTS = 2**23
POISSON = 1e-12
"""Variance of a sector below which its defaults are Poisson."""
SMALL = 1e-3
"""Variance of a sector up to which logarithms of its transform need every digit."""
NEGLIGIBLE = 1e-15
"""Probability beyond the grid."""
LARGEST_QUANTILE = 1 - 1e-9
"""Quantiles above it would rest on the rounding of the transform."""
WINDOW_SHARE = 0.2
"""Probability a contribution to a quantile is averaged on, as a share of what lies beyond it."""


@dataclass(frozen=True)
class GammaSectors:
    """Gamma sectors. names : (S,). share : (N, S), rows sum to 1. mean, variance : (S,) see module."""

    names: tuple[str, ...]
    share: Floats
    mean: Floats
    variance: Floats


@dataclass(frozen=True)
class CreditRiskPlus:
    """The loss distribution of N obligors on multiples of `loss_unit`, book currency.

    probabilities : (M,) of a loss of 0, 1, 2, ... units; at least 0, sum 1. sectors : as given. exposure,
        pd : (N,).
    units : (N,) exposure in whole units. rate : (N,) default rate rescaled so that rate x units x loss_unit =
        pd x exposure.
    """

    probabilities: Floats
    loss_unit: float
    exposure: Floats
    pd: Floats
    units: Integers
    rate: Floats
    sectors: GammaSectors

    @property
    def expected_loss(self) -> float:
        """Return the sum of pd x exposure, exact."""
        return math.fsum(self.pd * self.exposure)

    @property
    def standard_deviation(self) -> float:
        """Return the root of sum of pd x exposure^2 + over sectors of variance x (expected loss)^2."""
        return math.sqrt(
            math.fsum(self.pd * self.exposure**2) + math.fsum(self.sectors.variance * self._sector_loss**2)
        )

    @property
    def largest_loss(self) -> float:
        """Return the sum of exposures that may default: no quantile or shortfall goes beyond it.

        The distribution itself does: defaults are Poisson, so that an obligor may default twice.
        """
        return math.fsum(self.exposure[self.pd > 0])

    @property
    def losses(self) -> Floats:
        """Return the loss at each probability, (M,)."""
        return np.asarray(np.arange(len(self.probabilities)) * self.loss_unit)

    @cached_property
    def _below(self) -> Floats:
        return np.minimum(np.cumsum(self.probabilities), 1.0)

    @cached_property
    def _sector_loss(self) -> Floats:
        return np.asarray(self.sectors.share.T @ (self.pd * self.exposure))

    def quantile(self, q: float) -> float:
        """Return the smallest loss not exceeded with a probability of at least `q`, in (0, 1 - 1e-9].

        Raises
        ------
        RiskError : another `q`.
        """
        return min(self._rank(q) * self.loss_unit, self.largest_loss)

    def expected_shortfall(self, q: float) -> float:
        """Return the mean of the worst 1 - q, the quantile's atom shared in (Acerbi, Tasche 2002).

        Raises
        ------
        RiskError : `q` outside (0, 1 - 1e-9].
        """
        rank = self._rank(q)
        beyond = self.probabilities[rank + 1 :]
        tail = float(beyond @ np.arange(1, len(beyond) + 1))
        return min((rank + tail / (1 - float(q))) * self.loss_unit, self.largest_loss)

    def standard_deviation_contributions(self) -> Floats:
        """Return each obligor's Euler contribution to the standard deviation, (N,); they sum to it."""
        loss = self.pd * self.exposure
        shared = self.sectors.share @ (self.sectors.variance * self._sector_loss)
        deviation = self.standard_deviation
        return (
            np.zeros_like(loss) if deviation == 0 else np.asarray(loss * (self.exposure + shared) / deviation)
        )

    def shortfall_contributions(self, q: float) -> Floats:
        """Return obligors' expected loss in the worst 1 - q, (N,), summing to `expected_shortfall(q)`.

        Raises
        ------
        RiskError : `q` outside (0, 1 - 1e-9].
        """
        rank = self._rank(q)
        atom = max(float(self._below[rank]) - q, 0.0)
        made = self._weighted(rank + 1, len(self.probabilities))
        if atom > 0:
            made += atom / float(self.probabilities[rank]) * self._weighted(rank, rank + 1)
        return self._summing_to(made, self.expected_shortfall(q))

    def quantile_contributions(self, q: float) -> Floats:
        """Return obligors' expected loss given a total near the quantile, (N,), scaled to sum to it.

        Total losses are averaged over the points around the quantile that hold a fifth of 1 - q, because with
        few obligors the loss at one single point is made by whichever exposures happen to add up to it.

        Raises
        ------
        RiskError : `q` outside (0, 1 - 1e-9].
        """
        rank = self._rank(q)
        width = 0
        while width < len(self.probabilities):
            low, high = max(rank - width, 0), rank + width + 1
            if self.probabilities[low:high].sum() >= WINDOW_SHARE * (1 - q):
                break
            width = 2 * width + 1
        return self._summing_to(self._weighted(low, high), self.quantile(q))

    def _weighted(self, low: int, high: int) -> Floats:
        """Return E[loss i; total of `low` to `high` - 1], (N,), in units (Haaf and Tasche 2002, eq. 17)."""
        made = np.zeros(len(self.pd))
        for place, more in enumerate(_one_more(self.units, self.rate, self.sectors, len(self.probabilities))):
            below = np.concatenate([[0.0], np.cumsum(more)])
            first = np.clip(low - self.units, 0, len(more))
            last = np.clip(high - self.units, 0, len(more))
            made += self.sectors.share[:, place] * (below[last] - below[first])
        return np.asarray(self.rate * self.units * made)

    def _summing_to(self, parts: Floats, total: float) -> Floats:
        whole = float(parts.sum())
        return parts * (total / whole) if whole > 0 else parts

    def _rank(self, q: float) -> int:
        level = numbers(q, "q")
        if level.ndim or not 0 < level <= LARGEST_QUANTILE:
            raise RiskError(expected("one probability above 0 and at most 1 - 1e-9", q), field="q")
        return int(np.searchsorted(self._below, q - 1e-13))


def credit_risk_plus(
    exposure: ArrayLike,
    pd: ArrayLike,
    pd_volatility: ArrayLike,
    sector: ArrayLike | None = None,
    loss_unit: float | None = None,
    *,
    specific: str | int | None = None,
) -> CreditRiskPlus:
    """Return the CreditRisk+ loss distribution.

    Parameters
    ----------
    exposure : (N,) loss if the obligor defaults (net of recovery), currency, >= 0.
    pd : (N,) mean default rate over the horizon, in [0, 1]; one number serves all.
    pd_volatility : (N,) or one for all, its absolute standard deviation, >= 0; a sector's is the sum of its
        obligors' (by share).
    sector : None puts all into one sector; (N,) labels; or (N, S) shares of each obligor, rows summing to 1.
    loss_unit : currency; exposures are rounded to whole units (at least 1) and default rates rescaled, so
        that the expected loss of every obligor is exact. None takes total exposure / 10,000, or less where
        the book is finer than that.
    specific : label, or column of the shares, of the sector without volatility (risk of single obligors).

    Raises
    ------
    RiskError : a value out of range, NaN, lengths that do not fit, shares that do not sum to 1, volatility
        without default rate, a unit so small that the distribution would need more than 8 million points.
    """
    amounts = _column(exposure, "exposure", 0.0, LARGEST_AMOUNT)
    rates = _column(pd, "pd", 0.0, 1.0, len(amounts))
    spread = _column(pd_volatility, "pd_volatility", 0.0, math.inf, len(amounts))
    stray = np.flatnonzero((rates == 0) & (spread > 0))
    if stray.size:
        raise RiskError(
            expected("0 where pd is 0", spread[stray[0]]), row=int(stray[0]) + 1, field="pd_volatility"
        )
    names, share = _shares(sector, len(amounts))
    sectors = _sectors(names, share, rates, spread, specific)
    reach = _reach(amounts, rates, sectors)
    unit = _unit(loss_unit, amounts, reach)
    units = np.maximum(np.rint(amounts / unit), 1).astype(np.int64)
    rounded = np.asarray(units * unit, dtype=np.float64)
    rate = rates * amounts / rounded
    # Trap: losses that wrap around. A coarse unit makes them rarer and larger than the transform's length.
    reach = max(reach, _reach(rounded, rate, sectors))
    points = int(2 ** math.ceil(math.log2(max(reach / unit + 2, int(units.max()) + 2))))
    if points > MOST_POINTS:
        raise RiskError(expected(f"a unit of at least {reach / MOST_POINTS:.4g}", unit), field="loss_unit")
    found = _probabilities(units, rate, sectors, points)
    if found.min() < -1e-12 or abs(found.sum() - 1) > 1e-9:
        raise RiskError(expected("probabilities that sum to 1", found.sum()), field="pd_volatility")
    # what the transform leaves below zero is its rounding, 1e-17 or so
    found = np.maximum(found, 0.0)
    return CreditRiskPlus(found / found.sum(), unit, amounts, rates, units, rate, sectors)


def _column(values: ArrayLike, name: str, low: float, high: float, count: int | None = None) -> Floats:
    found = numbers(values, name)
    if count is not None and not found.ndim:
        found = np.full(count, found)
    if found.ndim != 1 or not found.size or (count is not None and len(found) != count):
        raise RiskError(
            expected("a column of " + (f"{count} numbers" if count else "at least 1 number"), found.shape),
            field=name,
        )
    wrong = np.flatnonzero(~((found >= low) & (found <= high) & np.isfinite(found)))
    if wrong.size:
        limits = (
            f"a number from {low:g} to {high:g}"
            if math.isfinite(high)
            else f"a finite number of at least {low:g}"
        )
        raise RiskError(expected(limits, found[wrong[0]]), row=int(wrong[0]) + 1, field=name)
    return found


def _shares(sector: ArrayLike | None, count: int) -> tuple[tuple[str, ...], Floats]:
    if sector is None:
        return ("all",), np.ones((count, 1))
    given = array(sector, "sector")
    if given.ndim == 1:
        if len(given) != count:
            raise RiskError(expected(f"{count} labels", len(given)), field="sector")
        absent = np.flatnonzero([label is None or label != label for label in given.tolist()])
        if absent.size:
            raise RiskError(expected("a label", "none"), row=int(absent[0]) + 1, field="sector")
        names, place = np.unique(given.astype(str), return_inverse=True)
        return tuple(map(str, names)), np.eye(len(names))[place]
    if given.ndim != 2 or len(given) != count or given.shape[1] < 1:
        raise RiskError(
            expected(f"{count} labels, or shares of shape ({count}, S)", given.shape), field="sector"
        )
    share = numbers(given, "sector")
    low = np.flatnonzero(~(share >= 0).all(axis=1))
    if low.size:
        raise RiskError(
            expected("shares of at least 0", str(share[low[0]].tolist())), row=int(low[0]) + 1, field="sector"
        )
    wrong = np.flatnonzero(np.abs(share.sum(axis=1) - 1) > 1e-9)
    if wrong.size:
        raise RiskError(
            expected("shares that sum to 1", share[wrong[0]].sum()), row=int(wrong[0]) + 1, field="sector"
        )
    return tuple(map(str, range(share.shape[1]))), share


def _sectors(
    names: tuple[str, ...], share: Floats, pd: Floats, spread: Floats, specific: str | int | None
) -> GammaSectors:
    mean = np.asarray(share.T @ pd, dtype=np.float64)
    deviation = np.asarray(share.T @ spread, dtype=np.float64)
    if specific is not None:
        if str(specific) not in names:
            raise RiskError(expected("one of the sectors " + ", ".join(names), specific), field="specific")
        deviation[names.index(str(specific))] = 0.0
    ratio = np.divide(deviation, mean, out=np.zeros_like(mean), where=mean > 0)
    return GammaSectors(names, share, mean, ratio**2)


def _reach(exposure: Floats, pd: Floats, sectors: GammaSectors) -> float:
    """Return a loss that is exceeded with a probability below `NEGLIGIBLE` (Chernoff's bound)."""
    top = float(exposure.max())
    if top == 0 or not (pd * exposure).any():
        return max(top, 1.0)
    edge = np.ceil(exposure / top * 4096).astype(
        np.int64
    )  # exposures rounded up, so that the bound stays one
    table = np.stack([np.bincount(edge, pd * sectors.share[:, k], 4097) for k in range(len(sectors.names))])
    size = np.arange(4097) / 4096

    def bound(s: float) -> float:
        more = table @ np.expm1(s * size)
        if (sectors.variance * more >= 1).any():
            return math.inf
        tame = sectors.variance > POISSON
        gamma = -np.log1p(-sectors.variance[tame] * more[tame]) / sectors.variance[tame]
        return float((gamma.sum() + more[~tame].sum() - math.log(NEGLIGIBLE)) / s)

    return max(min(bound(float(s)) for s in np.geomspace(1e-7, 600.0, 240)) * top, 2 * top)


def _unit(loss_unit: float | None, exposure: Floats, reach: float) -> float:
    if loss_unit is None:
        total = float(exposure.sum())
        return min(total / FEWEST_UNITS, reach / GRID) if total > 0 else 1.0
    given = numbers(loss_unit, "loss_unit")
    if given.ndim or not (math.isfinite(given) and given > 0):
        raise RiskError(expected("a unit above 0", loss_unit), field="loss_unit")
    return float(given)


def _logarithms(units: Integers, rate: Floats, sectors: GammaSectors, points: int) -> list[Complexes]:
    """Return log(1 - V_k (P_k - mu_k)) by sector (mu_k - P_k at V_k 0) on the unit circle, (M / 2 + 1,)."""
    from scipy import fft

    made = []
    for k, variance in enumerate(sectors.variance):
        coefficients = np.bincount(units, rate * sectors.share[:, k], points)
        coefficients[0] -= coefficients.sum()
        moved = fft.rfft(coefficients)
        made.append(_log1p(-variance * moved, variance) if variance > POISSON else -moved)
    return made


def _log1p(z: Complexes, variance: float) -> Complexes:
    """Return log(1 + z), to the last digits also where a small variance makes z small.

    NumPy's for complex numbers is as exact as 1 is large, and what it loses is divided by the variance.
    """
    if variance > SMALL:
        return np.asarray(np.log1p(z))
    return np.asarray(0.5 * np.log1p(z.real * (2 + z.real) + z.imag**2) + 1j * np.arctan2(z.imag, 1 + z.real))


def _generating(logarithms: list[Complexes], sectors: GammaSectors) -> Complexes:
    total = np.zeros_like(logarithms[0])
    for logarithm, variance in zip(logarithms, sectors.variance, strict=True):
        total -= logarithm / variance if variance > POISSON else logarithm
    return np.asarray(np.exp(total))


def _probabilities(units: Integers, rate: Floats, sectors: GammaSectors, points: int) -> Floats:
    """Return the probability of each number of units, (M,), with the transform's rounding."""
    from scipy import fft

    generating = _generating(_logarithms(units, rate, sectors, points), sectors)
    return np.asarray(fft.irfft(generating, points), dtype=np.float64)


def _one_more(units: Integers, rate: Floats, sectors: GammaSectors, points: int) -> Iterator[Floats]:
    """Yield by sector the probabilities (M,), its gamma's shape raised by 1: one default in it is known."""
    from scipy import fft

    logarithms = _logarithms(units, rate, sectors, points)
    generating = _generating(logarithms, sectors)
    for logarithm, variance in zip(logarithms, sectors.variance, strict=True):
        raised = generating * np.exp(-logarithm) if variance > POISSON else generating
        yield np.maximum(fft.irfft(raised, points), 0.0)
