"""The loss distribution: macro and latent paths give conditional losses by group, single names the noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import amounts
from loantwin.risk.loss import tail
from loantwin.streams import Stream
from loantwin.streams import generator as random_of
from loantwin.types import Estimate, ModelResult

CURVE = 160
"""Points of a curve, at most."""

RULES = (
    "loss = present value of first defaults within the horizon x loss given default, net of guarantees",
    "given a path, the number of defaults of a group is binomial (Poisson where the number of loans is "
    "unknown) and a default's loss is gamma with the group's mean and variance",
    "expected loss and standard deviation come from the conditional moments, without simulation noise of "
    "single names",
)

BINS = 80
"""Bins of the histogram of losses."""


@dataclass(frozen=True)
class ConditionalLosses:
    """What P paths of macro and latent make of C groups of loans over the horizon.

    number : (P, C) expected number of first defaults. net, gross : (P, C) expected present value of their
    losses, after and before guarantees, book currency, >= 0. variation : (C,) coefficient of variation of the
    loss of one default
    (size and severity). exposed : (C,) number of loans, infinity for a Poisson number. net_share : (P, C, G)
    of each of G parts of the book in a group's expected net loss, for allocation; None where none is wanted.
    largest : net and gross, the most that the whole book can lose: sizes drawn around a mean know no end.
    """

    number: Floats
    net: Floats
    gross: Floats
    variation: Floats
    exposed: Floats
    net_share: NDArray[np.float32] | None = None
    largest: tuple[float, float] = (math.inf, math.inf)

    def check(self) -> None:
        """Raise RiskError on shapes that do not fit, NaN, negative amounts, or more defaults than loans."""
        paths, groups = self.number.shape
        for name in ("number", "net", "gross"):
            amounts(getattr(self, name), name, (paths, groups))
        amounts(self.variation, "variation", (groups,))
        if self.exposed.shape != (groups,) or np.isnan(self.exposed).any() or (self.exposed < 0).any():
            raise RiskError(
                expected(f"{groups} numbers of loans of at least 0", "something else"), field="exposed"
            )
        if self.net_share is not None:
            check.within(0, 1 + 1e-6, net_share=self.net_share)
        if (self.number > self.exposed * (1 + 1e-9) + 1e-9).any():
            raise RiskError(expected("at most as many defaults as loans", "more"), field="number")
        if ((self.number == 0) & (self.gross > 0)).any() or (self.net > self.gross * (1 + 1e-9)).any():
            raise RiskError(expected("losses only from defaults, net within gross", "more"), field="net")


@dataclass(frozen=True)
class GrossLoss:
    """The same figures before guarantees."""

    expected_loss: Estimate
    standard_deviation: Estimate
    unexpected_loss: Estimate
    var: Estimate
    es: Estimate


@dataclass(frozen=True)
class CurvePoint:
    """A loss and the probability of exceeding it."""

    loss: float
    probability: float


@dataclass(frozen=True)
class SegmentLoss:
    """What a segment adds, net of guarantees, book currency.

    expected_loss; var, es : Euler contributions, which sum to the book's. stand_alone_var, stand_alone_es :
    were it the whole
    book. marginal_var, marginal_es : the book's less the book's without it. None where the model or the
        sample cannot tell.
    """

    expected_loss: float
    var: float
    es: float
    stand_alone_var: float | None = None
    stand_alone_es: float | None = None
    marginal_var: float | None = None
    marginal_es: float | None = None


@dataclass(frozen=True)
class TopName:
    """A borrower (or loan, where borrowers are not known) among those that add most to expected shortfall."""

    name: str
    segment: str
    exposure: float
    expected_loss: float
    es: float


@dataclass(frozen=True)
class Histogram:
    """How simulated losses lie, net of guarantees. edges : (B + 1,) book currency. shares : (B,) of paths.

    The worst half in a thousand lies above the last edge, unless the quantile at `confidence` is further out.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Supervisory:
    """What stands beside the tail, net of guarantees, book currency; PDs are one-year, through the cycle.

    expected_loss, var : of an infinitely fine book with the Basel functions' correlations, at `confidence`.
    correlation : their mean by loss. least, most : of the model's sectors, None for the twin's own paths.
    rwa, capital : Basel's standardised approach, defaults of the mapping. worst_year, worst_rate : share of
        loans under contract charged off in the worst of `years`, None where none is known. reasons : why they
        differ.
    """

    confidence: float
    expected_loss: float
    var: float
    correlation: float
    least: float | None
    most: float | None
    rwa: float
    capital: float
    worst_year: int | None
    worst_rate: float | None
    years: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class LossResult(ModelResult):
    """The loss distribution over `months`, book currency, net of guarantees; `gross` is before them.

    unexpected_loss = var - expected_loss. var is the quantile at `confidence` of total loss, es the mean
    beyond it.
    model : what makes losses move together. assumptions : its inputs, in words. curve : loss by probability
        of exceeding it.
    """

    SCHEMA: ClassVar[str] = "loantwin.loss/1"

    as_of: date
    currency: str
    months: int
    confidence: float
    paths: int
    expected_loss: Estimate
    standard_deviation: Estimate
    unexpected_loss: Estimate
    var: Estimate
    es: Estimate
    gross: GrossLoss
    rules: tuple[str, ...]
    not_observable: tuple[str, ...] = ()
    model: str = "twin"
    assumptions: tuple[str, ...] = ()
    by_segment: Mapping[str, SegmentLoss] = field(default_factory=dict)
    top_names: tuple[TopName, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    histogram: Histogram | None = None
    supervisory: Supervisory | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


def name_factors(number: Floats, exposed: float, variation: float, generator: np.random.Generator) -> Floats:
    """Return (P,) factors of mean 1 that turn a group's conditional expected loss into a simulated loss.

    Parameters
    ----------
    number : (P,) expected number of defaults. exposed : number of loans, infinity for a Poisson number.
    variation : coefficient of variation of the loss of one default.

    Notes
    -----
    A sum of n independent gamma losses of shape k is gamma of shape n k: one draw a path, whatever the
    number.
    """
    check.within(0, number=number)
    check.unbounded(0, exposed=exposed)
    check.number(0, variation=variation)
    check.kind(np.random.Generator, generator=generator)
    check.shaped((None,), number=number)
    drawn = _numbers(number, exposed, generator).astype(np.float64)
    if variation > 0:
        drawn = variation**2 * generator.standard_gamma(drawn / variation**2)
    return np.divide(drawn, number, out=np.zeros_like(number), where=number > 0)


def _numbers(number: Floats, exposed: float, generator: np.random.Generator) -> Integers:
    whole = np.ceil(
        exposed - 1e-9
    )  # rows that stand for a share of a loan: more trials of a lower probability
    if np.isfinite(whole) and whole > 0:
        return np.asarray(generator.binomial(int(whole), np.minimum(number / whole, 1.0)))
    return np.asarray(generator.poisson(number))


def simulated(losses: ConditionalLosses, seed: int) -> tuple[Floats, Floats]:
    """Return each path's total loss with name noise, net and gross, (P,) each; one stream a group."""
    check.kind(ConditionalLosses, losses=losses)
    check.count(0, seed=seed)
    net, gross, _ = simulated_parts(losses, seed)
    return net, gross


def simulated_parts(losses: ConditionalLosses, seed: int) -> tuple[Floats, Floats, Floats | None]:
    """Return net and gross totals (P,), and each part's net loss (P, G) expected given path and groups.

    Within a group loans are alike: what it loses on a path is made by its parts as they share its expected
    loss.
    """
    check.kind(ConditionalLosses, losses=losses)
    losses.check()
    check.count(0, seed=seed)
    net, gross = np.zeros(len(losses.number)), np.zeros(len(losses.number))
    parts = None if losses.net_share is None else np.zeros((len(losses.number), losses.net_share.shape[2]))
    for group in range(losses.number.shape[1]):
        generator = random_of(seed, Stream.LOSSES, place=group)
        number = np.ascontiguousarray(losses.number[:, group])
        factor = name_factors(number, float(losses.exposed[group]), float(losses.variation[group]), generator)
        own = losses.net[:, group] * factor
        net += own
        gross += losses.gross[:, group] * factor
        if parts is not None and losses.net_share is not None:
            parts += own[:, None] * losses.net_share[:, group]
    return np.minimum(net, losses.largest[0]), np.minimum(gross, losses.largest[1]), parts


def name_variance(losses: ConditionalLosses, amount: Floats) -> Floats:
    """Return each path's variance of total loss, (P,); `amount` is `losses.net` or `losses.gross`."""
    check.kind(ConditionalLosses, losses=losses)
    losses.check()
    check.within(0, amount=amount)
    check.shaped(losses.number.shape, amount=amount)
    whole = np.ceil(losses.exposed - 1e-9)
    inverse = np.divide(1.0, losses.number, out=np.zeros_like(losses.number), where=losses.number > 0)
    trials = np.divide(1.0, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.asarray((amount**2 * (inverse * (1 + losses.variation**2) - trials)).sum(axis=1))


def loss(
    as_of: date,
    currency: str,
    losses: ConditionalLosses,
    months: int,
    confidence: float,
    seed: int,
    not_observable: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
    segments: tuple[str, ...] = (),
    assumptions: tuple[str, ...] = (),
) -> LossResult:
    """Return the loss distribution's figures with their standard errors.

    Parameters
    ----------
    segments : names of the parts that `losses` keeps the shares of, for `by_segment`.

    Raises
    ------
    RiskError : a confidence that the number of paths cannot support, or conditional losses that contradict
        themselves.
    """
    check.kind(date, as_of=as_of)
    check.word(currency=currency)
    check.kind(ConditionalLosses, losses=losses)
    check.count(1, months=months)
    check.level(confidence=confidence)
    check.count(0, seed=seed)
    check.words(not_observable=not_observable, segments=segments, assumptions=assumptions)
    check.kind(Mapping, **check.given(provenance=provenance))
    tail.check_support(len(losses.number), confidence)
    losses.check()
    net, gross, parts = simulated_parts(losses, seed)
    figures = {
        "net": _figures(losses, losses.net, net, confidence),
        "gross": _figures(losses, losses.gross, gross, confidence),
    }
    own = figures["net"]
    return LossResult(
        as_of=as_of,
        currency=currency,
        months=months,
        confidence=confidence,
        paths=len(net),
        expected_loss=own.expected_loss,
        standard_deviation=own.standard_deviation,
        unexpected_loss=own.unexpected_loss,
        var=own.var,
        es=own.es,
        gross=figures["gross"],
        rules=RULES,
        not_observable=not_observable,
        assumptions=assumptions,
        by_segment={} if parts is None else _by_segment(losses, parts, net, own, confidence, segments),
        curve=curve_of(net),
        histogram=histogram_of(net, own.var.value),
        provenance=dict(provenance or {}),
    )


def histogram_of(net: Floats, quantile: float) -> Histogram:
    """Return how losses (P,) lie, in equal bins from 0 to just beyond their 99.95th percentile."""
    check.finite(net=net)
    check.number(quantile=quantile)
    check.shaped((None,), net=net)
    top = max(float(np.quantile(net, 0.9995)), quantile, 1e-300) * 1.05
    counts, edges = np.histogram(net[net <= top], bins=BINS, range=(min(0.0, float(net.min())), top))
    return Histogram(tuple(edges.tolist()), tuple((counts / len(net)).tolist()))


def _by_segment(
    losses: ConditionalLosses,
    parts: Floats,
    net: Floats,
    own: GrossLoss,
    confidence: float,
    segments: tuple[str, ...],
) -> dict[str, SegmentLoss]:
    """Return Euler contributions by expectation over paths, and what leaving a segment out saves."""
    shared = (
        np.zeros(parts.shape[1])
        if losses.net_share is None
        else np.einsum("pc,pcg->g", losses.net, losses.net_share)
    )
    whole = float(shared.sum())
    mean = shared * (own.expected_loss.value / whole) if whole > 0 else shared
    at = tail.quantile_shares(net, parts, confidence)
    beyond = tail.shortfall_shares(net, parts, confidence)
    made = {}
    for place, name in enumerate(segments):
        rest = np.maximum(net - parts[:, place], 0.0)
        made[name] = SegmentLoss(
            expected_loss=float(mean[place]),
            var=float(at[place]),
            es=float(beyond[place]),
            marginal_var=own.var.value - tail.value_at_risk(rest, confidence).value,
            marginal_es=own.es.value - tail.expected_shortfall(rest, confidence).value,
        )
    return made


def curve_of(losses: Floats, weight: Floats | None = None) -> tuple[CurvePoint, ...]:
    """Return the chance of exceeding a loss at up to `CURVE` losses, from paths (P,) of mean weight 1."""
    check.finite(losses=losses)
    check.within(0, **check.given(weight=weight))
    check.shaped((None,), losses=losses)
    check.shaped(losses.shape, **check.given(weight=weight))
    order = np.argsort(losses)[::-1]
    share = np.ones(len(losses)) if weight is None else weight[order]
    above = np.minimum(np.cumsum(share) / len(losses), 1.0)
    wanted = np.unique(
        np.concatenate([np.linspace(0.0, 1.0, CURVE // 2 + 1)[1:], np.geomspace(1e-6, 1.0, CURVE // 2)])
    )
    place = np.minimum(np.searchsorted(above, wanted), len(losses) - 1)
    found = {float(losses[order[i]]): float(above[i]) for i in place}
    return tuple(CurvePoint(loss, probability) for loss, probability in sorted(found.items()))


def _figures(
    losses: ConditionalLosses, amount: Floats, simulated_total: Floats, confidence: float
) -> GrossLoss:
    conditional = amount.sum(axis=1)
    expectation = tail.mean(conditional)
    var = tail.value_at_risk(simulated_total, confidence)
    return GrossLoss(
        expected_loss=expectation,
        standard_deviation=tail.standard_deviation(conditional, name_variance(losses, amount)),
        unexpected_loss=tail.unexpected_loss(var, expectation, simulated_total, conditional, confidence),
        var=var,
        es=tail.expected_shortfall(simulated_total, confidence),
    )
