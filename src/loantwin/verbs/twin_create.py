"""`twin create`: a tape made into a twin's home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from loantwin.book.frames import TapeLike, tape_file
from loantwin.book.overrides import Assumed, overrides
from loantwin.book.tape import TapeCheck, check, read_tape
from loantwin.clock import Clock
from loantwin.months import day
from loantwin.twin import create_twin
from loantwin.types import Progress, silent, stretch


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
    tape: TapeLike,
    format: str | Path,  # noqa: A002  # the command's word
    as_of: dt.date | str,
    *,
    assume: Assumed = (),
    clock: Clock | None = None,
    progress: Progress = silent,
) -> TwinCreated:
    """Read a tape and make a twin's home of it.

    Parameters
    ----------
    directory : the new home. tape, format, assume : as in `tape_check`.
    as_of : the date at which the book is looked at (end of day), a date or its ISO text.
    clock : tells the moment at which events are recorded; default the system's.
    progress : told how far the work has come.

    Raises
    ------
    HomeError : `directory` holds something already; TapeError, MappingError : see `tape_check`; UsageError :
        no loan is on the book at `as_of`.
    """
    date = day(as_of, "as_of")
    with tape_file(tape) as path:
        loaded = read_tape(path, format, overrides=overrides(assume), progress=stretch(progress, 0.0, 0.8))
        progress(0.8, "storing")
        book = create_twin(directory, loaded, date, clock)
    seen = check(loaded)
    known: dict[str, Any] = {item.name: getattr(seen, item.name) for item in fields(seen)}
    counts: dict[str, Any] = {
        name: int(book.counts[name])
        for name in ("on_book", "not_yet_on_book", "closed_before_as_of", "undated")
    }
    return TwinCreated(**known, as_of=date, **counts, assumed=dict(book.assumed))
