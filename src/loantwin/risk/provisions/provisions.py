"""The allowance of a book under a named standard: joins model, loans, their standing and scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats
from loantwin.config import Config
from loantwin.errors import RiskError, expected
from loantwin.registry import Registry
from loantwin.risk.allowance import checked_weights, totals
from loantwin.risk.provisions.cecl import (
    CeclResult,
    PoolLosses,
    Reversion,
    cecl,
    reversion_of,
    reverted_shocks,
)
from loantwin.risk.provisions.cecl_methods import (
    METHODS,
    LossHistory,
    MethodAllowance,
    PooledBook,
    by_loan,
    roll_rate,
    vintage,
    warm,
)
from loantwin.risk.provisions.five_level import AssetFacts, FiveLevelResult, five_level, load_rules
from loantwin.risk.provisions.ifrs9 import Further, Ifrs9Result, StagedLosses, ifrs9
from loantwin.risk.provisions.measurement import (
    Portfolio,
    WeightedScenario,
    expected_losses,
    exposures,
    lifetime_months,
    long_run_shocks,
    loss_in_default,
    origination_pd,
    part_of,
    pool_codes,
    pool_names,
    remaining_balances,
)
from loantwin.risk.provisions.modification import Modifications
from loantwin.risk.provisions.overlays import Overlay
from loantwin.risk.provisions.pooled import PooledAllowance
from loantwin.risk.provisions.recognition import RecognitionFacts, recognised_pd
from loantwin.risk.provisions.revolving import Commitments, behavioural
from loantwin.risk.provisions.stages import CreditRisk, Stages, stages
from loantwin.risk.provisions.written_off import WrittenOff, expected_recoveries
from loantwin.types import Progress, silent, stretch

__all__ = [
    "STANDARDS",
    "Portfolio",
    "WeightedScenario",
    "expected_losses",
    "exposures",
    "lifetime_months",
    "long_run_shocks",
    "loss_in_default",
    "origination_pd",
    "provisions",
]

Provision = Ifrs9Result | CeclResult | FiveLevelResult | PooledAllowance
"""What a standard answers: one of the built-in results, or a `PooledAllowance` and what is made of it."""


NO_DEBTOR = (
    "debtor: loans are retail, or the source names no borrower: each is judged by itself, no class follows "
    "its debtor's other loans"
)


@dataclass(frozen=True)
class BesideLoans:
    """What stands beside the loans: overlays, modifications, losses of POCI loans expected at recognition.

    history : what CECL's loss-rate methods read, and methods : those asked for.
    poci_expected : (N,) currency over the months now left, None where the source does not tell.
    written_off : loans whose recovery goes on, which CECL's allowance reads.
    reversion : CECL's, None takes the configuration's. provenance : passed on to the result.
    progress : is told the share of the measurement that is done.
    """

    overlays: tuple[Overlay, ...] = ()
    modifications: Modifications | None = None
    poci_expected: Floats | None = None
    methods: tuple[str, ...] = ()
    history: LossHistory | None = None
    written_off: WrittenOff | None = None
    reversion: Reversion | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress = silent


def provisions(
    standard: str,
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    *,
    reversion: Reversion | None = None,
    provenance: Mapping[str, Any] | None = None,
    beside: BesideLoans | None = None,
) -> Provision:
    """Return the allowance under `ifrs9`, `cecl`, `five-level` or an installed package's standard.

    Parameters
    ----------
    scenarios : weights sum to 1; see `WeightedScenario` for the months each standard needs.
    reversion : CECL's; None takes the configuration's.
    beside : overlays, modifications and what was expected of loans bought credit-impaired.

    Raises
    ------
    RiskError : an unknown standard, one that answers with something else than an allowance, weights that do
        not sum to 1, a name given twice, a scenario too short.
    ModelError : loans that do not fit the model.
    """
    check.kind(Portfolio, portfolio=portfolio)
    check.each(WeightedScenario, scenarios=scenarios)
    check.kind(Config, config=config)
    check.kind(Reversion, **check.given(reversion=reversion))
    check.kind(Mapping, **check.given(provenance=provenance))
    check.kind(BesideLoans, **check.given(beside=beside))
    measure = STANDARDS.named(standard, field="standard", error=RiskError)
    weights = {scenario.name: scenario.weight for scenario in scenarios}
    if len(weights) != len(scenarios):
        raise RiskError(expected("scenario names that differ", "one given twice"), field="scenario")
    checked_weights(weights)
    if len(portfolio.standing.days_past_due) != len(portfolio.columns.principal):
        raise RiskError(
            expected(
                f"the standing of {len(portfolio.columns.principal)} loans",
                len(portfolio.standing.days_past_due),
            ),
            field="standing",
        )
    asked = replace(beside or BesideLoans(), reversion=reversion, provenance=provenance or {})
    return _checked(measure(portfolio, scenarios, config, asked), standard)


@dataclass(frozen=True)
class Staged:
    """IFRS 9 losses and stages. pd : (N,) weighted lifetime PD now. origination : (N,) at recognition.

    recognition : where the latter comes from, None where the present model at its long-run level stands in.
    """

    losses: StagedLosses
    stages: Stages
    pd: Floats
    origination: Floats
    recognition: RecognitionFacts | None = None

    def __post_init__(self) -> None:
        check.finite(pd=self.pd, origination=self.origination)


def staged(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    progress: Progress = silent,
) -> Staged:
    """Return loans' losses by scenario and their stages; `portfolio` with behavioural lives."""
    check.kind(Portfolio, portfolio=portfolio)
    check.call(progress=progress)
    check.each(WeightedScenario, scenarios=scenarios)
    check.kind(Config, config=config)
    loss, pd = expected_losses(portfolio, scenarios, progress)
    now = pd[:, :, 1] @ np.array([scenario.weight for scenario in scenarios])
    found, risk, facts = stages_at(portfolio, now, config)
    if loss.size and loss.min() < 0.0:  # recoveries above what is charged off are no asset of a loan held
        loss = np.maximum(loss, 0.0)
        loss[:, :, 0] = np.minimum(loss[:, :, 0], loss[:, :, 1])
    losses = StagedLosses(loss[:, :, 0], loss[:, :, 1], np.maximum(loss_in_default(portfolio)[0], 0.0))
    return Staged(losses, found, risk.lifetime_pd, risk.origination_pd, facts)


