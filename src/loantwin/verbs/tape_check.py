"""`tape check`: what is in a tape and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from loantwin.book.overrides import overrides
from loantwin.book.tape import Tape, TapeCheck, check, read_tape
from loantwin.errors import UsageError, expected
from loantwin.files import check_target, replace_file


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
    kinds = [
        tape.quarantine.with_columns(pl.lit("rejected").alias("kind")),
        tape.warnings.with_columns(pl.lit("warning").alias("kind")),
    ]
    replace_file(target, pl.concat(kinds, how="diagonal").write_csv(), "--quarantine")
