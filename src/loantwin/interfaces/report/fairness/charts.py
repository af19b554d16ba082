"""Pictures of fairness: shares and ratios with their 95 % intervals, calibration, months, gain
against cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loantwin.decisions.fairness.figures import Bounded
from loantwin.decisions.fairness.frontier import SHOWN, Alternative
from loantwin.decisions.fairness.measure import CalibrationRow, MonthFigures
from loantwin.interfaces.report.drawing import (
    INTERVAL_95,
    SIZE,
    Chart,
    Key,
    as_percent,
    drawn,
    height,
    keyed,
    month_ticks,
    names_of_rows,
    share,
    tabled,
    ticks,
)
from loantwin.interfaces.report.labels import percent_ticks, three
from loantwin.interfaces.report.palette import BAND, BLUE, GREY, MUTED, ORANGE

ESTIMATE = Key("estimate", BLUE, "dot")
STEPS = (0.05, 0.1, 0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Ratios that an axis may name."""
MOST_STEPS = 6
GROUP = "group"
"""What rows are names of where each is a group alone."""


def shares(title: str, labels: Sequence[str], found: Sequence[Bounded], *, unit: str) -> Chart:
    """Return shares of groups as dots with their intervals, one a row."""
    value, low, high = _ends(found)

    def draw(axes: Any) -> None:
        _rows(axes, labels, value, low, high, GROUP)
        ticks(axes.xaxis, percent_ticks, 5)

    return _drawn(title, labels, value, low, high, draw, unit, share, GROUP)


def ratios(
    title: str, labels: Sequence[str], found: Sequence[Bounded], *, unit: str, head: str = GROUP
) -> Chart:
    """Return ratios as dots with their intervals on a scale of logarithms; a line marks equality.

    An interval without bound, or one that reaches zero, runs to the edge of the picture. head : what labels
    are names of.
    """
    value, low, high = _ends(found)

    def draw(axes: Any) -> None:
        told = np.concatenate([value, low, high, [1.0]])
        told = told[np.isfinite(told) & (told > 0)]
        edges = told.min() / 1.15, told.max() * 1.15
        axes.set_xscale("log")
        axes.set_xlim(*edges)
        _rows(axes, labels, np.where(value > 0, value, np.nan),
              np.where(np.isfinite(low) & (low > 0), low, edges[0]), np.where(np.isfinite(high), high,
               edges[1]), head)  # fmt: skip
        axes.axvline(1, color=MUTED, linewidth=1.0)
        _name_ratios(axes, edges)

    return _drawn(title, labels, value, low, high, draw, unit, three, head)


def _name_ratios(axes: Any, edges: tuple[float, float]) -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    inside = [step for step in STEPS if edges[0] <= step <= edges[1]]
    skip = -(-len(inside) // MOST_STEPS)
    named = [step for place, step in enumerate(inside) if (place - inside.index(1.0)) % skip == 0]
    axes.xaxis.set_major_locator(FixedLocator(named))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(named, [f"{step:g}" for step in named])


def _ends(found: Sequence[Bounded]) -> tuple[Any, Any, Any]:
    made = [[np.nan if end is None else end for end in (item.value, item.low, item.high)] for item in found]
    value, low, high = np.array(made, dtype=float).reshape(-1, 3).T
    return value, low, high


def _rows(axes: Any, labels: Sequence[str], value: Any, low: Any, high: Any, head: str) -> None:
    y = np.arange(len(labels))[::-1]
    axes.hlines(y, low, high, color=BAND, linewidth=5)
    axes.plot(value, y, "o", color=BLUE, markersize=5)
    names_of_rows(axes, y, labels, head)
    axes.set_ylim(-0.6, len(labels) - 0.4)


def _drawn(
    title: str,
    labels: Sequence[str],
    value: Any,
    low: Any,
    high: Any,
    draw: Any,
    unit: str,
    shown: Any,
    head: str,
) -> Chart:
    told = {"estimate": value.tolist(), "2.5 %": low.tolist(), "97.5 %": high.tolist()}
    size = (SIZE[0], max(1.4, height(labels, head) + 0.65))
    return drawn(
        size, title, draw, (ESTIMATE, INTERVAL_95), unit=unit, values=tabled(head, labels, told, shown)
    )


def calibrated(rows: Sequence[CalibrationRow]) -> Chart:
    """Return observed against predicted shares of bads, a colour a group, with intervals and a line
    of equality.
    """
    groups = list(dict.fromkeys(item.group for item in rows))
    keys = keyed(groups)

    def draw(axes: Any) -> None:
        most = 0.0
        for key in keys:
            own = [item for item in rows if item.group == key.name]
            at = [item.predicted for item in own]
            low, high = ([getattr(item.observed, end) for item in own] for end in ("low", "high"))
            axes.vlines(at, low, high, color=key.colour, linewidth=1.4, alpha=0.6)
            axes.plot(
                at, [item.observed.value for item in own], "o-", color=key.colour, markersize=4, linewidth=1.2
            )
            most = max([most, *at, *high])
        axes.plot([0, most], [0, most], color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)))
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        as_percent(axes)
        ticks(axes.xaxis, percent_ticks, 5)

    names = [f"{item.group}, {item.band}" for item in rows]
    told: dict[str, list[float | None]] = {
        "predicted": [item.predicted for item in rows],
        "observed": [item.observed.value for item in rows],
        "2.5 %": [item.observed.low for item in rows],
        "97.5 %": [item.observed.high for item in rows],
    }
    unit = "% bad: predicted along and observed upward"
    return drawn(
        SIZE, "Calibration by band of risk", draw, keys, unit=unit, values=tabled("", names, told, share)
    )


