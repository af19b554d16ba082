"""The figures of a stress test: totals, series, parts by factor and segment, plausibility, the economy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.macro.generator import simulate
from loantwin.risk.facts import standing
from loantwin.risk.stress.stress import ScenarioFlows, StressResult
from loantwin.risk.stress.stress import stress as compared
from loantwin.types import Progress, silent
from loantwin.verbs.stress.parts import parts
from loantwin.verbs.stress.run import StressRun, StressTest, series_of
from loantwin.verbs.stress.scenarios import crises, model_factors, plausibility, ranked

FAN_PATHS = 1_000
FAN = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


def figures(test: StressTest, progress: Progress = silent) -> StressResult:
    """Return the figures of a test: totals, series, parts by factor and segment, plausibility."""
    outlook, base = test.outlook, test.baseline
    twin = outlook.twin
    gaps = standing(twin.book.loans, twin.mapping.observes, assumed=tuple(twin.book.assumed)).not_observable
    notes = {run.given.name: list(run.economy.notes) for run in test.runs}
    notes[base.given.name] += outlook.notes
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
    among = crises(outlook, test.horizon)
    return replace(
        result,
        paths={run.given.name: series_of(test, run) for run in test.runs},
        parts={
            run.given.name: parts(outlook, test.run, start, (run.economy, run.flows), test.horizon)
            for run in test.runs[1:]
        },
        plausibility={
            run.given.name: ranked(plausibility(outlook, run.given.scenario, test.horizon), among)
            for run in test.runs
        },
        crises=among,
        macro=macro_lines(test),
    )


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
        None if run.economy.funding is None else run.economy.funding[0],
    )


def macro_lines(test: StressTest) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return the factors that move the book, by month: by scenario, and quantiles of generated paths."""
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