def stages_at(
    portfolio: Portfolio, lifetime_pd: Floats, config: Config
) -> tuple[Stages, CreditRisk, RecognitionFacts | None]:
    """Return stages by weighted lifetime PDs now, (N,), the risk they are read from, and its recognition.

    portfolio : with behavioural lives, as `staged` has it.
    """
    check.kind(Portfolio, portfolio=portfolio)
    check.finite(lifetime_pd=lifetime_pd)
    check.kind(Config, config=config)
    check.shaped((len(portfolio.columns.principal),), lifetime_pd=lifetime_pd)
    state, facts = portfolio.standing, None
    if portfolio.recognised is None:
        then = np.minimum(origination_pd(portfolio), 1.0)
    else:
        then, facts = recognised_pd(portfolio.recognised, config.ifrs9.tape_origination_pd)
    lifetime = np.minimum(lifetime_pd, 1.0)  # rounding passes 1
    risk = CreditRisk(
        np.where(state.defaulted, 1.0, lifetime),
        then,
        state.days_past_due,
        state.defaulted,
        state.forborne,
        state.watch,
        state.months_since_default,
    )
    return stages(risk, config.ifrs9), risk, facts


def measured_lives(portfolio: Portfolio, config: Config) -> Portfolio:
    """Return the portfolio with the lives over which IFRS 9 measures: behavioural where lines have one."""
    check.kind(Portfolio, portfolio=portfolio)
    check.kind(Config, config=config)
    return replace(portfolio, columns=behavioural(portfolio.columns, config.ifrs9.behavioural_months))


def _ifrs9(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    beside: BesideLoans,
) -> Ifrs9Result:
    book, state = measured_lives(portfolio, config), portfolio.standing
    found = staged(book, scenarios, config, stretch(beside.progress, 0.0, 0.9))
    share, commitments = undrawn_share(book, scenarios, found.losses, config)
    further = Further(
        annual_rate=portfolio.columns.effective_annual_rate,
        undrawn_share=share,
        commitments=commitments,
        poci=state.credit_impaired_at_origination,
        poci_expected=beside.poci_expected,
        modifications=beside.modifications,
        overlays=beside.overlays,
        segment=pool_codes(portfolio),
        segments=pool_names(portfolio),
        recognition=found.recognition,
    )
    return ifrs9(
        portfolio.as_of,
        portfolio.currency,
        exposures(portfolio),
        found.losses,
        found.stages,
        {scenario.name: scenario.weight for scenario in scenarios},
        config.ifrs9,
        state.not_observable,
        () if state.delinquency else ("3",),
        beside.provenance,
        further,
    )


