"""Pictures of a model card: figures with their intervals, who is found, where scores lie, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
from loantwin.interfaces.report.palette import BAND, BLUE, MUTED, ORANGE
from loantwin.models.scoring.curves import ScoreCurves
from loantwin.models.scoring.measures import Decile
from loantwin.models.scoring.parts import PartJudged

TALL = (SIZE[0], 3.4)


def dots(
    title: str,
    labels: Sequence[str],
    value: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    *,
    unit: str,
    line: float | None = None,
    head: str = "",
) -> Chart:
    """Return figures as dots with their intervals, one a row.

    line : a value that is marked. head : what labels are names of.
    """
    ends = [np.array([np.nan if item is None else item for item in many]) for many in (value, low, high)]

    def draw(axes: Any) -> None:
        y = np.arange(len(labels))[::-1]
        axes.hlines(y, ends[1], ends[2], color=BAND, linewidth=5)
        axes.plot(ends[0], y, "o", color=BLUE, markersize=5)
        names_of_rows(axes, y, labels, head)
        axes.set_ylim(-0.6, len(labels) - 0.4)
        if line is not None:
            axes.axvline(line, color=MUTED, linewidth=1.0)

    told = {"estimate": value, "2.5 %": low, "97.5 %": high}
    size = (SIZE[0], max(1.4, height(labels, head) + 0.65))
    keys = (Key("estimate", BLUE, "dot"), INTERVAL_95)
    return drawn(size, title, draw, keys, unit=unit, values=tabled(head, labels, told, three))


def levels(title: str, rows: Sequence[PartJudged], labels: Sequence[str]) -> Chart:
    """Return predicted and observed shares of bads by part, the observed with intervals, one a row."""
    keys = (Key("predicted", ORANGE, "dot"), Key("observed", BLUE, "dot"), INTERVAL_95)
    told = {
        "predicted": [item.predicted for item in rows],
        "observed": [item.observed for item in rows],
        "2.5 %": [item.observed_low for item in rows],
        "97.5 %": [item.observed_high for item in rows],
    }

    def draw(axes: Any) -> None:
        y = np.arange(len(rows))[::-1]
        axes.hlines(y, told["2.5 %"], told["97.5 %"], color=BAND, linewidth=6)
        axes.plot(told["observed"], y, "o", color=BLUE, markersize=5)
        axes.plot(told["predicted"], y, "D", color=ORANGE, markersize=4)
        names_of_rows(axes, y, labels, "segment")
        axes.set_ylim(-0.6, len(rows) - 0.4)
        ticks(axes.xaxis, percent_ticks, 5)

    size = (SIZE[0], max(1.4, height(labels, "segment") + 0.65))
    return drawn(size, title, draw, keys, unit="% bad", values=tabled("segment", labels, told, share))


def found(curves: Mapping[str, ScoreCurves]) -> Chart:
    """Return the share of bads at or above each cut beside that of goods (ROC), a line a model."""
    keys = keyed(curves)
    first = next(iter(curves.values()))

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)))
        for key, item in zip(keys, curves.values(), strict=True):
            axes.plot(item.goods, item.bads, color=key.colour, linewidth=1.8)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.01)
        as_percent(axes)
        ticks(axes.xaxis, percent_ticks, 5)

    values = tabled(
        "of the goods", [share(item) for item in first.goods],
        {name: item.bads for name, item in curves.items()}, share,
    )  # fmt: skip
    unit = "% of goods along, % of bads upward, as the cut is lowered"
    return drawn(TALL, "Bads found among goods (ROC)", draw, keys, unit=unit, values=values)


def spread(curves: ScoreCurves) -> Chart:
    """Return where the scores of goods and of bads lie."""
    keys = (Key("good", BLUE, "bar"), Key("bad", ORANGE, "bar"))

    def draw(axes: Any) -> None:
        for key, many in zip(keys, (curves.good_shares, curves.bad_shares), strict=True):
            axes.stairs(many, curves.edges, fill=True, color=key.colour, alpha=0.35)
            axes.stairs(many, curves.edges, color=key.colour, linewidth=1.6)
        axes.set_xlim(curves.edges[0], curves.edges[-1])
        axes.set_ylim(bottom=0)
        as_percent(axes)

    names = [
        f"{low:.2f} to {high:.2f}" for low, high in zip(curves.edges[:-1], curves.edges[1:], strict=True)
    ]
    told = tabled("log-odds of bad", names, {"good": curves.good_shares, "bad": curves.bad_shares}, share)
    unit = "log-odds of bad along, % of the goods and of the bads upward"
    return drawn(TALL, "Scores of goods and of bads", draw, keys, unit=unit, values=told)


def calibration(title: str, rows: Sequence[Decile]) -> Chart:
    """Return predicted and observed shares of bads by tenths of the risk, with intervals."""
    keys = (Key("predicted", ORANGE), Key("observed", BLUE, "dot"), INTERVAL_95)

    def draw(axes: Any) -> None:
        x = [item.number for item in rows]
        axes.vlines(x, [item.low for item in rows], [item.high for item in rows], color=BAND, linewidth=7)
        axes.plot(x, [item.predicted for item in rows], color=ORANGE, linewidth=1.8)
        axes.plot(x, [item.observed for item in rows], "o", color=BLUE, markersize=5)
        axes.set_xticks(x, [str(item) for item in x])
        axes.set_ylim(bottom=0)
        axes.grid(axis="x", visible=False)
        as_percent(axes)

    told = {
        "predicted": [item.predicted for item in rows],
        "observed": [item.observed for item in rows],
        "2.5 %": [item.low for item in rows],
        "97.5 %": [item.high for item in rows],
    }
    values = tabled("tenth by risk", [item.number for item in rows], told, share)
    return drawn(SIZE, title, draw, keys, unit="tenths by risk along, % bad upward", values=values)


def by_period(title: str, rows: Sequence[PartJudged]) -> Chart:
    """Return predicted and observed shares of bads by period, with intervals; periods not shown are gaps."""
    keys = (Key("predicted", ORANGE), Key("observed", BLUE, "dot"), INTERVAL_95)
    many = {
        name: [getattr(item, name) for item in rows]
        for name in ("predicted", "observed", "observed_low", "observed_high")
    }
    arrays = {
        name: np.array([np.nan if item is None else item for item in part]) for name, part in many.items()
    }

    def draw(axes: Any) -> None:
        x = np.arange(len(rows))
        axes.vlines(x, arrays["observed_low"], arrays["observed_high"], color=BAND, linewidth=7)
        axes.plot(x, arrays["predicted"], color=ORANGE, linewidth=1.8)
        axes.plot(x, arrays["observed"], "o", color=BLUE, markersize=5)
        month_ticks(axes, [item.part for item in rows])
        axes.set_ylim(bottom=0)
        as_percent(axes)

    told = dict(zip(("predicted", "observed", "2.5 %", "97.5 %"), many.values(), strict=True))
    values = tabled("period", [item.part for item in rows], told, share)
    return drawn(SIZE, title, draw, keys, unit="% bad", values=values)
