"""Tables of a backtest on published loss rates."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import percent, show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Print scores by series and quarters ahead: accuracy beside rivals, then intervals."""
    names = list(
        dict.fromkeys(name for by in result.series.values() for item in by.values() for name in item.rivals)
    )
    given = "given the macro path that came" if result.covariates else "on the period effect alone"
    rows, ranged = [], []
    for series, by_quarters in result.series.items():
        for quarters, item in by_quarters.items():
            words = series.replace("_", " ")
            rivals = [_against(item, name) for name in names]
            between = "–"
            if item.coverage90_low is not None:
                between = f"{percent(item.coverage90_low, 0)} to {percent(item.coverage90_high, 0)}"
            bias = "–" if item.bias is None else f"{100 * item.bias:+.0f} %"
            rows.append((words, quarters, _share(item.accuracy), *rivals, bias, str(item.observations)))
            points = [
                f"{1e4 * value:.0f}" for value in (item.crps, *(item.rival_crps[name] for name in names))
            ]
            inside = [percent(item.rival_coverage90[name], 0) for name in names]
            ranged.append((words, quarters, percent(item.coverage90, 0), between, *inside, *points))
    show_table(
        console,
        f"Accuracy, {given} (* better than the model)",
        ("", "quarters", "model", *names, "bias", "origins"),
        rows,
    )
    columns = (
        "",
        "quarters",
        "came inside the 90 %",
        "by bootstrap",
        *(f"inside, {name}" for name in names),
        "CRPS, bp",
        *(f"CRPS, {name}" for name in names),
    )
    show_table(console, "Coverage of the 90 % interval, and CRPS in basis points", columns, ranged)
    show_notes(console, "Notes", result.notes)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _against(item: Any, name: str) -> str:
    value = item.rivals[name]
    return _share(value) + (
        " *" if value is not None and item.accuracy is not None and value > item.accuracy else ""
    )
