"""The book as provision standards read it, and loans' losses, probabilities and loss in default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions, assumptions
from loantwin.engine.cells import LossGivenDefault, SeverityMoves, recovery_worth
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.loss import default_probabilities, loan_losses
from loantwin.engine.path import occupancy
from loantwin.engine.rows import TransitionParameters, base_segments
from loantwin.engine.runoff import build_cells
from loantwin.errors import RiskError, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import mean_shocks
from loantwin.risk.allowance import Exposures
from loantwin.risk.facts import Standing
from loantwin.risk.provisions.recognition import Recognised
from loantwin.types import Progress, silent, stretch

PATHS_AT_ONCE = 20
FIXED_SHARE = 0.4
"""About what share of the work is of loans whose rate does not float, where a book has both."""
FORGOTTEN = 1200
"""Months after which no period effect of today is left."""
LATE_MONTHS = 12
"""Months over which loans that have outlived every lag seen are worked out: an assumption."""


@dataclass(frozen=True)
class WeightedScenario:
    """A scenario as the engine reads it.

    shocks : (P, T, R) month part of the odds from the month after the as-of date, P equally likely paths (1
        for a stated scenario with its expected period effect). For IFRS 9, T covers the longest remaining
        term, macro already reverted; for CECL it covers the supported period.
    index_paths : (P, T) index of floating rates, decimal a year, or None to keep rates in force.
    severity : by how much defaults lose more than the tables say, None where they do not; of one scenario's
        paths, or of all of them.
    """

    name: str
    weight: float
    shocks: Floats
    index_paths: Floats | None = None
    severity: SeverityMoves | None = None

    def __post_init__(self) -> None:
        check.finite(shocks=self.shocks, **check.given(index_paths=self.index_paths))
        check.kind(SeverityMoves, **check.given(severity=self.severity))


@dataclass(frozen=True)
class Portfolio:
    """The book as the engine reads it, N loans in one order, with the model that moves it.

    columns, standing : N loans; `standing` from `facts.standing`. A loan in default takes nothing from its
        live state.
    historical : (R,) level to which the month part of the odds returns (`long_run_shocks`), the level of PD
        at origination and of CECL's reversion.
    runoff : partial prepayment, unpaid instalments at default and conversion factor of undrawn commitments.
    recognised : risk at initial recognition over the life IFRS 9 measures; None where nothing tells it, then
        the present model at its long-run level stands in.
    """

    as_of: date
    currency: str
    parameters: TransitionParameters
    lgd: LossGivenDefault
    columns: LoanColumns
    standing: Standing
    historical: Floats
    runoff: RunoffAssumptions = field(default_factory=assumptions)
    recognised: Recognised | None = None

    def __post_init__(self) -> None:
        check.finite(historical=self.historical)


def long_run_shocks(model: FittedModel, covariates: Floats | None = None) -> Floats:
    """Return the expected month part of the odds when the present is forgotten, (R,).

    Parameters
    ----------
    covariates : (F,) macro covariates at their long-run mean, the level to which scenarios revert; None takes
        their mean in the fit, 0. The period effect stands at its long-run expectation, the one that distant
        months of a scenario have too, so that a loan unchanged since origination shows no change of risk.
    """
    check.kind(FittedModel, model=model)
    check.finite(**check.given(covariates=covariates))
    check.shaped((len(model.parameters.factors),), **check.given(covariates=covariates))
    level = np.zeros(len(model.parameters.factors)) if covariates is None else covariates
    return np.asarray(mean_shocks(model, np.tile(level, (FORGOTTEN, 1)))[-1])


def lifetime_months(columns: LoanColumns) -> int:
    """Return the longest remaining term, which lifetime measures must cover; 1 for an empty book."""
    check.kind(LoanColumns, columns=columns)
    return int(columns.remaining_months.max(initial=1))


def exposures(portfolio: Portfolio) -> Exposures:
    """Return gross carrying amounts (principal and accrued interest), weights and guarantees of the loans."""
    check.kind(Portfolio, portfolio=portfolio)
    columns = portfolio.columns
    return Exposures(columns.principal + columns.accrued_interest, columns.weight, columns.guaranteed)


def pool_names(portfolio: Portfolio) -> tuple[str, ...]:
    """Return the segments overlays and pools name: the model's without vintages, which come last."""
    check.kind(Portfolio, portfolio=portfolio)
    return portfolio.parameters.segments[: int(base_segments(portfolio.parameters.segments).max()) + 1]


