"""A mapping in the making: what was guessed, and the place each guess has in a mapping."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from loantwin.book.guess.entries import Entry
from loantwin.book.guess.looking import Look
from loantwin.book.guess.match import Shares
from loantwin.book.guess.shape import Series, Shape
from loantwin.book.schema import CHECKED, LOANS, PANEL

IN_PANEL = {
    "observation_date": "report_date",
    "principal_flow": "scheduled_principal",
    "interest_flow": "interest",
    **{
        name: name
        for name in (column.name for column in PANEL)
        if name not in ("loan_id", "report_date", "scheduled_principal", "interest")
    },
}
"""What a guess is in a panel's monthly columns."""


IN_LOANS = {
    "principal_flow": "principal_paid",
    "interest_flow": "interest_paid",
    "observation_date": "state_date",
}
"""What it is in a table with one row a loan."""


_CHECKED = {column.name for column in CHECKED}


_LOANS = {column.name for column in LOANS}


@dataclass
class Draft:
    """A mapping in the making: its columns, what is stated at its top, and what is unsure beside columns."""

    look: Look
    table: Shares
    shape: Shape
    entries: dict[str, Entry]
    decimal: str
    currency: str
    missing: tuple[str, ...]
    as_of: dt.date | None = None
    as_of_why: str = ""
    constants: dict[str, str] = field(default_factory=dict)
    months: tuple[dt.date, ...] = ()
    series: dict[str, Series] = field(default_factory=dict)
    observes: tuple[str, ...] = ()
    segment_by: tuple[str, ...] = ()
    report_every: int = 1
    said: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    """What is unsure of the mapping's top, by key."""


def placed(item: str, draft: Draft) -> tuple[str, str]:
    """Return the table and the name that a guess has in a mapping."""
    if item in _CHECKED and item not in _LOANS:
        return "checked", item
    if draft.shape.kind == "panel" and item in IN_PANEL:
        return "panel", IN_PANEL[item]
    if item == "original_rate":
        return "columns", "annual_rate"
    if item == "state" and draft.shape.kind == "outcomes":
        return "columns", "status"
    return "columns", IN_LOANS.get(item, item)


def key_of(item: str, draft: Draft) -> str:
    """Return the field's name in results: a fact of the loan that a panel's month has too is told from it."""
    section, name = placed(item, draft)
    twin = section == "columns" and any(placed(other, draft) == ("panel", name) for other in draft.entries)
    return f"columns.{name}" if twin else name
