"""Canonical JSON and the hash chain, against figures worked out without the code."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import LogError
from loantwin.events.codec import GENESIS, chain, encode, from_microseconds, head, to_microseconds

TEXT = st.text(st.characters(codec="utf-8"))
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def test_canonical_json_is_sorted_tight_and_readable() -> None:
    assert encode({"b": 1, "a": [1.5, None, True], "ä": "贷款"}) == '{"a":[1.5,null,true],"b":1,"ä":"贷款"}'


@given(PLAIN)
def test_canonical_json_equals_the_library_s_and_comes_back(value: object) -> None:
    text = encode(value)
    assert text == json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    assert json.loads(text) == value


@pytest.mark.parametrize(
    "bad", [float("nan"), float("inf"), {1, 2}, object(), b"bytes", {"deep": [float("nan")]}]
)
def test_what_json_cannot_hold_is_refused(bad: object) -> None:
    with pytest.raises(LogError, match="plain data"):
        encode({"value": bad})


def test_a_circle_is_refused() -> None:
    circle: dict[str, object] = {}
    circle["self"] = circle
    with pytest.raises(LogError, match="plain data"):
        encode(circle)


def test_the_chain_is_sha256_of_documented_bytes() -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    written = b"\x00" * 32 + b"LoanCured\n1\n2026-01-30\n1769860800000000\n\n" + b'{"loan_id":"A-1"}'
    start = head("LoanCured", 1, "2026-01-30", to_microseconds(moment), None)
    assert chain(GENESIS, start, '{"loan_id":"A-1"}') == hashlib.sha256(written).digest()


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_come_back_exactly(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment


def test_moments_of_other_zones_are_the_same_moment() -> None:
    east = datetime(2026, 1, 31, 20, tzinfo=timezone(timedelta(hours=8)))
    assert from_microseconds(to_microseconds(east)) == datetime(2026, 1, 31, 12, tzinfo=UTC)
    with pytest.raises(LogError, match="time zone"):
        to_microseconds(datetime(2026, 1, 31))
