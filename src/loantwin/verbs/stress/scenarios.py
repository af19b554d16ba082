"""A stress test's scenarios: from files, replayed, shocked by the user, or the generator's expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from loantwin.errors import InputError, ScenarioError, UsageError, expected
from loantwin.macro.distance import Innovations, nearest
from loantwin.macro.generator import simulate
from loantwin.macro.replay import replay
from loantwin.macro.scenario import Scenario
from loantwin.macro.shock import check_severity, read_shocks, scaled, shocked
from loantwin.outlook.outlook import (
    GivenScenario,
    Histories,
    Outlook,
    Scenarios,
    alignment_notes,
    read_scenarios,
)
from loantwin.risk.stress.reverse import Plausibility, chi_square_tail

CRISES = ("1990", "2001", "2008", "2020")
"""Years from which history's crises are replayed, to say what distance a crisis has."""
EXPECTED_PATH = "expected path"
"""Name of the generator's path without shocks, the baseline where no scenario is given."""
DEVIATION_PATHS = 400


def gathered(
    outlook: Outlook,
    scenarios: Scenarios,
    align: str | None,
    replays: Sequence[str] = (),
    shocks: Sequence[str] = (),
    severity: float = 1.0,
    months: int | None = None,
    history: Histories = (),
) -> list[GivenScenario]:
    """Return every scenario, the baseline first: the first of `scenarios`, or the generator's expected path.

    Parameters
    ----------
    replays : years or months of history. shocks : TOML files. severity : multiplies every other scenario's
        deviation from the
        baseline. months : horizon of the expected path; None takes the configuration's.
    align, history : as in `read_scenarios`.

    Raises
    ------
    UsageError : a weight, or a scenario given twice. ScenarioError : whatever is wrong with a file.
    """
    check_severity(severity)
    twin = outlook.twin
    given = read_scenarios(twin, scenarios, align, history)
    if any(item.weight is not None for item in given):
        raise UsageError(
            expected("scenarios without weights: a stress test does not weigh", "=WEIGHT"), field="scenarios"
        )
    if not given:
        given = [expected_path(outlook, reach(outlook, months or twin.config.run.months))]
    first = outlook.month0 + 1
    given += [_replayed(outlook, text) for text in replays]
    for file in shocks:
        name, parts = read_shocks(file)
        deviations = (
            standard_deviations(outlook, given[0].scenario, parts[0].shape.months_to_peak)
            if _in_deviations(parts)
            else {}
        )
        made = shocked(given[0].scenario, first, parts, name, deviations)
        given.append(
            GivenScenario(name, made, None, tuple(f"{name}: {part.factor} {part.words}" for part in parts))
        )
    names = [item.name for item in given]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                expected("every scenario once", f"{name} {names.count(name)} times"), field="scenarios"
            )
    return (
        given
        if severity == 1.0
        else [given[0], *(_dialled(item, given[0], severity, first) for item in given[1:])]
    )


def expected_path(outlook: Outlook, months: int) -> GivenScenario:
    """Return the generator's path without shocks over the months after the as-of date."""
    innovations = innovations_of(outlook, months)
    path = innovations.path(np.zeros(innovations.size), EXPECTED_PATH)
    what = "what the macro generator expects, all shocks at zero" if path.factors else "no macro factor moves"
    words = f"{EXPECTED_PATH}: {what}"
    return GivenScenario(EXPECTED_PATH, path, None, (words,))


def reach(outlook: Outlook, months: int) -> int:
    """Return the months our own paths must cover: the horizon and the allowance's supported period."""
    return max(months, outlook.twin.config.macro.supported_months)


def innovations_of(outlook: Outlook, months: int) -> Innovations:
    """Return the generator's paths over months 1..`months` as functions of innovations."""
    generator = outlook.twin.generator
    first = min(generator.first, outlook.month0 + 1)
    return Innovations(generator, first, outlook.month0 + months - first + 1)


def model_factors(outlook: Outlook) -> list[str]:
    """Return the factors that move the book: covariates', the floating-rate index, the collateral's price."""
    named = dict.fromkeys(covariate.factor for covariate in outlook.twin.model.covariates)
    also = (outlook.index_factor, outlook.price_factor)
    return list(named | dict.fromkeys(name for name in also if name is not None))


