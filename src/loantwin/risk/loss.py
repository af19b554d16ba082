"""The loss distribution: macro and latent paths give conditional losses by group, single names the noise around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loantwin.errors import RiskError, expected
from loantwin.risk import tail
from loantwin.risk.allowance import amounts
from loantwin.streams import Stream
from loantwin.streams import generator as random_of
from loantwin.types import Estimate, Result

Floats = NDArray[np.float64]

RULES = (
    "loss = present value of first defaults within the horizon x loss given default, net of guarantees",
    "given a path, the number of defaults of a group is binomial (Poisson where the number of loans is unknown) and a "
    "default's loss is gamma with the group's mean and variance",
    "expected loss and standard deviation come from the conditional moments, without simulation noise of single names",
)


@dataclass(frozen=True)
class ConditionalLosses:
    """What P paths of macro and latent make of C groups of loans over the horizon.

    number : (P, C) expected number of first defaults. net, gross : (P, C) expected present value of their losses, after
    and before guarantees, book currency, >= 0. variation : (C,) coefficient of variation of the loss of one default
    (size and severity). exposed : (C,) number of loans, infinity for a Poisson number.
    """

    number: Floats
    net: Floats
    gross: Floats
    variation: Floats
    exposed: Floats

    def check(self) -> None:
        """Raise RiskError on shapes that do not fit, NaN, negative amounts, or more defaults than loans."""
        paths, groups = self.number.shape
        for name in ("number", "net", "gross"):
            amounts(getattr(self, name), name, (paths, groups))
        amounts(self.variation, "variation", (groups,))
        if self.exposed.shape != (groups,) or np.isnan(self.exposed).any() or (self.exposed < 0).any():
            raise RiskError(expected(f"{groups} numbers of loans of at least 0", "something else"), field="exposed")
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
class LossResult(Result):
    """The loss distribution of the book over `months`, book currency, net of guarantees; `gross` is before them.

    unexpected_loss = var - expected_loss. var is the quantile at `confidence` of total loss, es the mean beyond it.
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
    provenance: Mapping[str, Any] = field(default_factory=dict)


def name_factors(number: Floats, exposed: float, variation: float, generator: np.random.Generator) -> Floats:
    """Return (P,) factors of mean 1 that turn a group's conditional expected loss into a simulated loss.

    Parameters
    ----------
    number : (P,) expected number of defaults. exposed : number of loans, infinity for a Poisson number.
    variation : coefficient of variation of the loss of one default.

    Notes
    -----
    A sum of n independent gamma losses of shape k is gamma of shape n k: one draw a path, whatever the number.
    """
    drawn = _numbers(number, exposed, generator).astype(np.float64)
    if variation > 0:
        drawn = variation**2 * generator.standard_gamma(drawn / variation**2)
    return np.divide(drawn, number, out=np.zeros_like(number), where=number > 0)


def _numbers(number: Floats, exposed: float, generator: np.random.Generator) -> NDArray[np.int64]:
    whole = np.ceil(exposed - 1e-9)  # rows that stand for a share of a loan: more trials of a lower probability
    if np.isfinite(whole) and whole > 0:
        return np.asarray(generator.binomial(int(whole), np.minimum(number / whole, 1.0)))
    return np.asarray(generator.poisson(number))


def simulated(losses: ConditionalLosses, seed: int) -> tuple[Floats, Floats]:
    """Return the total loss of each path with single-name noise, net and gross, (P,) each; one stream a group."""
    net, gross = np.zeros(len(losses.number)), np.zeros(len(losses.number))
    for group in range(losses.number.shape[1]):
        generator = random_of(seed, Stream.LOSSES, place=group)
        number = np.ascontiguousarray(losses.number[:, group])
        factor = name_factors(number, float(losses.exposed[group]), float(losses.variation[group]), generator)
        net += losses.net[:, group] * factor
        gross += losses.gross[:, group] * factor
    return net, gross


def name_variance(losses: ConditionalLosses, amount: Floats) -> Floats:
    """Return the variance of each path's total loss given the path, (P,); `amount` is `losses.net` or `losses.gross`."""
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
) -> LossResult:
    """Return the loss distribution's figures with their standard errors.

    Raises
    ------
    RiskError : a confidence that the number of paths cannot support, or conditional losses that contradict themselves.
    """
    tail.check_support(len(losses.number), confidence)
    losses.check()
    net, gross = simulated(losses, seed)
    figures = {"net": _figures(losses, losses.net, net, confidence), "gross": _figures(losses, losses.gross, gross, confidence)}
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
        provenance=dict(provenance or {}),
    )


def _figures(losses: ConditionalLosses, amount: Floats, simulated_total: Floats, confidence: float) -> GrossLoss:
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
