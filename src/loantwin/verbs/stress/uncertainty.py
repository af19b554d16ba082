"""The interval of a stress figure and how much of it is belief, the scenario given.

One batch of the engine a scenario: the expected path, one small step in each parameter (for the
gradient), and draws of parameters and period effect. Allowances are measured on at most `LOANS` loans,
whose stages stand as the scenario has them; their spread is carried to the whole book's allowance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.expectation import conditional_income
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import macro_share, mean_shocks
from loantwin.outlook.outlook import Economy
from loantwin.outlook.paths import severity_of
from loantwin.outlook.portfolio import lifetime_economy, portfolio
from loantwin.outlook.severity import severity_moves
from loantwin.outlook.workout import stock_in_default
from loantwin.risk.facts import Standing
from loantwin.risk.provisions.measurement import lifetime_months, measured, part_of
from loantwin.risk.provisions.provisions import measured_lives, stages_at
from loantwin.risk.stress.stress import Stressed, StressResult
from loantwin.risk.stress.uncertainty import Multiple, Range, log_normal, prior_share, quantiles
from loantwin.types import Progress, silent
from loantwin.verbs.stress.run import StressRun, StressTest

PATHS = 300
"""Draws of flows."""
ALLOWANCE_PATHS = 48
"""Draws of allowances: their interval is a log-normal's."""
LOANS = 500
"""Loans on which allowances are measured, evenly over the book's order."""
STEP = 1e-4
"""Of a parameter, for the gradient, log-odds or one standard deviation."""
MONEY = ("defaulted", "charged_off", "allowance", "net_interest_income")


@dataclass(frozen=True)
class Uncertain:
    """One figure of a scenario: value, draws (P,), and derivative by the D parameters."""

    value: float
    draws: Floats
    gradient: Floats


def with_uncertainty(test: StressTest, made: StressResult, progress: Progress = silent) -> StressResult:
    """Return a result whose figures have their interval and prior share, and multiples of the baseline."""
    model = test.outlook.twin.model
    if model.errors is None or model.prior_covariance is None:
        return made
    found: dict[str, dict[str, Uncertain]] = {}
    for place, run in enumerate(test.runs):
        progress(0.7 + 0.1 * place / len(test.runs), f"intervals, {run.given.name}")
        found[run.given.name] = uncertain(test, run)
    scenarios = {
        name: _beside(model, item, found[name]) if name in found else item
        for name, item in made.scenarios.items()
    }
    base = found[made.baseline]
    multiples = {
        name: {
            figure: _multiple(model, base[figure], of[figure])
            for figure in MONEY
            if base[figure].value > 0.0 and of[figure].value > 0.0
        }
        for name, of in found.items()
        if name != made.baseline
    }
    return replace(made, scenarios=scenarios, multiples=multiples)


def uncertain(test: StressTest, run: StressRun) -> dict[str, Uncertain]:
    """Return each figure of a scenario with its draws and gradient."""
    outlook, economy, horizon = test.outlook, run.economy, test.horizon
    model, seed = outlook.twin.model, outlook.twin.config.run.seed
    shocks = _batch(test, economy, horizon, PATHS)
    moves = severity_moves(outlook, economy, shocks[:1])
    flows = conditional_income(model.parameters, run.cells, model.lgd, shocks, severity_moves=moves)
    costs = outlook.twin.config.economics
    rate = (costs.funding_annual_rate + costs.servicing_annual_rate) / 12
    total = {
        name: getattr(flows, name).sum(axis=1) for name in ("defaulted", "charged_off", "interest", "balance")
    }
    held = flows.opening.sum(axis=1) + total["balance"][:, :-1].sum(axis=1)
    factor = np.ones(len(shocks))
    drawn = slice(len(shocks) - PATHS, None)
    factor[drawn] = severity_of(outlook, shocks[drawn], seed, followed=economy.prices is not None)
    charged = total["charged_off"].sum(axis=1)
    factor[drawn] *= charged[drawn].mean() / max(float((charged * factor)[drawn].mean()), 1e-300)
    values = {
        "defaulted": total["defaulted"].sum(axis=1),
        "charged_off": charged * factor + stock_in_default(outlook, horizon)[0].sum(),
        "net_interest_income": total["interest"].sum(axis=1) - rate * held,
    }
    made = {name: _split(value, PATHS) for name, value in values.items()}
    made["allowance"] = _allowance(test, run)
    return {name: made[name] for name in MONEY}


