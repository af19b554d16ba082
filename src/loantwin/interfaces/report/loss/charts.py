"""Pictures of a loss distribution: the chance of losing more, value at risk, shortfall, the tail's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from loantwin.interfaces.report.drawing import (
    SIZE,
    Chart,
    Key,
    Values,
    drawn,
    figure,
    height,
    names_of_rows,
    share,
    tabled,
    ticks,
)
from loantwin.interfaces.report.labels import money, money_ticks, percent_ticks
from loantwin.interfaces.report.palette import BAND, BLUE, CYCLE, GREEN, INK, ORANGE, RED
from loantwin.risk.loss.loss import CurvePoint, LossResult

LEAST = 1e-4
"""Chance at which a curve stops."""


def exceedance(result: LossResult, title: str) -> Chart:
    """Return the chance of losing more than an amount, on a logarithmic scale, with the figures marked."""
    marks = (
        ("expected loss", result.expected_loss.value, GREEN),
        (f"VaR {100 * result.confidence:g} %", result.var.value, RED),
        ("expected shortfall", result.es.value, ORANGE),
    )
    keys = [
        Key("chance of losing more", BLUE),
        *(Key(f"{name}: {money(value)}", colour) for name, value, colour in marks),
    ]
    least = min(LEAST, (1 - result.confidence) / 10)

    def draw(axes: Any) -> None:
        loss, chance = _points(result.curve, least)
        axes.plot(loss, chance, color=BLUE, linewidth=1.8)
        axes.fill_between(
            loss, chance, least, where=loss >= result.var.value, color=BAND, alpha=0.6, linewidth=0
        )
        for name, value, colour in marks:
            axes.axvline(value, color=colour, linewidth=1.5, gid=f"mark {name}")
        _chances(axes, least)

    rows = [(f"{name}", figure(value), "") for name, value, _ in marks]
    rows += [("curve", figure(point.loss), share(point.probability)) for point in result.curve]
    values = Values(("", f"loss, {result.currency}", "chance of losing more"), tuple(rows))
    unit = f"{result.currency} along, chance upward"
    return drawn(SIZE, title, draw, keys, unit=unit, values=values)


def compared(results: Mapping[str, LossResult], title: str) -> Chart:
    """Return the curves of several models on one pair of axes."""
    keys = [Key(name, colour) for name, colour in zip(results, cycle((INK, *CYCLE)), strict=False)]
    least = min(LEAST, *((1 - result.confidence) / 10 for result in results.values()))

    def draw(axes: Any) -> None:
        for key, result in zip(keys, results.values(), strict=True):
            axes.plot(*_points(result.curve, least), color=key.colour, linewidth=1.6)
        axes.axhline(1 - next(iter(results.values())).confidence, color=INK, linewidth=0.8, linestyle=":")
        _chances(axes, least)

    rows = [
        (name, figure(point.loss), share(point.probability))
        for name, result in results.items()
        for point in result.curve
    ]
    currency = next(iter(results.values())).currency
    values = Values(("model", f"loss, {currency}", "chance of losing more"), tuple(rows))
    return drawn(SIZE, title, draw, keys, unit=f"{currency} along, chance upward", values=values)


def contributions(
    labels: Sequence[str], expected: Sequence[float], shortfall: Sequence[float], title: str
) -> Chart:
    """Return segments' shares in expected loss and expected shortfall, decimals, one row each."""
    keys = (Key("of expected shortfall", BLUE, "bar"), Key("of expected loss", BAND, "bar"))

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        axes.barh(y + 0.2, shortfall, color=BLUE, height=0.36)
        axes.barh(y - 0.2, expected, color=BAND, height=0.36)
        names_of_rows(axes, y, labels)
        ticks(axes.xaxis, percent_ticks, 4)

    told = tabled("name", labels, {"of expected shortfall": shortfall, "of expected loss": expected}, share)
    size = (SIZE[0], max(1.4, height(labels) * 1.15 + 0.5))
    return drawn(size, title, draw, keys, unit="% of the whole", values=told)


def _points(curve: Sequence[CurvePoint], least: float) -> tuple[Any, Any]:
    loss = np.array([point.loss for point in curve])
    chance = np.array([point.probability for point in curve])
    shown = chance >= least
    return loss[shown], chance[shown]


def _chances(axes: Any, least: float) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_yscale("log")
    axes.set_ylim(least, 1.0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(left=0.0)
    ticks(axes.xaxis, money_ticks, 5)
