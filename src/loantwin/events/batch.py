"""A batch of facts on its way into the log: checked against the registry, made canonical JSON, chained.

Facts of one type that name the same fields are handled column by column, several times faster than one by
one; the plain way (`check_data`, `encode`) is the rule, and decides wherever the fast way does not apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from itertools import repeat
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, NamedTuple

from loantwin.errors import LogError, expected
from loantwin.events.codec import encode, head
from loantwin.events.event import Event, check_data, known_type
from loantwin.events.event_types import CHECKS, EVENT_TYPES, LARGEST_AMOUNT, FieldKind

FEW = 4
"""Groups of fewer facts than this are not worth their columns."""

Row = tuple[int, str, int, str, int, str | None, str, bytes]
"""sequence, type, version, happened, recorded, id, data, hash: a row of the log's table."""

_FIELDS = {name: {field.name: field.kind for field in kind.fields} for name, kind in EVENT_TYPES.items()}
_REQUIRED = {
    name: {field.name for field in kind.fields if field.required} for name, kind in EVENT_TYPES.items()
}


class Batch(NamedTuple):
    """Facts as columns of equal length."""

    types: Sequence[str]
    days: Sequence[date]
    ids: Sequence[str | None]
    data: Sequence[dict[str, Any]]


def batch_of(events: Iterable[Event]) -> Batch:
    """Return events as columns."""
    types, days, data, ids, *_ = tuple(zip(*events, strict=True)) or ((), (), (), ())
    return Batch(types, days, ids, data)


def rows_of(batch: Batch, sequence: int, recorded: int, previous: bytes) -> tuple[Iterator[Row], bytes]:
    """Return the rows to store after event `sequence` with hash `previous`, and the hash of the last one.

    Raises
    ------
    LogError : a fact that breaks the registry or has no canonical JSON, with its place in the batch.
    """
    texts = _texts(batch)
    versions, names, heads = _heads(batch, recorded)
    hashes: list[bytes] = []
    digest = previous
    try:
        for start, text in zip(heads, texts):  # noqa: B905  # strict costs a tenth here; heads may repeat for ever
            digest = sha256(digest + start + text.encode()).digest()  # codec.chain, without the call
            hashes.append(digest)
    except UnicodeEncodeError as error:
        place = len(hashes)
        raise _unfit(batch, place, f"text in Unicode, was: {error.reason}") from error
    places = range(sequence + 1, sequence + 1 + len(texts))
    rows = zip(places, batch.types, versions, names, repeat(recorded), batch.ids, texts, hashes, strict=False)
    return rows, digest


def _texts(batch: Batch) -> list[str]:
    groups = _groups(batch)
    if len(groups) == 1:
        ((kind, _),) = groups
        return _group_texts(kind, batch, range(len(batch.data)))
    texts = [""] * len(batch.data)
    for (kind, _), places in groups.items():
        for place, text in zip(places, _group_texts(kind, batch, places), strict=True):
            texts[place] = text
    return texts


def _groups(batch: Batch) -> dict[tuple[str, tuple[str, ...]], Sequence[int]]:
    """Return the places of the facts by type and field names, in order of first appearance."""
    if set(map(type, batch.data)) != {dict}:
        place = next(i for i, data in enumerate(batch.data) if type(data) is not dict)
        raise _unfit(batch, place, f"an object of fields, was {batch.data[place]!r}")
    fields = list(map(tuple, batch.data))
    if len(set(batch.types)) == 1 and fields.count(fields[0]) == len(fields):
        return {(batch.types[0], fields[0]): range(len(fields))}
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for place, shape in enumerate(zip(batch.types, fields, strict=True)):
        groups.setdefault(shape, []).append(place)
    return dict(groups)


def _group_texts(kind: str, batch: Batch, places: Sequence[int]) -> list[str]:
    known_type(kind)
    data = batch.data if len(places) == len(batch.data) else [batch.data[place] for place in places]
    fast = _column_texts(kind, data) if len(data) >= FEW else None
    return fast if fast is not None else [_text(batch, place) for place in places]


def _text(batch: Batch, place: int) -> str:
    kind, data = batch.types[place], batch.data[place]
    check_data(known_type(kind), dict(data), f"number {place + 1} of the batch")
    try:
        return encode(data)
    except LogError as error:
        raise _unfit(batch, place, error.message.removeprefix("expected ")) from error


