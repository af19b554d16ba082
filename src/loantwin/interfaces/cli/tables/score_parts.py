"""Tables of `score train` part by part: segments, periods, how far features moved."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_line, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

NOT_SHOWN = "not shown"
MOST_FEATURES = 12


def show_parts(console: Console, result: Any) -> None:
    """Show the champion by segment and by period of the judged rows, and which features moved."""
    champion = result.champion
    for column in dict.fromkeys(item.column for item in result.segments):
        parts = [item for item in result.segments if (item.model, item.column) == (champion, column)]
        _good(console, f"How good {champion} is by {column}", column, parts)
        _calibrated(console, f"Predicted and observed bad by {column}", column, parts)
    periods = [item for item in result.periods if item.model == champion]
    _good(console, f"How good {champion} is by period of {_time(periods)}", "period", periods)
    _calibrated(console, "Predicted and observed bad by period", "period", periods)
    _moved(console, result)
    if any(not item.shown for item in [*result.segments, *periods]):
        show_line(
            console,
            f"{NOT_SHOWN}: fewer than 50 rows, or than 10 of either class; --json has all models",
            style="dim",
        )
        console.print()


def _time(periods: list[Any]) -> str:
    return periods[0].column if periods else ""


def _span(low: float | None, high: float | None, digits: int) -> str:
    return NOT_SHOWN if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}"


def _figure(value: float | None, digits: int) -> str:
    return NOT_SHOWN if value is None else f"{value:.{digits}f}"


def _good(console: Console, title: str, column: str, parts: list[Any]) -> None:
    rows = [
        (
            item.part,
            count(item.rows),
            _figure(item.auc, 3),
            _span(item.auc_low, item.auc_high, 3),
            _figure(item.ks, 3),
            _span(item.ks_low, item.ks_high, 2),
            _figure(item.brier, 4),
            _span(item.brier_low, item.brier_high, 3),
        )
        for item in parts
    ]
    heads = (column, "cases", "AUC", "95 % of AUC", "KS", "95 % of KS", "Brier", "95 % of Brier")
    show_table(console, title, heads, rows)


def _calibrated(console: Console, title: str, column: str, parts: list[Any]) -> None:
    later = any(item.psi is not None for item in parts)
    rows = [
        (
            item.part,
            count(item.bads),
            NOT_SHOWN if item.predicted is None else percent(item.predicted),
            NOT_SHOWN if item.observed is None else percent(item.observed),
            NOT_SHOWN
            if item.observed_low is None
            else f"{percent(item.observed_low, 1)} to {percent(item.observed_high, 1)}",
            *((_figure(item.psi, 3), _figure(item.psi_by_chance, 3)) if later else ()),
        )
        for item in parts
    ]
    heads = (column, "bad", "predicted bad", "observed bad", "95 %")
    show_table(console, title, (*heads, "PSI", "by chance") if later else heads, rows)


def _moved(console: Console, result: Any) -> None:
    periods = list(dict.fromkeys(item.period for item in result.moved))
    found: dict[str, dict[str, Any]] = {}
    for item in result.moved:
        found.setdefault(item.column, {})[item.period] = item
    rows = [
        (
            name,
            *(f"{by[period].csi:.3f}" if period in by else MISSING for period in periods),
            f"{max(item.by_chance for item in by.values()):.3f}",
        )
        for name, by in sorted(found.items(), key=lambda pair: -max(item.csi for item in pair[1].values()))
    ]
    more = f"and {len(rows) - MOST_FEATURES} more: --json or --table" if len(rows) > MOST_FEATURES else ""
    title = "Stability of features by period against training (CSI), the most moved first"
    show_table(console, title, ("feature", *periods, "by chance"), rows[:MOST_FEATURES], more=more)
