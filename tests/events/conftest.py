"""A small tape and homes made from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from loantwin.book.book import conform
from loantwin.book.schema import COLLATERAL, GUARANTEES, LOANS, PANEL, PARTIES
from loantwin.clock import FixedClock
from loantwin.events.event import Event
from loantwin.events.home import Home

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = date(2026, 1, 31)


class RisingClock:
    """A clock that moves on by one second each time it is read."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture(scope="session")
def frames() -> dict[str, pl.DataFrame]:
    """Return the tables of a small tape: an instalment loan, a revolving line, a mortgage in default, one not
    paid out yet.
    """
    loans = pl.DataFrame(
        {
            "loan_id": ["A-1", "B-2", "C-3", "D-4"],
            "product": ["instalment", "revolving", "mortgage", "instalment"],
            "origination_date": [date(2024, 5, 1), date(2023, 2, 1), date(2020, 7, 1), None],
            "approved_amount": [1000.0, 800.0, None, 500.0],
            "originated_amount": [1000.0, 500.0, 90_000.0, None],
            "annual_rate": [0.1, 0.2, 0.05, 0.07],
            "state": ["current", "dpd_1_29", "default_3_6", "current"],
            "principal": [700.1, 300.0, 80_000.123456, None],
            "undrawn": [None, 500.0, None, None],
            "accrued_interest": [5.0, None, 100.0, None],
            "gross_carrying_amount": [705.1, 300.0, None, None],
            "days_past_due": [0, 12, 130, None],
            "default_date": [None, None, date(2025, 10, 1), None],
            "weight": [1.0, 1.0, 2.5, 1.0],
            "attribute_branch": ["North", "South", None, "North"],
        }
    )
    panel = pl.DataFrame(
        {"loan_id": ["A-1", "A-1"], "report_date": [date(2025, 12, 31), DAY], "principal": [750.0, 700.1]}
    )
    return {
        "loans": conform(loans, LOANS),
        "panel": conform(panel, PANEL),
        "parties": conform(
            pl.DataFrame({"loan_id": ["A-1"], "party_id": ["p1"], "role": ["borrower"]}), PARTIES
        ),
        "collateral": conform(
            pl.DataFrame({"loan_id": ["C-3"], "collateral_id": ["house"], "value": [100_000.0]}), COLLATERAL
        ),
        "guarantees": conform(
            pl.DataFrame({"loan_id": ["A-1"], "guarantor_id": ["g"], "share": [0.5]}), GUARANTEES
        ),
    }


def tape_event(home: Home, frames: dict[str, pl.DataFrame]) -> Event:
    """Store a tape's tables and return the event that names them."""
    data: dict[str, Any] = {f"{name}_blob": home.put_frame(frame) for name, frame in frames.items()}
    return Event("TapeLoaded", DAY, {**data, "as_of": "2026-01-31", "currency": "USD", "format": "sba"})


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory, frames: dict[str, pl.DataFrame]) -> Path:
    """Return a home with the small tape that tests copy and leave alone."""
    folder = tmp_path_factory.mktemp("stored") / "twin"
    with Home.building(folder, RisingClock(), name="small", currency="USD", as_of=DAY) as home:
        home.append([tape_event(home, frames)])
    return folder


@pytest.fixture(scope="session")
def template(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same with 500 payments of one cent, which tests copy and leave alone."""
    folder = tmp_path_factory.mktemp("template") / "twin"
    shutil.copytree(stored, folder)
    with Home.open(folder, writable=True) as home:
        home.append_rows(
            "PaymentReceived", DAY, [{"loan_id": "A-1", "principal": 1, "interest": i} for i in range(500)]
        )
    return folder


@pytest.fixture
def folder(stored: Path, tmp_path: Path) -> Path:
    """Return the folder of a home with the small tape."""
    shutil.copytree(stored, tmp_path / "twin")
    return tmp_path / "twin"


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands still."""
    return FixedClock(START)


@pytest.fixture
def payments() -> Callable[..., list[Event]]:
    """Return a function that makes payments on loan A-1, one cent of principal each."""

    def make(number: int, first: int = 0, *, ids: bool = False) -> list[Event]:
        data = [{"loan_id": "A-1", "principal": 1, "interest": first + i} for i in range(number)]
        return [
            Event("PaymentReceived", DAY, item, f"p-{first + i}" if ids else None)
            for i, item in enumerate(data)
        ]

    return make
