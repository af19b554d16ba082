"""The loss distribution of a factor copula: figures with standard errors, and who makes the tail."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.risk.loss.copula import names
from loantwin.risk.loss.copula.factors import FactorModel, Obligors
from loantwin.risk.loss.copula.figures import (
    Sample,
    Tail,
    quantile_weights,
    shortfall_weights,
    tail,
    tail_paths,
)
from loantwin.risk.loss.copula.sampling import Draws, Shift, draw, find_shift, no_shift
from loantwin.risk.loss.copula.tables import Curves, curves
from loantwin.types import Estimate

METHODS = ("auto", "normal", "names")
PATHS = 24_000
"""Paths where the caller names no number."""
SKEW = 2e-3
"""`auto` goes loan by loan where the skewness of names moves a tail loss by more than this share."""
TERMS = 80
"""Terms of Mehler's expansion of the covariance of two sectors."""


@dataclass(frozen=True)
class SegmentLosses:
    """What each of G segments adds, each (G,), currency.

    expected : expected loss. var, es : Euler contributions, which sum to the book's. stand_alone_var,
    stand_alone_es : were the segment the whole book; NaN where the paths do not support it. marginal_var,
    marginal_es : the book's less the book's without it.
    """

    names: tuple[str, ...]
    expected: Floats
    var: Floats
    es: Floats
    stand_alone_var: Floats
    stand_alone_es: Floats
    marginal_var: Floats
    marginal_es: Floats


@dataclass(frozen=True)
class CopulaLoss:
    """The loss distribution. method : `normal` (names as a normal given the factors) or `names` (by loan).

    loan_var, loan_es : (N,) Euler contributions, which sum to var and es. tail_paths : what the paths beyond
        var are worth.
    sample : the weighted paths themselves. notes : what was assumed or repaired.
    """

    expected_loss: Estimate
    standard_deviation: Estimate
    unexpected_loss: Estimate
    var: Estimate
    es: Estimate
    confidence: float
    paths: int
    method: str
    tail_paths: float
    segments: SegmentLosses | None
    loan_var: Floats | None
    loan_es: Floats | None
    sample: Sample
    notes: tuple[str, ...]


def copula_loss(
    book: Obligors,
    model: FactorModel,
    confidence: float = 0.999,
    *,
    paths: int = PATHS,
    seed: int = 0,
    method: str = "auto",
    importance: bool = True,
    allocate: bool = True,
) -> CopulaLoss:
    """Return the loss distribution of a book of loans.

    Parameters
    ----------
    paths : number of paths of the factors. method : see CopulaLoss; `auto` takes the normal where the book is
        fine enough.
    importance : draw most paths where losses are large. allocate : also give contributions by loan and
        segment.

    Raises
    ------
    RiskError : a method that does not exist, a confidence the sample does not support.
    """
    check.kind(Obligors, book=book)
    check.kind(FactorModel, model=model)
    check.level(confidence=confidence)
    check.count(1, paths=paths)
    check.count(0, seed=seed)
    check.word(method=method)
    check.flag(importance=importance, allocate=allocate)
    if method not in METHODS:
        raise RiskError(expected("one of " + ", ".join(METHODS), method), field="method")
    if not 0 < confidence < 1:
        raise RiskError(expected("a confidence between 0 and 1", confidence), field="confidence")
    made = curves(book, model)
    run = _CopulaRun(made, confidence, paths, seed, importance)
    shift, draws = run.draws()
    pairs = made.read(draws.factor, draws.size)
    chosen = method if method != "auto" else _method(made, shift, confidence)
    by_segment = _by_segment(made, pairs) if chosen == "normal" else _simulated(book, model, draws, seed)
    sample = _sample(draws.weight, by_segment, float(largest_loss(book, model).sum()))
    found = tail(sample, confidence)
    by_loan = _loans(run, draws, sample, found, chosen) if allocate else []
    expectation = Estimate(float((book.exposure * book.pd * book.lgd).sum()), 0.0)
    return CopulaLoss(
        expected_loss=expectation,
        standard_deviation=_deviation(made, draws, pairs, expectation.value),
        unexpected_loss=Estimate(found.var.value - expectation.value, found.var.standard_error),
        var=found.var,
        es=found.es,
        confidence=confidence,
        paths=paths,
        method=chosen,
        tail_paths=tail_paths(sample, found.var.value),
        segments=_segments(run, by_segment, sample, found, chosen) if allocate else None,
        loan_var=by_loan[0] if allocate else None,
        loan_es=by_loan[1] if allocate else None,
        sample=sample,
        notes=model.notes,
    )


