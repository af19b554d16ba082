"""A synthetic panel and an outcome table, with what was known of them at the end of any month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl
import pytest

from loantwin import months
from loantwin.book.as_of import known_at
from loantwin.book.mapping import TapeFormat
from loantwin.book.schema import PANEL
from loantwin.macro.history import nowcast
from loantwin.macro.scenario import Scenario
from loantwin.models.fitted import FittedModel
from loantwin.models.model import fit_model
from loantwin.synthesis.generate import SyntheticBook, generate

FIRST = dt.date(2023, 12, 31)
"""The synthetic panel begins in January 2020: four years are learnt from, two are left."""


@dataclass(frozen=True)
class Seen:
    """What is known of a book at a date: the arguments of a fit."""

    loans: pl.DataFrame
    panel: pl.DataFrame | None
    mapping: TapeFormat
    date: dt.date
    history: Scenario

    @property
    def facts(self) -> tuple[pl.DataFrame, pl.DataFrame | None, TapeFormat, dt.date, Scenario]:
        return self.loans, self.panel, self.mapping, self.date, self.history


def seen_at(book: SyntheticBook, day: dt.date) -> Seen:
    length = months.month_of(day) - book.macro.first + 1
    known = nowcast(replace(book.macro, values=book.macro.values[:length]), day)
    return Seen(known_at(book.loans, day), known_at(book.panel, day, PANEL), book.mapping, day, known)


@pytest.fixture(scope="session")
def book() -> SyntheticBook:
    return generate(8_000, 74, seed=5)


@pytest.fixture(scope="session")
def at(book: SyntheticBook) -> Callable[[dt.date], Seen]:
    return lambda day: seen_at(book, day)


@pytest.fixture(scope="session")
def first(at: Callable[[dt.date], Seen]) -> FittedModel:
    return fit_model(*at(FIRST).facts)