def pool_codes(portfolio: Portfolio) -> Integers:
    """Return each loan's place in `pool_names`, (N,)."""
    check.kind(Portfolio, portfolio=portfolio)
    return np.asarray(base_segments(portfolio.parameters.segments)[portfolio.columns.segment])


def expected_losses(
    portfolio: Portfolio, scenarios: Sequence[WeightedScenario], progress: Progress = silent
) -> tuple[Floats, Floats]:
    """Return losses and default probabilities (N, K, 2): 12 months and lifetime, means over paths.

    Scenarios of one path are measured together. Of many paths the mean default probabilities serve all loans
    whose rate does not follow the index, because a loss is linear in them.

    Raises
    ------
    RiskError : a scenario shorter than the longest remaining life.
    """
    check.kind(Portfolio, portfolio=portfolio)
    check.call(progress=progress)
    check.each(WeightedScenario, scenarios=scenarios)
    months = lifetime_months(portfolio.columns)
    for scenario in scenarios:
        if scenario.shocks.shape[1] < months:
            raise RiskError(
                expected(f"scenario {scenario.name} to cover {months} months", scenario.shocks.shape[1]),
                field="scenario",
            )
    loss, pd = np.zeros((2, len(portfolio.columns.principal), len(scenarios), 2))
    if not len(loss):
        return loss, pd
    runs = _alike(scenarios)
    for place, together in enumerate(runs):
        chosen = [scenarios[place] for place in together]
        own = stretch(progress, place / len(runs), (place + 1) / len(runs))
        if len(chosen[0].shocks) == 1:
            paths = [item.index_paths for item in chosen if item.index_paths is not None]
            index = np.concatenate([_cut_paths(item, months) for item in paths]) if paths else None
            shocks = np.concatenate([item.shocks[:, :months] for item in chosen])
            found = measured(portfolio, shocks, index, moves=_together(chosen, months), progress=own)
            if len(together) == len(scenarios):
                return found
        else:
            found = mean_over_paths(portfolio, chosen[0], months, own)
        loss[:, together], pd[:, together] = found
    return loss, pd


def _alike(scenarios: Sequence[WeightedScenario]) -> list[list[int]]:
    """Return places of scenarios that can be measured in one run: of one path, with or without an index."""
    found: dict[object, list[int]] = {}
    for place, scenario in enumerate(scenarios):
        alone = len(scenario.shocks) > 1
        found.setdefault((place if alone else -1, scenario.index_paths is None), []).append(place)
    return list(found.values())