def undrawn_share(
    portfolio: Portfolio, scenarios: Sequence[WeightedScenario], losses: StagedLosses, config: Config
) -> tuple[Floats | None, Commitments]:
    """Return undrawn amounts' part of 12-month and lifetime loss, (N, 2) or None, and what is undrawn.

    Loss with the conversion factor less loss without it, of the loans that have something undrawn.
    """
    check.kind(Portfolio, portfolio=portfolio)
    check.each(WeightedScenario, scenarios=scenarios)
    check.kind(StagedLosses, losses=losses)
    check.kind(Config, config=config)
    columns, factor = portfolio.columns, portfolio.runoff.conversion_factor
    open_ = np.flatnonzero(columns.undrawn > 0.0)
    amount = totals([(columns.undrawn * columns.weight)[open_]])[0][0]
    made = Commitments(len(open_), amount, factor, 0.0, 0.0, config.ifrs9.behavioural_months)
    if not len(open_) or factor == 0.0:
        return None, made
    weights = np.array([scenario.weight for scenario in scenarios])
    drawn = replace(part_of(portfolio, open_), runoff=replace(portfolio.runoff, conversion_factor=0.0))
    alone, _ = expected_losses(drawn, scenarios)
    whole = np.stack([losses.twelve_month[open_] @ weights, losses.lifetime[open_] @ weights], axis=1)
    share = np.zeros((len(columns.principal), 2))
    part = whole - np.einsum("nkh,k->nh", alone, weights)
    share[open_] = np.clip(np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0.0), 0.0, 1.0)
    return share, made


def _cecl(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    beside: BesideLoans,
) -> CeclResult:
    used = reversion_of(config) if beside.reversion is None else beside.reversion
    months, base = lifetime_months(portfolio.columns), portfolio.historical
    given = [reverted(scenario, base, months, used) for scenario in scenarios]
    measure = portfolio if used.discounted else undiscounted(portfolio)
    twice = ("pd-lgd" if used.discounted else "dcf") in beside.methods
    own = stretch(beside.progress, 0.0, 0.5 if twice else 1.0)
    lifetime = expected_losses(measure, given, own)[0][:, :, 1]
    losses = PoolLosses(
        lifetime, loss_in_default(portfolio)[0], portfolio.standing.defaulted, pool_codes(portfolio)
    )
    return cecl(
        portfolio.as_of,
        portfolio.currency,
        exposures(portfolio),
        losses,
        pool_names(portfolio),
        {scenario.name: scenario.weight for scenario in scenarios},
        used,
        portfolio.standing.not_observable,
        beside.provenance,
        beside.overlays,
        _by_method(portfolio, given, losses, used, beside),
        None
        if beside.written_off is None
        else expected_recoveries(beside.written_off, portfolio.lgd, used.discounted),
    )


def _by_method(
    portfolio: Portfolio,
    reverted: Sequence[WeightedScenario],
    losses: PoolLosses,
    reversion: Reversion,
    beside: BesideLoans,
) -> dict[str, MethodAllowance]:
    """Return the allowance by each method asked for, in the order of `cecl_methods.METHODS`."""
    weights, made = np.array([scenario.weight for scenario in reverted]), {}
    individual = np.where(losses.in_default, losses.defaulted, 0.0)
    book = PooledBook(
        exposures(portfolio),
        losses.pool,
        pool_names(portfolio),
        losses.in_default,
        individual,
        portfolio.columns,
    )
    for method in (name for name in METHODS if name in beside.methods):
        if method in ("pd-lgd", "dcf"):
            as_asked = reversion.discounted == (method == "dcf")
            measure = portfolio if method == "dcf" else undiscounted(portfolio)
            if as_asked:
                lifetime = losses.lifetime
            else:
                own = stretch(beside.progress, 0.5, 1.0)
                lifetime = expected_losses(measure, reverted, own)[0][:, :, 1]
            made[method] = by_loan(method, book, lifetime @ weights)
        elif method == "warm":
            made[method] = warm(book, remaining_balances(portfolio), beside.history)
        else:
            made[method] = (
                vintage(book, beside.history) if method == "vintage" else roll_rate(book, beside.history)
            )
    return made


