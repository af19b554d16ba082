"""`twin create`: a twin's home made of a tape."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Assume, Format, Home, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("create")(twin_create)


def twin_create(
    directory: Home,
    tape: Annotated[
        Path, typer.Option(metavar="FILE", help="The tape: CSV (also gzipped), Parquet or Excel.")
    ],
    format: Format,  # noqa: A002  # the command's word
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of", metavar="YYYY-MM-DD", help="The date at which the book is looked at (end of day)."
        ),
    ],
    assume: Assume = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Read a tape and make a twin's home of it. The whole tape is kept; every figure uses what was known at
    --as-of.
    """
    import loantwin as lt

    with shown("reading the tape") as progress:
        result = lt.twin_create(directory, tape, format, as_of, assume=assume or (), progress=progress)
    finish(result, json, table)
