"""The log: what goes in comes out, once, in order, in one piece."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.clock import FixedClock
from loantwin.errors import HomeError, LogError
from loantwin.events import batch as batches
from loantwin.events.batch import Batch, batch_of, rows_of
from loantwin.events.codec import GENESIS, chain, encode, head
from loantwin.events.event import Event
from loantwin.events.log import Log
from loantwin.events.log_file import create_log

DAY = date(2026, 1, 31)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
Payments = Callable[..., list[Event]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_log(tmp_path / "log.sqlite")
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Log:
    return Log(path, FixedClock(NOON))


def test_events_come_back_as_they_went_in(log: Log, payments: Payments) -> None:
    sent = [
        *payments(3),
        Event("RateChanged", date(2026, 1, 15), {"loan_id": "B-2", "annual_rate": 0.1}, "rate-1"),
    ]
    assert log.append(sent) == 4
    read = list(log.read())
    assert [event[:4] for event in read] == [event[:4] for event in sent]
    assert [event.sequence for event in read] == [1, 2, 3, 4]
    assert {event.recorded for event in read} == {NOON}
    assert read[0].previous == "0" * 64
    assert [event.previous for event in read[1:]] == [event.hash for event in read[:-1]]
    assert log.head == (4, read[-1].hash)


def test_reading_the_events_of_one_loan(log: Log) -> None:
    odd = 'a "loan_id":"A-1" \\ ö'
    facts = [{"loan_id": name} for name in ("A-1", "A-11", odd, "A-1")]
    log.append([Event("LoanCured", DAY, data) for data in facts])
    detail = {"loan_id": "A-1"}  # named, and no event of the loan
    decision = {"application_id": "x", "policy": "p", "decision": "approve", "reasons": [], "detail": detail}
    log.append([Event("DecisionMade", DAY, decision)])
    assert [event.sequence for event in log.read(loan="A-1")] == [1, 4]
    assert [event.sequence for event in log.read(loan=odd)] == [3]
    assert [event.sequence for event in log.read(since=1, types=("LoanCured",), loan="A-1")] == [4]
    assert not list(log.read(loan="A"))


def test_reading_from_until_and_by_type(log: Log, payments: Payments) -> None:
    log.append([*payments(5), Event("LoanCured", DAY, {"loan_id": "C-3"}), *payments(5)])
    assert [event.sequence for event in log.read(since=3, until=7)] == [4, 5, 6, 7]
    assert next(iter(log.read(since=3))).previous == next(iter(log.read(since=2))).hash
    assert [event.sequence for event in log.read(types=("LoanCured",))] == [6]
    last = log.last("LoanCured")
    assert last is not None
    assert last.sequence == 6
    assert log.last("LoanCured", until=5) is None
    assert list(log.read(since=11)) == []
    with pytest.raises(LogError, match="one of the event types"):
        list(log.read(types=("Nonsense",)))


def test_reading_in_pages_sees_what_was_there_at_the_first_step(
    log: Log, payments: Payments, monkeypatch: Any
) -> None:
    monkeypatch.setattr("loantwin.events.log.PAGE", 4)
    log.append(payments(10))
    seen = []
    for event in log.read():
        log.append(payments(1))  # a writer goes on
        seen.append(event.sequence)
    assert seen == list(range(1, 11))
    assert log.head[0] == 20


def test_a_batch_with_one_bad_event_leaves_nothing(log: Log, path: Path, payments: Payments) -> None:
    log.append(payments(2))
    for bad in (
        Event("PaymentReceived", DAY, {"loan_id": "A-1", "principal": -1}),
        Event("PaymentReceived", DAY, {"loan_id": "A-1"}),
        Event("Nonsense", DAY, {}),
        Event("RateChanged", DAY, {"loan_id": "A-1", "annual_rate": float("nan")}),
        Event("LoanCured", NOON, {"loan_id": "A-1"}),  # a moment is no day
        Event("LoanCured", DAY, {"loan_id": "A-1\ud800"}),  # half a character
        Event("LoanCured", DAY, [("loan_id", "A-1")]),  # type: ignore[arg-type]
        Event("LoanCured", DAY, {"loan_id": "A-1"}, "two\nlines"),
    ):
        with pytest.raises(LogError, match="expected"):
            log.append([*payments(10), bad, *payments(10)])
        assert Log(path).head == log.head
    assert log.append(payments(1)) == 3


def test_the_error_of_a_batch_names_the_place_and_the_loan(log: Log, payments: Payments) -> None:
    with pytest.raises(
        LogError, match=r"loan A-9, field principal: PaymentReceived \(number 8 of the batch\)"
    ):
        log.append([*payments(7), Event("PaymentReceived", DAY, {"loan_id": "A-9", "principal": 1.5})])


def test_an_empty_batch_changes_nothing(log: Log) -> None:
    assert log.append([]) == 0
    assert log.append_rows("LoanCured", DAY, []) == 0


def test_an_event_with_an_id_is_taken_once(log: Log, payments: Payments) -> None:
    log.append(payments(5, ids=True))
    assert log.append(payments(8, ids=True)) == 8
    assert log.append(payments(8, ids=True)) == 8
    again = payments(9, ids=True)
    assert log.append([*again, *again]) == 9
    assert [event.event_id for event in log.read()] == [f"p-{i}" for i in range(9)]


def test_an_id_of_another_fact_is_refused(log: Log, payments: Payments) -> None:
    log.append(payments(5, ids=True))
    other = Event("PaymentReceived", DAY, {"loan_id": "A-1", "principal": 99}, "p-3")
    with pytest.raises(LogError, match="the same fact under id p-3"):
        log.append([*payments(2), other])
    assert log.head[0] == 5


def test_the_moment_of_recording_never_goes_back(path: Path, payments: Payments) -> None:
    early = NOON - timedelta(hours=1)
    log = Log(path, FixedClock(NOON))
    log.append(payments(2))
    log.close()
    log = Log(path, FixedClock(early))
    log.append(payments(1))
    assert [event.recorded for event in log.read()] == [NOON] * 3


def test_what_was_known_at_a_moment_is_a_beginning(path: Path, payments: Payments) -> None:
    for hour in range(5):
        log = Log(path, FixedClock(NOON + timedelta(hours=hour)))
        log.append(payments(3))
        log.close()
    log = Log(path)
    assert log.known_at(NOON - timedelta(microseconds=1)) == 0
    assert [log.known_at(NOON + timedelta(hours=hour, minutes=1)) for hour in range(6)] == [
        3,
        6,
        9,
        12,
        15,
        15,
    ]


def test_a_reader_cannot_append(log: Log, path: Path, payments: Payments) -> None:
    with pytest.raises(HomeError, match="opened for writing"):
        Log(path).append(payments(1))


def test_rows_are_events(log: Log, tmp_path: Path, payments: Payments) -> None:
    create_log(tmp_path / "other.sqlite")
    other = Log(tmp_path / "other.sqlite", FixedClock(NOON))
    events = payments(50, ids=True)
    log.append(events)
    other.append_rows("PaymentReceived", DAY, [e.data for e in events], [e.event_id for e in events])
    assert log.head == other.head
    with pytest.raises(LogError, match="50 days"):
        other.append_rows("PaymentReceived", [DAY] * 49, [e.data for e in events])


def test_splitting_batches_changes_no_hash(path: Path, tmp_path: Path, payments: Payments) -> None:
    one, many = Log(path, FixedClock(NOON)), tmp_path / "many.sqlite"
    create_log(many)
    other = Log(many, FixedClock(NOON))
    one.append(payments(20))
    for place in range(0, 20, 7):
        other.append(payments(min(7, 20 - place), first=place))
    assert one.head == other.head


# the fast way by columns against the rule: one by one
LOAN = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
MINOR = st.integers(0, 10**15)
FACTS = st.one_of(
    st.builds(
        lambda loan, data: ("PaymentReceived", {"loan_id": loan, **data}),
        LOAN,
        st.fixed_dictionaries({"principal": MINOR}, optional={"interest": MINOR, "fees": MINOR}),
    ),
    st.builds(
        lambda loan, data: ("RateChanged", {**data, "loan_id": loan}),
        LOAN,
        st.fixed_dictionaries(
            {"annual_rate": st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 3)}
        ),
    ),
    st.builds(
        lambda loan, days: ("DelinquencyCounted", {"days_past_due": days, "loan_id": loan}),
        LOAN,
        st.integers(0, 2**31),
    ),
    st.builds(
        lambda what: ("AssumptionOverridden", {"name": "x", "value": what, "reason": "y"}),
        st.booleans() | st.text(),
    ),
)


@settings(deadline=None)
@given(st.lists(FACTS, min_size=1, max_size=30), st.dates(date(1990, 1, 1), date(2050, 1, 1)), st.booleans())
def test_columns_give_the_rows_of_the_plain_way(
    facts: list[tuple[str, dict[str, Any]]], day: date, keyed: bool
) -> None:
    facts = facts + facts  # so that groups are large enough for columns
    events = [Event(kind, day, data, f"id {i}" if keyed else None) for i, (kind, data) in enumerate(facts)]
    rows, last = rows_of(batch_of(events), 10, 99, GENESIS)
    digest = GENESIS
    for number, (row, event) in enumerate(zip(rows, events, strict=True)):
        text = json.dumps(event.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = chain(digest, head(event.type, 1, day.isoformat(), 99, event.event_id), text)
        assert row == (11 + number, event.type, 1, day.isoformat(), 99, event.event_id, text, digest)
    assert last == digest


BAD = st.sampled_from([-1, 1.5, True, None, "", "1", float("nan"), [], {}, 10**16])


@settings(deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"loan_id": LOAN, "principal": MINOR}), min_size=5, max_size=12), st.data()
)
def test_columns_refuse_what_the_plain_way_refuses(data: list[dict[str, Any]], draw: Any) -> None:
    place, field = (
        draw.draw(st.integers(0, len(data) - 1)),
        draw.draw(st.sampled_from(["loan_id", "principal"])),
    )
    value = draw.draw(BAD)
    data[place] = {**data[place], field: value}
    batch = Batch(["PaymentReceived"] * len(data), [DAY] * len(data), [None] * len(data), data)
    if field == "loan_id" and value == "1":
        rows_of(batch, 0, 0, GENESIS)
        return
    with pytest.raises(LogError, match=f"number {place + 1} of the batch"):
        rows_of(batch, 0, 0, GENESIS)


def test_the_fast_way_is_taken(monkeypatch: Any, payments: Payments) -> None:
    def plain(*_: Any) -> str:
        raise AssertionError("one by one")

    monkeypatch.setattr(batches, "_text", plain)
    rows, _ = rows_of(batch_of(payments(10)), 0, 0, GENESIS)
    assert encode({"loan_id": "A-1", "principal": 1, "interest": 3}) == list(rows)[3][6]


def test_a_commit_outlives_a_power_cut(path: Path) -> None:
    """SQLite's NORMAL keeps the file sound in WAL mode but may lose the last commits: FULL (2) syncs each."""
    log = Log(path, FixedClock(NOON))
    settings_ = [
        log._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
    ]
    assert settings_ == [2, "wal"]
    log.close()
