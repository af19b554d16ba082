"""What the sampling of the inputs adds to a model's standard errors: a jackknife over groups of drawn paths.

Means, volatilities and correlations of the sectors are read from drawn paths, and another seed draws
others. So each of `GROUPS` equal groups of paths is left out in turn, the inputs are made again from the
rest, and the figures are computed again on a reduced book (a few bands of PD a sector, names as a normal)
with the same random numbers throughout: what differs is the inputs alone. The variance is (G - 1) / G x the
sum of squared distances from the mean (Quenouille and Tukey). Errors are taken over as shares of the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaincinv, ndtr, ndtri

from loantwin.arrays import Floats
from loantwin.risk.loss.copula.factors import FactorModel
from loantwin.risk.loss.copula.figures import Sample, excess, quantile
from loantwin.risk.loss.copula.implied import Implied
from loantwin.risk.loss.copula.implied import moved as factors_moved
from loantwin.risk.loss.copula.sampling import Draws, draw, find_shift
from loantwin.risk.loss.loss import GrossLoss
from loantwin.types import Estimate
from loantwin.verbs.loss.inputs import LossInputs

GROUPS = 10
"""Groups of paths, each left out once."""
BANDS = 8
"""Bands of PD that stand for a sector's loans."""
PATHS = 4_000
"""Paths on which figures are compared."""
SEVERITY_SPREAD = 0.25
"""Variance of one loan's severity around its mean m, as a share of m (1 - m): as in the twin's own paths."""

Reader = Callable[["Reduced", Implied], tuple[Sample, float]]
"""Gives the paths and the expected loss of a reduced book under inputs."""


@dataclass(frozen=True)
class Reduced:
    """Bands (B,) of a sector's loans of like PD. pd : mean by loss. sector : code. amounts are sums of
    loans'.

    loss : exposure x lgd. exposure : currency. square, own_square : of one default's loss and of its mean.
    thinned : lgd over the most that is lost, as CreditRisk+ reads it.
    """

    pd: Floats
    sector: np.ndarray
    exposure: Floats
    loss: Floats
    square: Floats
    own_square: Floats
    thinned: Floats

    def scaled(self, rate: Floats, size: Floats) -> Reduced:
        """Return the bands with PDs times `rate` and amounts times `size`, (S,) by sector each."""
        by = size[self.sector]
        return replace(
            self,
            pd=np.minimum(self.pd * rate[self.sector], 1.0),
            exposure=self.exposure * by,
            loss=self.loss * by,
            square=self.square * by**2,
            own_square=self.own_square * by**2,
        )


