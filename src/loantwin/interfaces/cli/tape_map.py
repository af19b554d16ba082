"""`tape map`: what the columns of a stranger's tape mean, and a mapping to edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("map")(tape_map)


def tape_map(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The tape: CSV (also gzipped), Parquet or Excel.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="MAPPING.toml", help="Write the mapping here, with comments, ready to be edited."
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Guess what the columns of a tape mean: fields, units, date formats, codes, each with how sure that
    is. Writes
    nothing unless --out is given.
    """
    import loantwin as lt

    with shown("looking at the tape"):
        result = lt.tape_map(file, out=out)
    finish(result, json, table)