def standard_deviations(outlook: Outlook, baseline: Scenario, month: int) -> dict[str, float]:
    """Return factors' standard deviation over generated paths in month `month`; of logs for an index.

    A factor that the generator does not simulate takes the deviation of its 12-month changes in the known
    history.
    """
    generator = outlook.twin.generator
    first = outlook.month0 + month
    drawn = simulate(generator, max(first, generator.first), 1, DEVIATION_PATHS, outlook.twin.config.run.seed)
    made = {}
    for factor, kind in zip(baseline.factors, baseline.kinds, strict=True):
        if factor in drawn.factors:
            values = drawn.values[:, 0, drawn.factors.index(factor)]
        elif factor in outlook.history.factors:
            past = outlook.history.values[:, outlook.history.factors.index(factor)]
            past = np.log(past) if kind == "index" else past
            change = past[12:] - past[:-12]
            made[factor] = float(np.nanstd(change))
            continue
        else:
            continue
        made[factor] = float(np.log(values).std() if kind == "index" else values.std())
    return made


def plausibility(outlook: Outlook, scenario: Scenario, horizon: int) -> Plausibility:
    """Return how far a scenario lies from what the generator expects."""
    innovations = innovations_of(outlook, horizon)
    first = outlook.month0 + 1
    factors = [
        factor
        for factor in model_factors(outlook)
        if factor in innovations.generator.factors and factor in scenario.factors
    ]
    if not factors or horizon < 3:
        return Plausibility(None, 0, None, "no factor of the model is simulated")
    try:
        wanted = {factor: (first, scenario.require(factor, first, first + horizon - 1)) for factor in factors}
        z, conditions = nearest(innovations, wanted)
    except ScenarioError as error:
        return Plausibility(None, 0, None, str(error))
    distance = float(np.linalg.norm(z))
    return Plausibility(distance, conditions, chi_square_tail(distance, conditions))


def crises(outlook: Outlook, horizon: int) -> dict[str, Plausibility]:
    """Return how far each of history's crises, replayed from today, lies from what the generator expects.

    A distance is comparable with that of a scenario of as many conditions. A crisis that the macro files do
    not hold over the horizon has none, and says why.
    """
    return {
        year: Plausibility(None, 0, None, path)
        if isinstance(path, str)
        else plausibility(outlook, path, horizon)
        for year, path in crisis_paths(outlook, horizon).items()
    }


def crisis_paths(outlook: Outlook, horizon: int) -> dict[str, Scenario | str]:
    """Return history's crises replayed from today; in words why one does not last the horizon."""
    twin, made = outlook.twin, dict[str, Scenario | str]()
    for year in CRISES:
        try:
            path, _ = replay(twin.macro_sources, year, twin.as_of, outlook.history, model_factors(outlook))
        except InputError as error:
            made[year] = error.message
            continue
        length = path.last - outlook.month0
        made[year] = path if length >= horizon else f"it lasts {length} months, of {horizon}"
    return made


def ranked(item: Plausibility, among: Mapping[str, Plausibility]) -> Plausibility:
    """Return a distance with its rank among crises of as many conditions, 1 being the farthest."""
    alike = {
        name: crisis.distance
        for name, crisis in among.items()
        if crisis.distance is not None and crisis.conditions == item.conditions
    }
    if item.distance is None or not alike:
        return item
    farther = sum(distance > item.distance for distance in alike.values())
    return replace(item, rank=1 + farther, ranked_among=tuple(alike))


def _replayed(outlook: Outlook, text: str) -> GivenScenario:
    twin = outlook.twin
    scenario, report = replay(twin.macro_sources, text, twin.as_of, outlook.history, model_factors(outlook))
    return GivenScenario(scenario.name, scenario, None, alignment_notes(report))


def _dialled(item: GivenScenario, baseline: GivenScenario, severity: float, first: int) -> GivenScenario:
    made = scaled(item.scenario, baseline.scenario, severity, first)
    left = sorted(set(item.scenario.factors) - set(made.factors))
    words = [f"{item.name}: its deviation from {baseline.name} x {severity:g}"]
    words += [f"{item.name}: {', '.join(left)} left out, {baseline.name} does not hold them"] if left else []
    return replace(item, scenario=made, notes=(*item.notes, *words))


def _in_deviations(parts: Sequence[object]) -> bool:
    return any(getattr(part, "unit", "") == "deviations" for part in parts)
