"""What is read on pages: each figure of a result stands under its own heading, in tables and in pictures."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from loantwin.interfaces.report.backtest.page import page as backtest_page
from loantwin.interfaces.report.components import page as components_page
from loantwin.interfaces.report.components import times
from loantwin.interfaces.report.curves import page as curves_page
from loantwin.interfaces.report.drawing import Chart, figure, share
from loantwin.interfaces.report.fairness.page import page as fairness_page
from loantwin.interfaces.report.fairness.search import page as search_page
from loantwin.interfaces.report.labels import accuracy_words, money
from loantwin.interfaces.report.loss.charts import exceedance
from loantwin.interfaces.report.loss.page import page as loss_page
from loantwin.interfaces.report.movement import BRIDGE, LOSSES, WORDS
from loantwin.interfaces.report.movement import page as movement_page
from loantwin.interfaces.report.palette import COLOURS, lightness
from loantwin.interfaces.report.report.ahead import (
    forecast_section,
    loss_section,
    provisions_section,
    stress_section,
)
from loantwin.interfaces.report.report.compared import against, compared_section
from loantwin.interfaces.report.report.tiles import tiles
from loantwin.interfaces.report.score_card.page import page as card_page
from loantwin.interfaces.report.stress.figures import FIGURES
from loantwin.interfaces.report.stress.page import page as stress_page
from loantwin.outlook.comparison import GENERATED, Comparison
from loantwin.outlook.paths import MOVES
from loantwin.performance.rivals import LAST_RATE
from loantwin.performance.tracking import Outcomes, TrackingScore
from loantwin.risk.loss.loss import LossResult
from loantwin.risk.provisions.cecl import CeclResult
from loantwin.risk.provisions.five_level import FiveLevelResult
from loantwin.risk.provisions.ifrs9 import Ifrs9Result
from loantwin.risk.provisions.movement_statement import MovementResult
from loantwin.risk.stress.stress import StressResult
from loantwin.verbs.backtest.backtest import Backtest
from loantwin.verbs.components import ComponentsResult
from loantwin.verbs.curves import RollRatesResult, VintagesResult
from loantwin.verbs.fairness import FairnessResult
from loantwin.verbs.fairness_search import FairnessSearchResult
from loantwin.verbs.forecast import Forecast, ForecastMonth
from loantwin.verbs.score_card import ScoreCardResult

from .filled import PROVENANCE
from .page_results import BOTH, KINDS, MONTHS, QUARTERS, SEGMENTS, part_of, result_of
from .pages import Reader, alone, read

PAGES: dict[type[Any], Any] = {
    StressResult: stress_page,
    LossResult: lambda result: loss_page("home", result),
    MovementResult: movement_page,
    Backtest: backtest_page,
    ComponentsResult: components_page,
    RollRatesResult: curves_page,
    VintagesResult: curves_page,
    FairnessResult: fairness_page,
    FairnessSearchResult: search_page,
    ScoreCardResult: card_page,
}
OF_FILES = (FairnessResult, FairnessSearchResult, ScoreCardResult)
"""Pages of a file of cases, whose last day may not be told: see `test_fairness_read.py`."""
BOOK = "Forecast and what came, whole book, 12 months"
LEAST = 15.0
"""Least difference of lightness between neighbouring series."""


def whole(value: float) -> str:
    return f"{value:,.0f}"


def percent(value: float, decimals: int = 2) -> str:
    return f"{100 * value:,.{decimals}f} %"


@cache
def html_of(kind: type[Any]) -> str:
    made: str = PAGES[kind](result_of(kind))
    return made


@cache
def read_of(kind: type[Any]) -> Reader:
    return read(html_of(kind))


@pytest.fixture
def stress() -> tuple[StressResult, Reader]:
    return result_of(StressResult), read_of(StressResult)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_page_says_what_it_is_of_and_what_it_found(kind: type[Any]) -> None:
    page = read_of(kind)
    assert page.facts["Lender"] == PROVENANCE["lender"]
    assert page.facts["Tape"] == PROVENANCE["source"]
    assert page.facts["Made"] == "2031-02-03 04:05 UTC"
    assert kind in OF_FILES or re.search(r"\d{4}-\d\d-\d\d", page.facts["As of"])
    assert page.by_class["summary"][0].endswith(".")
    assert re.search(r"\d", page.by_class["summary"][0])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_picture_names_its_unit_and_says_its_figures(kind: type[Any]) -> None:
    html, page = html_of(kind), read_of(kind)
    drawn = html.count("<svg")
    told = [table for table in page.tables if table.unseen]
    assert drawn == len(told) == html.count('role="img" aria-label="') == html.count('<span class="unit">')
    for table in told:
        assert len(table.cells) > 1, table.caption
        assert all(len(row) == len(table.cells[0]) for row in table.cells), table.caption


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("dark", [False, True])
def test_neighbouring_series_differ_in_lightness(kind: type[Any], dark: bool) -> None:
    many = re.findall(r'<p class="keys.*?</p>', html_of(kind), re.DOTALL)
    checked = 0
    for keys in many:
        names = re.findall(r"color:var\(--(\w+)\)", keys)
        for one, other in pairwise(names):
            gap = abs(lightness(COLOURS[one][dark]) - lightness(COLOURS[other][dark]))
            assert gap >= LEAST, (one, other, gap)
            checked += 1
    assert checked


def test_lightness_is_that_of_the_published_scale() -> None:
    """White 100, black 0, sRGB red 53.24, green 87.73, blue 32.30 (Lindbloom's table of CIE L*)."""
    for colour, value in (
        ("#ffffff", 100.0), ("#000000", 0.0), ("#ff0000", 53.24), ("#00ff00", 87.73), ("#0000ff", 32.30)
    ):  # fmt: skip
        assert lightness(colour) == pytest.approx(value, abs=0.01)


def test_losses_of_each_scenario(stress: tuple[StressResult, Reader]) -> None:
    result, page = stress
    table, chart = page.table("scenario", "defaulted"), page.chart("Losses by scenario")
    for name, item in result.scenarios.items():
        for key, words in FIGURES.items():
            assert table.cell(name, words) == whole(getattr(item, key))
        for key in ("defaulted", "charged_off", "allowance"):
            found = item.interval[key]
            assert chart.cell(FIGURES[key], name) == whole(getattr(item, key))
            assert chart.cell(FIGURES[key], f"{name}, 5 %") == figure(found.p05)
            assert chart.cell(FIGURES[key], f"{name}, 95 %") == figure(found.p95)


def test_how_sure_each_figure_is(stress: tuple[StressResult, Reader]) -> None:
    result, page = stress
    table = page.table("figure", "mean", under="How sure")
    for name, item in result.scenarios.items():
        for key, words in FIGURES.items():
            row, found = f"{name}: {words}", item.interval[key]
            assert table.cell(row, "mean") == whole(getattr(item, key))
            assert table.cell(row, "90 % interval") == f"{whole(found.p05)} to {whole(found.p95)}"
            assert table.cell(row, "belief") == percent(item.prior_share[key] or 0.0, 0).replace(",", "")
            many = result.multiples.get(name, {}).get(key)
            if many is not None:
                told = f"{many.value:.2f} ({many.p05:.2f} to {many.p95:.2f})"
                assert table.cell(row, "times the baseline's") == told
    bands = page.table("nine quarters")
    for name, band in result.bands.items():
        assert bands.cell(name, "loss rate") == percent(band.rate, 1)
        assert bands.cell(name, "baseline") == percent(band.baseline_rate, 1)
        assert bands.cell(name, "worst year's default rate") == percent(band.worst_year_default_rate, 1)
    for belief in result.beliefs:
        moved = page.table("figure", "as believed", under=_heading(page, belief.asked))
        for name, figures in belief.figures.items():
            for key, change in figures.items():
                assert moved.cell(f"{name}: {FIGURES[key]}", "as believed") == whole(change["before"])
                assert moved.cell(f"{name}: {FIGURES[key]}", "moved") == whole(change["after"])


def _heading(page: Reader, asked: float) -> str:
    return next(table.under[1] for table in page.tables if f": {asked:g} instead" in table.under[1])


def test_each_path_of_a_stress_test(stress: tuple[StressResult, Reader]) -> None:
    result, page = stress
    by_month = {
        "Defaulted": "defaulted",
        "Net interest income": "net_interest_income",
        "Cash received less paid so far": "cash_gap",
    }
    for title, key in by_month.items():
        chart = page.chart(title, under=_under(page, title))
        for name in BOTH:
            told = [chart.cell(month, name) for month in MONTHS]
            assert told == [figure(value) for value in getattr(result.paths[name], key)]
    for name in BOTH:
        path = result.paths[name]
        for place, quarter in enumerate(QUARTERS):
            point = path.capital[place]
            assert page.chart("Allowance").cell(quarter, name) == figure(path.allowance[place])
            charged = page.chart("Charged off so far").cell(quarter, name)
            assert charged == figure(sum(path.charged_off[: 3 * place]))
            assert page.chart("Common equity ratio").cell(quarter, name) == share(point.ratio)
            assert page.chart("Common equity ratio").cell(quarter, "minimum") == "7 %"
            assert page.chart("Own funds").cell(quarter, name) == figure(point.cet1)
        spread = page.table("credit loss charged")
        parts = {"at once": path.credit_loss[:1], "year 1": path.credit_loss[1:5], "in all": path.credit_loss}
        for words, many in parts.items():
            assert spread.cell(name, words) == whole(sum(many))
        lowest = min(path.capital, key=lambda point: point.ratio or 0.0)
        own = page.table("common equity")
        assert own.cell(name, "at the start") == percent(path.capital[0].ratio or 0.0)
        assert own.cell(name, "lowest") == percent(lowest.ratio or 0.0)
        assert own.cell(name, "at the end") == percent(path.capital[-1].ratio or 0.0)


def _under(page: Reader, title: str) -> str:
    """Return the heading of a picture: one factor at a time draws net interest income too."""
    return next(t.under[0] for t in page.tables if t.unseen and t.caption.startswith(f"{title},"))


def test_where_a_stress_comes_from(stress: tuple[StressResult, Reader]) -> None:
    result, page = stress
    loss = result.parts["Severe"]["loss"]
    steps = page.chart("Loss: baseline to Severe").column("Loss: baseline to Severe")
    factors = {"unemployment rate": "unemployment_rate", "house price index": "house_price_index"}
    assert steps == {
        "Base": figure(loss.baseline),
        **{words: figure(loss.by_factor[key]) for words, key in factors.items()},
        "Severe": figure(loss.stressed),
    }
    every = page.table("Severe", "baseline")
    for key, item in result.parts["Severe"].items():
        assert every.cell(key, "baseline") == whole(item.baseline)
        assert every.cell(key, "stressed") == whole(item.stressed)
        for words, factor in factors.items():
            assert every.cell(key, words) == whole(item.by_factor[factor])
    table, names = page.table("loss beyond the baseline"), ("instalment, A", "mortgage, B")
    for words, segment in zip(names, SEGMENTS, strict=True):
        assert table.cell(words, "Severe") == whole(loss.by_segment[segment])
        shown = page.chart("Loss beyond the baseline by kind of loan").cell(words, "Severe")
        assert shown == figure(loss.by_segment[segment])


def test_one_factor_reverse_and_actions(stress: tuple[StressResult, Reader]) -> None:
    result, page = stress
    moved = page.table("factor", "shock")
    for item in result.sensitivities:
        words = item.factor.replace("_", " ")
        for key in ("defaulted", "charged_off", "loss", "allowance", "net_interest_income"):
            assert moved.cell(words, key.replace("_", " ")) == whole(item.up[key])
        for key, title in (
            ("loss", "Loss, less the baseline"),
            ("net_interest_income", "Net interest income, less"),
        ):
            chart = page.chart(title if title.endswith("baseline") else f"{title} the baseline")
            assert chart.cell(words, "shock as stated") == figure(item.up[key])
            assert chart.cell(words, "the opposite") == figure(item.down[key])
    for found in result.reverse:
        peaks = page.table("factor", "farthest in", under=found.name)
        peak = found.peaks["unemployment_rate"]
        assert peaks.cell("unemployment rate", "on the path") == percent(peak.value)
        assert peaks.cell("unemployment rate", "expected") == percent(peak.expected)
    profit = page.chart("Profit")
    for action in result.actions:
        table = page.table("scenario", "", under=f"{action.name}: {action.words}")
        rows = dict(zip(("Base", "", "Severe"), table.cells[1:4], strict=True))
        heads = table.cells[0]
        for name, effect in list(action.scenarios.items())[:1]:
            for key in ("new_lending", "credit_loss", "net_interest_income", "profit", "cash_gap"):
                at = heads.index(key.replace("_", " "))
                assert rows[name][at] == whole(getattr(effect.without, key))
                assert rows[""][at] == whole(getattr(effect.taken, key))
        for name, effect in action.scenarios.items():
            assert profit.cell(action.name, name) == figure(effect.taken.profit)


def test_the_economies_of_a_stress_test(stress: tuple[StressResult, Reader]) -> None:
    result, page = stress
    lines, chart = result.macro["unemployment_rate"], page.chart("Unemployment rate")
    names = {"Base": "Base", "Severe": "Severe", "p05": "generated, 5 %", "p95": "generated, 95 %"}
    for key, words in names.items():
        assert [chart.cell(month, words) for month in MONTHS] == [share(value) for value in lines[key]]


def test_a_loss_distribution() -> None:
    result, page = result_of(LossResult), read_of(LossResult)
    tiles_told = dict(zip(*_tiles(page), strict=True))
    assert tiles_told["Expected loss"] == money(result.expected_loss.value)
    assert tiles_told["Value at risk 99 %"] == money(result.var.value)
    assert tiles_told["Expected shortfall 99 %"] == money(result.es.value)
    assert tiles_told["Unexpected loss"] == money(result.unexpected_loss.value)
    chart, heading = page.chart("Chance of losing more"), "loss, CHF"
    assert chart.cell("expected loss", heading) == figure(result.expected_loss.value)
    assert chart.cell("VaR 99 %", heading) == figure(result.var.value)
    assert chart.cell("expected shortfall", heading) == figure(result.es.value)
    table = page.table("segment")
    for words, name in zip(("instalment, A", "mortgage, B"), SEGMENTS, strict=True):
        item = result.by_segment[name]
        for key, told in (("expected_loss", "expected loss"), ("var", "of VaR"),
                          ("es", "of ES"), ("stand_alone_es", "ES alone"),
                          ("marginal_es", "ES saved without it")):  # fmt: skip
            assert table.cell(words, told) == whole(getattr(item, key))
    names = page.table("name", "segment")
    for item in result.top_names:
        assert names.cell(item.name, "exposure at default") == whole(item.exposure)
        assert names.cell(item.name, "of ES") == whole(item.es)


def _tiles(page: Reader) -> tuple[list[str], list[str]]:
    """Return names and figures of the tiles, from the text of each: name, figure and note run together."""
    html = next(html_of(kind) for kind in KINDS if read_of(kind) is page)
    found = re.findall(r'<div class="tile"><span>(.*?)</span><b>(.*?)</b>', html)
    return [name for name, _ in found], [value for _, value in found]


def _places(chart: Chart) -> dict[str, float]:
    """Return where the marks of a picture stand on its lower axis, read from its lines and ticks."""
    unit = {"k": 1e3, "M": 1e6, "bn": 1e9}
    ticks = re.findall(r'text-anchor: middle[^>]*? x="([\d.]+)"[^>]*>([\d.,]+) ?(\w*)<', chart.svg)
    at = [(float(x), float(number.replace(",", "")) * unit.get(size, 1.0)) for x, number, size in ticks]
    (x0, v0), (x1, v1) = at[0], at[-1]
    marks = re.findall(r'<g id="mark ([^"]*?)-\w{10}">\s*<path d="M ([\d.]+) ', chart.svg)
    return {name: v0 + (float(x) - x0) * (v1 - v0) / (x1 - x0) for name, x in marks}


def test_the_lines_of_a_loss_distribution_stand_at_their_figures() -> None:
    result: LossResult = result_of(LossResult)
    wanted = {
        "expected loss": result.expected_loss.value,
        "VaR 99 %": result.var.value,
        "expected shortfall": result.es.value,
    }
    assert len({round(value) for value in wanted.values()}) == 3
    assert _places(exceedance(result, "Chance of losing more")) == pytest.approx(wanted, rel=1e-3)


def test_what_moved_the_allowance() -> None:
    result, page = result_of(MovementResult), read_of(MovementResult)
    for lines, caption in (
        (result.table, "Loss allowance"), (result.gross_carrying, "Gross carrying amount, IFRS"),
        (result.lines, "Every line"),
    ):  # fmt: skip
        table = next(item for item in page.tables if item.caption.startswith(caption))
        for key, line in lines.items():
            for stage in ("1", "2", "3"):
                assert table.cell(WORDS[key], f"stage {stage}") == f"{line.by_stage[stage]:,.2f}"
            assert table.cell(WORDS[key], "all") == f"{line.amount:,.2f}"
            assert table.cell(WORDS[key], "loans") == f"{line.loans:,}"
    bridge = page.table("from the table to profit")
    for key, words in BRIDGE.items():
        sign = -1.0 if key == "recoveries" else 1.0
        assert bridge.cell(words, "CHF") == f"{sign * getattr(result.profit, key):,.2f}"
    losses = page.table("figure", "gross", "net")
    for key, words in LOSSES.items():
        assert losses.cell(words, "gross") == f"{result.losses.figures[key].gross:,.2f}"
        assert losses.cell(words, "net") == f"{result.losses.figures[key].net:,.2f}"
    moves = page.table("move")
    for move in result.stage_moves:
        assert moves.cell(f"{move.origin} → {move.target}", "allowance taken along") == whole(
            move.transferred
        )
        assert moves.cell(f"{move.origin} → {move.target}", "remeasured") == f"{move.remeasured:+,.0f}"
    segments = page.table("segment", "opening")
    for words, name in zip(("instalment, A", "mortgage, B"), SEGMENTS, strict=True):
        for key, line in WORDS.items():
            if key in result.by_segment[name] and key != "transfers":
                assert segments.cell(words, line) == whole(result.by_segment[name][key])
    steps = page.chart("From opening to closing").column("From opening to closing")
    assert steps[f"opening {result.opening_date}"] == figure(result.opening)
    assert steps[f"closing {result.closing_date}"] == figure(result.closing)
    assert steps[WORDS["economy"]] == figure(result.lines["economy"].amount)


def test_the_verdict_of_a_backtest() -> None:
    result, page = result_of(Backtest), read_of(Backtest)
    rows = page.table("figure", "economy", "twin").cells[1:]
    wanted = [
        ["defaults, 12 months", words, accuracy_words(score.accuracy),
         accuracy_words(score.rival_scores[LAST_RATE].accuracy), score.rival_scores[LAST_RATE].verdict]
        for view, words in ((result.given_macro, "given the macro path that came"),
                            (result.generated_macro, "on generated macro paths"))
        for score in [view.figures["defaults"]["12"]]
    ]  # fmt: skip
    assert rows == wanted
    chart = page.chart("Accuracy within 12 months")
    given, generated = (
        view.figures["defaults"]["12"] for view in (result.given_macro, result.generated_macro)
    )
    assert chart.cell("defaults", "twin, economy that came") == share(given.accuracy)
    assert chart.cell("defaults", "twin, generated economies") == share(generated.accuracy)
    assert chart.cell("defaults", LAST_RATE) == share(given.rival_scores[LAST_RATE].accuracy)
    held = page.table("figure", "economy", "inside 90 %").cells
    for row, view in zip(held[1:], (result.given_macro, result.generated_macro), strict=True):
        item, cells = view.pooled["defaults"], dict(zip(held[0], row, strict=True))
        assert cells["inside 90 %"] == percent(item.coverage90, 0)
        assert cells["ties spread"] == percent(item.coverage90_untied, 0)
        assert cells["inside 50 %"] == percent(item.coverage50, 0)
        low, high = item.coverage90_low, item.coverage90_high
        assert cells["its 90 % interval"] == f"{percent(low, 0)} to {percent(high, 0)}"
        assert cells["verdict"] == item.verdict


def test_what_stands_behind_a_backtest() -> None:
    result, page = result_of(Backtest), read_of(Backtest)
    every = page.table("origin", "months", "came")
    shown = page.chart("Defaults, given the macro path that came", under=BOOK)
    for row in result.given_macro.by_origin:
        cells = next(cells for cells in every.cells if cells[2] == whole(row.actual))
        assert cells[:5] == [
            str(row.origin), "12", whole(row.actual), whole(row.forecast),
            f"{whole(row.p05)} to {whole(row.p95)}",
        ]  # fmt: skip
        told = next(cells for cells in shown.cells if figure(row.actual) in cells)
        assert dict(zip(shown.cells[0], told, strict=True)) == {
            "origin": str(row.origin)[:7],
            "forecast (mean)": figure(row.forecast), "what came": figure(row.actual),
            "5 %": figure(row.p05), "25 %": figure(row.p25), "50 %": figure(row.p50), "75 %": figure(row.p75),
            "95 %": figure(row.p95),
        }  # fmt: skip
    bands = page.table("years since approval")
    for band in result.given_macro.by_band:
        assert bands.cell(band.years, "came") == whole(band.actual)
        assert bands.cell(band.years, "forecast") == whole(band.forecast)
        assert bands.cell(band.years, "twin") == f"{band.accuracy:.2f}"
        assert bands.cell(band.years, LAST_RATE) == f"{band.rivals[LAST_RATE]:.2f}"
    origins = page.table("origin", "loans on the book")
    assert [row[1] for row in origins.cells[1:]] == [whole(origin.loans) for origin in result.origins]


def test_what_moves_defaults() -> None:
    result, page = result_of(ComponentsResult), read_of(ComponentsResult)
    age = page.chart("Default by age of the loan")
    for row in result.age:
        assert age.cell(str(row.age), "estimate") == share(row.probability)
        assert (age.cell(str(row.age), "5 %"), age.cell(str(row.age), "95 %")) == (
            share(row.low),
            share(row.high),
        )
    vintages = page.chart("Quality of vintages")
    for item in result.vintage:
        assert vintages.cell(item.vintage, "multiple") == figure(float(np.exp(item.log_odds.value)))
        assert vintages.cell(item.vintage, "95 %") == figure(float(np.exp(item.log_odds.high)))
    effect = result.macro.effects["unemployment_rate.level"]
    table = page.table("macro effect, log-odds by one standard deviation")
    assert table.cell("unemployment rate, level", "estimate") == f"{effect.value:+.2f}"
    assert (
        table.cell("unemployment rate, level", "90 % interval") == f"{effect.low:+.2f} to {effect.high:+.2f}"
    )
    ahead = page.table("scenario", "first month")
    for name, forecast in result.forecasts.items():
        assert ahead.cell(name, "first month") == times(forecast.mean[0])
        assert ahead.cell(name, "last month") == times(forecast.mean[-1])
        assert ahead.cell(name, "expected defaults") == whole(forecast.defaults)


def test_rates_of_rolling_and_of_vintages() -> None:
    rolls, page = result_of(RollRatesResult), read_of(RollRatesResult)
    for matrix, title in ((rolls.recent, "The last 12 months"), (rolls.all_months, "The whole history")):
        chart = page.chart(title)
        table = page.table("from", "loan months", under=f"{title} in figures")
        for origin, row in matrix.rates.items():
            assert table.cell(origin, "loan months") == whole(matrix.at_risk[origin])
            for target, cell in row.items():
                assert chart.cell(origin, target) == share(cell.number)
                assert table.cell(origin, target) == f"{100 * cell.number:.2f}"
    long = page.table("move", "all months")
    cell = rolls.all_months.rates["current"]["1-29"]
    assert long.cell("current to 1-29", "all months") == percent(cell.number)
    assert long.cell("current to 1-29", "90 % interval") == f"{percent(cell.low)} to {percent(cell.high)}"
    assert long.cell("current to 1-29", "all months, by balance") == percent(cell.amount)
    recent = rolls.recent.rates["current"]["1-29"]
    assert long.cell("current to 1-29", "last 12 months") == percent(recent.number)
    vintages, page = result_of(VintagesResult), read_of(VintagesResult)
    table = page.table("vintage", "loans")
    for item in vintages.vintages:
        assert table.cell(item.name, "loans") == whole(item.loans)
        assert table.cell(item.name, "lent") == whole(item.originated)
        assert table.cell(item.name, "events") == whole(item.events)
        for age in (6, 12):
            assert table.cell(item.name, f"{age} m") == f"{100 * item.points[age].number:.2f}"
            assert page.chart("Share of loans").cell(str(age), item.name) == share(item.points[age].number)
            lent = page.chart("Share of the money lent").cell(str(age), item.name)
            assert lent == share(item.points[age].amount)


def found(**given: Any) -> Any:
    """Return what a part of the report reads, of what is given."""
    twin = SimpleNamespace(
        currency="CHF", macro_sources=("macro.csv",), generator=SimpleNamespace(factors=(), kinds=())
    )
    return SimpleNamespace(**{"twin": twin, **given})


@cache
def forecast() -> Forecast:
    names = tuple(item for item in ForecastMonth.__dataclass_fields__ if item not in ("month", "arrears"))
    months = tuple(part_of(ForecastMonth, month=month) for month in MONTHS)
    made: Forecast = part_of(Forecast, months=months, withdrawn={}, economy={}, assumed=())
    totals = {name: part_of(type(months[0].balance), **_apart(place)) for place, name in enumerate(names)}
    return part_of(
        Forecast, months=months, withdrawn={}, economy={}, assumed=(), totals=totals, paths=made.paths
    )


def _apart(place: int) -> dict[str, float]:
    return {"mean": 2e6 + 1009.0 * place, "p05": 1e6 + 1013.0 * place, "p95": 3e6 + 1019.0 * place}


def test_the_forecast_of_the_report() -> None:
    made = forecast()
    happened = SimpleNamespace(figure="defaulted", amounts=())
    page = alone(forecast_section(found(forecast=made, happened=happened, labels=list(MONTHS), hidden=())))
    table = page.table("over the horizon")
    for name, item in made.totals.items():
        assert item is not None
        words = name.replace("_", " ")
        assert table.cell(words, "mean") == whole(item.mean)
        assert table.cell(words, "90 % interval") == f"{whole(item.p05)} to {whole(item.p95)}"
    assert set(MOVES) <= set(made.totals)
    balance = page.chart("Balance")
    for month in made.months:
        assert month.balance is not None
        assert balance.cell(month.month, "forecast (mean)") == figure(month.balance.mean)
        assert balance.cell(month.month, "5 %") == figure(month.balance.p05)
        assert balance.cell(month.month, "95 %") == figure(month.balance.p95)
        assert month.prepaid is not None
        assert page.chart("Cash received").cell(month.month, "prepaid") == figure(month.prepaid.mean)
    year = page.table("", "balance", under="By year")
    charged = sum(month.charged_off.mean for month in made.months if month.charged_off is not None)
    assert year.cell("months 1 to 12", "charged off") == whole(charged)


def test_provisions_of_the_report() -> None:
    ifrs9, cecl, levels = (
        part_of(kind, provenance={}) for kind in (Ifrs9Result, CeclResult, FiveLevelResult)
    )
    many = {"ifrs9": ifrs9, "cecl": cecl, "five-level": levels}
    page = alone(provisions_section(found(provisions=many, forecast=SimpleNamespace(economy={}))))
    table = page.table("standard")
    for words, item in zip(("IFRS 9", "CECL", "China, five levels"), many.values(), strict=True):
        assert table.cell(words, "exposure") == whole(item.exposure)
        assert table.cell(words, "allowance") == whole(item.allowance)
        assert table.cell(words, "coverage") == percent(item.allowance / item.exposure)
        if hasattr(item, "allowance_gross"):
            assert table.cell(words, "before guarantees") == whole(item.allowance_gross)
    stages = page.table("IFRS 9")
    for name, part in ifrs9.by_stage.items():
        assert stages.cell(f"stage {name}", "exposure") == whole(part.exposure)
        assert stages.cell(f"stage {name}", "allowance") == whole(part.allowance)
        assert page.chart("IFRS 9 by stage, allowance").cell(f"stage {name}", "allowance") == figure(
            part.allowance
        )
    classes = page.table("Five levels")
    for name, part in levels.by_class.items():
        assert classes.cell(name, "minimum") == whole(part.allowance)


def test_losses_of_the_report_are_net_and_gross_in_their_columns() -> None:
    loss: LossResult = result_of(LossResult)
    page = alone(loss_section(found(loss=loss, forecast=SimpleNamespace(economy={}))))
    table = page.table("figure", "net of guarantees")
    names = {
        "expected loss": "expected_loss", "standard deviation": "standard_deviation",
        "unexpected loss": "unexpected_loss", "value at risk 99 %": "var", "expected shortfall 99 %": "es",
    }  # fmt: skip
    for words, key in names.items():
        assert table.cell(words, "net of guarantees") == whole(getattr(loss, key).value)
        assert table.cell(words, "standard error") == whole(getattr(loss, key).standard_error)
        assert table.cell(words, "before guarantees") == whole(getattr(loss.gross, key).value)
    chart = page.chart(f"Loss over {loss.months} months, net of guarantees")
    assert chart.cell("expected loss", "CHF") == figure(loss.expected_loss.value)
    assert chart.cell("VaR 99 %", "CHF") == figure(loss.var.value)


def test_stress_of_the_report() -> None:
    result: StressResult = result_of(StressResult)
    page = alone(stress_section(found(stress=result)))
    table = page.table("scenario", "defaulted")
    for name, item in result.scenarios.items():
        for key, words in FIGURES.items():
            assert table.cell(name, words) == whole(getattr(item, key))
        told = [page.chart("Defaulted").cell(month, name) for month in MONTHS]
        assert told == [figure(value) for value in result.paths[name].defaulted]


def comparison() -> Comparison:
    at = iter(range(1, 99))

    def grid() -> Any:
        return np.array([[1e6 + 7919.0 * next(at) for _ in range(2)] for _ in range(2)])

    def scores() -> dict[str, TrackingScore]:
        names = ("loantwin", "last year's rate", GENERATED)
        return {name: part_of(TrackingScore, accuracy=0.9 - next(at) / 200) for name in names}

    return Comparison(
        event="defaults", years=("2031", "2032"), bands=("old", "young"),
        happened=Outcomes("defaults", number=grid(), amount=grid()),
        forecast_number=grid(), forecast_amount=grid(), number_low=grid()[0], number_high=grid()[0],
        amount_low=grid()[0], amount_high=grid()[0], band_number=grid(), band_amount=grid(),
        last_year_number=grid(), last_year_amount=grid(),
        last_year_events=3.0, scores={"number": scores(), "amount": scores()}, notes=(),
    )  # fmt: skip


def test_the_forecast_beside_what_happened() -> None:
    made = comparison()
    page = alone(compared_section(found(comparison=made, comparison_gap="")))
    rows = page.table("year", "number happened").cells
    for place, year in enumerate(made.years):
        sums = [
            whole(float(item[place].sum()))
            for item in (made.happened.number, made.forecast_number, made.last_year_number,
                         made.happened.amount, made.forecast_amount, made.last_year_amount)
        ]  # fmt: skip
        row = rows[place + 1]
        assert [row[0], *(row[at] for at in (1, 2, 4, 5, 6, 8))] == [year, *sums]
        assert row[3] == f"{whole(float(made.number_low[place]))} to {whole(float(made.number_high[place]))}"
        assert row[7] == f"{whole(float(made.amount_low[place]))} to {whole(float(made.amount_high[place]))}"
    bars = next(
        item for item in page.tables if item.unseen and item.caption.startswith("Defaults by year, loans")
    )
    assert bars.cell("2031", "forecast") == figure(float(made.forecast_number[0].sum()))
    assert bars.cell("2031", "what happened") == figure(float(made.happened.number[0].sum()))
    assert bars.cell("2031", "forecast, 5 %") == figure(float(made.number_low[0]))
    assert bars.cell("2031", "forecast, 95 %") == figure(float(made.number_high[0]))
    for unit, ends in (("loans", made.band_number), ("CHF", made.band_amount)):
        bars = next(
            item
            for item in page.tables
            if item.unseen and item.caption.startswith(f"Defaults by vintage, {unit}")
        )
        for place, band in enumerate(made.bands):
            assert bars.cell(band, "forecast, 5 %") == figure(float(ends[0, place]))
            assert bars.cell(band, "forecast, 95 %") == figure(float(ends[1, place]))


def test_accuracies_that_read_alike_are_told_apart() -> None:
    assert against(0.656, 0.665) == "worse than last year's rate carried on (66.5 %)"
    assert against(0.656, 0.7) == "worse than last year's rate carried on (70 %)"
    assert against(0.656, 0.656) == "as good as last year's rate carried on (66 %)"


def test_the_tile_of_accuracy_says_which_economy_and_shows_the_generated_one_beside_it() -> None:
    made = comparison()
    book = {name: np.ones(1) for name in ("weight", "principal")}
    many = found(
        comparison=made,
        forecast=forecast(),
        loss=result_of(LossResult),
        provisions={"ifrs9": part_of(Ifrs9Result)},
    )
    import polars as pl

    many.book = pl.DataFrame({**book, "on_book_probability": np.ones(1)})
    many.twin.mapping = SimpleNamespace(observes=("balance",))
    tile = tiles(many)[-1]
    ours, rival, other = (
        accuracy_words(made.scores["number"][name].accuracy)
        for name in ("loantwin", "last year's rate", GENERATED)
    )
    assert (tile.name, tile.value) == ("Accuracy beside what happened", ours)
    assert (
        tile.note == f"given the economy that came; generated economies: {other}; last year's rate: {rival}"
    )
    assert len({ours, rival, other}) == 3


def test_figures_of_a_card_stand_under_their_headings() -> None:
    result, page = result_of(ScoreCardResult), read_of(ScoreCardResult)
    judged = page.table("model", "AUC", "95 % of AUC")
    for name, item in result.models.items():
        assert judged.cell(name, "AUC") == f"{item.auc:.4f}"
        assert judged.cell(name, "95 % of AUC") == f"{item.auc_low:.3f} to {item.auc_high:.3f}"
        assert judged.cell(name, "Gini") == f"{item.gini:.3f}"
        assert judged.cell(name, "KS") == f"{item.ks:.3f}"
        assert judged.cell(name, "Brier") == f"{item.brier:.4f}"
        assert judged.cell(name, "95 % of Brier") == f"{item.brier_low:.4f} to {item.brier_high:.4f}"
        assert judged.cell(name, "log loss") == f"{item.log_loss:.4f}"
        assert judged.cell(name, "slope") == f"{item.calibration_slope:.2f}"
        assert judged.cell(name, "PSI") == f"{item.stability:.3f}"
        assert page.chart("AUC of each model").cell(name, "estimate") == f"{item.auc:.3f}"
        assert page.chart("Brier score of each model").cell(name, "97.5 %") == f"{item.brier_high:.3f}"
    own = result.models[result.champion]
    tenths, drawn = (
        page.table("tenth by risk", "cases"),
        page.chart(f"Calibration of {result.champion}"),
    )
    for item in own.deciles:
        assert tenths.cell(str(item.number), "predicted bad") == percent(item.predicted)
        assert tenths.cell(str(item.number), "observed bad") == percent(item.observed)
        assert drawn.cell(str(item.number), "predicted") == share(item.predicted)
        assert drawn.cell(str(item.number), "observed") == share(item.observed)
    found = page.chart("Bads found among goods (ROC)")
    for name, curve in result.curves.items():
        for row, value in zip(found.cells[1:], curve.bads, strict=True):
            assert row[found.cells[0].index(name)] == share(value)
    lies = page.chart("Scores of goods and of bads")
    for row, good, bad in zip(
        lies.cells[1:], result.curves[result.champion].good_shares, result.curves[result.champion].bad_shares,
        strict=True,
    ):  # fmt: skip
        assert row[1:] == [share(good), share(bad)]
    _parts_of_a_card(result, page)


def _parts_of_a_card(result: ScoreCardResult, page: Reader) -> None:
    periods = page.table("period", "cases", "bad", "AUC")
    for item in result.periods:
        assert periods.cell(item.part, "AUC") == f"{item.auc:.3f}"
        assert periods.cell(item.part, "predicted bad") == percent(item.predicted)
        assert periods.cell(item.part, "observed bad") == percent(item.observed)
        assert periods.cell(item.part, "PSI") == f"{item.psi:.3f}"
        assert periods.cell(item.part, "by chance") == f"{item.psi_by_chance:.3f}"
    for item in result.segments:
        table = page.chart(f"AUC by {item.column}")
        assert table.cell(item.part, "estimate") == f"{item.auc:.3f}"
        level = page.chart(f"Predicted and observed bad by {item.column}")
        assert level.cell(item.part, "predicted") == share(item.predicted)
        assert level.cell(item.part, "observed") == share(item.observed)
    features = page.table("column", "kind", "information value")
    for item in result.features:
        assert features.cell(item.name, "information value") == f"{item.information:.3f}"
        assert features.cell(item.name, "missing") == percent(item.missing, 1)
        assert features.cell(item.name, "CSI") == f"{item.stability:.3f}"
    points = page.table("column", "bin", "points")
    for item in result.points:
        assert points.cell(item.column, "points") == f"{item.points:.1f}"
        assert points.cell(item.column, "bad") == percent(item.bad_rate, 1)
    suspects = page.table("column", "why", "AUC alone")
    for item in result.leaks:
        assert suspects.cell(item.column, "AUC alone") == f"{item.auc:.3f}"
    said = page.table("name", "role", "author", "day")
    for item in result.approvals:
        assert said.cell(item.model, "role") == item.role
    other = page.table("figure", "of these cases")
    assert other.cell("AUC", "of these cases").startswith(f"{result.other_cases.auc:.3f} (")
    assert other.cell("bad", "of these cases") == whole(result.other_cases.bads)
