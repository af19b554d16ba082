"""Tables of `concentration`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    amount,
    count,
    percent,
    show_notes,
    show_table,
)

MOST = 12
"""Sectors that a table shows; JSON has all."""


def render(console: Console, result: Any) -> None:
    """Show names, groups, sectors and the granularity adjustment."""
    columns = [("by " + result.unit, result.names)]
    if result.connected is not None:
        columns.append(("by connected group", result.connected.names))
    rows = [
        ("names (weighted)", *(count(item.names) for _, item in columns)),
        ("Herfindahl index", *(f"{item.herfindahl:.6f}" for _, item in columns)),
        ("effective number of names", *(count(item.effective_number) for _, item in columns)),
        ("Gini coefficient", *(f"{item.gini:.3f}" for _, item in columns)),
        ("largest name", *(amount(item.largest) for _, item in columns)),
        *(
            (f"largest {top}, % of exposure", *(percent(item.top[top]) for _, item in columns))
            for top in result.names.top
        ),
    ]
    if result.intervals is not None:
        keys = {
            "Herfindahl index": "herfindahl",
            "effective number of names": "effective_number",
            "Gini coefficient": "gini",
        }
        keys |= {f"largest {top}, % of exposure": f"top {top}" for top in result.names.top}
        rows = [
            (*row, _between(result.intervals.get(keys.get(str(row[0]), "")), str(row[0]))) for row in rows
        ]
    title = (
        f"Concentration as of {result.as_of.isoformat()}: {amount(result.exposure)} {result.currency} in "
        f"{result.loans:,} loans"
    )
    show_table(
        console,
        title,
        ("", *(name for name, _ in columns), *(["90 % interval"] if result.intervals is not None else [])),
        rows,
    )
    _groups(console, result.connected)
    for name, sectors in result.sectors.items():
        _sectors(console, name, sectors)
    _granularity(console, result)
    show_notes(console, "Not observable in this source", result.not_observable)
    show_notes(console, "Notes", result.notes)
    show_notes(console, "Rules", result.rules)


def _between(interval: Any, name: str) -> str:
    if interval is None:
        return ""
    low, high = interval.p05, interval.p95
    if name == "Herfindahl index":
        return f"{low:.6f} to {high:.6f}"
    if name == "Gini coefficient":
        return f"{low:.3f} to {high:.3f}"
    if name == "effective number of names":
        return f"{count(low)} to {count(high)}"
    return f"{percent(low)} to {percent(high)}"


def _groups(console: Console, groups: Any) -> None:
    if groups is None:
        return
    rows = [
        (str(place), count(item.loans), amount(item.exposure), percent(item.share))
        for place, item in enumerate(groups.largest, 1)
    ]
    title = (
        f"Largest groups of connected borrowers ({groups.joined:,} groups join several), by {groups.links}"
    )
    show_table(console, title, ("", "loans", "exposure", "% of exposure"), rows)


def _sectors(console: Console, name: str, sectors: Any) -> None:
    items = list(sectors.sectors.items())
    rows = [
        (key, f"{item.loans:,.0f}", amount(item.exposure), percent(item.share)) for key, item in items[:MOST]
    ]
    if len(items) > MOST:
        rest = items[MOST:]
        total = [sum(getattr(item, part) for _, item in rest) for part in ("loans", "exposure", "share")]
        rows.append(
            (f"{len(rest)} others, added up", f"{total[0]:,.0f}", amount(total[1]), percent(total[2]))
        )
    found = f"Herfindahl {sectors.herfindahl:.3f}, as {sectors.effective_number:.1f} equal ones"
    show_table(
        console,
        f"By {name}: {len(items)} sectors, {found}",
        (name, "loans", "exposure", "% of exposure"),
        rows,
        more=f"{len(items) - MOST} more by name: --json" if len(items) > MOST else "",
    )


def _granularity(console: Console, result: Any) -> None:
    rows = [
        (
            item.method,
            percent(item.fine, 3),
            percent(item.adjustment, 4),
            "–" if item.simplified is None else percent(item.simplified, 4),
            amount(item.adjustment * result.exposure),
            percent(item.adjustment / item.fine),
        )
        for item in result.granularity
    ]
    columns = ("model", "fine book", "to add", "simplified", "to add, money", "to add, % of the fine book")
    show_table(
        console,
        f"Granularity adjustment of the {percent(result.confidence, 1)} loss, share of exposure",
        columns,
        rows,
    )
