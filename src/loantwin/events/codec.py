"""How an event becomes bytes: canonical JSON and the hash chain.

Canonical JSON has sorted keys, no blanks, UTF-8, and no NaN or infinity. The hash of an event is
`sha256(previous hash, head, data)` where the head is `type, version, happened, recorded, id` joined by line
feeds. The stored text itself is hashed, so checking a log never depends on how another version writes JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import encoder as json_encoder
from typing import Any

from loantwin.errors import LogError, expected

GENESIS = bytes(32)
"""What the first event of a log takes for the hash before it."""

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

decode: Callable[[str], tuple[Any, int]] = json.JSONDecoder().raw_decode
"""Return (value, end) of a JSON text."""


def _fast_encoder() -> Callable[[Any], str]:
    """Return canonical JSON as a function: `JSONEncoder.encode` builds a C encoder at each call."""
    make = getattr(json_encoder, "c_make_encoder", None)
    if make is None:
        return _ENCODER.encode
    # no circle check: a circle ends in a RecursionError, which `encode` turns into a LogError
    chunks = make(None, _ENCODER.default, json_encoder.encode_basestring, None, ":", ",", True, False, False)
    return lambda value: "".join(chunks(value, 0))


encode_unchecked = _fast_encoder()
"""Return canonical JSON; raises TypeError, ValueError or RecursionError where the value has none."""


def encode(value: Any) -> str:
    """Return `value` as canonical JSON.

    Raises
    ------
    LogError : NaN, infinity, a key that is no text, or anything that JSON cannot hold.
    """
    try:
        return encode_unchecked(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise LogError(
            expected("plain data: texts, finite numbers, booleans, lists and objects", str(error))
        ) from error


def head(kind: str, version: int, happened: str, recorded: int, event_id: str | None) -> bytes:
    """Return an event's bytes before its data; `recorded` in microseconds since 1970, UTC."""
    return f"{kind}\n{version}\n{happened}\n{recorded}\n{event_id or ''}\n".encode()


def chain(previous: bytes, start: bytes, data: str) -> bytes:
    """Return the hash of an event from the hash before it, its head and its data."""
    return sha256(previous + start + data.encode()).digest()


def to_microseconds(moment: datetime) -> int:
    """Return microseconds since 1970 in UTC, exactly; a moment without a time zone raises LogError."""
    if moment.tzinfo is None:
        raise LogError(expected("a moment with a time zone", moment))
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """Return the moment, in UTC."""
    return _EPOCH + timedelta(microseconds=number)
