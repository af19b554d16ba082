"""Pictures of a backtest: forecast and outcome by origin, accuracy beside rivals, calibration, widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loantwin.interfaces.report.charts import (
    BAND,
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    SIZE,
    Chart,
    Key,
    _as_money,
    _names,
    _ticks,
    drawn,
)
from loantwin.interfaces.report.labels import money_ticks, percent_ticks

PALE, GREY = "#dfe8f4", "#b6bec8"
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}


def by_origin(
    title: str,
    labels: Sequence[str],
    mean: Sequence[float],
    quantiles: Sequence[Sequence[float]],
    actual: Sequence[float],
    *,
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
        every = max(1, -(-len(x) // 10))
        axes.set_xticks(x[::every], list(labels)[::every])
        axes.grid(axis="x", visible=False)
        axes.set_ylim(bottom=0 if q.min() < 0.5 * q.max() else None)
        _as_money(axes) if money else axes.yaxis.set_major_formatter("{x:,.6g}")

    return drawn(SIZE, title, draw, keys)


def accuracies(
    title: str, names: Sequence[str], values: Sequence[float | None], floors: Mapping[str, float | None]
) -> Chart:
    """Return accuracies as bars, the twin on top, noise floor as lines; below zero is cut at zero."""
    keys = [Key("the twin", BLUE, "bar"), Key("rivals", GREY, "bar")]
    shown = {"names": (GREEN, "ceiling: path known"), "latent": (ORANGE, "what the fit expects")}
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
                fontsize=8.5,
                color=INK,
            )
        for name, (colour, _) in shown.items():
            level = floors.get(name)
            if level is not None and level > 0:
                axes.axvline(level, color=colour, linewidth=1.6, linestyle=(0, (4, 2)))
        _names(axes, y, names)
        axes.set_xlim(0, 1.08)
        _ticks(axes.xaxis, percent_ticks, 5)

    return drawn((SIZE[0], max(1.8, 0.31 * len(names) + 0.5)), title, draw, keys)


def widths(title: str, names: Sequence[str], values: Sequence[float], money: bool) -> Chart:
    """Return mean widths of intervals as horizontal bars, the twin on top; narrower is better."""
    keys = (Key("the twin", BLUE, "bar"), Key("rivals", GREY, "bar"))

    def draw(axes: Any) -> None:
        y = np.arange(len(names))[::-1]
        axes.barh(y, values, color=[BLUE, *([GREY] * (len(names) - 1))], height=0.66)
        _names(axes, y, names)
        if money:
            _ticks(axes.xaxis, money_ticks, 5)

    return drawn((SIZE[0], max(1.8, 0.31 * len(names) + 0.5)), title, draw, keys)


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
        _ticks(axes.yaxis, percent_ticks, 4)
        _ticks(axes.xaxis, percent_ticks, 5)

    return drawn((SIZE[0], 2.2), title, draw, keys)


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
        _ticks(axes.yaxis, percent_ticks, 5)

    return drawn((SIZE[0], 2.2), title, draw, keys)


def scatter(
    title: str,
    forecast: Sequence[float],
    actual: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
) -> Chart:
    """Return observations, forecast across, outcome up, on root scales so that small bands show."""
    keys = (
        Key("inside the 90 % interval", BLUE, "dot"),
        Key("outside", ORANGE, "dot"),
        Key("forecast = outcome", MUTED),
    )

    def draw(axes: Any) -> None:
        f, a = (np.asarray(item, dtype=float) for item in (forecast, actual))
        within = (a >= np.asarray(low)) & (a <= np.asarray(high))
        top = float(max(f.max(), a.max(), 1.0)) * 1.05
        root = (lambda v: np.sqrt(np.maximum(v, 0.0)), lambda v: np.square(v))
        axes.set_xscale("function", functions=root)
        axes.set_yscale("function", functions=root)
        axes.plot([0, top], [0, top], color=MUTED, linewidth=0.9)
        axes.plot(f[within], a[within], "o", color=BLUE, markersize=3.6, alpha=0.65)
        axes.plot(f[~within], a[~within], "o", color=ORANGE, markersize=4.2, alpha=0.85)
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_xlabel("forecast")
        marks = _root_ticks(top)
        axes.set_xticks(marks, money_ticks(marks))
        axes.set_yticks(marks, money_ticks(marks))

    return drawn((SIZE[0], 3.4), title, draw, keys)


def _root_ticks(top: float) -> list[float]:
    """Return round marks that lie about evenly on a root scale."""
    unit = 10.0 ** np.floor(np.log10(max(top, 1e-9)))
    step = next(item for item in (1.0, 2.0, 5.0, 10.0) if top / (unit * item) <= 5.0)
    even = [unit * step * number for number in range(int(top / (unit * step)) + 1)]
    return sorted({0.0, unit * step / 10.0, unit * step / 2.0, *even})
