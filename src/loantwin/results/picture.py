"""A result as a picture: lines with their interval over months or ages, or bars by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import floor, log10
from typing import Any

from loantwin.errors import UsageError, expected, visible
from loantwin.extras import require
from loantwin.results.reading import Drawn, reading_of, readings
from loantwin.results.tables import PROVENANCE, SINGLE, Row, Tables, main_table, tables
from loantwin.results.words import currency_of, heading, moved

INK, MUTED, GRID = "#1d2733", "#5a6672", "#dfe4ea"
COLOURS = ("#1f5fa8", "#d9772b", "#3b8a5a", "#7a5aa6", "#8a6d1d", "#9aa7b5")
"""Neighbours differ in lightness, so that they stay apart in print."""
BARS = 15
"""Bars that are drawn; the largest are kept, of each group its share."""
WIDE = 40
"""Characters of a bar's name."""
LINES = 6
"""Lines that are drawn; the first are kept."""
SIZE = (7.0, 3.6)
"""Width and height, inches."""
SCALES = ((1e9, "billion"), (1e6, "million"), (1e3, "thousand"))


def plot(result: Any, axes: Any = None) -> Any:
    """Return a result's picture as a matplotlib figure, drawn on `axes` where they are given.

    Raises
    ------
    ExtraError : matplotlib is not installed. UsageError : a result without figures to draw.
    """
    require("report")
    from matplotlib.figure import Figure

    made = tables(result)
    drawn = _drawn(result, made)
    rows = [row for row in made.get(drawn.table, []) if isinstance(row.get(drawn.y), int | float)]
    if not rows:
        raise UsageError(expected("a result with figures to draw", type(result).__name__), field="plot")
    kept, left = _kept(rows, drawn)
    title = f"{visible(heading(result))}\n{drawn.title}{left}"
    if axes is not None:
        axes.set_title(title, loc="left", fontsize=10.5, color=INK, linespacing=1.4)
    else:
        height = max(SIZE[1], 1.2 + 0.26 * len(kept)) if drawn.bars else SIZE[1]
        figure = _showing(Figure)(figsize=(SIZE[0], height), layout="constrained", facecolor="white")
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, color=INK, linespacing=1.4)
        axes = figure.subplots()
    factor, unit = _scale(kept, drawn, currency_of(result))
    (_bars if drawn.bars else _lines)(axes, kept, drawn, factor)
    (axes.set_xlabel if drawn.bars else axes.set_ylabel)(unit, color=MUTED, fontsize=9)
    if drawn.money_across:
        _money_across(axes, kept, drawn.x, currency_of(result))
    for name, spine in axes.spines.items():
        spine.set_visible(name == ("left" if drawn.bars else "bottom"))
        spine.set_color(MUTED)
    axes.grid(axis="x" if drawn.bars else "y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED, labelsize=9, length=0, which="both")
    return axes.figure


def _kept(rows: Sequence[Row], drawn: Drawn) -> tuple[list[Row], str]:
    """Return the rows that are drawn, and what is said of those that are left out."""
    groups = list(dict.fromkeys(row.get(drawn.by) for row in rows)) if drawn.by else [None]
    if not drawn.bars:
        kept = [row for row in rows if not drawn.by or row.get(drawn.by) in groups[:LINES]]
        return kept, f" (the first {LINES} of {len(groups)})" if len(groups) > LINES else ""
    most = BARS if len(groups) == 1 else max(2, BARS // len(groups))
    chosen: list[int] = []
    for group in groups:
        own = [place for place, row in enumerate(rows) if not drawn.by or row.get(drawn.by) == group]
        chosen += sorted(own, key=lambda place: -abs(rows[place][drawn.y]))[:most]
    left = f" (the largest {len(chosen)} of {len(rows)})" if len(chosen) < len(rows) else ""
    return [rows[place] for place in sorted(chosen)], left


def _showing(kind: Any) -> Any:
    """Return matplotlib's figure as one that notebooks show without its own machinery."""

    class Picture(kind):  # type: ignore[misc]
        def _repr_png_(self) -> bytes:
            from io import BytesIO

            held = BytesIO()
            self.savefig(held, format="png", dpi=120)
            return held.getvalue()

    return Picture


def _drawn(result: Any, made: Tables) -> Drawn:
    """Return what the class's row says; without one the first figures of the main table, by name."""
    reading = reading_of(result)
    if reading.drawn is not None:
        return reading.drawn
    if type(result).__name__ in readings():
        raise UsageError(expected("a result with figures to draw", type(result).__name__), field="plot")
    name = main_table(made, reading.table)
    rows = made[name] if name not in (SINGLE, PROVENANCE) else [{}]
    words = [column for column, value in rows[0].items() if isinstance(value, str | dt.date)]
    numbers = [
        column
        for column, value in rows[0].items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not words or not numbers:
        raise UsageError(expected("a result with figures to draw", type(result).__name__), field="plot")
    return Drawn(name, words[0], numbers[0], "number", numbers[0].replace("_", " "), bars=True)


def _scale(rows: Sequence[Row], drawn: Drawn, currency: str) -> tuple[float, str]:
    """Return what values are multiplied with, and the unit that is then written."""
    if drawn.kind == "share":
        return 100.0, "%"
    if drawn.kind != "money":
        return 1.0, "number" if drawn.kind == "count" else ""
    names = (drawn.y, *(drawn.interval or ()))
    return _money([row.get(name) for row in rows for name in names], currency)


def _money(values: Sequence[Any], currency: str) -> tuple[float, str]:
    most = max(abs(float(value)) for value in values if value is not None)
    size, word = next(((size, word) for size, word in SCALES if most >= size), (1.0, ""))
    return 1.0 / size, f"{currency} {word}".strip()


def _bars(axes: Any, rows: Sequence[Row], drawn: Drawn, factor: float) -> None:
    groups = list(dict.fromkeys(row.get(drawn.by) for row in rows)) if drawn.by else [None]
    values = [factor * row[drawn.y] for row in rows]
    colours = [COLOURS[groups.index(row.get(drawn.by) if drawn.by else None) % len(COLOURS)] for row in rows]
    held = axes.barh(range(len(rows)), values, color=colours, height=0.7)
    axes.set_yticks(range(len(rows)), [_label(row, drawn, len(groups)) for row in rows])
    axes.invert_yaxis()
    decimals = _decimals(max(map(abs, values)))
    told = [f"{value:,.{decimals}f}" for value in values]
    if drawn.interval is None:
        axes.bar_label(held, told, padding=3, fontsize=8.5, color=INK)
    else:
        for place, (row, text, value) in enumerate(zip(rows, told, values, strict=True)):
            low, high = (row[name] for name in drawn.interval)
            end = value if low is None or high is None else max(value, factor * high)
            if low is not None and high is not None:
                axes.hlines(place, factor * low, factor * high, color=INK, linewidth=1.4)
            axes.annotate(
                text, (end, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5,
                color=INK,
            )  # fmt: skip
    axes.margins(x=0.16)
    axes.axvline(0.0, color=MUTED, linewidth=0.8)


def _decimals(most: float) -> int:
    """Return how many decimals show the largest value with three digits."""
    return max(0, 2 - floor(log10(most))) if 0.0 < most < 100.0 else 0


def _label(row: Row, drawn: Drawn, groups: int) -> str:
    name = visible(moved(str(row[drawn.x])))
    if name.isdigit():
        name = f"{drawn.x} {name}"
    if drawn.by and groups > 1:
        name = f"{visible(moved(str(row.get(drawn.by))))}: {name}"
    return name if len(name) <= WIDE else name[: WIDE - 1] + "…"


def _lines(axes: Any, rows: Sequence[Row], drawn: Drawn, factor: float) -> None:
    groups = list(dict.fromkeys(row.get(drawn.by) for row in rows)) if drawn.by else [None]
    places = _places([row[drawn.x] for row in rows])
    for group, colour in zip(groups, COLOURS, strict=False):
        own = [row for row in rows if not drawn.by or row.get(drawn.by) == group]
        x = [places[row[drawn.x]] for row in own]
        if drawn.interval is not None:
            low, high = ([factor * (row[name] or 0.0) for row in own] for name in drawn.interval)
            axes.fill_between(x, low, high, color=colour, alpha=0.22, linewidth=0, label="90 % interval")
        name = visible(moved(str(group))) if drawn.by else "mean" if drawn.interval else None
        y = [factor * row[drawn.y] for row in own]
        axes.plot(x, y, color=colour, linewidth=1.8, label=name, marker="o" if len(own) < 4 else None)
    if drawn.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    elif drawn.kind in ("money", "count", "share"):
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    if drawn.by or drawn.interval:
        axes.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    _name_places(axes, list(places), drawn.x)


def _places(values: Sequence[Any]) -> dict[Any, float]:
    """Return value -> place on the axis: numbers as they are, texts one after the other."""
    if all(isinstance(value, int | float) or str(value).isdigit() for value in values):
        return {value: float(value) for value in dict.fromkeys(values)}
    return {value: float(place) for place, value in enumerate(dict.fromkeys(values))}


def _name_places(axes: Any, values: Sequence[Any], column: str) -> None:
    if not all(isinstance(value, str) for value in values):
        axes.set_xlabel(column.replace("_", " "), color=MUTED, fontsize=9)
    elif all(value.isdigit() for value in values):
        axes.set_xticks([float(value) for value in values], values)
        axes.set_xlabel(column.replace("_", " "), color=MUTED, fontsize=9)
    else:  # months: a name at every quarter, or year
        step = 1 if len(values) <= 8 else 3 if len(values) <= 25 else 12
        axes.set_xticks(range(0, len(values), step), values[::step])


def _money_across(axes: Any, rows: Sequence[Row], column: str, currency: str) -> None:
    factor, unit = _money([row[column] for row in rows], currency)
    axes.xaxis.set_major_formatter(lambda value, _: f"{factor * value:,.10g}")
    axes.set_xlabel(f"{column.replace('_', ' ')}, {unit}", color=MUTED, fontsize=9)
