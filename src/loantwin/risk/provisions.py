"""The allowance of a book under a named standard: joins model, loans, their standing and scenarios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loantwin.config import Config
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns
from loantwin.engine.loss import loan_losses
from loantwin.engine.rows import TransitionParameters, base_segments
from loantwin.engine.runoff import Assumptions, assumptions
from loantwin.errors import RiskError, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import mean_shocks
from loantwin.risk.allowance import Exposures, checked_weights
from loantwin.risk.cecl import CeclResult, PoolLosses, Reversion, cecl, reverted_shocks
from loantwin.risk.facts import Standing
from loantwin.risk.five_level import AssetFacts, FiveLevelResult, five_level, load_rules
from loantwin.risk.ifrs9 import Ifrs9Result, LoanLosses, ifrs9
from loantwin.risk.stages import CreditRisk, stages

Floats = NDArray[np.float64]
Provision = Ifrs9Result | CeclResult | FiveLevelResult
PATHS_AT_ONCE = 20
FORGOTTEN = 1200
"""Months after which no period effect of today is left."""


@dataclass(frozen=True)
class WeightedScenario:
    """A scenario as the engine reads it.

    shocks : (P, T, R) month part of the odds from the month after the as-of date, P equally likely paths (1 for a stated
        scenario with its expected period effect). For IFRS 9, T covers the longest remaining term, macro already
        reverted; for CECL it covers the supported period.
    index_paths : (P, T) index of floating rates, decimal a year, or None to keep rates in force.
    """

    name: str
    weight: float
    shocks: Floats
    index_paths: Floats | None = None


@dataclass(frozen=True)
class Portfolio:
    """The book as the engine reads it, N loans in one order, with the model that moves it.

    columns, standing : N loans; `standing` from `facts.standing`. A loan in default takes nothing from its live state.
    historical : (R,) level to which the month part of the odds returns (`long_run_shocks`), the level of PD at origination
        and of CECL's reversion.
    runoff : partial prepayment, unpaid instalments at default and conversion factor of undrawn commitments.
    """

    as_of: date
    currency: str
    parameters: TransitionParameters
    lgd: LossGivenDefault
    columns: LoanColumns
    standing: Standing
    historical: Floats
    runoff: Assumptions = field(default_factory=assumptions)


def long_run_shocks(model: FittedModel, covariates: Floats | None = None) -> Floats:
    """Return the expected month part of the odds when the present is forgotten, (R,).

    Parameters
    ----------
    covariates : (F,) macro covariates at their long-run mean, the level to which scenarios revert; None takes their mean
        in the fit, 0. The period effect stands at its long-run expectation, the one that distant months of a scenario
        have too, so that a loan unchanged since origination shows no change of risk.
    """
    level = np.zeros(len(model.parameters.factors)) if covariates is None else covariates
    return np.asarray(mean_shocks(model, np.tile(level, (FORGOTTEN, 1)))[-1])


def lifetime_months(columns: LoanColumns) -> int:
    """Return the longest remaining term: how many months a lifetime measure must cover; 1 for an empty book."""
    return int(columns.remaining_months.max(initial=1))


def exposures(portfolio: Portfolio) -> Exposures:
    """Return gross carrying amounts (principal and accrued interest), weights and guarantees of the loans."""
    columns = portfolio.columns
    return Exposures(columns.principal + columns.accrued_interest, columns.weight, columns.guaranteed)


def expected_losses(portfolio: Portfolio, scenarios: Sequence[WeightedScenario]) -> tuple[Floats, Floats]:
    """Return losses (N, K, 2) and default probabilities (N, K, 2): 12 months and lifetime, means over a scenario's paths."""
    loans, months = len(portfolio.columns.principal), lifetime_months(portfolio.columns)
    loss, pd = np.zeros((2, loans, len(scenarios), 2))
    for place, scenario in enumerate(scenarios):
        paths = len(scenario.shocks)
        if scenario.shocks.shape[1] < months:
            raise RiskError(
                expected(f"scenario {scenario.name} to cover {months} months", scenario.shocks.shape[1]), field="scenario"
            )
        for start in range(0, paths if loans else 0, PATHS_AT_ONCE):
            block = slice(start, start + PATHS_AT_ONCE)
            index = None if scenario.index_paths is None else scenario.index_paths[block, :months]
            found = _losses(portfolio, portfolio.columns, scenario.shocks[block, :months], index)
            loss[:, place] += found[0].sum(axis=1) / paths
            pd[:, place] += found[1].sum(axis=1) / paths
    return loss, pd


def origination_pd(portfolio: Portfolio) -> Floats:
    """Return the lifetime PD over the remaining life as it was seen at origination, (N,).

    Rule: the same model for the same segment (grade) and ages, the loan performing at the as-of date, every month at the
    historical level (macro at its long-run mean, the present period effect left out): what was to be expected at
    origination of these months of its life, given that it would get this far (IFRS 9 5.5.9, B5.5.13).
    """
    loans, months = len(portfolio.columns.principal), lifetime_months(portfolio.columns)
    if not loans:
        return np.zeros(0)
    performing = replace(portfolio.columns, state=np.zeros_like(portfolio.columns.state))
    shocks = np.tile(portfolio.historical, (1, months, 1))
    return np.asarray(_losses(portfolio, performing, shocks, None)[1][:, 0, 1])


def loss_in_default(portfolio: Portfolio) -> tuple[Floats, Floats]:
    """Return for each loan the loss were it in default now, currency, and as a decimal of exposure, (N,) each.

    Loss given default net of cures at the loan's segment and age; the model does not know how much of the workout is
    already behind a loan, so that a loan long in default is charged as a new one.
    """
    columns = portfolio.columns
    age = np.minimum(columns.age, portfolio.lgd.charged_off.shape[1] - 1)
    share = (portfolio.lgd.charged_off - portfolio.lgd.recovered)[columns.segment, age]
    return np.asarray((columns.principal + columns.accrued_interest) * share), np.asarray(share)


