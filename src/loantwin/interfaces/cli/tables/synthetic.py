"""Tables of `loantwin synthetic`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from loantwin import months as calendar
from loantwin.interfaces.cli.tables.blocks import amount, show_counts, show_facts, show_next, show_table
from loantwin.synthesis.generate import CURRENCY

HELD_OUT = 12
"""Months of the tape after the as-of date, which the report holds against the forecast."""


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
    show_next(console, _first_steps(result))


def _first_steps(result: Any) -> tuple[str, ...]:
    """Return the tour's commands on a synthetic book: a twin beside it, of a year before its tape ends."""
    folder, files = Path(result.folder), result.files
    first, last = (calendar.parse_label(month) for month in (result.first_month, result.last_month))
    tape = folder / ("tape.csv" if "tape.csv" in files else "loans.parquet")
    form = str(folder / "mapping.toml") if "mapping.toml" in files else "sba"
    held = (
        HELD_OUT if last - first > 2 * HELD_OUT else 0
    )  # a shorter history needs all its months to learn from
    as_of = calendar.end_of(last - held).isoformat()
    twin, page = folder.parent / "twin", folder.parent / "report.html"
    ahead = " ".join(f"--scenario {folder / 'scenarios.csv'}#{name}" for name in ("Baseline", "Severe"))
    return (
        f"loantwin tape check {tape} --format {form}",
        f"loantwin twin create {twin} --tape {tape} --format {form} --as-of {as_of}",
        f"loantwin fit {twin} --macro {folder / 'macro.csv'}",
        f"loantwin forecast {twin} --months 24 --paths 500",
        f"loantwin provisions {twin} --standard ifrs9",
        f"loantwin stress {twin} {ahead} --align start",
        f"loantwin loss {twin} --months 12 --confidence 0.99",
        f"loantwin report {twin} {ahead} --align start --out {page}",
    )
