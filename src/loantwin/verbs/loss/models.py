"""Models of portfolio losses by name: functions of inputs and settings with the twin's own kind of result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import UsageError, expected
from loantwin.registry import Registry
from loantwin.risk.loss.copula.distribution import CopulaLoss, SegmentLosses, copula_loss
from loantwin.risk.loss.copula.factors import obligors
from loantwin.risk.loss.copula.figures import quantile
from loantwin.risk.loss.creditrisk_plus import CreditRiskPlus, credit_risk_plus
from loantwin.risk.loss.loss import CurvePoint, GrossLoss, LossResult, SegmentLoss, curve_of
from loantwin.types import Estimate
from loantwin.verbs.loss.dependence import copula_errors, factors
from loantwin.verbs.loss.drawn_error import (
    SEVERITY_SPREAD,
    gamma_reader,
    relative_errors,
    with_drawn_error,
)
from loantwin.verbs.loss.inputs import LossInputs
from loantwin.verbs.loss.migration import migration
from loantwin.verbs.loss.settings import RULES, LossSettings
from loantwin.verbs.loss.top_names import top_names

CURVE = 160


LossModel = Callable[[LossInputs, LossSettings], LossResult]
"""A model of portfolio losses."""


def gaussian(inputs: LossInputs, settings: LossSettings) -> LossResult:
    """Return losses under a Gaussian copula of sector factors."""
    return _copula("gaussian", inputs, settings, None)


def student(inputs: LossInputs, settings: LossSettings) -> LossResult:
    """Return losses under a t copula: the same factors, divided by one common shock."""
    return _copula("t", inputs, settings, settings.degrees_of_freedom)


def _copula(name: str, inputs: LossInputs, settings: LossSettings, degrees: float | None) -> LossResult:
    model, words = factors(inputs, settings, degrees)
    loans = inputs.loans
    books = [
        obligors(
            model, loans.exposure * share, loans.pd, loans.lgd, loans.sector, loans.segment, inputs.segments
        )
        for share in (loans.net, np.ones(len(loans.net)))
    ]
    made = copula_loss(books[0], model, settings.confidence, paths=settings.paths, seed=settings.seed)
    gross = made
    if (loans.net < 1).any():
        gross = copula_loss(
            books[1], model, settings.confidence, paths=settings.paths, seed=settings.seed, allocate=False
        )
    drawn = copula_errors(inputs, settings, degrees)
    single = {"normal": "as a normal around the conditional mean", "names": "loan by loan"}[made.method]
    notes = (
        *words,
        f"single names {single}; {settings.paths:,} paths, most of them shifted to large losses",
        *made.notes,
    )
    rule = "given the factors defaults are independent; each loan's PD over the horizon is the twin's"
    shares = np.zeros(0) if made.loan_es is None else made.loan_es
    parts = {} if made.segments is None else _by_segment(made.segments)
    net, whole = (with_drawn_error(_own(one), drawn) for one in (made, gross))
    return _result(
        name,
        inputs,
        settings,
        net,
        whole,
        parts,
        shares,
        curve_of_sample(made),
        (rule,),
        notes,
    )


def _own(made: CopulaLoss) -> GrossLoss:
    return GrossLoss(made.expected_loss, made.standard_deviation, made.unexpected_loss, made.var, made.es)


def _by_segment(found: SegmentLosses) -> dict[str, SegmentLoss]:
    return {
        name: SegmentLoss(*(_known(getattr(found, figure)[place]) for figure in FIGURES))  # type: ignore[arg-type]
        for place, name in enumerate(found.names)
    }


FIGURES = ("expected", "var", "es", "stand_alone_var", "stand_alone_es", "marginal_var", "marginal_es")


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def curve_of_sample(made: CopulaLoss) -> tuple[CurvePoint, ...]:
    """Return a copula's loss curve, names' noise as normals of its own where it is not simulated."""
    sample = made.sample
    if not (sample.deviation > 0).any():
        return curve_of(sample.mean, sample.weight)
    shares = np.concatenate(
        [np.geomspace(max(1e-5, (1 - made.confidence) / 20), 0.05, 24), np.linspace(0.06, 0.995, 36)]
    )
    return tuple(CurvePoint(quantile(sample, float(share)), float(share)) for share in shares[::-1])


def plus(inputs: LossInputs, settings: LossSettings) -> LossResult:
    """Return losses under CreditRisk+: Poisson defaults at gamma rates, exact.

    Raises
    ------
    UsageError : an asset correlation: the volatilities come from the paths.
    """
    loans = inputs.loans
    if settings.correlation not in ("implied", "latent"):
        raise UsageError(
            expected(
                "implied or latent for credit-risk-plus, whose volatilities come from the paths",
                settings.correlation,
            ),
            field="correlation",
        )
    # severity as no loss or the most: mean and variance as in the other models, by thinning defaults
    most = loans.lgd + SEVERITY_SPREAD * (1 - loans.lgd)
    rate = loans.pd * loans.lgd / most
    ratio = np.divide(
        inputs.implied.volatility,
        inputs.implied.mean,
        out=np.zeros(len(inputs.sectors)),
        where=inputs.implied.mean > 0,
    )
    sector = None if settings.one_sector or len(inputs.sectors) == 1 else loans.sector
    made, gross = (
        credit_risk_plus(loans.exposure * most * share, rate, rate * ratio[loans.sector], sector)
        for share in (loans.net, 1.0)
    )
    words = (
        *inputs.notes,
        "one gamma factor for the whole book" if sector is None else "one independent gamma factor a sector",
        f"loss unit {made.loss_unit:,.4g}; no simulation: standard errors are those of the inputs' paths",
    )
    shares = made.shortfall_contributions(settings.confidence)
    at = made.quantile_contributions(settings.confidence)
    parts = {
        name: _plus_segment(inputs, place, rate * loans.exposure * most * loans.net, at, shares)
        for place, name in enumerate(inputs.segments)
    }
    read = gamma_reader(inputs, sector is None, settings.seed)
    drawn = relative_errors(inputs, loans.net, settings.confidence, read)
    rule = "given the gamma factors defaults are Poisson; a loan's rate over the horizon is the twin's PD"
    net, whole = (with_drawn_error(_plus_figures(one, settings), drawn) for one in (made, gross))
    return _result(
        "credit-risk-plus", inputs, settings, net, whole, parts, shares, _plus_curve(made), (rule,), words,
    )  # fmt: skip


def _plus_segment(inputs: LossInputs, place: int, loss: Floats, at: Floats, shares: Floats) -> SegmentLoss:
    mine = inputs.loans.segment == place
    return SegmentLoss(math.fsum(loss[mine]), math.fsum(at[mine]), math.fsum(shares[mine]))


def _plus_figures(made: CreditRiskPlus, settings: LossSettings) -> GrossLoss:
    var = made.quantile(settings.confidence)
    return GrossLoss(
        Estimate(made.expected_loss, 0.0),
        Estimate(made.standard_deviation, 0.0),
        Estimate(var - made.expected_loss, 0.0),
        Estimate(var, 0.0),
        Estimate(made.expected_shortfall(settings.confidence), 0.0),
    )


def _plus_curve(made: CreditRiskPlus) -> tuple[CurvePoint, ...]:
    above = 1 - np.cumsum(made.probabilities)
    wanted = np.concatenate([np.linspace(0.999, 0.06, CURVE // 2), np.geomspace(0.05, 1e-6, CURVE // 2)])
    place = np.unique([int(np.argmax(above <= share)) for share in wanted])
    return tuple(CurvePoint(float(made.losses[i]), float(max(above[i], 0.0))) for i in place)


def _result(
    name: str, inputs: LossInputs, settings: LossSettings, own: GrossLoss, gross: GrossLoss,
    parts: Mapping[str, SegmentLoss], shares: Floats, curve: tuple[CurvePoint, ...], rules: tuple[str, ...],
    assumptions: tuple[str, ...],
) -> LossResult:  # fmt: skip
    return LossResult(
        as_of=inputs.as_of,
        currency=inputs.currency,
        months=inputs.months,
        confidence=settings.confidence,
        paths=0 if name == "credit-risk-plus" else settings.paths,
        expected_loss=own.expected_loss,
        standard_deviation=own.standard_deviation,
        unexpected_loss=own.unexpected_loss,
        var=own.var,
        es=own.es,
        gross=gross,
        rules=(*RULES, *rules),
        not_observable=settings.not_observable,
        model=name,
        assumptions=assumptions,
        by_segment=dict(parts),
        top_names=top_names(inputs, shares),
        curve=curve,
        provenance=dict(settings.provenance or {}),
    )


TWIN, ALL = "twin", "all"
"""The twin's own paths, and every built-in model side by side."""

MODELS: Registry[LossModel] = Registry(
    "loss model",
    "loantwin.losses",
    {"gaussian": gaussian, "t": student, "credit-risk-plus": plus, "migration": migration},
    also=(TWIN, ALL),
)
"""Models beside the twin's own paths, by the name of `--model`."""


def losses_under(name: str, inputs: LossInputs, settings: LossSettings) -> LossResult:
    """Return the losses under a model.

    Raises
    ------
    UsageError : an unknown model, or one that answers with something else than losses.
    """
    return _checked(MODELS.named(name, field="model")(inputs, settings), name)


def _checked(made: object, name: str) -> LossResult:
    if not isinstance(made, LossResult):
        raise UsageError(expected(f"a LossResult from loss model {name}", type(made).__name__), field="model")
    return made
