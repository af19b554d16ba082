"""`tape check`: what is in a tape and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from loantwin.book.frames import TapeLike, tape_file
from loantwin.book.overrides import Assumed, overrides
from loantwin.book.tape import Tape, TapeCheck, check, read_tape
from loantwin.errors import UsageError, expected
from loantwin.files import check_target, replace_file


def tape_check(
    tape: TapeLike,
    format: str | Path,  # noqa: A002  # the command's word
    *,
    quarantine: Path | str | None = None,
    assume: Assumed = (),
) -> TapeCheck:
    """Say what is in a tape and what is wrong with it.

    Parameters
    ----------
    tape : a CSV (also gzipped), Parquet or Excel file, or a Polars or pandas DataFrame.
    format : a built-in format's name or a mapping file.
    quarantine : file to which rejected rows and warnings are written as CSV; nothing is written without it.
    assume : overrides of the format's assumptions, by name, or as texts NAME=VALUE.

    Raises
    ------
    TapeError : a file of which no row survives; MappingError : a format that does not fit.
    UsageError : `quarantine` is the tape itself, or no file that may be written.
    """
    with tape_file(tape) as path:
        if quarantine is not None:
            _check_target(Path(quarantine), path)
        found = read_tape(path, format, overrides=overrides(assume))
        if quarantine is not None:
            _write_quarantine(found, Path(quarantine))
        return check(found)


def _check_target(target: Path, tape: Path) -> None:
    check_target(target, "quarantine")
    if target.exists() and tape.exists() and target.samefile(tape):
        raise UsageError(expected("another file than the tape itself", str(target)), field="quarantine")


def _write_quarantine(tape: Tape, target: Path) -> None:
    kinds = [
        tape.quarantine.with_columns(pl.lit("rejected").alias("kind")),
        tape.warnings.with_columns(pl.lit("warning").alias("kind")),
    ]
    replace_file(target, pl.concat(kinds, how="diagonal").write_csv(), "quarantine")
