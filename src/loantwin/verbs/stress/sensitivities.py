"""Sensitivities: one factor at a time pushed off the baseline and back, up as stated, down as far."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import InputError, UsageError, expected
from loantwin.macro.distance import Innovations, nearest
from loantwin.macro.scenario import Scenario
from loantwin.macro.shock import Shape, Shock, default_unit, shocked
from loantwin.outlook.outlook import GivenScenario
from loantwin.outlook.portfolio import ifrs9_allowance
from loantwin.risk.stress.factors import FactorSensitivity
from loantwin.verbs.stress.funding import economy_under
from loantwin.verbs.stress.parts import FIGURES, figures_of
from loantwin.verbs.stress.run import StressTest
from loantwin.verbs.stress.scenarios import innovations_of, model_factors, standard_deviations

_FORM = re.compile(r"([a-z_0-9]+)\s*=\s*([+-]?\d*\.?\d+(?:e[+-]?\d+)?)\s*(sd|%|pp)?", re.IGNORECASE)


def parse_sensitivity(text: str, test: StressTest, shape: Shape) -> Shock:
    """Return the shock of `FACTOR=SIZE`: points (rates, yields, growth), percent (index), `sd` deviations.

    Raises
    ------
    UsageError : another form, a factor that the baseline lacks, a size of 0.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            expected("FACTOR=SIZE, like unemployment_rate=+1 or house_price_index=-20", text),
            field="sensitivities",
        )
    factor, size = found[1], float(found[2])
    baseline = test.baseline.given.scenario
    if factor not in baseline.factors:
        raise UsageError(
            expected("a factor of the baseline: " + ", ".join(baseline.factors), factor),
            field="sensitivities",
        )
    if size == 0.0:
        raise UsageError(expected("a size other than 0", text), field="sensitivities")
    kind = baseline.kinds[baseline.factors.index(factor)]
    unit = {"sd": "deviations", "%": "percent", "pp": "points", None: default_unit(kind)}[
        found[3] and found[3].lower()
    ]
    return Shock(factor, size, unit, shape)


def sensitivity_table(
    test: StressTest, asked: Sequence[str], everything: bool, correlated: bool, shape: Shape
) -> tuple[FactorSensitivity, ...]:
    """Return what each factor's shock does to the figures of the baseline.

    Parameters
    ----------
    asked : FACTOR=SIZE. everything : one standard deviation of each factor that moves the book too; with
        `correlated` of each
        factor the generator simulates. correlated : the other factors move as the generator expects given the
            shock.

    Raises
    ------
    UsageError : a peak beyond the horizon, or a factor the generator does not simulate under `correlated`.
    """
    shocks = [parse_sensitivity(text, test, shape) for text in asked]
    if everything:
        baseline = test.baseline.given.scenario.factors
        wanted = test.outlook.twin.generator.factors if correlated else model_factors(test.outlook)
        named = {shock.factor for shock in shocks}
        shocks += [
            Shock(factor, 1.0, "deviations", shape)
            for factor in wanted
            if factor in baseline and factor not in named
        ]
    if shape.months_to_peak > test.horizon:
        raise UsageError(
            expected(f"a peak within the horizon of {test.horizon} months", shape.months_to_peak),
            field="shape",
        )
    deviations = standard_deviations(test.outlook, test.baseline.given.scenario, shape.months_to_peak)
    base = _figures(test, test.baseline.given)
    made = [_sensitivity(test, shock, deviations, correlated, base) for shock in shocks]
    return tuple(sorted(made, key=lambda item: -max(abs(item.up["loss"]), abs(item.down["loss"]))))


