"""Tables of `loantwin tape map`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_next, show_notes, show_table

MOST_NAMED = 12
"""Columns nobody reads that are named."""


def render(console: Console, result: Any) -> None:
    """Print what each column was taken for, what is unsure, and what to do next."""
    facts = {
        "rows": f"{result.rows:,}"
        + (f", {result.rows_looked_at:,} looked at" if result.rows_looked_at < result.rows else ""),
        "kind": result.kind,
        "currency": result.currency,
        "decimal mark": result.decimal,
    }
    if result.as_of is not None:
        facts["date of the data"] = result.as_of.isoformat()
    if result.formats:
        facts["built-in format"] = ", ".join(result.formats)
    show_facts(console, "Tape", facts)
    show_table(
        console,
        "What its columns mean",
        ("field", "column", "read as", "sample", "sure"),
        [
            (
                name,
                item.source,
                _read_as(item),
                item.samples[0][:16] if item.samples else "",
                f"{item.confidence:.2f}",
            )
            for name, item in result.columns.items()
        ],
        words=4,
    )
    show_table(
        console,
        "Unsure: look at these",
        ("field", "what to check"),
        [(name, _check(name, result)) for name in result.unsure],
        words=2,
    )
    show_table(console, "Assumed for every row", ("field", "value"), list(result.assumed.items()), words=2)
    show_notes(console, "Read this", _notes(result))
    show_next(console, _steps(result))


def _read_as(item: Any) -> str:
    words = [item.unit or ""]
    if item.format:
        words.append(item.format)
    if item.values:
        known = sum(meant is not None for meant in item.values.values())
        words.append(f"{known} of {len(item.values)} known")
    if item.monthly:
        words.append(f"{len(item.monthly)} months")
    return " ".join(word for word in words if word)


def _check(name: str, result: Any) -> str:
    item = result.columns.get(name)
    if item is None:
        return str(result.doubts.get(name, ""))
    return f"{item.source}: " + "; ".join(item.check)


def _notes(result: Any) -> list[str]:
    notes = list(result.statements)
    if result.missing:
        notes.append("no column was found for " + ", ".join(result.missing))
    if result.unmapped:
        more = f" and {len(result.unmapped) - MOST_NAMED:,} more" if len(result.unmapped) > MOST_NAMED else ""
        notes.append("not read: " + ", ".join(result.unmapped[:MOST_NAMED]) + more)
    trial = result.trial
    if trial.why is not None and trial.rows:
        notes.append(f"before the mapping reads: {trial.why}")
    elif trial.rows:
        refused = ", ".join(f"{rule} {count:,}" for rule, count in trial.rejections.items())
        notes.append(
            f"tried on {trial.rows:,} rows: {trial.accepted:,} accepted"
            + (f", refused {refused}" if refused else "")
        )
    return notes


def _steps(result: Any) -> list[str]:
    if result.mapping is None:
        return [f"loantwin tape map {result.path} --out mapping.toml"]
    edit = [f"edit {result.mapping}: what is unsure is marked UNSURE"] if result.unsure else []
    return [*edit, f"loantwin tape check {result.path} --format {result.mapping}"]
