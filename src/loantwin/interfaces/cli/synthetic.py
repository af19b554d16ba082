"""`synthetic`: a made-up book with a known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import BEGIN
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("synthetic", rich_help_panel=BEGIN)(synthetic)


def synthetic(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write.")],
    loans: Annotated[int, typer.Option(min=1, help="Number of loans.")] = 100_000,
    months: Annotated[int, typer.Option(min=2, help="Months of history.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same bytes.")] = 1,
    as_tape: Annotated[
        str | None,
        typer.Option("--as-tape", metavar="sba|mapping", help="Also write it as a raw lender's tape."),
    ] = None,
    accounts: Annotated[
        int, typer.Option(min=0, help="Also write the histories of so many loans as dated facts.")
    ] = 0,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Make a synthetic book with a monthly history from a known truth, which is saved beside it."""
    import loantwin as lt

    with shown("making a synthetic book") as progress:
        result = lt.synthetic(
            directory,
            loans=loans,
            months=months,
            seed=seed,
            as_tape=as_tape,
            accounts=accounts,
            progress=progress,
        )
    finish(result, json, table)
