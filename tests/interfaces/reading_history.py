"""What tables of what was learnt, and of forecasts held against what came, must tell."""

from __future__ import annotations

from typing import Any

from loantwin.interfaces.report.labels import plain
from loantwin.performance.backtest.parts import WORDS as PARTS

from .reading import Rows, across, ends, of, rows
from .tables import Table, find

COVERED = {
    "came inside the 50 %": "coverage50",
    "came inside the 90 %": "coverage90",
    "without ties": "coverage90_untied",
    "width 90 %": "width90",
    "at equal coverage": "width90_equal",
    "interval score": "interval_score",
    "CRPS": "crps",
}


def _scored(view: Any, found: list[Table], words: str) -> Rows:
    """Yield the scores of every figure and horizon, and what their intervals are worth."""
    scores = find(found, f"By origin and approval year, {words}")
    widths = find(found, f"Intervals, {words}")
    lines = zip(scores.cells[1:], widths.cells[1:], strict=True)
    for figure, by_month in view.figures.items():
        for month, item in by_month.items():
            own, other = next(lines)
            assert own[:2] == other[:2] == (figure.replace("_", "-"), month)
            row = dict(zip(scores.cells[0], own, strict=True))
            yield from across(row, {"twin": item.accuracy, **item.rivals, "bias": item.bias})
            yield from across(row, {f"floor, {name}": value for name, value in item.noise_floor.items()})
            yield from across(row, {"cells": item.observations, "events": item.events})
            row = dict(zip(widths.cells[0], other, strict=True))
            yield from across(row, {heading: getattr(item, name) for heading, name in COVERED.items()})
            yield from ends(row["by bootstrap"], item.coverage90_low, item.coverage90_high)


@of("Backtest")
def backtest(result: Any, found: list[Table]) -> Rows:
    yield from _scored(result.given_macro, found, "given the macro path that came")
    yield from _scored(result.generated_macro, found, "on generated macro paths")
    beside = {"came": "actual", "forecast": "forecast"}
    for item in result.given_macro.by_origin:
        name = f"{item.figure.replace('_', '-')}, {item.origin}"
        yield from rows(found, "Whole book by origin", {name: item}, beside)
        yield from ends(find(found, "Whole book by origin").row(name)["90 % interval"], item.p05, item.p95)
    parts = {
        f"{item.origin} {PARTS[name]}": getattr(item, name)
        for item in result.given_macro.apart
        for name in ("number", "exposure_per_case", "amount")
    }
    apart = "Losses taken apart by origin, 12 months, given"
    yield from rows(found, apart, parts, {"came": "came", "forecast": "forecast"})


@of("RateBacktest")
def rates(result: Any, found: list[Table]) -> Rows:
    score, inside = find(found, "Accuracy, given"), find(found, "Coverage of the 90 %")
    pairs = zip(score.cells[1:], inside.cells[1:], strict=True)
    for by in result.series.values():
        for quarters, item in by.items():
            own, other = next(pairs)
            assert own[1] == other[1] == quarters
            row = dict(zip(score.cells[0], own, strict=True))
            yield from across(row, {"model": item.accuracy, **item.rivals, "bias": item.bias})
            row = dict(zip(inside.cells[0], other, strict=True))
            yield row["came inside the 90 %"], item.coverage90
            yield row["CRPS, bp"], 1e4 * item.crps
            for name, value in item.rival_crps.items():
                yield row[f"CRPS, {name}"], 1e4 * value
                yield row[f"inside, {name}"], item.rival_coverage90[name]


@of("FitResult")
def fit(result: Any, found: list[Table]) -> Rows:
    yield from rows(
        found, "Transitions fitted", {edge.edge: edge for edge in result.edges},
        {"loan months at risk": "loan_months", "events": "events", "effective": "effective_events"},
    )  # fmt: skip
    for edge in result.edges:
        cells = next(row for row in find(found, "Macro effects").cells if row[0] == edge.edge)
        (item,) = edge.macro.values()
        yield cells[2], item["value"]
        yield from ends(cells[3], item["low"], item["high"])
    drawn = {
        "persistence a month": lambda level: level["phi"],
        "innovation, log-odds": lambda level: level["sigma"],
    }
    yield from rows(found, "Period effect", result.levels, drawn)
    for name in ("charged_off", "recovered"):
        share = result.loss_given_default[name]
        row = find(found, "Loss given default").row(plain(name))
        yield from across(row, {"observed": share["value"], "used, after the prior": share["used"]})
        yield from ends(row["90 % interval"], share["low"], share["high"])
    yield from _score_of_fit(result.score, found)