@dataclass(frozen=True)
class _CopulaRun:
    """How paths are drawn, for the book and again for each segment alone."""

    made: Curves
    confidence: float
    paths: int
    seed: int
    importance: bool

    @property
    def most(self) -> Floats:
        """Return the largest loss that each segment can make, (G,)."""
        return largest_loss(self.made.book, self.made.model)

    def draws(self) -> tuple[Shift, Draws]:
        """Return paths drawn where the losses of the book are large."""
        return self._drawn(self.made.model, None, None)

    def _drawn(
        self, model: FactorModel, own: Integers | None, sector: Integers | None
    ) -> tuple[Shift, Draws]:
        def loss(draws: Draws) -> tuple[Floats, Floats]:
            found = self.made.read(draws.factor, draws.size, own, sector).sum(axis=1)
            return found[:, 0], np.sqrt(np.maximum(found[:, 1], 0.0))

        shift = find_shift(model, loss, self.confidence, self.seed) if self.importance else no_shift(model)
        return shift, draw(model, shift, self.paths, self.seed)

    def stand_alone(self, segment: int, method: str) -> Tail | None:
        """Return a segment's figures as if it were the whole book, None where a few loans make its tail."""
        made = self.made
        own = np.flatnonzero(made.pairs[:, 0] == segment)
        sectors, place = np.unique(made.pairs[own, 1], return_inverse=True)
        model = _of_sectors(made.model, sectors)
        _, draws = self._drawn(model, own, place)
        if method == "normal":
            parts = made.read(draws.factor, draws.size, own, place)
        else:
            parts = _simulated(_only(made.book, segment, sectors), model, draws, self.seed)
        try:
            return tail(_sample(draws.weight, parts, float(self.most[segment])), self.confidence)
        except RiskError:  # the confidence is one that the whole book's sample supports
            return None


def _of_sectors(model: FactorModel, sectors: Integers) -> FactorModel:
    """Return the model of a few sectors, with the factors that they need."""
    return replace(
        model,
        sectors=tuple(model.sectors[i] for i in sectors),
        correlation=np.ascontiguousarray(model.correlation[np.ix_(sectors, sectors)]),
        asset_correlation=np.ascontiguousarray(model.asset_correlation[sectors]),
    )


def _only(book: Obligors, segment: int, sectors: Integers) -> Obligors:
    mine = book.segment == segment
    exposure, pd, lgd = (np.ascontiguousarray(column[mine]) for column in (book.exposure, book.pd, book.lgd))
    sector = np.searchsorted(sectors, book.sector[mine])
    return Obligors(exposure, pd, lgd, sector, np.zeros(len(pd), dtype=np.int64), (book.segments[segment],))


def _by_segment(made: Curves, pairs: Floats) -> Floats:
    """Return mean and variance of each segment on each path, (P, segments, 2)."""
    if made.book.segment is made.book.sector:
        return pairs
    total = np.zeros((len(pairs), len(made.book.segments), 2))
    for place, segment in enumerate(made.pairs[:, 0]):
        total[:, segment] += pairs[:, place]
    return total


def _simulated(book: Obligors, model: FactorModel, draws: Draws, seed: int) -> Floats:
    losses = names.simulate(book, model, draws, seed)
    return np.stack([losses, np.zeros_like(losses)], axis=2)


def _sample(weight: Floats, parts: Floats, most: float) -> Sample:
    deviation = np.sqrt(np.maximum(parts[:, :, 1].sum(axis=1), 0.0))
    return Sample(weight, parts[:, :, 0].sum(axis=1), deviation, most)


def largest_loss(book: Obligors, model: FactorModel) -> Floats:
    """Return the largest loss that each segment can make, (G,): all of it in default, at the worst severity.

    The worst severity is the upper of the two that are drawn around the mean; where the mean moves with the
    default rate it is all of the exposure.
    """
    check.kind(Obligors, book=book)
    check.kind(FactorModel, model=model)
    mean = book.lgd if model.lgd_model == "constant" else np.ones(len(book.lgd))
    worst = np.where(book.lgd > 0, mean + model.lgd_spread * (1.0 - mean), 0.0)
    lost = book.exposure * np.where(book.pd > 0, worst, 0.0)
    return np.bincount(book.segment, lost, len(book.segments)).astype(np.float64)


def _method(made: Curves, shift: Shift, confidence: float) -> str:
    """Return `normal` unless the third moment of single names matters where the tail lies.

    To first order (Cornish, Fisher) skewness moves a quantile of the conditional loss by third cumulant / (6
    variance) times a number of order 1.
    """
    mean = shift.mean
    if not mean.any():
        mean = np.full(len(mean), special.ndtri(confidence) / math.sqrt(len(mean)))
    factor = made.model.root @ mean
    third = second = loss = 0.0
    for place, sector in enumerate(made.pairs[:, 1]):
        rho = made.model.asset_correlation[sector]
        chance = special.ndtr(
            (made.model.threshold(made.nodes) + math.sqrt(rho) * factor[sector]) / math.sqrt(1 - rho)
        )
        first, square, of_mean, cube = (made.moments[place, :, m] for m in range(4))
        loss += float(first @ chance)
        second += float(square @ chance - of_mean @ chance**2)
        third += float(cube @ (chance * (1 - chance) * np.abs(1 - 2 * chance)))
    return "normal" if third <= 6 * SKEW * second * loss else "names"