def mean_over_paths(
    portfolio: Portfolio, scenario: WeightedScenario, months: int, progress: Progress = silent
) -> tuple[Floats, Floats]:
    """Return the mean over a scenario's paths of losses (N, 1, 2) and default probabilities (N, 1, 2)."""
    check.kind(Portfolio, portfolio=portfolio)
    check.call(progress=progress)
    check.kind(WeightedScenario, scenario=scenario)
    check.count(1, months=months)
    columns, paths = portfolio.columns, len(scenario.shocks)
    floats = columns.floating & (scenario.index_paths is not None)
    loss, pd = np.zeros((2, len(columns.principal), 1, 2))
    fixed = np.flatnonzero(~floats)
    before = 0.0 if not len(fixed) else FIXED_SHARE if floats.any() else 1.0
    if len(fixed):
        part = part_of(portfolio, fixed)
        found = measured(
            part,
            scenario.shocks[:, :months],
            None,
            mean=True,
            moves=scenario.severity,
            progress=stretch(progress, 0.0, before),
        )
        loss[fixed], pd[fixed] = found
    moving = np.flatnonzero(floats)
    for start in range(0, paths if len(moving) else 0, PATHS_AT_ONCE):
        done, more = (min(end, paths) / paths for end in (start, start + PATHS_AT_ONCE))
        own = stretch(progress, before + (1.0 - before) * done, before + (1.0 - before) * more)
        block = slice(start, start + PATHS_AT_ONCE)
        index = None if scenario.index_paths is None else _cut_paths(scenario.index_paths[block], months)
        moves = _of_block(scenario.severity, block)
        found = measured(
            part_of(portfolio, moving), scenario.shocks[block, :months], index, moves=moves, progress=own
        )
        loss[moving, 0] += found[0].sum(axis=1) / paths
        pd[moving, 0] += found[1].sum(axis=1) / paths
    return loss, pd


def _together(scenarios: Sequence[WeightedScenario], months: int) -> SeverityMoves | None:
    """Return the moves of scenarios of one path each as those of one run."""
    known = next((item.severity for item in scenarios if item.severity is not None), None)
    if known is None:
        return None
    none = np.ones((1, known.factor.shape[1], months))
    paths = [none if item.severity is None else item.severity.factor[:, :, :months] for item in scenarios]
    return SeverityMoves(np.concatenate(paths), known.kind)


def _of_block(moves: SeverityMoves | None, block: slice) -> SeverityMoves | None:
    """Return the moves of some paths."""
    if moves is None or len(moves.factor) == 1:
        return moves
    return SeverityMoves(moves.factor[block], moves.kind)


def part_of(portfolio: Portfolio, loans: Integers) -> Portfolio:
    """Return a portfolio of some loans for measurement; its standing is not read there and stays whole."""
    check.kind(Portfolio, portfolio=portfolio)
    check.codes(0, loans=loans)
    check.codes(0, len(portfolio.columns.principal) - 1, loans=loans)
    check.shaped((len(loans),), loans=loans)
    seen = portfolio.recognised
    return replace(
        portfolio,
        columns=take(portfolio.columns, loans),
        recognised=None if seen is None else seen.of(loans),
    )


def _cut_paths(index: Floats, months: int) -> Floats:
    return np.ascontiguousarray(index[:, :months])


def origination_pd(portfolio: Portfolio) -> Floats:
    """Return the lifetime PD over the remaining life with the economy at its long-run level, (N,).

    What stands in where no curve of recognition is known (`recognition.recognised_pd`). Rule: the same model
    for the same segment (grade) and ages, the loan performing at the as-of date, every month at the
    historical level (macro at its long-run mean, the present period effect left out): what was to be expected
    at origination of these months of its life, given that it would get this far (IFRS 9 5.5.9, B5.5.11).
    """
    check.kind(Portfolio, portfolio=portfolio)
    loans, months = len(portfolio.columns.principal), lifetime_months(portfolio.columns)
    if not loans:
        return np.zeros(0)
    performing = replace(portfolio.columns, state=np.zeros_like(portfolio.columns.state))
    shocks = np.tile(portfolio.historical, (1, months, 1))
    found = default_probabilities(portfolio.parameters, performing, shocks, past_term=True)
    return np.asarray(found[:, 0])


