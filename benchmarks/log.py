"""The log: durable append and replay of loan events, beside bare SQLite in the same run."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.book.book import conform
from loantwin.book.schema import LOANS
from loantwin.clock import FixedClock
from loantwin.events.event import Event
from loantwin.events.fold import state_at
from loantwin.events.home import Home
from loantwin.events.log import Log
from loantwin.events.log_file import create_log

DAY = date(2025, 1, 31)
ROUNDS = 5
CLOCK = FixedClock(datetime(2025, 1, 31, tzinfo=UTC))
BARE = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
CREATE TABLE events (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, version INTEGER NOT NULL,
  happened TEXT NOT NULL, recorded INTEGER NOT NULL, id TEXT, data TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX events_id ON events (id) WHERE id IS NOT NULL;
"""


def payments(number: int) -> list[dict[str, Any]]:
    """Return the data of payments, as a servicing system would send them."""
    return [
        {"loan_id": f"L{i:09d}", "principal": 10_000 + i, "interest": 2_000 + i, "fees": 0}
        for i in range(number)
    ]


def run() -> list[dict[str, Any]]:
    """Return the measured rates, the median of five rounds each."""
    rows = [_append(batch, number) for batch, number in ((100, 20_000), (1_000, 100_000), (10_000, 200_000))]
    return [*rows, _against_bare(100, 20_000), *_replay(300_000)]


def _append(batch: int, number: int) -> dict[str, Any]:
    plain = _rate(lambda path: _append_events(path, batch, number), number)
    keyed = _rate(lambda path: _append_events(path, batch, number, keyed=True), number)
    bulk = _rate(lambda path: _append_rows(path, batch, number), number)
    reach = "> 100,000" if batch >= 1_000 else ""
    mixed = _rate(lambda path: _append_events(path, batch, number, mixed=True), number)
    detail = (
        f"append {plain:,.0f}; append_rows {bulk:,.0f}; three types in turn {mixed:,.0f}; a unique id each "
        f"{keyed:,.0f}"
    )
    return _row(f"log: durable append, batches of {batch:,}", reach, plain, "events/s", detail)


def _against_bare(batch: int, number: int) -> dict[str, Any]:
    shares, bares, logs = [], [], []
    for _ in range(ROUNDS):  # by turns, so that a busy disk hits both
        bare, ours = (
            _once(work, number) for work in (_bare(batch, number), lambda p: _append_events(p, batch, number))
        )
        shares.append(ours / bare)
        bares.append(bare)
        logs.append(ours)
    detail = (
        f"bare {statistics.median(bares):,.0f}, log {statistics.median(logs):,.0f} events/s; same rows, "
        "index and pragmas"
    )
    return _row(
        f"log: share of bare SQLite, batches of {batch}", "> 0.60", statistics.median(shares), "share", detail
    )


def _replay(number: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.sqlite"
        _append_rows(path, 10_000, number)
        log = Log(path)
        rate = statistics.median(_timed(lambda: sum(1 for _ in log.read()), number) for _ in range(ROUNDS))
        log.close()
    detail = f"{number:,} events read, decoded, in order"
    return [_row("log: replay as events", "> 100,000", rate, "events/s", detail), _fold(100_000, number)]


def _fold(loans: int, number: int) -> dict[str, Any]:
    """Replay into the book: read, decode and apply to the loan table."""
    names = [item["loan_id"] for item in payments(loans)]
    table = conform(
        pl.DataFrame({"loan_id": names, "product": "instalment", "weight": 1.0, "principal": 1e6}), LOANS
    )
    with tempfile.TemporaryDirectory() as folder, Home.create(Path(folder) / "twin", CLOCK) as home:
        facts = {
            "loans_blob": home.put_frame(table),
            "as_of": "2025-01-31",
            "currency": "USD",
            "format": "benchmark",
        }
        home.append([Event("TapeLoaded", DAY, facts)])
        data = [{**item, "loan_id": names[i % loans]} for i, item in enumerate(payments(number))]
        home.append_rows("PaymentReceived", DAY, data)
        rate = statistics.median(_timed(lambda: state_at(home), number) for _ in range(ROUNDS))
    return _row(
        "log: replay into the book",
        "> 100,000",
        rate,
        "events/s",
        f"{number:,} payments on {loans:,} loans, with the tape",
    )


def _append_events(path: Path, batch: int, number: int, *, keyed: bool = False, mixed: bool = False) -> float:
    events = [
        Event("PaymentReceived", DAY, item, f"payment-{i}" if keyed else None)
        for i, item in enumerate(payments(number))
    ]
    if mixed:
        for i in range(0, number, 3):
            loan = events[i].data["loan_id"]
            events[i] = Event("RateChanged", DAY, {"loan_id": loan, "annual_rate": i / 1e8})
            events[i + 1 : i + 2] = [
                Event("DelinquencyCounted", DAY, {"loan_id": loan, "days_past_due": i % 90})
            ]
        events = events[:number]
    create_log(path)
    log = Log(path, CLOCK)
    start = time.perf_counter()
    for place in range(0, number, batch):
        log.append(events[place : place + batch])
    spent = time.perf_counter() - start
    log.close()
    return spent


def _append_rows(path: Path, batch: int, number: int) -> float:
    data = payments(number)
    create_log(path)
    log = Log(path, CLOCK)
    start = time.perf_counter()
    for place in range(0, number, batch):
        log.append_rows("PaymentReceived", DAY, data[place : place + batch])
    spent = time.perf_counter() - start
    log.close()
    return spent


def _bare(batch: int, number: int) -> Callable[[Path], float]:
    def work(path: Path) -> float:
        text = '{"fees":0,"interest":2000,"loan_id":"L000000000","principal":10000}'
        rows = [
            (i + 1, "PaymentReceived", 1, "2025-01-31", 1_738_281_600_000_000, None, text, bytes(32))
            for i in range(number)
        ]
        connection = sqlite3.connect(path, isolation_level=None)
        connection.executescript(BARE)
        start = time.perf_counter()
        for place in range(0, number, batch):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows[place : place + batch]
            )
            connection.execute("COMMIT")
        spent = time.perf_counter() - start
        connection.close()
        return spent

    return work


def _once(work: Callable[[Path], float], number: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return number / work(Path(folder) / "log.sqlite")


def _rate(work: Callable[[Path], float], number: int) -> float:
    return statistics.median(_once(work, number) for _ in range(ROUNDS))


def _timed(work: Callable[[], object], number: int) -> float:
    start = time.perf_counter()
    work()
    return number / (time.perf_counter() - start)


def _row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}
