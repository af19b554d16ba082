"""`tape check`: what is in a tape and what is wrong with it, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Assume, Format, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("check")(tape_check)


def tape_check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The tape: CSV (also gzipped), Parquet or Excel.")
    ],
    format: Format,  # noqa: A002  # the command's word
    quarantine: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write rejected rows and warnings to this CSV.")
    ] = None,
    assume: Assume = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Say what is in a tape and what is wrong with it, row by row. Writes nothing unless --quarantine is
    given.
    """
    import loantwin as lt

    with shown("reading the tape") as progress:
        result = lt.tape_check(file, format, quarantine=quarantine, assume=assume or (), progress=progress)
    finish(result, json, table)
