"""Pictures that several pages draw: functions of plain arrays, each returning one chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.interfaces.report.drawing import (
    INTERVAL,
    LABELS_ACROSS,
    SIZE,
    Chart,
    Key,
    as_money,
    as_percent,
    drawn,
    figure,
    height,
    keyed,
    month_ticks,
    names_of_rows,
    share,
    tabled,
    ticks,
)
from loantwin.interfaces.report.labels import money, money_ticks, percent_ticks
from loantwin.interfaces.report.palette import BAND, BLUE, CYCLE, GRID, INK, MUTED, ORANGE

Interval = tuple[Sequence[float], Sequence[float]]


def fan(
    title: str,
    labels: Sequence[str],
    mean: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    unit: str,
    actual: Sequence[float] | None = None,
    percent: bool = False,
) -> Chart:
    """Return a forecast with its 90 % band, and what happened where it is known; the axis begins at zero."""
    keys = [Key("forecast (mean)", BLUE), INTERVAL]
    told = {"forecast (mean)": mean, "5 %": low, "95 %": high}
    if actual is not None:
        keys.append(Key("what happened", ORANGE))
        told["what happened"] = actual

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        axes.fill_between(x, low, high, color=BAND, alpha=0.6, linewidth=0)
        axes.plot(x, mean, color=BLUE, linewidth=1.8)
        if actual is not None:
            axes.plot(x[: len(actual)], actual, color=ORANGE, linewidth=1.8)
        month_ticks(axes, labels)
        axes.set_ylim(bottom=min(0.0, float(np.min(low))))
        as_percent(axes) if percent else as_money(axes)

    values = tabled("month", labels, told, share if percent else figure)
    return drawn(SIZE, title, draw, keys, unit=unit, values=values)


def past_and_fan(
    title: str,
    labels: Sequence[str],
    past: Floats,
    past_low: Floats,
    past_high: Floats,
    ahead: Floats,
    low: Floats,
    high: Floats,
    *,
    unit: str,
) -> Chart:
    """Return an estimated series with its band, continued by its forecast fan."""
    keys = (Key("estimated", INK), Key("forecast", BLUE), INTERVAL)

    def draw(axes: Any) -> None:
        x, y = np.arange(len(past)), np.arange(len(past), len(past) + len(ahead))
        axes.fill_between(x, past_low, past_high, color=GRID, linewidth=0)
        axes.plot(x, past, color=INK, linewidth=1.2)
        axes.fill_between(y, low, high, color=BAND, alpha=0.6, linewidth=0)
        axes.plot(y, ahead, color=BLUE, linewidth=1.6)
        axes.axhline(0, color=MUTED, linewidth=0.8)
        month_ticks(axes, labels)

    whole = {"estimated, then forecast": (past, ahead), "5 %": (past_low, low), "95 %": (past_high, high)}
    told = {name: np.concatenate(parts).tolist() for name, parts in whole.items()}
    return drawn(SIZE, title, draw, keys, unit=unit, values=tabled("month", labels, told, _three))


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def bars(
    title: str,
    labels: Sequence[str],
    values: Sequence[float],
    *,
    unit: str,
    percent: bool = False,
    head: str = "",
) -> Chart:
    """Return horizontal bars, largest on top as given; head : what labels are names of."""

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        axes.barh(y, values, color=BLUE, height=0.65)
        names_of_rows(axes, y, labels, head)
        ticks(axes.xaxis, percent_ticks if percent else money_ticks, 4)

    told = tabled(head, labels, {title: values}, share if percent else figure)
    return drawn((SIZE[0], max(1.2, height(labels, head) + 0.5)), title, draw, unit=unit, values=told)


def grouped(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    unit: str,
    intervals: Mapping[str, Interval] | None = None,
    percent: bool = False,
    money_axis: bool = True,
) -> Chart:
    """Return vertical bars side by side, one colour a series; `intervals` of some, low and high."""
    keys = keyed(series, "bar")
    ranges = intervals or {}

    def draw(axes: Any) -> None:
        x, width = np.arange(len(labels)), 0.8 / max(1, len(series))
        for place, (key, values) in enumerate(zip(keys, series.values(), strict=True)):
            at = x + (place - (len(series) - 1) / 2) * width
            axes.bar(at, values, width * 0.92, color=key.colour)
            if key.name in ranges:
                axes.vlines(at, *ranges[key.name], color=INK, linewidth=1.6)
        if ranges:
            axes.margins(y=0.04)
        fits = len(labels) * (max(map(len, labels)) + 1.5) <= LABELS_ACROSS
        axes.set_xticks(x, labels, rotation=0 if fits else 45, ha="center" if fits else "right")
        axes.grid(axis="x", visible=False)
        if percent:
            as_percent(axes)
        elif money_axis:
            as_money(axes)
        else:
            axes.yaxis.set_major_formatter("{x:,.6g}")

    told: dict[str, Sequence[float]] = {}
    for name, many in series.items():
        told[name] = many
        if name in ranges:
            told[f"{name}, 5 %"], told[f"{name}, 95 %"] = ranges[name]
    shown = [*keys, *([Key("90 % interval", INK)] if ranges else [])]
    values = tabled("", labels, told, share if percent else figure)
    return drawn(SIZE, title, draw, shown if len(shown) > 1 else (), unit=unit, values=values)


def lines(
    title: str,
    x: Sequence[Any],
    series: Mapping[str, Sequence[float]],
    *,
    unit: str,
    percent: bool = False,
    xlabel: str = "",
    dots: Sequence[str] = (),
) -> Chart:
    """Return lines over x; series named in `dots` are drawn as points (observations)."""
    keys = [Key(key.name, ORANGE, "dot") if key.name in dots else key for key in keyed(series)]

    def draw(axes: Any) -> None:
        numeric = not isinstance(x[0], str)
        place = np.asarray(x, float) if numeric else np.arange(len(x))
        for key, values in zip(keys, series.values(), strict=True):
            form: dict[str, Any] = (
                {"marker": "o", "linestyle": "", "markersize": 3.2}
                if key.mark == "dot"
                else {"linewidth": 1.7}
            )
            axes.plot(place[: len(values)], values, color=key.colour, **form)
        if not numeric:
            month_ticks(axes, [str(item) for item in x])
        axes.set_xlabel(xlabel)
        as_percent(axes) if percent else as_money(axes)

    values = tabled(xlabel, x, series, share if percent else figure)
    return drawn(SIZE, title, draw, keys, unit=unit, values=values)


def forest(
    title: str, labels: Sequence[str], value: Floats, low: Floats, high: Floats, xlabel: str, *, unit: str
) -> Chart:
    """Return effects as dots with their intervals, one a row."""

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        axes.hlines(y, low, high, color=BAND, linewidth=4)
        axes.plot(value, y, "o", color=BLUE, markersize=4.5)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        names_of_rows(axes, y, labels)
        axes.set_ylim(-0.6, len(labels) - 0.4)
        axes.set_xlabel(xlabel)

    keys = (Key("estimate", BLUE, "dot"), INTERVAL)
    told = {"estimate": value.tolist(), "5 %": low.tolist(), "95 %": high.tolist()}
    size = (SIZE[0], max(1.4, height(labels) + 0.65))
    return drawn(size, title, draw, keys, unit=unit, values=tabled("", labels, told, _three))


def histogram(
    title: str, edges: Sequence[float], shares: Sequence[float], marks: Mapping[str, float], *, unit: str
) -> Chart:
    """Return the distribution of simulated losses with named marks. edges : (B + 1,). shares : (B,)."""
    keys = [
        Key(f"{name}: {money(value)}", colour)
        for (name, value), colour in zip(marks.items(), cycle(CYCLE[1:]), strict=False)
    ]

    def draw(axes: Any) -> None:
        axes.hist(edges[:-1], bins=edges, weights=shares, color=BAND)
        for key, (name, value) in zip(keys, marks.items(), strict=True):
            axes.axvline(value, color=key.colour, linewidth=1.8, gid=f"mark {name}")
        ticks(axes.xaxis, money_ticks, 5)
        ticks(axes.yaxis, percent_ticks, 4)

    told = tabled("", marks, {unit: list(marks.values())})
    return drawn(SIZE, title, draw, keys, unit=f"{unit} along, share of paths upward", values=told)


def stacked(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]], *, unit: str) -> Chart:
    """Return monthly cash flows stacked, from zero."""
    keys = keyed(series, "bar")

    def draw(axes: Any) -> None:
        axes.stackplot(np.arange(len(labels)), *series.values(), colors=CYCLE, linewidth=0)
        axes.set_ylim(bottom=0)
        month_ticks(axes, labels)
        as_money(axes)

    return drawn(SIZE, title, draw, keys, unit=unit, values=tabled("month", labels, series))


def curve(
    title: str,
    x: Sequence[float],
    value: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    xlabel: str,
    *,
    unit: str,
) -> Chart:
    """Return an estimated curve of probabilities with its band."""
    keys = (Key("estimate", BLUE), INTERVAL)

    def draw(axes: Any) -> None:
        axes.fill_between(x, low, high, color=BAND, alpha=0.6, linewidth=0)
        axes.plot(x, value, color=BLUE, linewidth=1.8)
        axes.set_ylim(0, min(float(np.max(high)), 4 * float(np.max(value))) * 1.05)
        axes.set_xlabel(xlabel)
        as_percent(axes)

    told = tabled(xlabel, x, {"estimate": value, "5 %": low, "95 %": high}, share)
    return drawn(SIZE, title, draw, keys, unit=unit, values=told)


def errorbars(
    title: str,
    labels: Sequence[str],
    value: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    unit: str,
) -> Chart:
    """Return estimates of shares as points with their intervals."""
    keys = (Key("estimate", BLUE, "dot"), INTERVAL)

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        axes.vlines(x, low, high, color=BAND, linewidth=5)
        axes.plot(x, value, "o", color=BLUE, markersize=5)
        fits = len(labels) * (max(map(len, labels)) + 1.5) <= LABELS_ACROSS
        axes.set_xticks(x, labels, rotation=0 if fits else 45, ha="center" if fits else "right")
        axes.set_ylim(bottom=0)
        axes.grid(axis="x", visible=False)
        as_percent(axes)

    told = tabled("", labels, {"estimate": value, "5 %": low, "95 %": high}, share)
    return drawn(SIZE, title, draw, keys, unit=unit, values=told)