def undiscounted(portfolio: Portfolio) -> Portfolio:
    """Return the portfolio with effective rates of 0: losses are sums, not present values."""
    check.kind(Portfolio, portfolio=portfolio)
    rate = np.zeros_like(portfolio.columns.effective_annual_rate)
    return replace(portfolio, columns=replace(portfolio.columns, effective_annual_rate=rate))


def reverted(scenario: WeightedScenario, base: Floats, months: int, reversion: Reversion) -> WeightedScenario:
    """Return a scenario that reverts to the historical level `base`, (R,), over `months` (CECL)."""
    check.kind(WeightedScenario, scenario=scenario)
    check.finite(base=base)
    check.count(1, months=months)
    check.kind(Reversion, reversion=reversion)
    check.shaped(scenario.shocks.shape[2:], base=base)
    shocks = np.stack([reverted_shocks(path, base, months, reversion) for path in scenario.shocks])
    index = scenario.index_paths
    if (
        index is not None and index.shape[1] < months
    ):  # beyond its end a rate stays where the scenario left it
        index = np.concatenate([index, np.repeat(index[:, -1:], months - index.shape[1], axis=1)], axis=1)
    return replace(scenario, shocks=shocks, index_paths=index)


def ifrs9_gross(
    found: Staged,
    scenarios: Sequence[WeightedScenario],
    impaired: Flags | None = None,
    poci_expected: Floats | None = None,
) -> Floats:
    """Return each loan's IFRS 9 allowance at its stage, (N,) currency, before guarantees, of the loan itself.

    impaired : (N,) bought or made credit-impaired; poci_expected : (N,) as `BesideLoans` has it.
    """
    check.kind(Staged, found=found)
    check.each(WeightedScenario, scenarios=scenarios)
    check.truths(**check.given(impaired=impaired))
    check.finite(**check.given(poci_expected=poci_expected))
    losses, stage = found.losses, found.stages.stage
    check.shaped(stage.shape, **check.given(impaired=impaired, poci_expected=poci_expected))
    weights = np.array([item.weight for item in scenarios])
    life = losses.lifetime @ weights
    gross = np.where(stage == 3, losses.defaulted, np.where(stage == 1, losses.twelve_month @ weights, life))
    if impaired is None or not impaired.any():
        return np.asarray(gross)
    change = np.where(stage == 3, losses.defaulted, life) - (0.0 if poci_expected is None else poci_expected)
    return np.asarray(np.where(impaired, change, gross))


def _five_level(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    beside: BesideLoans,
) -> FiveLevelResult:
    found = staged(measured_lives(portfolio, config), scenarios, config, beside.progress)
    gross = ifrs9_gross(
        found, scenarios, portfolio.standing.credit_impaired_at_origination, beside.poci_expected
    )
    columns = portfolio.columns
    state, rules, facts = portfolio.standing, load_rules(), asset_facts(portfolio)
    return five_level(
        portfolio.as_of,
        portfolio.currency,
        exposures(portfolio),
        facts,
        {scenario.name: scenario.weight for scenario in scenarios},
        rules,
        (*state.not_observable, *(() if state.debtor is not None else (NO_DEBTOR,))),
        () if state.delinquency else rules.classes[1:],
        beside.provenance,
        gross * (1.0 - columns.guaranteed) * columns.weight,
    )


def asset_facts(portfolio: Portfolio) -> AssetFacts:
    """Return what China's classification reads of the loans."""
    check.kind(Portfolio, portfolio=portfolio)
    state = portfolio.standing
    share = np.where(state.defaulted, loss_in_default(portfolio)[1], np.nan)
    return AssetFacts(state.days_past_due, state.defaulted, state.forborne, state.watch, share, state.debtor)


class ProvisionStandard(Protocol):
    """A standard: book, weighted scenarios, settings, what stands beside the loans in; allowance out."""

    def __call__(
        self,
        portfolio: Portfolio,
        scenarios: Sequence[WeightedScenario],
        config: Config,
        beside: BesideLoans,
        /,
    ) -> Provision: ...


STANDARDS: Registry[ProvisionStandard] = Registry(
    "provision standard",
    "loantwin.standards",
    {"ifrs9": _ifrs9, "cecl": _cecl, "five-level": _five_level},
)
"""Provision standards by their name on the command line."""


def _checked(made: object, standard: str) -> Provision:
    if not isinstance(made, Provision):
        raise RiskError(
            expected(f"a PooledAllowance from standard {standard}", type(made).__name__), field="standard"
        )
    return made
