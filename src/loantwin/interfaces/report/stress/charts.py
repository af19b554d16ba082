"""Pictures of a stress test: a fan with scenarios, waterfall, tornado, capital against its minimum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from loantwin.interfaces.report.drawing import (
    SIZE,
    Chart,
    Key,
    as_money,
    as_percent,
    drawn,
    figure,
    height,
    month_ticks,
    names_of_rows,
    share,
    tabled,
    ticks,
)
from loantwin.interfaces.report.labels import money, money_ticks
from loantwin.interfaces.report.palette import (
    BAND,
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PALE,
    RED,
    SCENARIOS,
)

Intervals = Mapping[str, Sequence[tuple[float, float] | None]]


def colours(names: Sequence[str]) -> dict[str, str]:
    """Return the colour each scenario has on every picture of the page, the baseline first."""
    return dict(
        zip(
            names,
            (SCENARIOS[0], *(colour for _, colour in zip(names[1:], cycle(SCENARIOS[1:]), strict=False))),
            strict=True,
        )
    )


def scenario_fan(
    title: str,
    labels: Sequence[str],
    lines: Mapping[str, Sequence[float]],
    colour: Mapping[str, str],
    *,
    unit: str,
    percent: bool,
) -> Chart:
    """Return the generator's fan (p05, p25, p50, p75, p95, where given) with the scenarios' lines over it."""
    keys = [Key(name, colour[name]) for name in lines if name in colour]
    fanned = "p05" in lines
    if fanned:
        keys += [Key("generated, 50 %", BAND, "band"), Key("90 %", PALE, "band")]

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        if fanned:
            axes.fill_between(x, lines["p05"], lines["p95"], color=PALE, linewidth=0)
            axes.fill_between(x, lines["p25"], lines["p75"], color=BAND, linewidth=0)
        for name in [name for name in lines if name in colour][::-1]:  # the baseline is drawn last, on top
            axes.plot(x, lines[name], color=colour[name], linewidth=1.9)
        month_ticks(axes, labels)
        if percent:
            as_percent(axes)
        else:
            axes.yaxis.set_major_formatter("{x:,.6g}")

    told = {_percentile(name): values for name, values in lines.items()}
    values = tabled("month", labels, told, share if percent else figure)
    return drawn(SIZE, title, draw, keys, unit=unit, values=values)


def _percentile(name: str) -> str:
    """Return what a line is called: p05 of the generator as generated, 5 %."""
    number = name.removeprefix("p")
    return f"generated, {int(number)} %" if number.isdigit() and number != name else name


def scenario_lines(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    colour: Mapping[str, str],
    *,
    unit: str,
    percent: bool = False,
    limit: float | None = None,
    markers: bool = False,
) -> Chart:
    """Return one line a scenario; `limit` is a level that must hold."""
    keys = [Key(name, colour[name]) for name in series]
    if limit is not None:
        keys.append(Key("minimum", INK))

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        for name in list(series)[::-1]:
            form: dict[str, Any] = {"marker": "o", "markersize": 3} if markers else {}
            axes.plot(x[: len(series[name])], series[name], color=colour[name], linewidth=1.8, **form)
        if limit is not None:
            axes.axhline(limit, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        everything = [value for values in series.values() for value in values]
        if min(everything, default=0.0) < 0.0:
            axes.axhline(0, color=MUTED, linewidth=0.8)
        elif min(everything, default=0.0) < 0.5 * max(everything, default=1.0):
            axes.set_ylim(bottom=0)
        month_ticks(axes, labels)
        as_percent(axes) if percent else as_money(axes)

    told = dict(series) if limit is None else {**series, "minimum": [limit] * len(labels)}
    values = tabled("at", labels, told, share if percent else figure)
    return drawn(SIZE, title, draw, keys, unit=unit, values=values)


def waterfall(
    title: str, start: tuple[str, float], parts: Mapping[str, float], end: tuple[str, float], *, unit: str
) -> Chart:
    """Return bars from a first level by parts to a last one; more is red where `title` counts losses."""
    names = [start[0], *parts, end[0]]
    keys = (Key("adds", RED, "bar"), Key("takes off", GREEN, "bar"))

    def draw(axes: Any) -> None:
        y = np.arange(len(names))[::-1]
        level = start[1]
        axes.barh(y[0], level, color=GREY, height=0.6)
        reach = [0.0, level, end[1]]
        for row, value in zip(y[1:-1], parts.values(), strict=True):
            axes.barh(row, value, left=level, color=RED if value > 0 else GREEN, height=0.6)
            axes.plot([level, level], [row + 0.3, row + 0.7], color=MUTED, linewidth=0.8)
            level += value
            reach.append(level)
        axes.plot([level, level], [y[-1] + 0.3, y[-1] + 0.7], color=MUTED, linewidth=0.8)
        axes.barh(y[-1], end[1], color=BLUE, height=0.6)
        width = max(reach) - min(reach)
        shown = [start[1], *parts.values(), end[1]]
        ends = [max(start[1], 0.0)]
        level = start[1]
        for value in parts.values():
            ends.append(max(level, level + value))
            level += value
        ends.append(max(end[1], 0.0))
        for row, place, value, total in zip(y, ends, shown, range(len(shown)), strict=True):
            words = (
                money(round(value)) if total in (0, len(shown) - 1) or abs(value) < 0.5 else _signed(value)
            )
            axes.annotate(words, (place + 0.012 * width, row), va="center", color=INK)
        axes.set_xlim(min(reach) - 0.02 * width, max(reach) + 0.24 * width)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        names_of_rows(axes, y, names)
        ticks(axes.xaxis, money_ticks, 4)

    told = tabled("", names, {title: [start[1], *parts.values(), end[1]]})
    return drawn((SIZE[0], max(1.5, height(names) + 0.5)), title, draw, keys, unit=unit, values=told)


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '−'}{money(abs(value))}"


def tornado(
    title: str, labels: Sequence[str], up: Sequence[float], down: Sequence[float], *, unit: str
) -> Chart:
    """Return what each factor's shock as stated and its opposite do, one row a factor."""
    keys = (Key("shock as stated", BLUE, "bar"), Key("the opposite", ORANGE, "bar"))

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        axes.barh(y + 0.19, up, color=BLUE, height=0.36)
        axes.barh(y - 0.19, down, color=ORANGE, height=0.36)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        names_of_rows(axes, y, labels)
        ticks(axes.xaxis, money_ticks, 4)

    told = tabled("factor", labels, {"shock as stated": up, "the opposite": down})
    size = (SIZE[0], max(1.4, 1.25 * height(labels) + 0.5))
    return drawn(size, title, draw, keys, unit=unit, values=told)


