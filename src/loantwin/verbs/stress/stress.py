"""`stress`: the book under given, replayed, shocked and worst plausible economies, the first being the
baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from loantwin.arrays import Floats
from loantwin.config import chosen
from loantwin.decisions.policy import PortfolioPolicy
from loantwin.engine.path import Flows
from loantwin.errors import RiskError, UsageError, expected
from loantwin.macro.shock import Shape
from loantwin.outlook.outlook import Economy, GivenScenario, Outlook, Scenarios
from loantwin.risk.facts import standing
from loantwin.risk.stress.paths import CapitalPlan, MonthlyFlows, StressPath, read_capital
from loantwin.risk.stress.stress import ScenarioFlows, StressResult
from loantwin.risk.stress.stress import stress as compared
from loantwin.twin import Twin, opened
from loantwin.types import Progress, silent
from loantwin.verbs.stress.flows import ExpectedFlows, model_named
from loantwin.verbs.stress.parts import parts
from loantwin.verbs.stress.scenarios import gathered, model_factors, plausibility
from loantwin.verbs.stress.series import Allowances, allowances, monthly_flows, series

FAN_PATHS = 1_000
FAN = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True)
class StressRun:
    """A scenario that was run: economy of one path, flows of the live book by segment (1, G, T), flows by
    month, allowances.
    """

    given: GivenScenario
    economy: Economy
    flows: Flows
    monthly: MonthlyFlows
    allowances: Allowances


@dataclass(frozen=True)
class StressTest:
    """Everything a stress test was run on: what sensitivities, reverse stress and actions start from."""

    outlook: Outlook
    run: ExpectedFlows
    horizon: int
    runs: tuple[StressRun, ...]
    capital: CapitalPlan | None = None

    @property
    def baseline(self) -> StressRun:
        """Return the first scenario's run."""
        return self.runs[0]


def stress(
    twin: Twin | Path | str,
    scenarios: Scenarios = (),
    *,
    align: str | None = None,
    months: int | None = None,
    supported_months: int | None = None,
    replays: Sequence[str] = (),
    shocks: Sequence[str] = (),
    severity: float = 1.0,
    sensitivities: Sequence[str] = (),
    all_sensitivities: bool = False,
    correlated: bool = False,
    shape: Shape | None = None,
    reverse: Sequence[str] = (),
    capital: Path | str | None = None,
    actions: Sequence[str | PortfolioPolicy] = (),
    new_lending: str = "none",
    model: str = "twin",
    seed: int | None = None,
    progress: Progress = silent,
) -> StressResult:
    """Run the book under each scenario.

    Parameters
    ----------
    scenarios : FILE[#NAME], the first is the baseline; without any the baseline is the generator's expected
        path.
    align : "start" re-dates them to begin after the as-of date.
    months : horizon; None takes the length of the shortest scenario beyond the as-of date.
    supported_months : for the allowance; None takes the configuration's, at most the horizon.
    replays : years or months of history, YYYY or YYYY-MM. shocks : TOML files of shocks to the baseline.
    severity : 0 to 2, multiplies the deviation of every other scenario from the baseline.
    sensitivities : FACTOR=SIZE, `all_sensitivities` one standard deviation of each factor; `shape` of the
        shock; `correlated` lets the other factors move as the generator expects.
    reverse : FIGURE=TARGET, the mildest path that gets there.
    capital : TOML file of own funds.
    actions : cut-lending, tighten, sell=SHARE@MONTH, or a policy (its name, its TOML file, or the object).
    new_lending : none, constant-balance, or a CSV file, as in `forecast`. model : one of
        `stress_flows.MODELS`.

    Raises
    ------
    InputError : see the message.
    """
    if months is not None and months < 1:
        raise UsageError(expected("a horizon of at least 1 month", months), field="--months")
    if not (scenarios or replays or shocks or sensitivities or all_sensitivities or reverse):
        raise UsageError(
            expected(
                "at least one --scenario, the baseline first (or --replay, --shock, --sensitivities, "
                "--reverse)",
                "none",
            ),
            field="--scenario",
        )
    run, plan = model_named(model), None if capital is None else read_capital(capital)
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, supported_months=supported_months, seed=seed))
        outlook = Outlook(twin)
        progress(0.05, "reading scenarios")
        given = gathered(outlook, scenarios, align, replays, shocks, severity, months)
        test = prepared(outlook, given, months, run, plan, progress)
        answers = []
        if reverse:
            from loantwin.verbs.stress.reverse import reversed_stress

            for place, text in enumerate(reverse):
                progress(0.4 + 0.2 * place / len(reverse), "searching the mildest path")
                answer, item = reversed_stress(test, text)
                answers.append(answer)
                test = replace(test, runs=(*test.runs, ran(outlook, run, item, test.horizon, plan)))
        made = figures(test, progress)
        if sensitivities or all_sensitivities:
            from loantwin.verbs.stress.sensitivities import sensitivity_table

            progress(0.75, "sensitivities")
            table = sensitivity_table(test, sensitivities, all_sensitivities, correlated, shape or Shape())
            made = replace(made, sensitivities=table)
        if actions or new_lending != "none":
            from loantwin.verbs.stress.actions import acted, with_lending

            progress(0.85, "moving the book month by month")
            made = with_lending(test, made, new_lending)
            made = replace(made, actions=acted(test, actions, new_lending), new_lending=new_lending)
        settings = {
            **made.settings,
            "severity": severity,
            **({} if plan is None else {"capital_minimum": plan.minimum}),
        }
        return replace(made, reverse=tuple(answers), model=model, settings=settings)


