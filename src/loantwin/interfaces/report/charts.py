"""Pictures of the report: functions of plain arrays, each returning one `<svg>` with its title and keys.

Title and keys are set by the page, above the picture: there they wrap, and can neither be clipped nor lie
over the data.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.interfaces.report.labels import money, money_ticks, percent_ticks, wrapped

INK, MUTED, GRID = "#1d2733", "#66727f", "#e3e7ec"
BLUE, BAND, ORANGE, GREEN, RED = "#1f5fa8", "#b9d0ea", "#d9772b", "#3b8a5a", "#b23a48"
CYCLE = (BLUE, ORANGE, GREEN, RED, "#7a5aa6", "#4aa3b5")
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 9.5,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "svg.fonttype": "none",
    "svg.hashsalt": "loantwin",
    "path.simplify": True,
}


SIZE = (5.6, 2.6)
"""Width and height of a picture, inches; the page scales it to its column."""


@dataclass(frozen=True)
class Key:
    """What one colour of a picture means; mark is line, band, bar or dot."""

    name: str
    colour: str
    mark: str = "line"


@dataclass(frozen=True)
class Chart:
    """One picture: its title, its SVG element and the keys of its colours."""

    title: str
    svg: str
    keys: tuple[Key, ...] = ()


LABELS_ACROSS = 66
"""Characters that fit side by side below a picture."""
LINE_POINTS = 10.5
"""Height of a line of a row's name, points."""
INTERVAL = Key("90 % interval", BAND, "band")


def drawn(
    size: tuple[float, float], title: str, draw: Callable[[Any], None], keys: Sequence[Key] = ()
) -> Chart:
    """Return one picture drawn by `draw(axes)`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(
        r' width="[^"]*pt" height="[^"]*pt"', f' role="img" aria-label="{_escaped(title)}"', text, count=1
    )
    return Chart(title, _own_ids(text), tuple(keys))


def _keys(names: Iterable[str], mark: str = "line") -> list[Key]:
    return [Key(name, colour, mark) for name, colour in zip(names, cycle(CYCLE), strict=False)]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _own_ids(text: str) -> str:
    """Give each picture's clip paths names of their own: several SVGs share one page."""
    mark = sha256(text.encode()).hexdigest()[:10]
    text = re.sub(r'id="([^"]+)"', lambda found: f'id="{found[1]}-{mark}"', text)
    text = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{found[1]}-{mark})", text)
    return re.sub(r'xlink:href="#([^"]+)"', lambda found: f'xlink:href="#{found[1]}-{mark}"', text)


def _ticks(axis: Any, labels: Callable[[Sequence[float]], list[str]], most: int = 6) -> None:
    """Let an axis have at most `most` steps, labelled together: the step decides the decimals."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def one(value: float, _position: object = None) -> str:
        return labels([value, *axis.get_majorticklocs()])[0]

    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(one))


def _as_money(axes: Any) -> None:
    _ticks(axes.yaxis, money_ticks)


def _as_percent(axes: Any) -> None:
    _ticks(axes.yaxis, percent_ticks)


def _month_ticks(axes: Any, labels: Sequence[str]) -> None:
    every = max(1, -(-len(labels) // 8))
    axes.set_xticks(range(0, len(labels), every), [labels[i] for i in range(0, len(labels), every)])


def _names(axes: Any, y: Any, labels: Sequence[str]) -> None:
    """Name rows at the left, a text a line: the page's font differs from the one measured here."""
    axes.set_yticks(y, [""] * len(labels))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    place = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
    for row, label in zip(y, labels, strict=True):
        written = wrapped(label).split("\n")
        for number, line in enumerate(written):
            below = LINE_POINTS * ((len(written) - 1) / 2 - number)
            axes.annotate(
                line,
                (0, row),
                (-5, below),
                ha="right",
                va="center_baseline",
                fontsize=8.5,
                color=MUTED,
                **place,
            )


def _height(labels: Sequence[str]) -> float:
    """Return the height of rows that names of one or two lines label, inches."""
    lines = max((wrapped(label).count("\n") + 1 for label in labels), default=1)
    return len(labels) * (LINE_POINTS * lines + 7.0) / 72.0


def fan(
    title: str,
    labels: Sequence[str],
    mean: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    actual: Sequence[float] | None = None,
    percent: bool = False,
) -> Chart:
    """Return a forecast with its 90 % band, and what happened where it is known."""
    keys = [
        Key("forecast (mean)", BLUE),
        INTERVAL,
        *([Key("what happened", ORANGE)] if actual is not None else []),
    ]

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        axes.fill_between(x, low, high, color=BAND, alpha=0.6, linewidth=0)
        axes.plot(x, mean, color=BLUE, linewidth=1.8)
        if actual is not None:
            axes.plot(x[: len(actual)], actual, color=ORANGE, linewidth=1.4)
        _month_ticks(axes, labels)
        axes.set_ylim(bottom=min(0.0, float(np.min(low))))
        _as_percent(axes) if percent else _as_money(axes)

    return drawn(SIZE, title, draw, keys)


