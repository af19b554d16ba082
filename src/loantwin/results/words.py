"""A result in words: its main figures, a short text, sentences."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from loantwin.errors import visible
from loantwin.results.reading import reading_of
from loantwin.results.tables import PROVENANCE, SINGLE, main_table, tables

WIDEST = 48
"""Characters of a label that push the figures of all rows to the right; a longer one pushes its own alone."""
MOST = 4
"""Names that a figure with a `*` shows; the table has the rest."""


def short(result: Any) -> str:
    """Return a few lines: what it is, as of when, its main figures, and where the rest is."""
    lines = [f"{heading(result)} ({type(result).__name__})"]
    rows = list(figures(result))
    width = min(max((len(label) for label, _ in rows), default=0), WIDEST)
    lines += [f"  {label:<{width}}  {value}" for label, value in rows]
    if names := table_names(result):
        more = f", {len(names) - MOST} more" if len(names) > MOST else ""
        lines.append(f"  tables: {', '.join(names[:MOST])}{more}")
    lines.append("  more: .frame(), .summary(), .plot(), .to_dict()")
    return "\n".join(visible(line) for line in lines)


def table_names(result: Any) -> list[str]:
    """Return the names of the tables that hold figures, the main one first."""
    made = tables(result)
    told = [name for name, rows in made.items() if len(rows[0]) > 1 and name not in (SINGLE, PROVENANCE)]
    first = main_table(made, reading_of(result).table)
    return sorted(told, key=lambda name: name != first)


def summary(result: Any) -> str:
    """Return what a result says, in sentences: the figures, what they rest on, and each note on a line."""
    made = [f"{heading(result)}.", *_sentences(result)]
    if len(made) == 1:
        made += [f"{label}: {value}." for label, value in figures(result)]
    lines = [" ".join(made)]
    if alone := getattr(result, "prior_only", ()):
        listed = ", ".join(moved(name) for name in alone[:MOST])
        more = f" and {len(alone) - MOST} more" if len(alone) > MOST else ""
        lines.append(f"Too few events to tell, so mostly prior belief: {listed}{more}.")
    if unseen := getattr(result, "not_observable", ()):
        lines.append("The source does not tell: " + "; ".join(unseen) + ".")
    lines += [f"Note: {note.rstrip('.')}." for note in getattr(result, "notes", ())]
    return visible("\n".join(lines))


def moved(name: str) -> str:
    """Return a transition in words: `dpd_1_29 -> current` as "1 to 29 days late to current"."""
    days = re.sub(r"dpd_(\d+)_(\d+)", r"\1-\2 days late", name)
    return days.replace(" -> ", " to ").replace("_", " ")


def heading(result: Any) -> str:
    """Return a result's title, with the date that it holds for."""
    title = reading_of(result).title
    as_of = getattr(result, "as_of", None)
    return title if as_of is None else f"{title} as of {_date(as_of)}"


def figures(result: Any) -> Iterator[tuple[str, str]]:
    """Yield label and value of a result's main figures; what is not told is left out."""
    for label, path, kind in reading_of(result).figures:
        found = list(_found(result, path))
        for name, value in found[:MOST]:
            if value is not None:
                yield label.format(moved(name)), shown(value, kind, currency_of(result))
        if len(found) > MOST:
            yield "...", f"{len(found) - MOST} more, in .frame()"


def shown(value: Any, kind: str, currency: str = "") -> str:
    """Return a value as text: money with its currency, a decimal as a percentage, a count with separators."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "yes" if value is True else "no" if value is False else _date(value)
    if kind == "money":
        return f"{value:,.0f} {currency}".rstrip()
    if kind == "share":
        return f"{100.0 * value:.2f} %"
    if kind == "count":
        return f"{value:,.0f}"
    return number(value)


def number(value: float) -> str:
    """Return a number with as many decimals as it needs to tell it from others of its size."""
    if value == round(value):
        return f"{value:,.0f}"
    size = abs(value)
    return f"{value:,.0f}" if size >= 10_000 else f"{value:,.2f}" if size >= 1 else f"{value:.4g}"


def currency_of(result: Any) -> str:
    """Return the currency that a result's money is in, nothing where it does not say."""
    return str(getattr(result, "currency", "") or "")


def _date(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _sentences(result: Any) -> Iterator[str]:
    """Yield the class's sentences; one with a `*` once for every name, one that lacks a figure not at all."""
    for sentence in reading_of(result).sentences:
        paths = re.findall(r"\{([^|}]+)\|", sentence)
        spread = next((path for path in paths if "*" in path), None)
        names = [name for name, _ in _found(result, spread)][:MOST] if spread else [None]
        for name in names:
            if (said := _said(result, sentence, name)) is not None:
                yield said


def _said(result: Any, sentence: str, name: str | None) -> str | None:
    missing = False

    def put(found: re.Match[str]) -> str:
        nonlocal missing
        path, kind = found[1], found[2]
        if path == "name":
            return moved(str(name))
        values = [item for key, item in _found(result, path) if "*" not in path or key == name]
        value = values[0] if values else None
        missing |= value is None or (kind == "extra" and not value)
        return shown(value, "money" if kind == "extra" else kind, currency_of(result))

    said = re.sub(r"\{([^|}]+)\|(\w+)\}", put, sentence)
    return None if missing else said


def _found(result: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield name and value at a path; `a/b` divides, `a#` counts, `*` goes through every name."""
    top, mark, bottom = path.partition("/")
    if mark:
        for (name, over), (_, under) in zip(_found(result, top), _found(result, bottom), strict=False):
            if over is not None and under:
                yield name, over / under
        return
    if path.endswith("#"):
        for name, value in _found(result, path[:-1]):
            if value is not None:
                yield name, len(value)
        return
    yield from _at(result, path.split("."), "")


def _at(value: Any, parts: list[str], name: str) -> Iterator[tuple[str, Any]]:
    if not parts:
        yield name, value
    elif parts[0] == "*":
        for key, item in _children(value):
            yield from _at(item, parts[1:], key)
    elif isinstance(value, Mapping):
        if parts[0] in value:
            yield from _at(value[parts[0]], parts[1:], name)
    elif hasattr(value, parts[0]):
        yield from _at(getattr(value, parts[0]), parts[1:], name)


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and values of a mapping, or of a list whose items have a text to be named by."""
    if isinstance(value, Mapping):
        yield from ((str(key), item) for key, item in value.items())
    else:
        for item in value or ():
            told = [text for text in vars(item).values() if isinstance(text, str)]
            yield (told or [""])[0], item