def reduced(inputs: LossInputs, share: Floats) -> Reduced:
    """Return the book in bands; share : (N,) of each loan's loss that is counted."""
    loans = inputs.loans
    order = np.lexsort((loans.pd, loans.sector))
    count = np.bincount(loans.sector, minlength=len(inputs.sectors))
    place = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    key = np.empty(len(order), dtype=np.int64)
    key[order] = loans.sector[order] * BANDS + place * BANDS // np.repeat(np.maximum(count, 1), count)
    used, band = np.unique(key, return_inverse=True)
    exposure = loans.exposure * share
    loss, most = exposure * loans.lgd, loans.lgd + SEVERITY_SPREAD * (1 - loans.lgd)
    sums = [
        np.bincount(band, column, len(used)).astype(np.float64)
        for column in (
            np.maximum(loss, 1e-12), np.maximum(loss, 1e-12) * loans.pd, exposure, loss,
            exposure * loss * most, loss**2, loans.lgd / most,
        )
    ]  # fmt: skip
    return Reduced(sums[1] / sums[0], used // BANDS, *sums[2:])


def with_drawn_error(own: GrossLoss, errors: Floats) -> GrossLoss:
    """Return figures whose errors hold those of the inputs; errors : (5,) as shares of the figures."""
    names = ("expected_loss", "standard_deviation", "unexpected_loss", "var", "es")
    made = {
        name: Estimate(
            getattr(own, name).value,
            float(np.hypot(getattr(own, name).standard_error, error * abs(getattr(own, name).value))),
        )
        for name, error in zip(names, errors, strict=True)
    }
    return GrossLoss(**made)


def relative_errors(inputs: LossInputs, share: Floats, confidence: float, read: Reader) -> Floats:
    """Return the inputs' part in the errors of figures (see `figures`), as shares, (5,)."""
    book = reduced(inputs, share)
    everyone = figures(read(book, inputs.implied), confidence)
    bands = [book.pd[book.sector == place] for place in range(len(inputs.sectors))]
    rates = np.minimum(inputs.rates, 1.0)
    found = []
    for left in np.array_split(np.arange(len(inputs.rates)), GROUPS):
        kept = np.ones(len(inputs.rates), dtype=bool)
        kept[left] = False
        rate = _ratio(inputs.rates[kept].mean(axis=0), inputs.rates.mean(axis=0))
        size = _ratio(_ratio(inputs.gross[kept].mean(axis=0), inputs.gross.mean(axis=0)), rate)
        moved = book.scaled(rate, size)
        pds = [moved.pd[moved.sector == place] for place in range(len(inputs.sectors))]
        other = factors_moved(inputs.implied, (rates, rates[kept]), (bands, pds))
        found.append(figures(read(moved, other), confidence))
    apart = np.array(found) - np.mean(found, axis=0)
    spread = np.sqrt((GROUPS - 1) / GROUPS * (apart**2).sum(axis=0))
    return np.asarray(_ratio(spread, np.abs(everyone), 0.0))


def _ratio(one: Floats, other: Floats, otherwise: float = 1.0) -> Floats:
    return np.asarray(np.divide(one, other, out=np.full_like(one, otherwise), where=other > 0))


def figures(given: tuple[Sample, float], confidence: float) -> Floats:
    """Return expected loss, deviation, unexpected loss, VaR and ES of weighted paths, (5,)."""
    sample, mean = given
    beyond = 1 - confidence
    var = quantile(sample, beyond)
    es = var + float((sample.weight * excess(sample, var)).mean()) / beyond
    spread = sample.weight * ((sample.mean - mean) ** 2 + sample.deviation**2)
    return np.array([mean, float(np.sqrt(spread.mean())), var - mean, var, es])


def copula_reader(
    book: Reduced, found: Implied, model_of: Callable[[Implied], FactorModel], confidence: float, seed: int
) -> Reader:
    """Return what reads a reduced book under a copula, on paths drawn once under `found`."""
    model = model_of(found)

    def losses(draws: Draws) -> tuple[Floats, Floats]:
        mean, variance = _conditional(book, model, draws.factor, draws.size)
        return mean, np.sqrt(variance)

    draws = draw(model, find_shift(model, losses, confidence, seed), PATHS, seed)
    normals = draws.factor @ np.linalg.pinv(model.root).T
    turned = model.root / np.sqrt((model.root**2).sum(axis=0))

    def read(moved: Reduced, other: Implied) -> tuple[Sample, float]:
        now = model_of(other)
        # the symmetric root moves smoothly where eigenvectors of like size would turn
        level, vector = np.linalg.eigh(now.correlation)
        root = (vector * np.sqrt(np.maximum(level, 0.0))) @ vector.T @ turned
        mean, variance = _conditional(moved, now, normals @ root.T, draws.size)
        return Sample(draws.weight, mean, np.sqrt(variance)), float(moved.loss @ moved.pd)

    return read


def _conditional(book: Reduced, model: FactorModel, factor: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of the loss on each path, (P,) each."""
    rho = model.asset_correlation[book.sector]
    pull = factor[:, book.sector] * np.sqrt(rho)
    chance = ndtr((model.threshold(book.pd) * size[:, None] + pull) / np.sqrt(1 - rho))
    mean = chance @ book.loss
    if model.lgd_model != "constant":
        severe = np.divide(book.loss, book.exposure, out=np.zeros_like(book.loss), where=book.exposure > 0)
        cut = np.maximum(model.threshold(book.pd * severe), -1e6)
        mean = ndtr((cut * size[:, None] + pull) / np.sqrt(1 - rho)) @ book.exposure
    return mean, np.maximum(chance @ book.square - chance**2 @ book.own_square, 0.0)


def gamma_reader(inputs: LossInputs, one: bool, seed: int) -> Reader:
    """Return what reads a reduced book under CreditRisk+, one gamma factor or one a sector."""
    if one:
        edges = np.concatenate([np.linspace(0, 0.99, 400), 1 - np.geomspace(0.01, 1e-7, 400)[1:], [1.0]])
        chance, weight = (edges[1:] + edges[:-1])[:, None] / 2, np.diff(edges) * (len(edges) - 1)
    else:
        chance = np.random.default_rng(seed).random((5 * PATHS, len(inputs.sectors)))
        weight = np.ones(len(chance))

    def read(book: Reduced, found: Implied) -> tuple[Sample, float]:
        rate = book.pd * book.thinned
        ratio = _ratio(found.volatility, found.mean, 0.0)
        whole = np.full(1, float(rate @ ratio[book.sector] / rate.sum()) ** 2)
        variance = np.maximum(whole if one else ratio**2, 1e-9)
        state = gammaincinv(1 / variance, chance) * variance if one else _wilson_hilferty(variance, chance)
        of_band = np.zeros_like(book.sector) if one else book.sector
        mean = state[:, of_band] @ (book.loss * book.pd)
        return Sample(weight, mean, np.sqrt(state[:, of_band] @ (book.square * book.pd))), float(
            book.loss @ book.pd
        )

    return read


def _wilson_hilferty(variance: Floats, chance: Floats) -> Floats:
    """Return near quantiles of gammas of mean 1 (Wilson and Hilferty 1931): what moves is small."""
    near: Floats = np.maximum(1 - variance / 9 + ndtri(chance) * np.sqrt(variance) / 3, 0.0) ** 3
    return near