def monthly(title: str, rows: Sequence[MonthFigures], figure: str, *, unit: str) -> Chart:
    """Return a ratio by month with its intervals, a colour a group, on a scale of logarithms."""
    months = sorted({item.month for item in rows})
    groups = list(dict.fromkeys(item.group for item in rows))
    keys = keyed(groups)
    series: dict[str, list[float | None]] = {}
    for name in groups:
        own = {item.month: getattr(item, figure) for item in rows if item.group == name}
        for words, end in ((name, "value"), (f"{name}, 2.5 %", "low"), (f"{name}, 97.5 %", "high")):
            series[words] = [None if own.get(month) is None else getattr(own[month], end) for month in months]

    def draw(axes: Any) -> None:
        told = [value for many in series.values() for value in many if value]
        edges = min([*told, 1.0]) / 1.15, max([*told, 1.0]) * 1.15
        axes.set_yscale("log")
        axes.set_ylim(*edges)
        for place, key in enumerate(keys):
            x = np.arange(len(months)) + 0.16 * (place - (len(keys) - 1) / 2)
            value, low, high = (
                np.array([np.nan if item is None else item for item in series[words]], dtype=float)
                for words in (key.name, f"{key.name}, 2.5 %", f"{key.name}, 97.5 %")
            )
            there = np.isfinite(value)
            low, high = np.where(low > 0, low, edges[0]), np.where(np.isfinite(high), high, edges[1])
            axes.vlines(x[there], low[there], high[there], color=key.colour, linewidth=1.3, alpha=0.6)
            axes.plot(
                x, np.where(value > 0, value, np.nan), "o-", color=key.colour, markersize=3.5, linewidth=1.2
            )
        axes.axhline(1, color=MUTED, linewidth=1.0)
        inside = [step for step in STEPS if edges[0] <= step <= edges[1]]
        axes.set_yticks(inside, [f"{step:g}" for step in inside], minor=False)
        axes.set_yticks([], [], minor=True)
        month_ticks(axes, months)

    return drawn(SIZE, title, draw, keys, unit=unit, values=tabled("month", months, series, three))


def gain_and_cost(alternatives: Sequence[Alternative], cost: str) -> Chart:
    """Return a cost against the approval ratio of each model; cost : `auc`, or `bad_rate`."""
    kinds: Mapping[str, tuple[str, list[Alternative]]] = {
        "present model": (ORANGE, [item for item in alternatives if item.gain is None]),
        "gain shown": (BLUE, [item for item in alternatives if item.gain_told == SHOWN]),
        "gain not shown": (GREY, [item for item in alternatives if item.gain_told not in (SHOWN, None)]),
    }
    ordered = cost == "auc"
    keys = [Key(name, colour, "dot") for name, (colour, found) in kinds.items() if found]
    keys += [Key("frontier", BAND)] if ordered else []

    def at(item: Alternative) -> tuple[float, float]:
        return item.approval_ratio.value or 0.0, getattr(item, cost).value

    def draw(axes: Any) -> None:
        if ordered:
            edge = sorted(at(item) for item in alternatives if item.on_frontier)
            axes.plot(*zip(*edge, strict=True), color=BAND, linewidth=3, zorder=1)
        for name, (colour, found) in kinds.items():
            size = 8 if name == "present model" else 5
            for item in found:
                axes.plot(*at(item), "o", color=colour, markersize=size)
        if not ordered:
            as_percent(axes)

    title = "Order of risk against approvals" if ordered else "Bad ends against approvals"
    words = "AUC" if ordered else "bad among approved"
    told = {
        "approval ratio": [at(item)[0] for item in alternatives],
        words: [at(item)[1] for item in alternatives],
    }
    values = tabled("", [item.name for item in alternatives], told, three)
    unit = f"approval ratio along and {words if ordered else '% bad among approved'} upward"
    return drawn(SIZE, title, draw, keys, unit=unit, values=values)
