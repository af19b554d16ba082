"""The page of `components`: age, vintage, environment, macro fit and scenarios, and what to make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.files import check_page, replace_file
from loantwin.interfaces.report import charts
from loantwin.interfaces.report.blocks import (
    Section,
    Tile,
    beside,
    bullets,
    details,
    note,
    percent,
    pictures,
    table,
    text,
)
from loantwin.interfaces.report.drawing import (
    INTERVAL,
    SIZE,
    Chart,
    Key,
    Values,
    drawn,
    figure,
    month_ticks,
    tabled,
)
from loantwin.interfaces.report.labels import covariate_words, segment_words
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.interfaces.report.palette import BAND, BLUE, GREEN, GRID, INK, MUTED, ORANGE, PURPLE, RED, TEAL
from loantwin.verbs.components import ComponentEffect, ComponentsResult, PeriodAhead

WIDE = (11.4, 3.4)
"""Size of the environment's picture, inches: the width of the page."""
THIN = 5.0
"""Expected defaults below which an effect is drawn pale: it leans on its neighbours."""
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
FINE = (0.3, 0.4, 0.6, 0.8, 1.25, 1.5, 3.0)
"""Marks of a logarithmic axis, and those added where it spans less than a factor of 10."""
FIRST_COLOURS = (BLUE, TEAL, RED, GREEN, PURPLE)


def write(result: ComponentsResult, out: Path | str) -> Path:
    """Write the page of a decomposition; an existing file is replaced when the new one is whole.

    Raises InputError where the file cannot be written.
    """
    target = Path(out)
    check_page(target, "out")
    replace_file(target, page(result), "out", private=True)
    return target


def page(result: ComponentsResult) -> str:
    """Return the page as HTML, self-contained."""
    return rendered(
        Page(
            title="What moves defaults: age, vintage, environment",
            lead=f"{result.events:,.0f} {_event(result)} in {result.loan_months:,.0f} loan months.",
            summary=_summary(result),
            facts=facts(result.provenance, result.as_of),
            tiles=_tiles(result),
            sections=(_effects(result), _environment(result), _ahead(result), _reading(result)),
            footer=made_by(result.provenance, f"rule for the common trend: {result.rule}"),
        )
    )


def _summary(result: ComponentsResult) -> str:
    """Return the riskiest age, today's environment, what macro explains of it, and what comes."""
    peak, now = max(result.age, key=lambda row: row.probability), result.period[-1]
    name, ahead = next(iter(result.forecasts.items()))
    return (
        f"Loans are riskiest {peak.age} months after origination, at {percent(peak.probability)} a month. In "
        f"{now.month} the environment stood at {times(now.log_odds.value)} the average month's odds; "
        "the economy "
        f"explains {_share(result.macro.share_explained)} of how it moved about its trend. Over "
        f"{len(ahead.months)} "
        f"months {ahead.defaults:,.0f} defaults are expected ({name})."
    )


def _event(result: ComponentsResult) -> str:
    return "charge-offs" if result.event == "charged_off" else "first defaults"


def _tiles(result: ComponentsResult) -> tuple[Tile, ...]:
    known = [row for row in result.vintage if row.expected_events >= THIN] or list(result.vintage)
    worst, best = (
        max(known, key=lambda row: row.log_odds.value),
        min(known, key=lambda row: row.log_odds.value),
    )
    peak, now = max(result.age, key=lambda row: row.probability), result.period[-1]
    return (
        Tile("Riskiest age", f"{peak.age} months", f"{percent(peak.probability)} a month, average loan"),
        Tile("Worst vintage", worst.vintage, f"{times(worst.log_odds.value)} the average odds"),
        Tile("Best vintage", best.vintage, f"{times(best.log_odds.value)} the average odds"),
        Tile("Environment now", times(now.log_odds.value), f"the average month's odds, {now.month}"),
        Tile(
            "Explained by macro", _share(result.macro.share_explained), "of the environment about its trend"
        ),
    )


def _share(value: float) -> str:
    return "nothing" if value <= 0 else f"{100 * value:.0f} %"


def times(log_odds: float) -> str:
    """Return log-odds as a multiple in words: x 1.35."""
    return f"× {np.exp(log_odds):.3g}"


def _effects(result: ComponentsResult) -> Section:
    drift = result.drift
    words = (
        "Age, month and vintage share one straight line that no data can divide: a loan's month of "
        "origination and its age add up to the calendar month. What is known is the net drift, "
        f"{drift.value:+.2f} log-odds a year ({drift.low:+.2f} to {drift.high:+.2f}). By the rule "
        f"'{result.rule}' {_rule_words(result.rule)}."
    )
    sizes = ", ".join(f"{name} {value:.2f}" for name, value in result.sizes.items())
    return Section(
        "effects",
        "Age and vintage",
        f"What a loan brings with it. Standard deviations of the effects over defaults, log-odds: {sizes}.",
        (
            note(words),
            pictures(
                (
                    age_chart(result),
                    "The average segment, vintage and month. The band widens where few loans of that age "
                    "were seen.",
                ),
                (
                    vintage_chart(result),
                    "Odds against the average vintage, ages and months taken out. Pale: fewer than "
                    f"{THIN:.0f} expected defaults, drawn to their neighbours.",
                ),
            ),
        ),
    )


