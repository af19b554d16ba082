"""Scenarios run over the horizon: what figures, sensitivities, reverse stress and actions start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.engine.path import Flows
from loantwin.errors import RiskError, UsageError, expected
from loantwin.outlook.outlook import Economy, GivenScenario, Outlook
from loantwin.outlook.severity import dearer_by_month, severity_moves
from loantwin.risk.stress.paths import CapitalPlan, MonthlyFlows, StressPath
from loantwin.types import Progress, silent
from loantwin.verbs.stress.flows import ExpectedFlows
from loantwin.verbs.stress.funding import economy_under
from loantwin.verbs.stress.series import Allowances, allowances, monthly_flows, series


@dataclass(frozen=True)
class StressRun:
    """A scenario run: its economy, the live book's flows by segment (1, G, T) and by month, allowances."""

    given: GivenScenario
    economy: Economy
    flows: Flows
    monthly: MonthlyFlows
    allowances: Allowances
    cells: Cells
    """The live book's, over the horizon."""
    dearer: tuple[Floats, Floats]
    """What charge-offs and recoveries of a stepped book are multiplied by (`dearer_by_month`)."""


@dataclass(frozen=True)
class StressTest:
    """Everything a stress test was run on: what sensitivities, reverse stress and actions start from."""

    outlook: Outlook
    run: ExpectedFlows
    horizon: int
    runs: tuple[StressRun, ...]
    capital: CapitalPlan | None = None
    lending: str = "none"
    """What capital along the path stands on: none, constant-balance or a plan's file."""

    @property
    def baseline(self) -> StressRun:
        """Return the first scenario's run."""
        return self.runs[0]


def prepared(
    outlook: Outlook,
    given: Sequence[GivenScenario],
    months: int | None,
    run: ExpectedFlows,
    capital: CapitalPlan | None = None,
    progress: Progress = silent,
) -> StressTest:
    """Return every scenario run over the horizon.

    Raises
    ------
    UsageError : a scenario that ends before the first month.
    """
    shortest = min(item.scenario.last for item in given) - outlook.month0
    horizon = shortest if months is None else months
    if horizon < 1:
        ends = min(given, key=lambda item: item.scenario.last)
        raise UsageError(
            expected(
                "scenarios that reach beyond the as-of date (or `align` start)",
                f"{ends.name}, which ends before it",
            ),
            field="scenarios",
        )
    twin = outlook.twin
    macro = twin.config.macro
    if macro.supported_months > shortest:
        settings = replace(twin.config, macro=replace(macro, supported_months=shortest))
        outlook = Outlook(twin.using(settings))
    runs = []
    for place, item in enumerate(given):
        progress(0.1 + 0.3 * place / len(given), item.name)
        runs.append(ran(outlook, run, item, horizon, capital))
    return StressTest(outlook, run, horizon, tuple(runs), capital)


def ran(
    outlook: Outlook,
    run: ExpectedFlows,
    item: GivenScenario,
    horizon: int,
    capital: CapitalPlan | None = None,
) -> StressRun:
    """Return one scenario run over the horizon."""
    economy = economy_under(outlook, item.scenario, horizon, item.notes, item.income_support)
    flows = run(outlook, economy, horizon, by_segment=True)
    found = allowances(outlook, item, horizon, capital)
    monthly = monthly_flows(outlook, economy, flows, found, horizon)
    shocks = np.ascontiguousarray(outlook.expected(economy)[:, :horizon])
    moves = severity_moves(outlook, economy, shocks)
    cells = outlook.cells(economy, horizon)
    charged, back = dearer_by_month(outlook, cells, shocks, moves)
    return StressRun(item, economy, flows, monthly, found, cells, (charged[0], back[0]))


def run_figure(test: StressTest, run: StressRun, figure: str) -> float:
    """Return a run's figure that flows do not tell: allowance, coverage, lowest later capital ratio.

    Raises
    ------
    RiskError : a ratio without risk-weighted assets, or another figure.
    """
    today = run.allowances.today
    if figure == "allowance":
        return today.allowance
    if figure == "coverage":
        return today.allowance / max(today.exposure, 1e-300)
    if figure == "cet1":
        ratios = [point.ratio for point in series_of(test, run).capital[1:] if point.ratio is not None]
        if not ratios:
            raise RiskError(expected("risk-weighted assets above 0", "none"), field="capital")
        return min(ratios)
    raise RiskError(expected("allowance, coverage or cet1", figure), field="reverse")


def series_of(test: StressTest, run: StressRun) -> StressPath:
    """Return a run's series, the book in run-off."""
    booked, found = test.baseline.allowances.today.allowance, run.allowances
    return series(test.outlook, run.economy, run.monthly, found.at, booked, test.capital, found.weights)