def _allowance(test: StressTest, run: StressRun) -> Uncertain:
    """Return the allowance, its draws and its gradient; what is in default already stands."""
    outlook, today = test.outlook, run.allowances.today
    third = today.by_stage.get("3")
    fixed = 0.0 if third is None else third.allowance
    model = outlook.twin.model
    whole = measured_lives(portfolio(outlook), outlook.twin.config)
    live = np.flatnonzero(~whole.standing.defaulted)
    known = _parameters(model)
    if not len(live) or not today.allowance - fixed > 0.0:
        return Uncertain(today.allowance, np.full(2, today.allowance), np.zeros(len(known)))
    chosen = live[np.unique(np.linspace(0, len(live) - 1, min(LOANS, len(live))).astype(np.int64))]
    part = replace(part_of(whole, chosen), standing=_standing_of(whole.standing, chosen))
    horizon = lifetime_months(part.columns)
    economy = lifetime_economy(outlook, run.given, horizon)
    shocks = _batch(test, economy, horizon, ALLOWANCE_PATHS)
    # rates as in force: what they do to balances is the same on every path, and only the spread is read
    loss, pd = measured(part, shocks, None, moves=severity_moves(outlook, economy, shocks[:1]))
    stages, *_ = stages_at(part, pd[:, 0, 1], outlook.twin.config)  # the first path is the scenario itself
    column = np.where(stages.stage >= 2, 1, 0)
    kept = part.columns.weight * (1.0 - part.columns.guaranteed)
    total = kept @ loss[np.arange(len(chosen)), :, column]
    scaled = fixed + (today.allowance - fixed) * total / total[0]
    return _split(scaled, ALLOWANCE_PATHS)


def _standing_of(standing: Standing, loans: Integers) -> Standing:
    """Return the standing of some loans."""
    cut: dict[str, Any] = {
        item.name: value[loans]
        for item in fields(Standing)
        if isinstance(value := getattr(standing, item.name), np.ndarray)
    }
    return replace(standing, **cut)


def _batch(test: StressTest, economy: Economy, horizon: int, paths: int) -> Floats:
    """Return shocks (1 + D + P, T, R): expected, one step in each of D parameters, drawn."""
    model, seed = test.outlook.twin.model, test.outlook.twin.config.run.seed
    covariates = np.ascontiguousarray(economy.covariates[0, :horizon])
    plain = mean_shocks(model, covariates)
    stepped = plain * np.exp(STEP * _directions(model, covariates))
    cut = replace(economy, covariates=covariates[None])
    drawn = test.outlook.drawn(cut, paths, seed)
    return np.ascontiguousarray(np.concatenate([plain[None], stepped, drawn]))


def _parameters(model: FittedModel) -> Integers:
    """Return the places of the parameters that have a prior, (D,)."""
    assert model.prior_covariance is not None  # the caller asked
    return np.flatnonzero(np.diag(model.prior_covariance) > 0.0)


def _directions(model: FittedModel, covariates: Floats) -> Floats:
    """Return what one unit of each parameter adds to the logarithm of the shocks, (D, T, R)."""
    R, F = model.parameters.macro.shape
    months = len(covariates)
    share = macro_share(model, covariates)
    acting = covariates[:, None, :] * (np.ones((months, R, 1)) if share is None else share[..., None])
    made = np.zeros((len(model.covariance), months, R))
    made[np.arange(R), :, np.arange(R)] = 1.0
    for edge in range(R):
        made[R + edge * F : R + (edge + 1) * F, :, edge] = acting[:, edge].T
    for place, process in enumerate(model.processes):
        fade = process.phi ** np.arange(1, months + 1)
        made[R + R * F + place] = fade[:, None] * model.parameters.loading[:, place]
    return np.asarray(made[_parameters(model)])


def _split(values: Floats, paths: int) -> Uncertain:
    """Return a figure on the batch of `_batch` as value, draws and gradient."""
    size = len(values) - paths
    return Uncertain(float(values[0]), values[size:], (values[1:size] - values[0]) / STEP)


def _beside(model: FittedModel, item: Stressed, found: Mapping[str, Uncertain]) -> Stressed:
    """Return interval and prior share of a scenario's figures."""
    interval = {name: _interval(name, one) for name, one in found.items()}
    # a figure of a lending book: the interval of the book in run-off, in proportion
    scale = {name: getattr(item, name) / one.value if one.value > 0.0 else 1.0 for name, one in found.items()}
    return replace(
        item,
        interval={
            name: Range(one.p05 * scale[name], one.p95 * scale[name]) for name, one in interval.items()
        },
        prior_share={name: _share(model, one.gradient) for name, one in found.items()},
    )


def _interval(name: str, one: Uncertain) -> Range:
    return log_normal(one.draws) if name == "allowance" and (one.draws > 0.0).all() else quantiles(one.draws)


def _share(model: FittedModel, gradient: Floats) -> float | None:
    assert model.prior_covariance is not None  # the caller asked
    own = np.ix_(_parameters(model), _parameters(model))
    return prior_share(gradient, model.covariance[own], model.prior_covariance[own])


def _multiple(model: FittedModel, base: Uncertain, hard: Uncertain) -> Multiple:
    """Return a scenario's figure over the baseline's; the same draws stand behind both."""
    found = log_normal(np.maximum(hard.draws, 1e-300) / np.maximum(base.draws, 1e-300))
    gradient = hard.gradient / hard.value - base.gradient / base.value
    return Multiple(hard.value / base.value, found.p05, found.p95, _share(model, gradient))
