"""Everything a report shows, computed once: the pictures only draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import InputError
from loantwin.outlook.comparison import Comparison, compare
from loantwin.outlook.outlook import Economy, GivenScenario, Outlook, read_scenarios
from loantwin.outlook.paths import Paths, projected, scenario_run, with_stock
from loantwin.outlook.workout import stock_in_default
from loantwin.performance.tracking import CHARGE_OFFS, event_table, last_fact
from loantwin.risk.loss import loss as losses
from loantwin.risk.provisions.provisions import Provision
from loantwin.risk.stress.stress import ScenarioFlows, StressResult, scenario_flows
from loantwin.twin import Twin
from loantwin.types import Progress
from loantwin.verbs.forecast import unknown_figures
from loantwin.verbs.loss.loss import conditional
from loantwin.verbs.provisions.provisions import provided
from loantwin.verbs.stress.stress import stressed

FORECAST_PATHS = 1_000
LOSS_PATHS = 20_000
LOSS_MONTHS = 12
LOSS_CONFIDENCE = 0.999


@dataclass(frozen=True)
class Findings:
    """What was found. happened : (T,) event amounts by month as far as the tape tells, None where it ends."""

    twin: Twin
    outlook: Outlook
    horizon: int
    economy: Economy
    forecast: Paths
    hidden: tuple[str, ...]
    happened_figure: str
    happened: Floats | None
    comparison: Comparison | None
    comparison_gap: str
    provisions: Mapping[str, Provision]
    stress: StressResult | None
    stress_flows: Mapping[str, ScenarioFlows]
    stress_macro: Mapping[str, Floats]
    loss: losses.LossResult
    loss_paths: Floats
    provenance: Mapping[str, Any]

    @property
    def labels(self) -> list[str]:
        """Return the months of the forecast."""
        return [months.label(self.outlook.month0 + 1 + t) for t in range(self.horizon)]


def find(twin: Twin, scenarios: Sequence[str], align: str | None, progress: Progress) -> Findings:
    """Return everything the report shows."""
    outlook, run = Outlook(twin), twin.config.run
    given = read_scenarios(twin, scenarios, align)
    progress(0.05, "running the book forward")
    paths = min(run.paths, FORECAST_PATHS)
    economy = outlook.simulated(run.months, paths, run.seed)
    forecast = with_stock(
        projected(outlook, economy, run.months, paths, run.seed), *stock_in_default(outlook, run.months)
    )
    progress(0.3, "comparing with what happened")
    comparison, gap = _compared(outlook)
    progress(0.4, "provisions")
    provisions = {name: provided(outlook, name, ()) for name in ("ifrs9", "cecl", "five-level")}
    progress(0.6, "stress")
    result, flows, macro = _stress(outlook, given)
    progress(0.7, "losses")
    losses_by_path = conditional(outlook, LOSS_MONTHS, LOSS_PATHS, run.seed)
    net, _ = losses.simulated(losses_by_path, run.seed)
    gaps = provisions["ifrs9"].not_observable
    loss = losses.loss(
        twin.as_of,
        twin.currency,
        losses_by_path,
        LOSS_MONTHS,
        LOSS_CONFIDENCE,
        run.seed,
        gaps,
        twin.provenance(),
    )
    figure, happened = _happened(outlook, run.months)
    return Findings(
        twin=twin,
        outlook=outlook,
        horizon=run.months,
        economy=economy,
        forecast=forecast,
        hidden=unknown_figures(twin.mapping.observes),
        happened_figure=figure,
        happened=happened,
        comparison=comparison,
        comparison_gap=gap,
        provisions=provisions,
        stress=result,
        stress_flows=flows,
        stress_macro=macro,
        loss=loss,
        loss_paths=net,
        provenance=twin.provenance(),
    )


def _compared(outlook: Outlook) -> tuple[Comparison | None, str]:
    try:
        return compare(outlook), ""
    except InputError as error:  # a tape that ends at its as-of date has nothing to compare with
        return None, str(error)


def _stress(
    outlook: Outlook, given: Sequence[GivenScenario]
) -> tuple[StressResult | None, dict[str, ScenarioFlows], dict[str, Floats]]:
    if not given:
        return None, {}, {}
    result = stressed(outlook, given, None)
    flows, macro = {}, {}
    for item in given:
        economy = outlook.given(item.scenario, result.months, item.notes)
        flows[item.name] = scenario_flows(
            item.name, scenario_run(outlook, economy, result.months), result.scenarios[item.name].allowance
        )
        factor = "unemployment_rate"
        if factor in item.scenario.factors:
            macro[item.name] = item.scenario.require(
                factor, outlook.month0 + 1, outlook.month0 + result.months
            )
    return result, flows, macro


def _happened(outlook: Outlook, horizon: int) -> tuple[str, Floats | None]:
    """Return the figure the tape observes after the as-of date, and its amount by month for loans then on the
    book.
    """
    twin = outlook.twin
    kind, events = event_table(twin.tables.loans, twin.tables.panel)
    figure = "charged_off" if kind == CHARGE_OFFS else "defaulted"
    end = months.month_of(last_fact(twin.tables.loans, twin.tables.panel), outlook.anchor)
    span = min(horizon, end - outlook.month0)
    if span < 3:
        return figure, None
    joined = (
        outlook.book.loans.select("loan_id", "weight", "state")
        .join(events, on="loan_id", how="inner", maintain_order="left")
        .filter(pl.col("date") > twin.as_of)
    )
    month = months.months_of(joined["date"].to_numpy(), outlook.anchor).astype(np.int64) - outlook.month0 - 1
    amount = joined["weight"].to_numpy() * joined["amount"].fill_null(0.0).to_numpy()
    keep = month < span
    return figure, np.asarray(np.bincount(month[keep], amount[keep], minlength=span), dtype=np.float64)
