"""The registry of event types and its conformance check."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from loantwin.book.schema import LOANS, names
from loantwin.errors import LogError
from loantwin.events.event import Event, check_events
from loantwin.events.event_types import CHECKS, EVENT_TYPES, KINDS, TERM_COLUMNS, EventType
from loantwin.events.reference import events_page

DAY = date(2026, 1, 31)
SAMPLES: dict[str, Any] = {
    "text": "x",
    "date": "2026-01-31",
    "minor": 12_345,
    "rate": 0.05,
    "number": 1.5,
    "count": 3,
    "blob": "0123456789abcdef" * 4,
    "file": "quarantine/rows.csv",
    "texts": ["a", "b"],
    "counts": {"rule": 2},
    "object": {"a": 1},
    "value": 0.5,
}


def full(kind: EventType) -> dict[str, Any]:
    return {field.name: SAMPLES[field.kind] for field in kind.fields}


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=lambda kind: kind.name)
def test_every_type_takes_its_own_fields_and_no_others(kind: EventType) -> None:
    check_events([Event(kind.name, DAY, full(kind))])
    check_events(
        [Event(kind.name, DAY, {field.name: SAMPLES[field.kind] for field in kind.fields if field.required})]
    )
    with pytest.raises(LogError, match="a field among"):
        check_events([Event(kind.name, DAY, {**full(kind), "stranger": 1})])
    for field in kind.fields:
        if field.required:
            less = {name: value for name, value in full(kind).items() if name != field.name}
            with pytest.raises(LogError, match=f"the field {field.name}, was 'absent'"):
                check_events([Event(kind.name, DAY, less)])
        with pytest.raises(LogError, match="expected"):
            check_events([Event(kind.name, DAY, {**full(kind), field.name: None})])


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("minor", -1),
        ("minor", 1.0),
        ("minor", True),
        ("minor", 10**15 + 1),
        ("rate", float("nan")),
        ("rate", float("inf")),
        ("rate", "0.05"),
        ("count", -1),
        ("count", 2**63),
        ("date", "2026-02-30"),
        ("date", "20260131"),
        ("text", ""),
        ("blob", "ABCDEF" * 10 + "0000"),
        ("blob", "../../etc/passwd"),
        ("file", "/etc/passwd"),
        ("file", "quarantine/../../x"),
        ("texts", ["a", 1]),
        ("counts", {"a": 1.5}),
        ("object", []),
        ("value", float("nan")),
    ],
)
def test_values_of_the_wrong_kind_are_refused(kind: Any, bad: Any) -> None:
    assert CHECKS[kind](SAMPLES[kind])
    assert not CHECKS[kind](bad)


def test_the_error_names_type_event_loan_and_field() -> None:
    event = Event("PaymentReceived", DAY, {"loan_id": "A-1", "principal": -5}, sequence=7)
    with pytest.raises(
        LogError, match=r"loan A-1, field principal: PaymentReceived \(event 7\): expected int64 minor units"
    ):
        check_events([event])


@pytest.mark.parametrize("day", [datetime(2026, 1, 31), "2026-01-31", None])
def test_the_day_is_a_date(day: Any) -> None:
    with pytest.raises(LogError, match="a day"):
        check_events([Event("LoanCured", day, {"loan_id": "A-1"})])


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(LogError, match="was 'LoanVanished'"):
        check_events([Event("LoanVanished", DAY, {})])


def test_terms_are_columns_of_the_loan_table() -> None:
    assert set(TERM_COLUMNS) <= set(names(LOANS))
    assert set(CHECKS) == set(KINDS)


def test_the_page_of_events_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "events.md"
    assert page.read_text(encoding="utf-8") == events_page(), "run: make docs"
