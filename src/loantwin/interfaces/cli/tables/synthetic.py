"""Tables of `loantwin synthetic`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from loantwin import months as calendar
from loantwin.interfaces.cli.tables.blocks import amount, show_counts, show_facts, show_next, show_table
from loantwin.synthesis.generate import CURRENCY


def render(console: Console, result: Any) -> None:
    """Print what was made and the commands that make a twin of it."""
    facts = {
        "history": f"{result.first_month} to {result.last_month}",
        "loans": f"{result.loans:,}",
        "loan months": f"{result.loan_months:,}",
        "originated": f"{amount(result.originated)} {CURRENCY}",
        "balance at the end": f"{amount(result.balance)} {CURRENCY}",
        "defaults": f"{result.defaults:,}",
        "charged off": f"{amount(result.charged_off)} {CURRENCY}",
    }
    show_facts(console, f"Synthetic book in {result.folder}, seed {result.seed}", facts)
    show_counts(console, "Loans by status", ("status", "loans"), result.loan_count_by_status)
    show_counts(
        console, "Faults planted in the tape, for the reader to find", ("fault", "rows"), result.planted
    )
    show_table(
        console, "Files", ("file", "rows"), [(name, f"{count:,}") for name, count in result.files.items()]
    )
    show_next(console, _first_steps(Path(result.folder), result.files, result.last_month))


def _first_steps(folder: Path, files: Mapping[str, int], last_month: str) -> tuple[str, ...]:
    """Return the commands that make a fitted twin of a synthetic book."""
    tape = folder / ("tape.csv" if "tape.csv" in files else "loans.parquet")
    form = str(folder / "mapping.toml") if "mapping.toml" in files else "sba"
    as_of = calendar.end_of(calendar.parse_label(last_month)).isoformat()
    return (
        f"loantwin tape check {tape} --format {form}",
        f"loantwin twin create {folder / 'twin'} --tape {tape} --format {form} --as-of {as_of}",
        f"loantwin fit {folder / 'twin'} --macro {folder / 'macro.csv'}",
        f"loantwin report {folder / 'twin'} --out {folder / 'report.html'}",
    )
