"""`tape check` and `twin create`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from loantwin.book.tape import Tape, TapeCheck, check, read_tape
from loantwin.clock import Clock
from loantwin.errors import UsageError, expected
from loantwin.files import check_target, replace_file
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


def overrides(assume: Sequence[str]) -> dict[str, float | str]:
    """Return NAME=VALUE texts as a mapping; numbers as numbers."""
    made: dict[str, float | str] = {}
    for text in assume:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(expected("NAME=VALUE", text), field="--assume")
        try:
            made[name] = float(value)
        except ValueError:
            made[name] = value
    return made


def tape_check(
    path: Path | str,
    format: str,  # noqa: A002  # the command's word
    *,
    quarantine: Path | None = None,
    assume: Sequence[str] = (),
) -> TapeCheck:
    """Say what is in a tape and what is wrong with it.

    Parameters
    ----------
    path : CSV (also gzipped), Parquet or Excel file. format : a built-in format's name or a mapping file.
    quarantine : file to which rejected rows and warnings are written as CSV; nothing is written without it.
    assume : NAME=VALUE, overrides of the format's assumptions.

    Raises
    ------
    TapeError : a file of which no row survives; MappingError : a format that does not fit.
    """
    if quarantine is not None:
        _check_target(Path(quarantine), Path(path))
    tape = read_tape(path, format, overrides=overrides(assume))
    if quarantine is not None:
        _write_quarantine(tape, Path(quarantine))
    return check(tape)


def _check_target(target: Path, tape: Path) -> None:
    check_target(target, "--quarantine")
    if target.exists() and tape.exists() and target.samefile(tape):
        raise UsageError(expected("another file than the tape itself", str(target)), field="--quarantine")


def _write_quarantine(tape: Tape, target: Path) -> None:
    import polars as pl

    kinds = [
        tape.quarantine.with_columns(pl.lit("rejected").alias("kind")),
        tape.warnings.with_columns(pl.lit("warning").alias("kind")),
    ]
    replace_file(target, pl.concat(kinds, how="diagonal").write_csv(), "--quarantine")


def twin_create(
    directory: Path | str,
    tape: Path | str,
    format: str,  # noqa: A002
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