def loss_in_default(portfolio: Portfolio) -> tuple[Floats, Floats]:
    """Return loss still to come, were a loan in default now, currency, and decimal of exposure, (N,) each.

    Charged off less the worth of what is still recovered, at the loan's segment and its age at default. A
    loan m months in default whose charge-off has not come keeps its share charged off; its recoveries follow
    the lags given that more than m months have passed, and beyond the longest lag come evenly over a year, as
    `outlook.workout` has them in forecasts: the longer a loan is in default, the nearer they are. Where the
    months are not known it counts as a new default.
    """
    check.kind(Portfolio, portfolio=portfolio)
    columns, lgd = portfolio.columns, portfolio.lgd
    passed = portfolio.standing.months_in_default
    known = np.zeros(len(columns.principal), dtype=np.int64) if passed is None else passed
    age = np.clip(columns.age - known, 0, lgd.charged_off.shape[1] - 1)
    late = np.minimum(known, len(lgd.recovery_lag))
    worth = np.empty(len(known))
    for month in np.unique(late):
        own = late == month
        worth[own] = recovery_worth(
            columns.effective_annual_rate[own], remaining_lag(lgd.recovery_lag, int(month))
        )
    share = lgd.charged_off[columns.segment, age] - worth * lgd.recovered[columns.segment, age]
    return np.asarray((columns.principal + columns.accrued_interest) * share), np.asarray(share)


def remaining_lag(lag: Floats, passed: int) -> Floats:
    """Return probabilities (W,) of months from now, `passed` months having gone by since default."""
    check.within(0, lag=lag)
    check.count(0, passed=passed)
    check.shaped((None,), lag=lag)
    if passed == 0:
        return lag
    left = lag[passed + 1 :]
    if left.sum() > 0.0:
        return np.concatenate([[0.0], left / left.sum()])
    return np.concatenate([[0.0], np.full(LATE_MONTHS, 1.0 / LATE_MONTHS)])


def measured(
    portfolio: Portfolio,
    shocks: Floats,
    index: Floats | None,
    mean: bool = False,
    moves: SeverityMoves | None = None,
    progress: Progress = silent,
) -> tuple[Floats, Floats]:
    """Return one engine run's losses and default probabilities, (N, K, 2) each; K is 1 where `mean`."""
    check.kind(Portfolio, portfolio=portfolio)
    check.call(progress=progress)
    check.finite(shocks=shocks)
    check.finite(**check.given(index=index))
    check.flag(mean=mean)
    check.kind(SeverityMoves, **check.given(moves=moves))
    paths = None if moves is None or len(moves.factor) == 1 else len(moves.factor)
    check.shaped((paths, None, len(portfolio.parameters.origin)), shocks=shocks)
    found = loan_losses(
        portfolio.parameters,
        portfolio.columns,
        portfolio.lgd,
        np.ascontiguousarray(shocks),
        index_paths=index,
        partial_monthly=portfolio.runoff.partial_monthly,
        arrears_months=portfolio.runoff.arrears_months,
        conversion_factor=portfolio.runoff.conversion_factor,
        mean=mean,
        past_term=True,
        severity_moves=moves,
        progress=progress,
    )
    return found.loss, found.pd


def remaining_balances(portfolio: Portfolio) -> Floats:
    """Return the expected live balance by segment at the ends of months 0..T, (G, T + 1), weighted.

    G counts segments without their vintages (`engine.rows.base_segments`).

    Contractual run-off, prepayment and default at the historical level; loans in default at the as-of date
    are left out.
    """
    check.kind(Portfolio, portfolio=portfolio)
    live = np.flatnonzero(~portfolio.standing.defaulted)
    base = base_segments(portfolio.parameters.segments)
    made = np.zeros((int(base.max()) + 1, lifetime_months(portfolio.columns) + 1))
    if not len(live):
        return made
    runoff = portfolio.runoff
    months = made.shape[1] - 1
    cells = build_cells(
        take(portfolio.columns, live),
        months,
        partial_monthly=runoff.partial_monthly,
        arrears_months=runoff.arrears_months,
        conversion_factor=runoff.conversion_factor,
    )
    where = occupancy(portfolio.parameters, cells, np.tile(portfolio.historical, (months, 1)))
    alive = np.moveaxis(where.live.sum(axis=-1), 0, 1)
    np.add.at(made, base[cells.segment], alive * cells.balance)
    return made
