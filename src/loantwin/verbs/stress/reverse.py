"""Reverse stress of a twin: the mildest path of the economy that costs a given loss or breaks a given ratio.

The search moves the generator's standardised innovations; the period effect stays at its expectation. Flows
of all directions are computed in one batch. Allowance, coverage and capital are too dear for that: the
mildest paths for rising losses (less income for capital) are walked along until the figure itself reaches its
target. The path found is then a scenario like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import RiskError, UsageError, expected
from loantwin.macro.generator import simulate
from loantwin.macro.scenario import Scenario
from loantwin.outlook.outlook import GivenScenario, Outlook
from loantwin.risk.stress.reverse import (
    BeyondSeen,
    Mildest,
    Peak,
    ReverseStress,
    chi_square_tail,
    mildest,
    normal_tail,
    walked,
)
from loantwin.verbs.stress.rarity import crisis_costs, rarity
from loantwin.verbs.stress.run import StressTest
from loantwin.verbs.stress.scenarios import EXPECTED_PATH, innovations_of, model_factors, reach
from loantwin.verbs.stress.search import SLOW, Search, figure_under, measure_of

FIGURES = {
    "defaulted": "exposure that enters default over the horizon",
    "charged_off": "principal charged off over the horizon",
    "loss": "present value of the horizon's defaults x loss given default, net of guarantees",
    "allowance": "IFRS 9 allowance at the as-of date were the path certain, net of guarantees",
    "coverage": "that allowance / exposure",
    "cet1": "lowest ratio of common equity after the as-of date",
}
"""What a target may be set for."""
RATIOS = ("coverage", "cet1")
CHECK_PATHS = 2_000
ROUNDS = 8
EXACT = 1e-4
"""Relative gap between a figure and its target at which it counts as reached."""
_TARGET = re.compile(r"([a-z_0-9]+)\s*=\s*([\d_.]+(?:e[+-]?\d+)?)\s*(%?)", re.IGNORECASE)


def parse_target(text: str, opening: float, capital: bool) -> tuple[str, float]:
    """Return figure and target of `FIGURE=NUMBER[%]`, currency or decimal; shares are of opening balance.

    Raises
    ------
    UsageError : another form, an unknown figure, a ratio outside 0 to 1, capital without `--capital`.
    """
    found = _TARGET.fullmatch(text.strip())
    if found is None:
        raise UsageError(expected("FIGURE=AMOUNT or FIGURE=SHARE%, like loss=5%", text), field="reverse")
    figure, number, percent = found[1].lower(), float(found[2].replace("_", "")), bool(found[3])
    if figure not in FIGURES:
        raise UsageError(expected("a figure of " + ", ".join(FIGURES), figure), field="reverse")
    if figure == "cet1" and not capital:
        raise UsageError(expected("own funds by `capital` for a target of cet1", "none"), field="reverse")
    value = number / 100.0 if percent else number
    if figure in RATIOS and not 0.0 < value < 1.0:
        raise UsageError(expected("a ratio between 0 and 1 (or 0 % and 100 %)", text), field="reverse")
    if not value > 0.0:
        raise UsageError(expected("a target above 0", text), field="reverse")
    return figure, value * opening if percent and figure not in RATIOS else value


def reversed_stress(test: StressTest, text: str) -> tuple[ReverseStress, GivenScenario]:
    """Return the mildest path to a target and its facts, and the path as a scenario.

    Raises
    ------
    UsageError : see `parse_target`. RiskError : no path gets there; the message says the largest figure
        found.
    """
    opening = float(test.baseline.monthly.opening[0])
    figure, target = parse_target(text, opening, test.capital is not None)
    span = test.horizon
    if figure in ("allowance", "coverage"):
        span = min(span, test.outlook.twin.config.macro.supported_months)
    search = Search(test, figure, innovations_of(test.outlook, reach(test.outlook, test.horizon)), span)
    name = f"reverse {text.replace(' ', '')}"
    start = _figure(search, np.zeros(search.basis.shape[1]), EXPECTED_PATH)
    beyond = start <= target if figure == "cet1" else start >= target
    if beyond:
        side = "below" if figure == "cet1" else "above"
        shown = ".4%" if figure in RATIOS else ",.6g"
        words = (
            f"expected a target {side} what the expected path gives, {start:{shown}}, was {target:{shown}}"
        )
        raise RiskError(words, field=f"reverse {figure}")
    point, reached = _walked(search, name, target) if figure in SLOW else _corrected(search, name, target)
    answer = _facts(search, text, name, point, reached, start, target)
    return answer, _given(search, point.z, name, tuple(_own(name, note) for note in answer.notes))


def _own(name: str, note: str) -> str:
    return note if note.startswith(name) else f"{name}: {note}"


def _corrected(search: Search, name: str, target: float) -> tuple[Mildest, float]:
    """Return the mildest point whose scenario, balances on its own index path, reaches the target."""
    aim, start = target, np.zeros(search.basis.shape[1])
    for _ in range(ROUNDS):
        point = mildest(search.slopes, search.values, start, aim)
        reached = _figure(search, point.z, name)
        if abs(reached - target) <= EXACT * abs(target):
            break
        aim, start = aim + target - reached, point.z
    return point, reached


def _walked(search: Search, name: str, target: float) -> tuple[Mildest, float]:
    """Return the first harshest path, at rising distances, on which the figure reaches the target."""
    sign = -1.0 if search.figure == "cet1" else 1.0

    def figure(y: Floats) -> float:
        return sign * _figure(search, y, name)

    try:
        point, reached = walked(search.slopes, figure, search.basis.shape[1], sign * target)
    except RiskError as error:
        words = (
            error.message.replace("-", "").replace("the largest found", "the lowest found")
            if sign < 0
            else error.message
        )
        raise RiskError(words, field=error.field) from error
    return point, sign * reached


def _facts(
    search: Search, text: str, name: str, point: Mildest, reached: float, start: float, target: float
) -> ReverseStress:
    outlook, horizon, innovations = search.test.outlook, search.test.horizon, search.innovations
    drawn = simulate(
        innovations.generator,
        innovations.first,
        innovations.months,
        CHECK_PATHS,
        outlook.twin.config.run.seed,
    )
    losses = search.of_paths(drawn)
    bar = float(
        search.values(point.z[None])[0]
    )  # in the search's own figure, which stands in for allowance and capital
    beyond = int((losses >= bar).sum())
    share = beyond / CHECK_PATHS
    notes = [
        f"the mildest path for {text}: {point.distance:.2f} standard deviations from the expected path; "
        "period effect at its expectation",
    ]
    if search.figure in SLOW:
        notes.append(
            f"mildest among paths ranked by {measure_of(search)}, walked along until the figure itself is "
            "reached; generated paths and history's windows too"
        )
    beyond_seen = outside(outlook, _given(search, point.z, name, ()).scenario, horizon)
    return ReverseStress(
        name=name,
        figure=search.figure,
        target=target,
        reached=reached,
        expected=start,
        months=horizon,
        distance=point.distance,
        tail_probability=normal_tail(point.distance),
        chi_square_probability=chi_square_tail(point.distance, len(point.z)),
        degrees_of_freedom=len(point.z),
        generated_paths=CHECK_PATHS,
        generated_beyond=beyond,
        generated_share=share,
        generated_standard_error=float(np.sqrt(share * (1.0 - share) / CHECK_PATHS)),
        peaks=_peaks(search, point.z),
        notes=(*notes, *_beyond_words(name, beyond_seen)),
        beyond_seen=beyond_seen,
        crises=crisis_costs(search),
        rarity=rarity(search, point.distance, bar, losses),
    )


def outside(outlook: Outlook, path: Scenario, horizon: int) -> dict[str, BeyondSeen]:
    """Return the factors that move the book and leave the range of their known history, where most.

    Rates, yields and growth by their level; an index by its change over twelve months.
    """
    known, made = outlook.history, {}
    for factor in model_factors(outlook):
        if factor not in path.factors or factor not in known.factors:
            continue
        place = path.factors.index(factor)
        past = known.values[: outlook.month0 + 1 - known.first, known.factors.index(factor)]
        start = outlook.month0 + 1 - path.first
        whole = np.concatenate([past, path.values[start : start + horizon, place]])
        measure = "level"
        if path.kinds[place] == "index":
            measure, whole = "growth_12m", whole[12:] / whole[:-12] - 1.0
        seen, ahead = whole[:-horizon], whole[-horizon:]
        seen = seen[np.isfinite(seen)]
        if not seen.size:
            continue
        low, high = float(seen.min()), float(seen.max())
        off = np.maximum(ahead - high, low - ahead)
        worst = int(np.argmax(off))
        if off[worst] > EXACT * 1e-4:  # rounding is no step
            month = months.label(outlook.month0 + 1 + worst)
            made[factor] = BeyondSeen(measure, month, float(ahead[worst]), low, high)
    return made


def _beyond_words(name: str, found: Mapping[str, BeyondSeen]) -> tuple[str, ...]:
    """Return what left its range, in words."""
    return tuple(
        f"{name}: {factor}{' over twelve months' if item.measure == 'growth_12m' else ''} reaches "
        f"{100.0 * item.value:.1f} % in {item.month}, beyond anything in its history, "
        f"{100.0 * item.low:.1f} to {100.0 * item.high:.1f} %: the path has left what was ever seen"
        for factor, item in found.items()
    )


def _peaks(search: Search, z: Floats) -> dict[str, Peak]:
    """Return where factors that move the book are farthest from expectation, in generated spreads."""
    first = search.test.outlook.month0 + 1
    place = slice(first - search.innovations.first, first - search.innovations.first + search.test.horizon)
    both = search.innovations.paths(np.stack([z, np.zeros_like(z)]) @ search.basis.T)
    made = {}
    for factor in model_factors(search.test.outlook):
        if factor in both.factors:
            column = both.factors.index(factor)
            path, still = both.values[:, place, column]
            relative = both.kinds[column] == "index"
            month = int(np.argmax(np.abs(path / still - 1.0 if relative else path - still)))
            made[factor] = Peak(months.label(first + month), float(path[month]), float(still[month]))
    return made


def _figure(search: Search, y: Floats, name: str) -> float:
    """Return the figure of a point as the scenario of its path gives it."""
    return figure_under(search, _given(search, y, name, ()))


def _given(search: Search, z: Floats, name: str, notes: tuple[str, ...]) -> GivenScenario:
    return GivenScenario(name, search.innovations.path(search.basis @ z, name), None, notes)
