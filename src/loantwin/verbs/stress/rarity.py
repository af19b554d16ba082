"""What history's crises and windows cost today's book, and how often an economy comes that costs as much."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import InputError, RiskError, ScenarioError
from loantwin.macro.replay import parse_start
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.macro.windows import Windows, moves, surprises
from loantwin.outlook.outlook import GivenScenario
from loantwin.risk.stress.rarity import (
    LEAST_APART,
    CrisisCost,
    Rarity,
    WindowsCost,
    fitted_tail,
    least_distances,
    share_interval,
    windows_cost,
)
from loantwin.risk.stress.reverse import FARTHEST, frontier, mildest, normal_tail
from loantwin.verbs.stress.scenarios import crisis_paths, innovations_of, model_factors, reach
from loantwin.verbs.stress.search import SLOW, Search, figure_under, measure_of


def crisis_costs(search: Search) -> dict[str, CrisisCost]:
    """Return what each of history's crises, replayed from today, costs, and the mildest path that costs it.

    Of capital and allowances the distance is that of the loss (less income) that stands in for them.
    """
    outlook, horizon = search.test.outlook, search.test.horizon
    needed = reach(outlook, horizon) if search.figure in SLOW else horizon
    made = {}
    for year, path in crisis_paths(outlook, needed).items():
        if isinstance(path, str):
            made[year] = CrisisCost(None, None, gap=path)
            continue
        last = parse_start(year) + horizon - 1
        try:
            cost = figure_under(search, GivenScenario(path.name, path, None, ()))
        except InputError as error:
            made[year] = CrisisCost(None, None, gap=error.message)
            continue
        distance, gap = _distance(search, path)
        made[year] = CrisisCost(cost, distance, months.label(last), last > outlook.month0, gap)
    return made


def _distance(search: Search, path: Scenario) -> tuple[float | None, str]:
    """Return the distance of the mildest path that costs as much as a crisis, or why none does."""
    kept = slice(search.test.outlook.month0 + 1 - path.first, None)
    paths = MacroPaths(
        search.test.outlook.month0 + 1,
        path.factors,
        path.kinds,
        np.ascontiguousarray(path.values[None, kept]),
    )
    target = float(search.of_paths(paths)[0])
    try:
        return mildest(search.slopes, search.values, np.zeros(search.basis.shape[1]), target).distance, ""
    except RiskError:
        return None, f"no path within {FARTHEST:g} standard deviations costs as much"


def rarity(search: Search, distance: float, bar: float, generated: Floats) -> Rarity:
    """Return how often an economy comes that costs at least `bar`, of the search's own figure.

    Parameters
    ----------
    distance : of the mildest path that costs `bar`. generated : (P,) what generated paths cost.
    """
    outlook, horizon = search.test.outlook, search.test.horizon
    short_rate = outlook.twin.config.funding.short_rate
    found = (
        _windows(
            search,
            lambda: moves(
                outlook.twin.history,
                outlook.history,
                outlook.month0,
                horizon,
                model_factors(outlook),
                (short_rate,),
            ),
        ),
        _windows(search, lambda: surprises(innovations_of(outlook, horizon))),
    )
    highest = max([bar, *(float(item[1].max()) for item in found if not isinstance(item, str))])
    radii, figures = frontier(search.slopes, search.basis.shape[1], highest)
    counted, fitted = [], []
    for item in found:
        if isinstance(item, str):
            counted.append(WindowsCost(0, 0.0, 0, None, None, None, gap=item))
            continue
        windows, costs = item
        far = least_distances(radii, figures, costs)
        counted.append(windows_cost(costs, far, windows.starts, windows.apart, bar, windows.bent))
        fitted.append((far, windows.apart))
    tail = None if counted[1].gap else fitted_tail(*fitted[-1], distance)
    words = (
        f"{counted[1].apart:.1f} windows of surprises fit side by side, of {LEAST_APART:g} that a tail needs"
    )
    low, high = share_interval(float((generated >= bar).mean()), len(generated))
    return Rarity(
        measure=measure_of(search),
        normal=normal_tail(distance),
        generated_low=low,
        generated_high=high,
        moves=counted[0],
        surprises=counted[1],
        tail=tail,
        gap=counted[1].gap or ("" if tail else words),
    )


def _windows(search: Search, made: Callable[[], Windows]) -> tuple[Windows, Floats] | str:
    """Return windows of history and what each costs, (P,), or why there are none."""
    try:
        windows = made()
        return windows, search.of_paths(windows.paths)
    except ScenarioError as error:
        return error.message
