"""Tables of `loantwin model show`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING
from loantwin.interfaces.cli.tables.model_list import called, facts, placed

MOST = 20
"""Features that are shown; `--json` and `--table` have all."""


def render(console: Console, result: Any) -> None:
    """Print what the model is, learnt from and reads, how good it is, and what was said and done."""
    told = facts(result.model) | {
        "trained on": result.data_file or MISSING,
        "rows": count(result.data_rows),
        "sha256": MISSING if result.data_hash is None else result.data_hash[:16],
        "code": MISSING if result.code_hash is None else result.code_hash[:16],
    }
    title = f"Model {called(result.model)} on {result.on}, as known at the end of {result.known}"
    show_facts(console, title, told)
    figures = [(item.name.replace("_", " "), _number(item.value), _range(item)) for item in result.figures]
    show_table(console, "On rows not trained on", ("figure", "value", "95 %"), figures)
    said = [
        (
            item.day.isoformat(),
            "approved" if item.approved else "refused",
            item.by,
            item.role,
            item.words or MISSING,
        )
        for item in result.judgements
    ]
    show_table(console, "Approvals", ("date", "approval", "by", "role", "words"), said, words=5)
    places = [
        (item.day.isoformat(), placed(item.place, item.share), item.by or MISSING, item.recorded.isoformat())
        for item in result.places
    ]
    show_table(console, "Places", ("from", "place", "by", "recorded"), places, words=4)
    features = [(item.name, item.kind) for item in result.features]
    there = len(features)
    more = f"and {there - MOST} more: --json or --table" if there > MOST else ""
    show_table(console, "Features", ("feature", "kind"), features[:MOST], words=2, more=more)
    settings = [(name, MISSING if value is None else str(value)) for name, value in result.settings.items()]
    show_table(console, "Settings of its training", ("setting", "value"), settings, words=2)
    show_table(console, "Trained with", ("package", "version"), list(result.versions.items()), words=2)
    show_notes(console, "Notes", result.notes)


def _number(value: float) -> str:
    return f"{value:.4f}"


def _range(item: Any) -> str:
    return MISSING if item.low is None else f"{_number(item.low)} to {_number(item.high)}"