def past_and_fan(
    title: str,
    labels: Sequence[str],
    past: Floats,
    past_low: Floats,
    past_high: Floats,
    ahead: Floats,
    low: Floats,
    high: Floats,
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
        _month_ticks(axes, labels)

    return drawn(SIZE, title, draw, keys)


def bars(title: str, labels: Sequence[str], values: Sequence[float], *, percent: bool = False) -> Chart:
    """Return horizontal bars, largest on top as given."""

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        axes.barh(y, values, color=BLUE, height=0.65)
        _names(axes, y, labels)
        _ticks(axes.xaxis, percent_ticks if percent else money_ticks, 5)

    return drawn((SIZE[0], max(1.2, _height(labels) + 0.45)), title, draw)


def grouped(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    percent: bool = False,
    money_axis: bool = True,
) -> Chart:
    """Return vertical bars side by side, one colour a series."""
    keys = _keys(series, "bar")

    def draw(axes: Any) -> None:
        x, width = np.arange(len(labels)), 0.8 / max(1, len(series))
        for place, (key, values) in enumerate(zip(keys, series.values(), strict=True)):
            axes.bar(x + (place - (len(series) - 1) / 2) * width, values, width * 0.92, color=key.colour)
        fits = len(labels) * (max(map(len, labels)) + 1.5) <= LABELS_ACROSS
        axes.set_xticks(x, labels, rotation=0 if fits else 45, ha="center" if fits else "right")
        axes.grid(axis="x", visible=False)
        if percent:
            _as_percent(axes)
        elif money_axis:
            _as_money(axes)
        else:
            axes.yaxis.set_major_formatter("{x:,.6g}")

    return drawn(SIZE, title, draw, keys if len(keys) > 1 else ())


def lines(
    title: str,
    x: Sequence[Any],
    series: Mapping[str, Sequence[float]],
    *,
    percent: bool = False,
    xlabel: str = "",
    dots: Sequence[str] = (),
) -> Chart:
    """Return lines over x; series named in `dots` are drawn as points (observations)."""
    keys = [Key(key.name, ORANGE, "dot") if key.name in dots else key for key in _keys(series)]

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
            _month_ticks(axes, [str(item) for item in x])
        axes.set_xlabel(xlabel)
        _as_percent(axes) if percent else _as_money(axes)

    return drawn(SIZE, title, draw, keys)


def forest(title: str, labels: Sequence[str], value: Floats, low: Floats, high: Floats, xlabel: str) -> Chart:
    """Return effects as dots with their intervals, one a row."""

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        axes.hlines(y, low, high, color=BAND, linewidth=4)
        axes.plot(value, y, "o", color=BLUE, markersize=4.5)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        _names(axes, y, labels)
        axes.set_ylim(-0.6, len(labels) - 0.4)
        axes.set_xlabel(xlabel)

    return drawn((SIZE[0], max(1.4, _height(labels) + 0.6)), title, draw)


def histogram(
    title: str, edges: Sequence[float], shares: Sequence[float], marks: Mapping[str, float]
) -> Chart:
    """Return the distribution of simulated losses with named marks. edges : (B + 1,). shares : (B,)."""
    keys = [
        Key(f"{name}: {money(value)}", colour)
        for (name, value), colour in zip(marks.items(), cycle(CYCLE[1:]), strict=False)
    ]

    def draw(axes: Any) -> None:
        axes.hist(edges[:-1], bins=edges, weights=shares, color=BAND)
        for key, value in zip(keys, marks.values(), strict=True):
            axes.axvline(value, color=key.colour, linewidth=1.6)
        _ticks(axes.xaxis, money_ticks)
        axes.set_yticks([])

    return drawn(SIZE, title, draw, keys)


def stacked(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> Chart:
    """Return monthly cash flows stacked."""
    keys = _keys(series, "bar")

    def draw(axes: Any) -> None:
        axes.stackplot(np.arange(len(labels)), *series.values(), colors=CYCLE, alpha=0.85, linewidth=0)
        _month_ticks(axes, labels)
        _as_money(axes)

    return drawn(SIZE, title, draw, keys)


def curve(
    title: str,
    x: Sequence[float],
    value: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    xlabel: str,
) -> Chart:
    """Return an estimated curve of probabilities with its band."""
    keys = (Key("estimate", BLUE), INTERVAL)

    def draw(axes: Any) -> None:
        axes.fill_between(x, low, high, color=BAND, alpha=0.6, linewidth=0)
        axes.plot(x, value, color=BLUE, linewidth=1.8)
        axes.set_ylim(0, min(float(np.max(high)), 4 * float(np.max(value))) * 1.05)
        axes.set_xlabel(xlabel)
        _as_percent(axes)

    return drawn(SIZE, title, draw, keys)


def errorbars(
    title: str, labels: Sequence[str], value: Sequence[float], low: Sequence[float], high: Sequence[float]
) -> Chart:
    """Return estimates of shares as points with their intervals."""
    keys = (Key("estimate", BLUE, "dot"), INTERVAL)

    def draw(axes: Any) -> None:
        x = np.arange(len(labels))
        axes.vlines(x, low, high, color=BAND, linewidth=5)
        axes.plot(x, value, "o", color=BLUE, markersize=5)
        axes.set_xticks(x, labels)
        axes.set_ylim(bottom=0)
        axes.grid(axis="x", visible=False)
        _as_percent(axes)

    return drawn(SIZE, title, draw, keys)