def compared_bars(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    colour: Mapping[str, str],
    *,
    unit: str,
    intervals: Intervals | None = None,
) -> Chart:
    """Return horizontal bars, one colour a scenario, one row a label; 90 % intervals are lines."""
    ranges = {name: many for name, many in (intervals or {}).items() if any(many)}
    keys = [Key(name, colour[name], "bar") for name in series]
    if ranges:
        keys.append(Key("90 % interval", INK))

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        thick = 0.8 / max(1, len(series))
        for place, (name, values) in enumerate(series.items()):
            rows = y + (len(series) / 2 - place - 0.5) * thick
            axes.barh(rows, values, color=colour[name], height=0.9 * thick)
            for row, found in zip(rows, ranges.get(name, ()), strict=False):
                if found is not None:
                    axes.hlines(row, *found, color=INK, linewidth=1.6)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        names_of_rows(axes, y, labels)
        ticks(axes.xaxis, money_ticks, 4)

    told: dict[str, Sequence[float | None]] = {}
    for name, values in series.items():
        told[name] = values
        for place, end in enumerate(("5 %", "95 %")):
            if name in ranges:
                told[f"{name}, {end}"] = [None if found is None else found[place] for found in ranges[name]]
    tall = max(height(labels), 0.2 * len(labels) * len(series)) + 0.5
    return drawn((SIZE[0], max(1.4, tall)), title, draw, keys, unit=unit, values=tabled("", labels, told))