def _column_texts(kind: str, data: Sequence[dict[str, Any]]) -> list[str] | None:
    """Return the canonical JSON of facts with the same fields, or None where a value needs the plain way."""
    fields, names = _FIELDS[kind], tuple(data[0])
    if not (_REQUIRED[kind] <= set(names) <= fields.keys()):
        return None
    columns = dict(zip(names, zip(*map(dict.values, data), strict=True), strict=True))
    forms, made = [], []
    for name in sorted(names):
        written = _written(fields[name], columns[name])
        if written is None:
            return None
        forms.append(f'"{name}":{written[0]}')
        made.append(written[1])
    return list(map(("{" + ",".join(forms) + "}").__mod__, zip(*made, strict=True)))


def _written(kind: FieldKind, column: Sequence[Any]) -> tuple[str, Iterable[Any]] | None:
    """Return a checked column's JSON: a format and its values; None where it needs the plain way."""
    types = set(map(type, column))
    if types == {int} and kind in ("minor", "count"):
        largest = LARGEST_AMOUNT if kind == "minor" else 2**63 - 1
        return ("%d", column) if min(column) >= 0 and max(column) <= largest else None
    if types == {float} and kind in ("rate", "number"):
        return ("%r", column) if all(map(isfinite, column)) else None
    if types == {str} and kind == "text":
        return ("%s", map(encode_basestring, column)) if all(column) else None
    if types == {str} and kind in ("date", "blob"):
        return ("%s", map(encode_basestring, column)) if all(map(CHECKS[kind], column)) else None
    return None


def _heads(batch: Batch, recorded: int) -> tuple[Iterable[int], Iterable[str], Iterable[bytes]]:
    """Return versions, days and heads of the facts, endless ones where all are the same."""
    days = {day: _day_name(batch, day) for day in set(batch.days)}
    kinds = {kind: EVENT_TYPES[kind].version for kind in set(batch.types)}
    shared = {
        (kind, day): head(kind, kinds[kind], days[day], recorded, None) for kind in kinds for day in days
    }
    if len(shared) == 1 and not any(batch.ids):
        return (
            repeat(kinds[batch.types[0]]),
            repeat(days[batch.days[0]]),
            repeat(shared[batch.types[0], batch.days[0]]),
        )
    versions, names = [kinds[kind] for kind in batch.types], [days[day] for day in batch.days]
    if not any(batch.ids):
        return versions, names, map(shared.__getitem__, zip(batch.types, batch.days, strict=True))
    for place, name in enumerate(batch.ids):
        if name is not None and (type(name) is not str or not name or "\n" in name):
            raise _unfit(batch, place, f"an id in one line, or None, was {name!r}")
    return versions, names, map(head, batch.types, versions, names, repeat(recorded), batch.ids)


def _day_name(batch: Batch, day: date) -> str:
    if type(day) is not date:
        raise _unfit(batch, batch.days.index(day), f"a day (datetime.date), was {day!r}")
    return day.isoformat()


def _unfit(batch: Batch, place: int, text: str) -> LogError:
    data = batch.data[place]
    loan = data.get("loan_id") if isinstance(data, dict) else None
    return LogError(f"{batch.types[place]} (number {place + 1} of the batch): expected {text}", loan=loan)


def without_known(batch: Batch, known: Mapping[str, tuple[str, str, str]]) -> Batch:
    """Return a batch without facts the log knows by id (id -> type, happened, data) or that come twice.

    Raises
    ------
    LogError : an id that belongs to another fact.
    """
    seen = dict(known)
    fresh = []
    for place, (kind, day, name, data) in enumerate(zip(*batch, strict=True)):
        fact = (kind, day.isoformat(), encode(data))
        if name is None or name not in seen:
            fresh.append((kind, day, name, data))
        elif seen[name] != fact:
            raise _unfit(
                batch, place, expected(f"the same fact under id {name} again", f"another {kind} of {day}")[9:]
            )
        if name is not None:
            seen[name] = fact
    return Batch(*zip(*fresh, strict=True)) if fresh else Batch((), (), (), ())