def stressed(outlook: Outlook, given: Sequence[GivenScenario], months: int | None) -> StressResult:
    """Return the stress test of scenarios already read."""
    return figures(prepared(outlook, given, months, model_named("twin")))


def prepared(
    outlook: Outlook,
    given: Sequence[GivenScenario],
    months: int | None,
    run: ExpectedFlows,
    capital: CapitalPlan | None = None,
    progress: Progress = silent,
) -> StressTest:
    """Return every scenario run over the horizon."""
    shortest = min(item.scenario.last for item in given) - outlook.month0
    horizon = shortest if months is None else months
    if horizon < 1:
        ends = min(given, key=lambda item: item.scenario.last)
        raise UsageError(
            expected(
                "scenarios that reach beyond the as-of date (or --align start)",
                f"{ends.name}, which ends before it",
            ),
            field="--scenario",
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
    economy = outlook.given(item.scenario, horizon, item.notes)
    flows = run(outlook, economy, horizon, by_segment=True)
    found = allowances(outlook, item, horizon, capital)
    return StressRun(item, economy, flows, monthly_flows(outlook, economy, flows, found, horizon), found)


def figures(test: StressTest, progress: Progress = silent) -> StressResult:
    """Return the figures of a test: totals, series, parts by factor and segment, plausibility."""
    outlook, base = test.outlook, test.baseline
    twin = outlook.twin
    gaps = standing(twin.book.loans, twin.mapping.observes).not_observable
    notes = {run.given.name: list(run.economy.notes) for run in test.runs}
    result = compared(
        twin.as_of,
        twin.currency,
        [scenario_flows_of(run) for run in test.runs],
        twin.config.economics,
        gaps,
        {**twin.provenance(), "notes": notes},
    )
    progress(0.65, "by factor and segment")
    start = (base.economy, base.flows)
    return replace(
        result,
        paths={run.given.name: series_of(test, run) for run in test.runs},
        parts={
            run.given.name: parts(outlook, test.run, start, (run.economy, run.flows), test.horizon)
            for run in test.runs[1:]
        },
        plausibility={
            run.given.name: plausibility(outlook, run.given.scenario, test.horizon) for run in test.runs
        },
        macro=macro_lines(test),
    )


def run_figure(test: StressTest, run: StressRun, figure: str) -> float:
    """Return a figure of one run that its flows alone do not tell: allowance, coverage, or the lowest later
    ratio of capital.
    """
    today = run.allowances.today
    if figure == "allowance":
        return today.allowance
    if figure == "coverage":
        return today.allowance / max(today.exposure, 1e-300)
    if figure == "cet1":
        ratios = [point.ratio for point in series_of(test, run).capital[1:] if point.ratio is not None]
        if not ratios:
            raise RiskError(expected("risk-weighted assets above 0", "none"), field="--capital")
        return min(ratios)
    raise RiskError(expected("allowance, coverage or cet1", figure), field="--reverse")


def series_of(test: StressTest, run: StressRun) -> StressPath:
    """Return a run's series, the book in run-off."""
    booked, found = test.baseline.allowances.today.allowance, run.allowances
    return series(test.outlook, run.monthly, found.at, booked, test.capital, found.weights)


def scenario_flows_of(run: StressRun) -> ScenarioFlows:
    """Return a run as the contracted figures read it."""
    flows = run.monthly
    return ScenarioFlows(
        run.given.name,
        flows.opening,
        flows.interest,
        flows.defaulted,
        flows.charged_off,
        run.allowances.today.allowance,
    )


def macro_lines(test: StressTest) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return the factors that move the book, by month: under each scenario, and quantiles of the generator's
    paths.
    """
    from loantwin.macro.generator import simulate

    outlook, first = test.outlook, test.outlook.month0 + 1
    generator = outlook.twin.generator
    start = min(generator.first, first)
    drawn = simulate(generator, start, first + test.horizon - start, FAN_PATHS, outlook.twin.config.run.seed)
    made: dict[str, dict[str, tuple[float, ...]]] = {}
    for factor in model_factors(outlook):
        lines: dict[str, tuple[float, ...]] = {}
        if factor in drawn.factors:
            values = drawn.values[:, -test.horizon :, drawn.factors.index(factor)]
            lines |= {name: _plain(np.quantile(values, share, axis=0)) for name, share in FAN.items()}
        for run in test.runs:
            if factor in run.given.scenario.factors:
                lines[run.given.name] = _plain(
                    run.given.scenario.require(factor, first, first + test.horizon - 1)
                )
        made[factor] = lines
    return made


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
