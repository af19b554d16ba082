"""`tape check`: what is in a tape and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from loantwin.book.frames import TapeLike, tape_file
from loantwin.book.overrides import Assumed, overrides
from loantwin.book.tape import TapeCheck, check, read_tape
from loantwin.errors import NoRowError, UsageError, expected
from loantwin.files import check_replaced, check_target, replace_file
from loantwin.results.spreadsheet import spreadsheet_safe
from loantwin.types import Progress, silent


def tape_check(
    tape: TapeLike,
    format: str | Path,  # noqa: A002  # the command's word
    *,
    quarantine: Path | str | None = None,
    assume: Assumed = (),
    progress: Progress = silent,
) -> TapeCheck:
    """Say what is in a tape and what is wrong with it.

    Parameters
    ----------
    tape : a CSV (also gzipped), Parquet or Excel file, or a Polars or pandas DataFrame.
    format : a built-in format's name or a mapping file.
    quarantine : file to which rejected rows and warnings are written as CSV; nothing is written without it.
    assume : overrides of the format's assumptions, by name, or as texts NAME=VALUE.
    progress : told how far the work has come.

    Raises
    ------
    NoRowError : a file of which no row survives; the quarantine is written all the same. TapeError : a file
        that is no tape; MappingError : a format that does not fit.
    UsageError : `quarantine` is the tape itself, or no file that may be written.
    """
    with tape_file(tape) as path:
        if quarantine is not None:
            _check_target(Path(quarantine), path)
        try:
            found = read_tape(path, format, overrides=overrides(assume), progress=progress)
        except NoRowError as error:
            if quarantine is not None and isinstance(error.quarantine, pl.DataFrame):
                _write_quarantine([_kind(error.quarantine, "rejected")], Path(quarantine))
            raise
        if quarantine is not None:
            kinds = [_kind(found.quarantine, "rejected"), _kind(found.warnings, "warning")]
            _write_quarantine(kinds, Path(quarantine))
        return check(found)


def _check_target(target: Path, tape: Path) -> None:
    check_target(target, "quarantine")
    if target.exists() and tape.exists() and target.samefile(tape):
        raise UsageError(expected("another file than the tape itself", str(target)), field="quarantine")
    check_replaced(target, "quarantine")


def _kind(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    return rows.with_columns(pl.lit(kind).alias("kind"))


def _write_quarantine(kinds: list[pl.DataFrame], target: Path) -> None:
    text = spreadsheet_safe(pl.concat(kinds, how="diagonal")).write_csv()
    replace_file(target, text, "quarantine", private=True)