def _sensitivity(
    test: StressTest, shock: Shock, deviations: dict[str, float], correlated: bool, base: dict[str, float]
) -> FactorSensitivity:
    sides, distance, notes = list[dict[str, float]](), None, list[str]()
    for sign in (1.0, -1.0):
        moved = _opposite(shock) if sign < 0 else shock
        try:
            path, far = _shocked(test, moved, deviations, correlated)
        except InputError as error:
            if sign > 0:
                raise
            notes.append(f"{shock.factor}: the opposite shock is left out: {error.message}")
            sides.append({})
            continue
        distance = far if sign > 0 else distance
        found = _figures(test, GivenScenario(f"{shock.factor} {moved.peak:+g}", path, None, ()))
        sides.append({name: found[name] - base[name] for name in base})
    if distance is None:
        notes.append(f"{shock.factor}: the generator does not simulate it or cannot follow the shock")
    return FactorSensitivity(
        shock.factor, _words(shock, deviations, test), correlated, distance, sides[0], sides[1], tuple(notes)
    )


def _shocked(
    test: StressTest, shock: Shock, deviations: dict[str, float], correlated: bool
) -> tuple[Scenario, float | None]:
    """Return the baseline with the factor shocked, others if `correlated`, and the shock's distance."""
    outlook, baseline = test.outlook, test.baseline.given.scenario
    first = outlook.month0 + 1
    path = shocked(baseline, first, [shock], baseline.name, deviations)
    innovations = innovations_of(outlook, test.horizon)
    generator = innovations.generator
    if shock.factor not in generator.factors:
        if correlated:
            raise UsageError(
                expected(
                    "a factor that the generator simulates: " + ", ".join(generator.factors), shock.factor
                ),
                field="correlated",
            )
        return path, None
    # the generator's own expected path, pushed as the baseline is: what the shock says of the others is the
    # difference
    still = innovations.path(np.zeros(innovations.size), baseline.name)
    pushed = shocked(still, first, [shock], baseline.name, deviations)
    try:
        z, _ = nearest(innovations, {shock.factor: (first, pushed.require(shock.factor, first, pushed.last))})
    except InputError:
        if correlated:
            raise
        return path, None
    if correlated:
        path = _carried(path, shock.factor, innovations, still, z, first)
    return path, float(np.linalg.norm(z))


def _carried(
    path: Scenario, factor: str, innovations: Innovations, still: Scenario, z: Floats, first: int
) -> Scenario:
    """Return the shocked baseline, other factors moved as on z's path against the expected one."""
    answer = innovations.path(z, path.name)
    values = path.values.copy()
    last = min(path.last, answer.last)
    rows = slice(first - path.first, last - path.first + 1)
    own = slice(first - answer.first, last - answer.first + 1)
    for column, name in enumerate(path.factors):
        if name == factor or name not in answer.factors:
            continue
        place = answer.factors.index(name)
        now, before = answer.values[own, place], still.values[own, place]
        values[rows, column] = (
            values[rows, column] * now / before
            if path.kinds[column] == "index"
            else values[rows, column] + now - before
        )
    return replace(path, values=values)


def _figures(test: StressTest, item: GivenScenario) -> dict[str, float]:
    outlook = test.outlook
    economy = economy_under(outlook, item.scenario, test.horizon)
    found = figures_of(outlook, test.run(outlook, economy, test.horizon), economy)
    made = {name: float(found[name].sum()) for name in FIGURES}
    made["allowance"] = ifrs9_allowance(outlook, item)
    return made


def _opposite(shock: Shock) -> Shock:
    """Return the shock as far the other way; an index that rose by a factor falls by it."""
    if shock.unit != "percent":
        return replace(shock, peak=-shock.peak)
    return replace(shock, peak=100.0 * (math.exp(-math.log1p(shock.peak / 100.0)) - 1.0))


def _words(shock: Shock, deviations: dict[str, float], test: StressTest) -> str:
    if shock.unit != "deviations" or shock.factor not in deviations:
        return shock.words
    scenario = test.baseline.given.scenario
    size = shock.peak * deviations[shock.factor]
    if scenario.kinds[scenario.factors.index(shock.factor)] == "index":
        return f"{shock.words} ({100.0 * math.expm1(size):+.3g} %)"
    return f"{shock.words} ({100.0 * size:+.3g} percentage points)"
