"""The blocks results are shown in: tables, facts, notes, next steps; money and percentages as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text


def amount(value: float | None, decimals: int = 0) -> str:
    """Return money with thousands separators; a missing figure as a dash."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def percent(value: float | None, decimals: int = 2) -> str:
    """Return a decimal as a percentage."""
    return "–" if value is None else f"{100 * value:.{decimals}f} %"


def show_table(
    console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1
) -> None:
    """Print a table under a title, nothing where it has no row; the first `words` columns are text."""
    made = Table(header_style="dim", box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(columns))
    for place, name in enumerate(columns):
        right = place >= words
        made.add_column(escape(name), justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in rows:
        made.add_row(*(escape(cell) for cell in row))
    if made.row_count:
        console.print(Text(title, style="bold"), soft_wrap=True)
        console.print(made)
        console.print()


def show_facts(console: Console, title: str, facts: Mapping[str, str]) -> None:
    """Print names and their values; nothing where there is none."""
    show_table(console, title, ("", ""), [(name, value) for name, value in facts.items()], words=1)


def show_notes(console: Console, title: str, notes: Sequence[str]) -> None:
    """Print lines under a title, each once; nothing where there is none."""
    if not notes:
        return
    console.print(Text(title, style="bold"))
    for note in dict.fromkeys(notes):
        console.print(Text(f"  - {note}"), soft_wrap=False)
    console.print()


def show_counts(console: Console, title: str, columns: Sequence[str], counts: Mapping[str, int]) -> None:
    """Print how many of each name there are; nothing where there is none."""
    show_table(
        console, title, columns, [(name.replace("_", " "), f"{count:,}") for name, count in counts.items()]
    )


def show_next(console: Console, steps: Sequence[str]) -> None:
    """Print the commands that may follow."""
    if steps:
        console.print(Text("Next", style="bold"))
        for step in steps:
            console.print(Text(f"  {step}"), soft_wrap=True)
