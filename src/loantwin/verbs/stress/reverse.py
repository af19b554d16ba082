"""Reverse stress of a twin: the mildest path of the economy that costs a given loss or breaks a given ratio.

The search moves the generator's standardised innovations; the period effect stays at its expectation. Flows
of all directions are computed in one batch. Allowance, coverage and capital are too dear for that: the
mildest paths for rising losses (less income for capital) are walked along until the figure itself reaches its
target. The path found is then a scenario like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.errors import RiskError, UsageError, expected
from loantwin.macro.covariates import evaluate
from loantwin.macro.distance import Innovations, directions, slopes
from loantwin.macro.generator import simulate
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.outlook.outlook import Economy, GivenScenario, Outlook
from loantwin.outlook.workout import stock_in_default
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
from loantwin.verbs.stress.actions import lowest_ratio
from loantwin.verbs.stress.flows import flows_of_cells, grouped_cells, twin_flows
from loantwin.verbs.stress.funding import economy_under, funding_rates
from loantwin.verbs.stress.parts import figures_of
from loantwin.verbs.stress.run import StressTest, ran, run_figure
from loantwin.verbs.stress.scenarios import EXPECTED_PATH, innovations_of, model_factors, reach

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
SLOW = ("allowance", "coverage", "cet1")
CHECK_PATHS = 2_000
ROUNDS = 8
EXACT = 1e-4
"""Relative gap between a figure and its target at which it counts as reached."""
_TARGET = re.compile(r"([a-z_0-9]+)\s*=\s*([\d_.]+(?:e[+-]?\d+)?)\s*(%?)", re.IGNORECASE)


@dataclass(frozen=True)
class Search:
    """A figure computed from flows, as a function of innovations. span : months of flows that count."""

    test: StressTest
    figure: str
    innovations: Innovations
    span: int

    @cached_property
    def cells(self) -> Cells:
        """Return the book's cells, floating balances on the expected path."""
        economy = self.economy(self.innovations.paths(np.zeros((1, self.innovations.size))))
        return grouped_cells(self.test.outlook, economy, self.test.horizon)

    @cached_property
    def stock(self) -> float:
        """Return what the stock in default adds whatever the path."""
        return (
            float(stock_in_default(self.test.outlook, self.test.horizon)[0].sum())
            if self.figure == "charged_off"
            else 0.0
        )

    def economy(self, paths: MacroPaths) -> Economy:
        """Return macro paths as the model reads them."""
        outlook, horizon = self.test.outlook, self.test.horizon
        twin, first = outlook.twin, outlook.month0 + 1
        covariates = evaluate(twin.model.covariates, paths, first, first + horizon - 1, twin.history)
        return Economy(
            None,
            covariates,
            outlook.index_of(paths, horizon),
            funding=funding_rates(outlook, paths, horizon),
            prices=outlook.prices_of(paths, horizon),
        )

    def of_paths(self, paths: MacroPaths) -> Floats:
        """Return the figure on each path, (P,), rising with harm; in place of capital, loss less income."""
        test, economy = self.test, self.economy(paths)
        economy = Economy(
            None,
            economy.covariates[:, : self.span],
            None if economy.index is None else economy.index[:, : self.span],
            funding=economy.funding,
            prices=None if economy.prices is None else economy.prices[:, : self.span],
        )
        flows = (
            flows_of_cells(test.outlook, economy, self.cells, self.span)
            if test.run is twin_flows
            else test.run(test.outlook, economy, self.span)
        )
        found = {
            name: values.sum(axis=1) for name, values in figures_of(test.outlook, flows, economy).items()
        }
        if self.figure == "cet1":
            return np.asarray(found["loss"] - found["net_interest_income"])
        return np.asarray(found["loss" if self.figure in SLOW else self.figure] + self.stock)

    @cached_property
    def basis(self) -> Floats:
        """Return the innovations that move the book, (D, r): the search's own dimensions y, z = basis @ y."""
        return directions(self.innovations, model_factors(self.test.outlook))

    def values(self, y: Floats) -> Floats:
        """Return the figure at each point (P, r)."""
        return self.of_paths(self.innovations.paths(y @ self.basis.T))

    def slopes(self, y: Floats) -> tuple[float, Floats]:
        """Return the figure and its gradient at a point (r,)."""
        value, slope = slopes(lambda points: self.values(points)[:, None], y)
        return float(value[0]), slope[0]


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
        words = (
            "loss less net interest income" if search.figure == "cet1" else f"loss of {search.span} months"
        )
        notes.append(
            f"mildest among paths ranked by {words}, walked along until the figure itself is reached; "
            "generated paths too"
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
    test, item = search.test, _given(search, y, name, ())
    if search.figure in SLOW:
        run = ran(test.outlook, test.run, item, test.horizon, test.capital)
        ratio = lowest_ratio(test, run, test.lending) if _lends(test, search.figure) else None
        return run_figure(test, run, search.figure) if ratio is None else ratio
    economy = economy_under(test.outlook, item.scenario, test.horizon)
    flows = test.run(test.outlook, economy, test.horizon)
    return float(figures_of(test.outlook, flows, economy)[search.figure].sum()) + search.stock


def _lends(test: StressTest, figure: str) -> bool:
    return figure == "cet1" and test.lending != "none"


def _given(search: Search, z: Floats, name: str, notes: tuple[str, ...]) -> GivenScenario:
    return GivenScenario(name, search.innovations.path(search.basis @ z, name), None, notes)
