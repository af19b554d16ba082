"""Pictures of a backtest: forecast and outcome by origin, accuracy beside rivals, calibration, widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loantwin.interfaces.report.drawing import (
    SIZE,
    Chart,
    Key,
    as_money,
    drawn,
    names_of_rows,
    share,
    tabled,
    ticks,
)
from loantwin.interfaces.report.labels import money_ticks, percent_ticks
from loantwin.interfaces.report.palette import BAND, BLUE, GREY, INK, ORANGE, PALE, PURPLE


def by_origin(
    title: str,
    labels: Sequence[str],
    mean: Sequence[float],
    quantiles: Sequence[Sequence[float]],
    actual: Sequence[float],
    *,
    unit: str,
    pale: Sequence[bool] = (),
    money: bool = False,
) -> Chart:
    """Return forecasts of the whole book by origin as bars of their 90 and 50 % intervals, with what came.

    quantiles : per origin 5, 25, 50, 75, 95 %. pale : origins that were prior only.
    """
    keys = (
        Key("forecast (mean)", BLUE),
        Key("50 %", BAND, "band"),
        Key("90 %", PALE, "band"),
        Key("what came", ORANGE, "dot"),
    )

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        q = np.asarray(quantiles, dtype=float)
        shown = [0.4 if i < len(pale) and pale[i] else 1.0 for i in range(len(labels))]
        for i in range(len(labels)):
            axes.bar(i, q[i, 4] - q[i, 0], 0.62, bottom=q[i, 0], color=PALE, alpha=shown[i])
            axes.bar(i, q[i, 3] - q[i, 1], 0.62, bottom=q[i, 1], color=BAND, alpha=shown[i])
            axes.plot(i, mean[i], "_", color=BLUE, markersize=15, markeredgewidth=2.2, alpha=shown[i])
            axes.plot(i, actual[i], "o", color=ORANGE, markersize=5.5, alpha=shown[i])
        every = max(1, -(-len(x) // 6))
        axes.set_xticks(x[::every], list(labels)[::every])
        axes.grid(axis="x", visible=False)
        axes.set_ylim(bottom=min(0.0, float(q.min())))
        as_money(axes) if money else axes.yaxis.set_major_formatter("{x:,.6g}")

    series: dict[str, Sequence[float]] = {"forecast (mean)": mean, "what came": actual}
    for place, words in enumerate(("5 %", "25 %", "50 %", "75 %", "95 %")):
        series[words] = [many[place] for many in quantiles]
    return drawn(SIZE, title, draw, keys, unit=unit, values=tabled("origin", labels, series))


def accuracies(
    title: str, names: Sequence[str], values: Sequence[float | None], floors: Mapping[str, float | None]
) -> Chart:
    """Return accuracies as bars, the twin on top, noise floor as lines; below zero is cut at zero."""
    keys = [Key("the twin", BLUE, "bar"), Key("rivals", GREY, "bar")]
    shown = {"names": (PURPLE, "ceiling: path known"), "latent": (ORANGE, "what the fit expects")}
    keys += [Key(words, colour) for name, (colour, words) in shown.items() if floors.get(name) is not None]

    def draw(axes: Any) -> None:
        y = np.arange(len(names))[::-1]
        cut = [max(0.0, value or 0.0) for value in values]
        axes.barh(y, cut, color=[BLUE, *([GREY] * (len(names) - 1))], height=0.66)
        for row, value in zip(y, values, strict=True):
            words = "–" if value is None else (f"{100 * value:.0f} %" if value >= 0 else "below 0")
            axes.annotate(
                words,
                (max(0.0, value or 0.0), row),
                (4, 0),
                textcoords="offset points",
                va="center",
                color=INK,
            )
        for name, (colour, _) in shown.items():
            level = floors.get(name)
            if level is not None and level > 0:
                axes.axvline(level, color=colour, linewidth=1.6, linestyle=(0, (4, 2)))
        names_of_rows(axes, y, names)
        axes.set_xlim(0, 1.15)
        axes.set_xticks((0, 0.25, 0.5, 0.75, 1.0), percent_ticks((0, 0.25, 0.5, 0.75, 1.0)))

    told = {
        "accuracy": list(values),
        **{words: [floors.get(key)] * len(names) for key, (_, words) in shown.items()},
    }
    size = (SIZE[0], max(1.8, 0.34 * len(names) + 0.5))
    return drawn(size, title, draw, keys, unit="% accuracy", values=tabled("", names, told, share))


def widths(title: str, names: Sequence[str], values: Sequence[float], money: bool, *, unit: str) -> Chart:
    """Return mean widths of intervals as horizontal bars, the twin on top; narrower is better."""
    keys = (Key("the twin", BLUE, "bar"), Key("rivals", GREY, "bar"))

    def draw(axes: Any) -> None:
        y = np.arange(len(names))[::-1]
        axes.barh(y, values, color=[BLUE, *([GREY] * (len(names) - 1))], height=0.66)
        names_of_rows(axes, y, names)
        if money:
            ticks(axes.xaxis, money_ticks, 4)

    size = (SIZE[0], max(1.8, 0.34 * len(names) + 0.5))
    return drawn(size, title, draw, keys, unit=unit, values=tabled("", names, {"mean width": values}))


def pit(title: str, shares: Sequence[float]) -> Chart:
    """Return how outcomes fall into forecasts' tenths: level if calibrated, a cup if too narrow."""
    keys = (Key("outcomes", BAND, "bar"), Key("calibrated", INK))

    def draw(axes: Any) -> None:
        size = len(shares)
        axes.bar((np.arange(size) + 0.5) / size, shares, 0.94 / size, color=BAND)
        axes.axhline(1.0 / size, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.set_xlabel("place of the outcome in its forecast distribution")
        axes.grid(axis="x", visible=False)
        axes.set_ylim(bottom=0)
        ticks(axes.yaxis, percent_ticks, 4)
        ticks(axes.xaxis, percent_ticks, 5)

    tenths = [f"{10 * place} to {10 * place + 10} %" for place in range(len(shares))]
    told = tabled("place in the forecast", tenths, {"outcomes": shares}, share)
    return drawn((SIZE[0], 2.4), title, draw, keys, unit="% of outcomes", values=told)


def coverage(
    title: str,
    labels: Sequence[str],
    fifty: Sequence[float],
    ninety: Sequence[float],
    low: Sequence[float | None],
    high: Sequence[float | None],
) -> Chart:
    """Return how many outcomes the 50 and 90 % intervals hold by horizon, with bootstrap intervals."""
    keys = (
        Key("90 % interval", BLUE, "dot"),
        Key("bootstrap", BAND, "band"),
        Key("50 % interval", ORANGE, "dot"),
    )

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        axes.axhline(0.9, color=BLUE, linewidth=1, linestyle=(0, (4, 2)))
        axes.axhline(0.5, color=ORANGE, linewidth=1, linestyle=(0, (4, 2)))
        for i, (a, b) in enumerate(zip(low, high, strict=True)):
            if a is not None and b is not None:
                axes.vlines(i, a, b, color=BAND, linewidth=7)
        axes.plot(x, ninety, "o", color=BLUE, markersize=6)
        axes.plot(x, fifty, "o", color=ORANGE, markersize=6)
        axes.set_xticks(x, labels)
        axes.set_xlim(-0.6, len(labels) - 0.4)
        axes.set_ylim(0, 1.05)
        axes.grid(axis="x", visible=False)
        ticks(axes.yaxis, percent_ticks, 5)

    series = {"inside 50 %": fifty, "inside 90 %": ninety, "of it, 5 %": low, "of it, 95 %": high}
    told = tabled("horizon", labels, series, share)
    return drawn((SIZE[0], 2.4), title, draw, keys, unit="% of outcomes", values=told)


def scatter(
    title: str,
    forecast: Sequence[float],
    actual: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    unit: str,
) -> Chart:
    """Return observations, forecast across, outcome up, on root scales so that small bands show."""
    keys = (
        Key("inside the 90 % interval", BLUE, "dot"),
        Key("outside", ORANGE, "dot"),
        Key("forecast = outcome", INK),
    )

    def draw(axes: Any) -> None:
        f, a = (np.asarray(item, dtype=float) for item in (forecast, actual))
        within = (a >= np.asarray(low)) & (a <= np.asarray(high))
        top = float(max(f.max(), a.max(), 1.0)) * 1.05
        root = (lambda v: np.sqrt(np.maximum(v, 0.0)), lambda v: np.square(v))
        axes.set_xscale("function", functions=root)
        axes.set_yscale("function", functions=root)
        axes.plot([0, top], [0, top], color=INK, linewidth=0.9)
        axes.plot(f[within], a[within], "o", color=BLUE, markersize=3.6, alpha=0.65)
        axes.plot(f[~within], a[~within], "o", color=ORANGE, markersize=4.2, alpha=0.85)
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_xlabel("forecast")
        marks = _root_ticks(top)
        axes.set_xticks(marks, money_ticks(marks))
        axes.set_yticks(marks, money_ticks(marks))

    series = {"forecast": forecast, "outcome": actual, "5 %": low, "95 %": high}
    told = tabled("cell", range(1, len(forecast) + 1), series)
    return drawn((SIZE[0], 3.4), title, draw, keys, unit=f"{unit}, outcomes upward", values=told)


def _root_ticks(top: float) -> list[float]:
    """Return round marks that lie about evenly on a root scale."""
    unit = 10.0 ** np.floor(np.log10(max(top, 1e-9)))
    step = next(item for item in (1.0, 2.0, 5.0, 10.0) if top / (unit * item) <= 4.0)
    even = [unit * step * number for number in range(int(top / (unit * step)) + 1)]
    return sorted({0.0, unit * step / 4.0, *even})
