"""The blocks results are shown in: tables, facts, notes, next steps; money and percentages as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from loantwin.interfaces.cli.tables.layout import MISSING, Cell, Money, clean, laid_out, wrap
from loantwin.language import said, said_under


class Screen(Console):
    """A console that knows the currency of what it shows, and keeps what it showed.

    currency : of all money shown, empty where a result has none. shown : texts of names and headings.
    """

    currency: str = ""

    def __init__(self, currency: str = "", **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # rich's own options
        self.currency = currency
        self.shown: list[str] = []


def amount(value: float | None, decimals: int = 0, sign: str = "") -> Cell:
    """Return money; a missing figure as a dash. A table chooses its unit and names the currency."""
    return MISSING if value is None else Money((value,), decimals, sign)


def between(low: float | None, high: float | None) -> Cell:
    """Return the two ends of an interval of money; a dash where there is none."""
    return MISSING if low is None or high is None else Money((low, high))


def count(value: float | None, decimals: int = 0) -> str:
    """Return a number of things, whole or expected; a missing one as a dash."""
    return MISSING if value is None else f"{value:,.{decimals}f}"


def percent(value: float | None, decimals: int = 2) -> str:
    """Return a decimal as a percentage."""
    return MISSING if value is None else f"{100 * value:.{decimals}f} %"


def show_table(
    console: Console,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    words: int = 1,
    more: str = "",
) -> None:
    """Print a table under a title, nothing where it has no row; the first `words` columns name the row.

    Money is shown whole where it fits, else in the unit that the line below the title states. more : what is
    left out, printed below.
    """
    made = [tuple(row) for row in rows]
    if not made:
        return
    laid = laid_out([said(head) for head in columns], _said(columns, made), words, console.width)
    _remember(console, [*columns, *(str(cell) for row in made for cell in row[:words]), title])
    for place, part in enumerate(laid.parts):
        if place:
            console.print()
        show_title(console, said(title) + (said(", continued") if place else ""))
        if place == 0 and (counted := _money_words(console, title, made, laid.unit)):
            console.print(Text(said(counted), style="dim"), soft_wrap=True)
        for number, line in enumerate(part.lines):
            console.print(Text(line, style="dim" if number < part.heads else ""), soft_wrap=True)
    if more:
        show_line(console, more, style="dim")
    console.print()


def with_values(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Return a table without the columns in which no row has a value; all of them where there is no row."""
    kept = [at for at in range(len(columns)) if not rows or any(row[at] != MISSING for row in rows)]
    return tuple(columns[at] for at in kept), [tuple(row[at] for at in kept) for row in rows]


def _said(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[tuple[Cell, ...]]:
    """Return rows in the language spoken, the reader's own words as they are."""
    return [
        tuple(
            cell if isinstance(cell, Money) else said_under(head, cell)
            for head, cell in zip(columns, row, strict=True)
        )
        for row in rows
    ]


def _money_words(console: Console, title: str, rows: Sequence[Sequence[Cell]], unit: str) -> str:
    """Return what a table's money is counted in, nothing where it has none or its title says it."""
    if not any(isinstance(cell, Money) for row in rows for cell in row):
        return ""
    currency = getattr(console, "currency", "")
    if unit:
        return f"money in {unit}" + (f" of {currency}" if currency else "")
    return f"money in {currency}" if currency and currency not in title.replace(",", " ").split() else ""


def _remember(console: Console, texts: Iterable[str]) -> None:
    if isinstance(console, Screen):
        console.shown.extend(texts)


def show_title(console: Console, title: str) -> None:
    """Print a title, torn between words where it is too long."""
    for line in wrap(clean(said(title)), console.width, " "):
        console.print(Text(line, style="bold"), soft_wrap=True)


def show_line(console: Console, words: str, *, indent: str = "", style: str = "") -> None:
    """Print a sentence, its further lines under its first word."""
    first = indent
    for line in wrap(clean(said(words)), console.width - len(indent), " "):
        console.print(Text(first + line, style=style), soft_wrap=True)
        first = " " * len(indent)


def show_facts(console: Console, title: str, facts: Mapping[str, Cell]) -> None:
    """Print names and their values, money with its currency; nothing where there is none."""
    currency = getattr(console, "currency", "")
    rows = [
        (name, f"{value} {currency}".rstrip() if isinstance(value, Money) else value)
        for name, value in facts.items()
    ]
    show_table(console, title, ("", ""), rows)


def show_notes(console: Console, title: str, notes: Sequence[str]) -> None:
    """Print lines under a title, each once; nothing where there is none."""
    if not notes:
        return
    show_title(console, title)
    for note in dict.fromkeys(notes):
        show_line(console, note, indent="  - ")
    console.print()


def show_counts(console: Console, title: str, columns: Sequence[str], counts: Mapping[str, int]) -> None:
    """Print how many of each name there are; nothing where there is none."""
    show_table(console, title, columns, [(name.replace("_", " "), count(n)) for name, n in counts.items()])


def show_next(console: Console, steps: Sequence[str]) -> None:
    """Print the commands that may follow."""
    if steps:
        console.print(Text(said("Next"), style="bold"))
        for step in steps:
            console.print(Text(f"  {said(step)}"), soft_wrap=True)
        console.print()