def _rule_words(rule: str) -> str:
    return {
        "vintage": "vintages have no trend, the drift is shown in the environment",
        "period": "the environment has no trend, the drift is shown in the vintages",
        "shared": "half of it is shown in the environment and half in the vintages",
    }[rule]


def _environment(result: ComponentsResult) -> Section:
    macro = result.macro
    effects = [
        (covariate_words(name), f"{item.value:+.2f}", f"{item.low:+.2f} to {item.high:+.2f}")
        for name, item in macro.effects.items()
    ]
    left = [
        ("trend beyond macro, a year", _effect(macro.trend)),
        ("half-life of a deviation", f"{macro.half_life_months:.0f} months"),
        ("long-run deviation", f"{macro.deviation:.2f}"),
        ("noise of a single month", f"{macro.noise:.2f}"),
        ("level now", _effect(macro.level)),
    ]
    blocks = [
        replace(
            pictures(
                (environment_chart(result), "Age and vintage taken out. Right of the line: the scenarios.")
            ),
            kind="wide",
        ),
        table(("macro effect, log-odds by one standard deviation", "estimate", "90 % interval"), effects),
        table(("what macro leaves, log-odds", "estimate (90 % interval)"), left),
    ]
    if macro.share_explained < 0.1:
        said = (
            "Macro explains next to nothing of the environment here. Scenarios act by what was believed of "
            "macro beforehand."
        )
        blocks.insert(0, note(said))
    return Section(
        "environment",
        "Environment",
        "What the calendar month does to every loan alike: economy, and whatever else hits all at once.",
        tuple(blocks),
    )


def _effect(item: ComponentEffect) -> str:
    return f"{item.value:+.2f} ({item.low:+.2f} to {item.high:+.2f})"


def _ahead(result: ComponentsResult) -> Section:
    rows = [
        (
            name,
            times(item.mean[0]),
            times(item.mean[-1]),
            f"{times(item.low[-1])} to {times(item.high[-1])}",
            f"{item.defaults:,.0f}",
        )
        for name, item in result.forecasts.items()
    ]
    months = len(next(iter(result.forecasts.values())).months)
    shares = [
        (name, *(_part(item, part) for part in item.standard_error_parts))
        for name, item in result.forecasts.items()
    ]
    parts = tuple(next(iter(result.forecasts.values())).standard_error_parts)
    first = next(iter(result.forecasts))
    rules = [(name, f"{value:,.0f}") for name, value in result.defaults_by_rule.items()]
    return Section(
        "ahead",
        "Ahead",
        "The environment under each scenario, and the defaults it means for the loans now on the book over "
        f"{months} months.",
        (
            table(("scenario", "first month", "last month", "90 % interval", "expected defaults"), rows),
            table(
                ("scenario", *parts),
                shares,
                caption="Parts of the standard error of the last month's log-odds.",
            ),
            *beside(
                table(
                    ("rule", f"expected defaults, {first}"),
                    rules,
                    caption="The same history, the common trend given elsewhere.",
                ),
                pictures((segment_chart(result), "Odds against the average segment, all else equal.")),
            ),
        ),
    )


def _part(item: PeriodAhead, name: str) -> str:
    return f"{item.standard_error_parts[name]:.2f}"


def _reading(result: ComponentsResult) -> Section:
    blocks = [
        bullets(result.notes),
        text(
            "The trend of the environment is held where it stands, never drawn on. Intervals hold the "
            "errors of macro effects, of today's level and trend, and the new moves of the environment; "
            "not those of age and vintage curves."
        ),
    ]
    if result.not_observable:
        blocks.append(details("Not observable in this source", bullets(result.not_observable)))
    return Section("reading", "How to read this", "What the figures rest on.", tuple(blocks))


# --- pictures
# -----------------------------------------------------------------------------------------------------------


def age_chart(result: ComponentsResult) -> Chart:
    """Return the monthly probability of default by age, with its band."""
    rows = result.age
    middle, low, high = ([getattr(row, name) for row in rows] for name in ("probability", "low", "high"))
    return charts.curve(
        "Default by age of the loan",
        [row.age for row in rows],
        middle,
        low,
        high,
        "age, months",
        unit="% a month",
    )