def _score_of_fit(score: Any, found: list[Table]) -> Rows:
    for name, item in score.coefficients.items():
        row = find(found, f"The score {score.name}").row(name)
        yield row["coefficient"], item["value"]
        yield from ends(row["90 % interval"], item["low"], item["high"])
    told = find(found, "Default within 12 months")
    for item in score.bands:
        row = told.row(str(item["band"]))
        yield from across(row, {"loans": item["loans"], "defaults": item["defaults"]})
        yield from across(row, {"observed": item["observed"], "twin": item["twin"]})
        yield row["score's own"], item["score"]
        yield from ends(row["90 % interval"], item["low"], item["high"])


@of("PriorsResult")
def priors(result: Any, found: list[Table]) -> Rows:
    for product in result.products:
        row = list(find(found, "Prior models").row(product.name).values())[1:]
        for cell, item in zip(row, product.numbers, strict=True):
            value, low, high = cell.rstrip(")").replace(" (", " to ").split(" to ")
            yield from ((value, item.value), (low, item.low), (high, item.high))


@of("ComponentsResult")
def components(result: Any, found: list[Table]) -> Rows:
    for item in result.age:
        row = find(found, "Age: monthly").row(str(item.age))
        yield row["% of loans a month"], item.probability
        yield from ends(row["90 % interval"], item.low, item.high)
    for title, items, key in (("Vintage:", result.vintage, "vintage"), ("Period:", result.period, "month")):
        named = {getattr(item, key): item for item in items}
        shown = {"effect, log-odds": "log_odds.value", "expected events": "expected_events"}
        yield from rows(found, title, named, shown)
        for name, item in named.items():
            cell = find(found, title).row(name)["90 % interval"]
            yield from ends(cell, item.log_odds.low, item.log_odds.high)


@of("RollRatesResult")
def rolls(result: Any, found: list[Table]) -> Rows:
    money = find(found, "Roll rates a month, % of balance")
    for title, matrix in (("last 12 months", result.recent), ("all months", result.all_months)):
        table = find(found, f"Roll rates a month, % of the number of loans, {title}")
        for name, cells in matrix.rates.items():
            yield table.row(name)["loan months"], matrix.at_risk[name]
            for target, cell in zip(result.states, cells.values(), strict=True):
                yield f"{table.row(name)[target]} %", cell.number
                yield f"{money.row(name)[target]} %", result.all_months.rates[name][target].amount
    for name, value in result.to_loss.items():
        yield find(found, "Chance to roll").row(name)["% of loans"], value


@of("VintagesResult")
def vintages(result: Any, found: list[Table]) -> Rows:
    for part, words in (("number", "loans,"), ("amount", "the money lent,")):
        for item in result.vintages:
            row = find(found, f"Cumulative charged off, % of {words}").row(item.name)
            yield from across(row, {"loans": item.loans, "lent": item.originated, "events": item.events})
            for age in (3, 12, 36):
                yield f"{row[str(age)]} %", getattr(item.points[age], part)


@of("RatingsResult")
def ratings(result: Any, found: list[Table]) -> Rows:
    for title, matrix in (
        ("Transition matrix", result.matrix),
        ("Generator", result.generator),
        ("Matrix over", result.at_horizon),
    ):
        for name, values in matrix.items():
            for state, value in zip(matrix, values, strict=True):
                yield f"{find(found, title).row(name)[state]} %", value
    for name, items in result.term_structure.items():
        cells = list(find(found, "Cumulative probability").row(name).values())[1:]
        yield from zip(cells, (item.pd for item in items), strict=True)