def _deviation(made: Curves, draws: Draws, pairs: Floats, expectation: float) -> Estimate:
    """Return the standard deviation: exact for the Gaussian copula, from the paths for the t copula."""
    if made.model.degrees_of_freedom is None:
        return Estimate(math.sqrt(exact_variance(made)), 0.0)
    mean, variance = pairs[:, :, 0].sum(axis=1), pairs[:, :, 1].sum(axis=1)
    each = draws.weight * ((mean - expectation) ** 2 + variance)
    total = float(each.mean())
    error = float(each.std(ddof=1)) / math.sqrt(len(each))
    return Estimate(math.sqrt(total), error / (2 * math.sqrt(total)) if total > 0 else 0.0)


def exact_variance(made: Curves) -> float:
    """Return the variance of the loss under the Gaussian copula.

    Cov(f(Y), g(Y')) = sum over n >= 1 of f_n g_n r^n for normals of correlation r, f_n the coefficients in
    normalised Hermite polynomials (Mehler); for r = 1 it is the covariance of f and g themselves.
    """
    check.kind(Curves, made=made)
    grid = made.grid.factors
    density = np.exp(-0.5 * grid**2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0])
    sectors = len(made.model.sectors)
    mean = np.zeros((sectors, len(grid)))
    names_variance = 0.0
    for place, sector in enumerate(made.pairs[:, 1]):
        mean[sector] += made.tables[place, 0, 0]
        names_variance += float(made.tables[place, 1, 0] @ density)
    coefficients = np.empty((TERMS, sectors))
    before, now = np.zeros_like(grid), np.ones_like(grid)
    for n in range(TERMS):
        coefficients[n] = mean @ (now * density)
        before, now = now, (grid * now - math.sqrt(n) * before) / math.sqrt(n + 1)
    centred = mean - coefficients[0][:, None]
    same = (centred * density) @ centred.T
    powers = made.model.correlation[None] ** np.arange(1, TERMS)[:, None, None]
    apart = np.einsum("ns,nst,nt->st", coefficients[1:], powers, coefficients[1:])
    return float(np.where(made.model.correlation >= 1 - 1e-12, same, apart).sum()) + names_variance


def _segments(run: _CopulaRun, parts: Floats, sample: Sample, found: Tail, method: str) -> SegmentLosses:
    """Return contributions and marginals from the book's paths, stand-alone ones from the segment's."""
    book, var, es = run.made.book, found.var.value, found.es.value
    shares = []
    for weights, total in (
        (quantile_weights(sample, var, found.width), var),
        (shortfall_weights(sample, var, run.confidence), es),
    ):
        raw = weights[0] @ parts[:, :, 0] + weights[1] @ parts[:, :, 1]
        shares.append(scaled(raw, total))
    alone, rest = [], []
    for place in range(len(book.segments)):
        only = len(book.segments) == 1
        alone.append(found if only else run.stand_alone(place, method))
        others = np.delete(parts, place, axis=1), float(np.delete(run.most, place).sum())
        rest.append(None if only else tail(_sample(sample.weight, *others), run.confidence))
    return SegmentLosses(
        names=book.segments,
        expected=np.bincount(book.segment, book.exposure * book.pd * book.lgd, len(book.segments)).astype(
            np.float64
        ),
        var=shares[0],
        es=shares[1],
        stand_alone_var=np.array([item.var.value if item else math.nan for item in alone]),
        stand_alone_es=np.array([item.es.value if item else math.nan for item in alone]),
        marginal_var=np.array([var - (item.var.value if item else 0.0) for item in rest]),
        marginal_es=np.array([es - (item.es.value if item else 0.0) for item in rest]),
    )


def _loans(run: _CopulaRun, draws: Draws, sample: Sample, found: Tail, method: str) -> list[Floats]:
    """Return each loan's contribution to value at risk and to expected shortfall, (N,) each."""
    var = found.var.value
    weights = [quantile_weights(sample, var, found.width), shortfall_weights(sample, var, run.confidence)]
    if method == "names":
        book, model = run.made.book, run.made.model
        raw = [
            names.contributions(book, model, draws, run.seed, np.where(w > 1e-9 * w.max(), w, 0.0))
            for w, _ in weights
        ]
    else:
        raw = run.made.allocated(draws.factor, draws.size, weights)
    return [scaled(part, total) for part, total in zip(raw, (var, found.es.value), strict=True)]


def scaled(parts: Floats, total: float) -> Floats:
    """Return parts that sum to a total; parts of nothing stay nothing."""
    check.finite(parts=parts)
    check.number(total=total)
    check.shaped((len(parts),), parts=parts)
    whole = float(parts.sum())
    return np.asarray(parts * (total / whole) if whole != 0 else parts)