def vintage_chart(result: ComponentsResult) -> Chart:
    """Return the vintage effects as multiples of the average odds, pale where they rest on few defaults."""
    keys = (Key("vintage effect", BLUE, "dot"), INTERVAL)

    def draw(axes: Any) -> None:
        x = np.arange(len(result.vintage))
        low, value, high = (_column(result.vintage, name) for name in ("low", "value", "high"))
        known = np.array([row.expected_events >= THIN for row in result.vintage])
        axes.vlines(x, np.exp(low), np.exp(high), color=BAND, linewidth=3.2, alpha=0.75)
        axes.plot(x[known], np.exp(value[known]), "o", color=BLUE, markersize=4.6)
        axes.plot(x[~known], np.exp(value[~known]), "o", color=BLUE, markersize=2.6, alpha=0.35)
        axes.axhline(1.0, color=MUTED, linewidth=0.8)
        month_ticks(axes, [row.vintage for row in result.vintage])
        ends = np.concatenate([low, high])
        _as_multiples(axes, np.concatenate([low[known], high[known]]) if known.any() else ends, ends)

    values = _told("vintage", [row.vintage for row in result.vintage], result.vintage)
    return drawn(SIZE, "Quality of vintages", draw, keys, unit="multiple of the average odds", values=values)


def environment_chart(result: ComponentsResult) -> Chart:
    """Return the period effect with its band, what trend and macro make of it, and a fan a scenario."""
    colours = dict(zip(result.forecasts, FIRST_COLOURS, strict=False))
    keys = (
        Key("environment", INK),
        Key("trend and macro", ORANGE),
        *(Key(name, colour) for name, colour in colours.items()),
        Key("90 % intervals", BAND, "band"),
    )

    def draw(axes: Any) -> None:
        past = len(result.period)
        x = np.arange(past)
        low, value, high = (_column(result.period, name) for name in ("low", "value", "high"))
        axes.fill_between(x, np.exp(low), np.exp(high), color=GRID, linewidth=0)
        axes.plot(x, np.exp(value), color=INK, linewidth=1.5)
        axes.plot(x, np.exp([row.fitted for row in result.period]), color=ORANGE, linewidth=1.5)
        ends = [value[[0, -1]]]
        for name, colour in colours.items():
            item = result.forecasts[name]
            y = past + np.arange(len(item.mean))
            axes.fill_between(y, np.exp(item.low), np.exp(item.high), color=colour, alpha=0.13, linewidth=0)
            axes.plot(y, np.exp(item.mean), color=colour, linewidth=1.9)
            ends += [np.array(item.low), np.array(item.high)]
        axes.axvline(past - 0.5, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.axhline(1.0, color=MUTED, linewidth=0.8)
        ahead = next(iter(result.forecasts.values())).months
        month_ticks(axes, [*(row.month for row in result.period), *ahead])
        _as_multiples(axes, np.concatenate([value, *ends]), np.concatenate([low, high, *ends]))

    past = [row.month for row in result.period]
    rows = list(_told("month", past, result.period).rows)
    for name, item in result.forecasts.items():
        told = zip(item.months, item.mean, item.low, item.high, strict=True)
        rows += [(f"{month}, {name}", *(figure(float(np.exp(x))) for x in many)) for month, *many in told]
    values = Values(("month", "multiple", "5 %", "95 %"), tuple(rows))
    unit = "multiple of the average month's odds"
    return drawn(WIDE, "Environment and scenarios", draw, keys, unit=unit, values=values)


def _told(head: str, labels: Sequence[str], rows: Sequence[Any]) -> Values:
    """Return effects as multiples, with their intervals."""
    names = {"value": "multiple", "low": "5 %", "high": "95 %"}
    return tabled(
        head, labels, {words: np.exp(_column(rows, name)).tolist() for name, words in names.items()}
    )


def segment_chart(result: ComponentsResult, most: int = 12) -> Chart:
    """Return the segments' effects, the best and the worst where there are many."""
    ordered = sorted(result.segments.items(), key=lambda item: item[1].value)
    shown = ordered if len(ordered) <= most else [*ordered[: most // 2], *ordered[-most // 2 :]]
    effects: Mapping[str, ComponentEffect] = dict(reversed(shown))
    low, value, high = (
        np.array([getattr(item, name) for item in effects.values()]) for name in ("low", "value", "high")
    )
    title = (
        "Segments"
        if len(shown) == len(ordered)
        else f"Segments: the {most // 2} worst and best of {len(ordered)}"
    )
    return charts.forest(
        title,
        [segment_words(name) for name in effects],
        value,
        low,
        high,
        "log-odds against the average",
        unit="log-odds",
    )


def _column(rows: Sequence[Any], name: str) -> Floats:
    return np.array([getattr(row.log_odds, name) for row in rows])


def _as_multiples(axes: Any, log_odds: Floats, intervals: Floats) -> None:
    """Set a logarithmic axis with ticks people read, over values and, up to twice as far, their intervals."""
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    least, most = log_odds.min() - np.log(2.0), log_odds.max() + np.log(2.0)
    low = float(np.exp(max(least, min(intervals.min(), log_odds.min()))))
    high = float(np.exp(min(most, max(intervals.max(), log_odds.max()))))
    axes.set_yscale("log")
    axes.set_ylim(low / 1.15, high * 1.15)
    marks = sorted((*TICKS, *FINE)) if high < 10.0 * low else TICKS
    ticks = [tick for tick in marks if low / 1.15 <= tick <= high * 1.15]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_yticklabels([f"× {tick:g}" for tick in ticks])
