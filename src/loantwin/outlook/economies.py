"""The one economy that a book is run forward under: a given scenario, or paths of the generator."""

from __future__ import annotations

import numpy as np

from loantwin.errors import UsageError, expected
from loantwin.outlook.outlook import Economy, Histories, Outlook, Scenarios, read_scenarios
from loantwin.types import Interval


def one_economy(
    outlook: Outlook,
    scenarios: Scenarios,
    align: str | None,
    horizon: int,
    paths: int,
    seed: int,
    history: Histories = (),
) -> tuple[Economy, dict[str, tuple[Interval, ...]]]:
    """Return the economy ahead, given or generated, and its factors by month.

    Parameters
    ----------
    scenarios : FILE[#NAME], one given path; none draws `paths` from the generator. align, history : as in
        `read_scenarios`.

    Raises
    ------
    UsageError : several scenarios, or a weight. ScenarioError : a scenario that is wrong or too short.
    """
    found = read_scenarios(outlook.twin, scenarios, align, history)
    if not found:
        return outlook.simulated(horizon, paths, seed), outlook.factor_fan(horizon, seed)
    if len(found) > 1:
        names = ", ".join(item.name for item in found)
        raise UsageError(expected("one scenario: `stress` runs several", names), field="scenarios")
    given = found[0]
    if given.weight not in (None, 1.0):
        raise UsageError(expected("no weight: there is one scenario", given.weight), field="scenarios")
    economy = outlook.given(given.scenario, horizon, given.notes)
    values = {
        name: given.scenario.values[outlook.month0 + 1 - given.scenario.first :][:horizon, place]
        for place, name in enumerate(given.scenario.factors)
    }
    return economy, {
        name: tuple(Interval(value, value, value) for value in path.tolist())
        for name, path in values.items()
        if len(path) == horizon and np.isfinite(path).all()
    }
