"""Expected credit loss under CECL (ASC 326-20): lifetime by pool, reverting to historical rates by age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, ClassVar, Literal

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.config import Config
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters, shocks, transition_rows
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import (
    Exposures,
    Part,
    ScenarioAllowance,
    amounts,
    checked_weights,
    parts,
    totals,
)
from loantwin.risk.provisions.cecl_methods import MethodAllowance
from loantwin.risk.provisions.overlays import Overlay, OverlayEffect, overlay_effects
from loantwin.risk.provisions.written_off import POOL, ExpectedRecoveries
from loantwin.types import ModelResult

INDIVIDUAL = "individually assessed"

RULES = (
    "expected loss over the contractual life, prepayment considered, no extension assumed (ASC 326-20-30-6)",
    "loans that share risk characteristics are measured in pools (326-20-30-2); loans in default one by "
    "one: exposure x loss given default still to come",
    "beyond the reasonable and supportable period each pool moves at its historical loss rate by age "
    "(326-20-30-9)",
    "allowance is net of guarantees that are not free-standing contracts (326-20-30-12); allowance_gross "
    "is before them",
    "recoveries expected of amounts written off are deducted, at most what is written off (326-20-30-1): an "
    "allowance may be negative",
)
"""How the figures are made, printed with every result."""


@dataclass(frozen=True)
class Reversion:
    """How inputs revert after the supported period: at once, or in a straight line over `months`.

    `discounted` : false for a loss-rate method on amortised cost; true where losses are present values at the
    effective interest rate (326-20-30-4).
    """

    supported_months: int = 24
    form: Literal["at_once", "straight_line"] = "straight_line"
    months: int = 12
    discounted: bool = False


def reversion_of(config: Config) -> Reversion:
    """Return the reversion that the configuration asks for."""
    check.kind(Config, config=config)
    form: Literal["at_once", "straight_line"] = (
        "at_once" if config.cecl.reversion_form == "at_once" else "straight_line"
    )
    return Reversion(
        config.macro.supported_months, form, config.cecl.reversion_months, config.cecl.discounted
    )


@dataclass(frozen=True)
class CeclResult(ModelResult):
    """The allowance of a book under CECL. Money in the book's currency; names as in the command's JSON.

    allowance and what breaks it down : PD x LGD as modelled. methods : other methods on the same book, those
    asked for, without recoveries of what is written off. overlays stand apart: `overlay_total` is what they
    add, `allowance_with_overlays` the sum. written_off : what is expected of amounts written off, inside the
    allowance and a pool of its own; None where there are none.
    """

    SCHEMA: ClassVar[str] = "loantwin.provisions/1"

    standard: str
    as_of: date
    currency: str
    exposure: float
    allowance: float
    allowance_gross: float
    by_pool: Mapping[str, Part]
    by_scenario: Mapping[str, ScenarioAllowance]
    settings: Mapping[str, int | str | bool]
    rules: tuple[str, ...]
    not_observable: tuple[str, ...]
    overlays: tuple[OverlayEffect, ...]
    overlay_total: float
    allowance_with_overlays: float
    methods: Mapping[str, MethodAllowance] = field(default_factory=dict)
    written_off: ExpectedRecoveries | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


def reverted_shocks(scenario: Floats, historical: Floats, months: int, reversion: Reversion) -> Floats:
    """Return the odds' month part over `months`, (months, R): the scenario's, then the historical level.

    Parameters
    ----------
    scenario : (T, R) month part of the odds under the scenario, T at least the supported months.
    historical : (R,) its historical level (`historical_shocks`); with the age curve it is the historical rate
        by age.

    Notes
    -----
    A straight line starts at the last supported month and has reached the historical level `reversion.months`
    later.

    Raises
    ------
    RiskError : a scenario shorter than the supported months, or none supported.
    """
    check.finite(scenario=scenario, historical=historical)
    check.count(1, months=months)
    check.kind(Reversion, reversion=reversion)
    check.shaped((None, None), scenario=scenario)
    check.shaped(scenario.shape[1:], historical=historical)
    kept = min(reversion.supported_months, months)
    if len(scenario) < kept or kept < 1:
        raise RiskError(
            expected(f"a scenario of at least {max(kept, 1)} months", len(scenario)), field="supported_months"
        )
    step = np.arange(1, months - kept + 1)
    span = reversion.months if reversion.form == "straight_line" else 1
    share = (
        np.minimum(step / max(span, 1), 1.0)[:, None]
        if reversion.form == "straight_line"
        else np.ones((len(step), 1))
    )
    tail = (1 - share) * scenario[kept - 1] + share * historical
    return np.concatenate([scenario[:kept], tail])


def historical_shocks(
    parameters: TransitionParameters, macro: Floats | None = None, latent: Floats | None = None
) -> Floats:
    """Return the historical level of the month part of the odds, (R,).

    Parameters
    ----------
    macro : (H, F) covariates of the months the model was fitted on; None takes their mean, 0 after
        standardising.
    latent : (H, L) fitted period effects of the same months; None takes none.

    Notes
    -----
    With a history the level is the mean of the odds over it, so that a loan performing at every age
    reproduces the average rate; a mean of the log-odds would lie below it.
    """
    check.kind(TransitionParameters, parameters=parameters)
    check.finite(**check.given(macro=macro, latent=latent))
    if macro is None and latent is None:
        return np.ones(len(parameters.origin))
    size = len(macro) if macro is not None else len(latent) if latent is not None else 0
    used_macro = np.zeros((size, len(parameters.factors))) if macro is None else macro
    used_latent = np.zeros((size, len(parameters.latents))) if latent is None else latent
    # Trap: the mean of log-odds. The odds of the mean month lie below the mean of the months' odds.
    return np.asarray(shocks(parameters, used_macro, used_latent).mean(axis=0))


def historical_loss_rates(
    parameters: TransitionParameters,
    lgd: LossGivenDefault,
    macro: Floats | None = None,
    latent: Floats | None = None,
) -> Floats:
    """Return the historical monthly loss rate by age of a performing loan, (G, A), decimal of exposure.

    The probability of default in the month of that age x loss given default net of cures, before guarantees.
    """
    check.kind(TransitionParameters, parameters=parameters)
    check.kind(LossGivenDefault, lgd=lgd)
    check.finite(**check.given(macro=macro, latent=latent))
    base = historical_shocks(parameters, macro, latent)
    plain = transition_rows(
        parameters, np.zeros((1, len(parameters.factors))), np.zeros((1, len(parameters.latents)))
    )[0]
    stay = plain[:, :, 0, 0]
    leaving = [edge for edge, start in enumerate(parameters.origin) if start == 0]
    odds = {edge: plain[:, :, 0, parameters.target[edge]] / stay * base[edge] for edge in leaving}
    whole = 1 + sum(odds.values())
    default = sum(
        (odds[edge] for edge in leaving if parameters.target[edge] == parameters.default_state),
        np.zeros_like(stay),
    )
    share = lgd.charged_off - lgd.recovered
    ages = default.shape[1]
    columns = np.minimum(np.arange(ages), share.shape[1] - 1)
    return np.asarray(default / whole * share[:, columns])


@dataclass(frozen=True)
class PoolLosses:
    """What CECL reads of N loans under K scenarios, before guarantees, of one loan.

    lifetime : (N, K) expected loss over the remaining contractual life. defaulted : (N,) loss still to come
        of a loan in default, read where `in_default`. pool : (N,) index into the pool names.
    """

    lifetime: Floats
    defaulted: Floats
    in_default: Flags
    pool: Integers


def cecl(
    as_of: date,
    currency: str,
    exposures: Exposures,
    losses: PoolLosses,
    pools: tuple[str, ...],
    weights: Mapping[str, float],
    reversion: Reversion,
    not_observable: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
    overlays: tuple[Overlay, ...] = (),
    methods: Mapping[str, MethodAllowance] | None = None,
    written_off: ExpectedRecoveries | None = None,
) -> CeclResult:
    """Return the allowance of the book by pool.

    Raises
    ------
    RiskError : weights that do not sum to 1, a negative or non-finite amount, a pool index outside `pools`.
    """
    check.kind(date, as_of=as_of)
    check.word(currency=currency)
    check.kind(Exposures, exposures=exposures)
    check.kind(PoolLosses, losses=losses)
    check.words(pools=pools, not_observable=not_observable)
    check.kind(Mapping, weights=weights)
    check.kind(Reversion, reversion=reversion)
    check.kind(Mapping, **check.given(provenance=provenance, methods=methods))
    check.each(Overlay, overlays=overlays)
    check.kind(ExpectedRecoveries, **check.given(written_off=written_off))
    probability = checked_weights(weights)
    exposures.check()
    loans = len(exposures.exposure)
    amounts(losses.lifetime, "lifetime", (loans, len(probability)))
    amounts(losses.defaulted, "defaulted", (loans,))
    if losses.pool.shape != (loans,) or ((losses.pool < 0) | (losses.pool >= len(pools))).any():
        raise RiskError(
            expected(f"{loans} pool indices from 0 to {len(pools) - 1}", "something else"), field="pool"
        )
    by_scenario = np.where(losses.in_default[:, None], losses.defaulted[:, None], losses.lifetime)
    gross = by_scenario @ probability
    kept = 1 - exposures.guaranteed
    codes = np.where(losses.in_default, len(pools), losses.pool).astype(np.int64)
    found = parts(codes, (*pools, INDIVIDUAL), exposures, gross * kept, gross)
    figures = [
        exposures.exposure * exposures.weight,
        gross * kept * exposures.weight,
        gross * exposures.weight,
    ]
    sums = [figure[0] for figure in totals([*figures, *(by_scenario.T * (kept * exposures.weight))])]
    effects, _ = overlay_effects(
        overlays, as_of, figures[1], figures[0], losses.pool, pools, codes, (*pools, INDIVIDUAL)
    )
    added = sum(effect.amount for effect in effects)
    by_pool = {name: part for name, part in found.items() if part.loans}
    back = back_gross = 0.0
    if written_off is not None and written_off.expected > 0.0:
        back, back_gross = written_off.net, written_off.expected
        by_pool[POOL] = Part(written_off.loans, 0.0, 0.0, -back, -back_gross)
    return CeclResult(
        standard="cecl",
        as_of=as_of,
        currency=currency,
        exposure=sums[0],
        allowance=sums[1] - back,
        allowance_gross=sums[2] - back_gross,
        by_pool=by_pool,
        by_scenario={
            name: ScenarioAllowance(weight, sums[3 + k] - back)
            for k, (name, weight) in enumerate(weights.items())
        },
        settings=asdict(reversion),
        rules=RULES,
        not_observable=not_observable,
        overlays=effects,
        overlay_total=added,
        allowance_with_overlays=sums[1] - back + added,
        methods=dict(methods or {}),
        written_off=written_off,
        provenance=dict(provenance or {}),
    )