def provisions(
    standard: str,
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    *,
    reversion: Reversion | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Provision:
    """Return the allowance of the book under `ifrs9`, `cecl` or `five-level`.

    Parameters
    ----------
    scenarios : weights sum to 1; see `WeightedScenario` for the months each standard needs.
    reversion : CECL's; None takes the configuration's supported months, then a straight line over 12 months.

    Raises
    ------
    RiskError : an unknown standard, weights that do not sum to 1, a name given twice, a scenario too short.
    ModelError : loans that do not fit the model.
    """
    if standard not in STANDARDS:
        raise RiskError(expected("one of " + ", ".join(STANDARDS), standard), field="standard")
    weights = {scenario.name: scenario.weight for scenario in scenarios}
    if len(weights) != len(scenarios):
        raise RiskError(expected("scenario names that differ", "one given twice"), field="scenario")
    checked_weights(weights)
    if len(portfolio.standing.days_past_due) != len(portfolio.columns.principal):
        raise RiskError(
            expected(f"the standing of {len(portfolio.columns.principal)} loans", len(portfolio.standing.days_past_due)),
            field="standing",
        )
    return STANDARDS[standard](portfolio, scenarios, config, reversion, provenance or {})


def _ifrs9(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    reversion: Reversion | None,  # noqa: ARG001  # one signature for every standard
    provenance: Mapping[str, Any],
) -> Ifrs9Result:
    loss, pd = expected_losses(portfolio, scenarios)
    weights = {scenario.name: scenario.weight for scenario in scenarios}
    state = portfolio.standing
    lifetime = pd[:, :, 1] @ np.array(list(weights.values()))
    now = np.where(state.defaulted, 1.0, np.minimum(lifetime, 1.0))  # sums of marginals pass 1 by rounding
    risk = CreditRisk(
        now,
        np.minimum(origination_pd(portfolio), 1.0),
        state.days_past_due,
        state.defaulted,
        state.forborne,
        state.watch,
    )
    return ifrs9(
        portfolio.as_of,
        portfolio.currency,
        exposures(portfolio),
        LoanLosses(loss[:, :, 0], loss[:, :, 1], loss_in_default(portfolio)[0]),
        stages(risk, config.ifrs9),
        weights,
        config.ifrs9,
        state.not_observable,
        () if state.delinquency else ("3",),
        provenance,
    )


def _cecl(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    reversion: Reversion | None,
    provenance: Mapping[str, Any],
) -> CeclResult:
    used = Reversion(supported_months=config.macro.supported_months) if reversion is None else reversion
    months, base = lifetime_months(portfolio.columns), portfolio.historical
    reverted = [_reverted(scenario, base, months, used) for scenario in scenarios]
    measured = portfolio
    if not used.discounted:
        rate = np.zeros_like(portfolio.columns.effective_annual_rate)
        measured = replace(portfolio, columns=replace(portfolio.columns, effective_annual_rate=rate))
    loss, _ = expected_losses(measured, reverted)
    pool = base_segments(portfolio.parameters.segments)
    return cecl(
        portfolio.as_of,
        portfolio.currency,
        exposures(portfolio),
        PoolLosses(loss[:, :, 1], loss_in_default(portfolio)[0], portfolio.standing.defaulted, pool[portfolio.columns.segment]),
        portfolio.parameters.segments[: int(pool.max()) + 1],
        {scenario.name: scenario.weight for scenario in scenarios},
        used,
        portfolio.standing.not_observable,
        provenance,
    )


def _reverted(scenario: WeightedScenario, base: Floats, months: int, reversion: Reversion) -> WeightedScenario:
    shocks = np.stack([reverted_shocks(path, base, months, reversion) for path in scenario.shocks])
    index = scenario.index_paths
    if index is not None and index.shape[1] < months:  # beyond its end a rate stays where the scenario left it
        index = np.concatenate([index, np.repeat(index[:, -1:], months - index.shape[1], axis=1)], axis=1)
    return replace(scenario, shocks=shocks, index_paths=index)


def _five_level(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,  # noqa: ARG001  # one signature for every standard
    reversion: Reversion | None,  # noqa: ARG001
    provenance: Mapping[str, Any],
) -> FiveLevelResult:
    state, rules = portfolio.standing, load_rules()
    share = np.where(state.defaulted, loss_in_default(portfolio)[1], np.nan)
    facts = AssetFacts(state.days_past_due, state.defaulted, state.forborne, state.watch, share)
    return five_level(
        portfolio.as_of,
        portfolio.currency,
        exposures(portfolio),
        facts,
        {scenario.name: scenario.weight for scenario in scenarios},
        rules,
        state.not_observable,
        () if state.delinquency else rules.classes[1:],
        provenance,
    )


def _losses(portfolio: Portfolio, columns: LoanColumns, shocks: Floats, index: Floats | None) -> tuple[Floats, Floats]:
    found = loan_losses(
        portfolio.parameters,
        columns,
        portfolio.lgd,
        np.ascontiguousarray(shocks),
        index_paths=None if index is None else np.ascontiguousarray(index),
        partial_monthly=portfolio.runoff.partial_monthly,
        arrears_months=portfolio.runoff.arrears_months,
        conversion_factor=portfolio.runoff.conversion_factor,
    )
    return found.loss, found.pd


STANDARDS: dict[str, Callable[..., Provision]] = {"ifrs9": _ifrs9, "cecl": _cecl, "five-level": _five_level}
"""Every provision standard by its name on the command line."""
