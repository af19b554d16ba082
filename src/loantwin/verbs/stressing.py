"""`stress`: the book under given scenarios, the first being the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from loantwin.errors import UsageError, expected
from loantwin.risk.facts import standing
from loantwin.risk.stress import StressResult, scenario_flows
from loantwin.risk.stress import stress as compared
from loantwin.twin import open_twin
from loantwin.verbs.outlook import GivenScenario, Outlook, read_scenarios
from loantwin.verbs.paths import scenario_run
from loantwin.verbs.provisioning import ifrs9_allowance


def stress(
    directory: Path | str,
    scenarios: Sequence[str],
    *,
    align: str | None = None,
    months: int | None = None,
    supported_months: int | None = None,
) -> StressResult:
    """Run the book under each scenario.

    Parameters
    ----------
    scenarios : FILE[#NAME], the first is the baseline. align : "start" re-dates them to begin after the as-of date.
    months : horizon; None takes the length of the shortest scenario beyond the as-of date.
    supported_months : for the allowance; None takes the configuration's, at most the horizon.

    Raises
    ------
    InputError : see the message.
    """
    if months is not None and months < 1:
        raise UsageError(expected("a horizon of at least 1 month", months), field="--months")
    if not scenarios:
        raise UsageError(expected("at least one --scenario, the baseline first", "none"), field="--scenario")
    with open_twin(directory, flags={"macro.supported_months": supported_months}) as twin:
        outlook = Outlook(twin)
        given = read_scenarios(twin, scenarios, align)
        if any(item.weight is not None for item in given):
            raise UsageError(expected("scenarios without weights: a stress test does not weigh", "=WEIGHT"), field="--scenario")
        return stressed(outlook, given, months)


def stressed(outlook: Outlook, given: Sequence[GivenScenario], months: int | None) -> StressResult:
    """Return the stress test of scenarios already read."""
    shortest = min(item.scenario.last for item in given) - outlook.month0
    horizon = shortest if months is None else months
    if horizon < 1:
        ends = min(given, key=lambda item: item.scenario.last)
        raise UsageError(
            expected("scenarios that reach beyond the as-of date (or --align start)", f"{ends.name}, which ends before it"),
            field="--scenario",
        )
    twin = outlook.twin
    macro = twin.config.macro
    if macro.supported_months > shortest:
        settings = replace(twin.config, macro=replace(macro, supported_months=shortest))
        outlook = Outlook(replace(twin, config=settings))
        twin = outlook.twin
    flows = []
    notes: dict[str, list[str]] = {}
    for item in given:
        economy = outlook.given(item.scenario, horizon, item.notes)
        notes[item.name] = list(economy.notes)
        made = scenario_run(outlook, economy, horizon)
        flows.append(scenario_flows(item.name, made, ifrs9_allowance(twin, outlook, item)))
    gaps = standing(twin.book.loans, twin.mapping.observes).not_observable
    return compared(twin.as_of, twin.currency, flows, twin.config.economics, gaps, {**twin.provenance(), "notes": notes})
