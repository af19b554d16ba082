"""`twin create`: a tape made into a twin's home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from loantwin.book.overrides import overrides
from loantwin.book.tape import TapeCheck, check, read_tape
from loantwin.clock import Clock
from loantwin.twin import create_twin


@dataclass(frozen=True)
class TwinCreated(TapeCheck):
    """What `twin create` made: the tape's figures, and where its loans stand at the as-of date."""

    SCHEMA = "loantwin.twin/1"

    as_of: dt.date
    on_book: int
    not_yet_on_book: int
    closed_before_as_of: int
    undated: int
    assumed: Mapping[str, str]


def twin_create(
    directory: Path | str,
    tape: Path | str,
    format: str,  # noqa: A002  # the command's word
    as_of: dt.date,
    *,
    assume: Sequence[str] = (),
    clock: Clock | None = None,
) -> TwinCreated:
    """Read a tape and make a twin's home of it.

    Raises
    ------
    HomeError : `directory` holds something already; TapeError, MappingError : see `tape_check`; UsageError :
        no loan is on the book at `as_of`.
    """
    loaded = read_tape(tape, format, overrides=overrides(assume))
    book = create_twin(directory, loaded, as_of, clock)
    seen = check(loaded)
    known: dict[str, Any] = {item.name: getattr(seen, item.name) for item in fields(seen)}
    counts: dict[str, Any] = {
        name: int(book.counts[name])
        for name in ("on_book", "not_yet_on_book", "closed_before_as_of", "undated")
    }
    return TwinCreated(**known, as_of=as_of, **counts, assumed=dict(book.assumed))
