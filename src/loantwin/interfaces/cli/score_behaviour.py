"""`score behaviour`: a table of how loans were paid up to a date, and what came after."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("behaviour")(score_behaviour)


def score_behaviour(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A panel tape, or a wide table of accounts.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The table to write: .parquet or .csv.")],
    format: Annotated[  # noqa: A002  # the command's word
        str | None, typer.Option(metavar="FORMAT", help="Of a panel: a format's name or a mapping file.")
    ] = None,
    at: Annotated[
        str, typer.Option(metavar="DAY[,DAY]", help="Of a panel: days at which loans are read.")
    ] = "",
    months: Annotated[int, typer.Option(min=1, help="Months after the day that tell the outcome.")] = 12,
    columns: Annotated[
        Path | None,
        typer.Option(
            metavar="TOML", help="Of a wide table: which columns are which month, the latest first."
        ),
    ] = None,
    worth: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Judge a model of `score train` with and without the features."),
    ] = None,
    folds: Annotated[str, typer.Option(metavar="5x5", help="Repeats x folds of --worth.")] = "5x5",
    seed: Annotated[int, typer.Option(min=0, help="Seed of --worth.")] = 0,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Write how loans were paid up to a date, and what came after: rows for `score train`.

    Arrears, utilisation, payments and balances of the months up to the day; nothing after it touches them.
    """
    import loantwin as lt

    with shown("reading behaviour") as progress:
        result = lt.score_behaviour(
            data,
            out=out,
            format=format,
            at=[item.strip() for item in at.split(",") if item.strip()],
            months=months,
            columns=columns,
            worth=worth,
            folds=folds,
            seed=seed,
            progress=progress,
        )
    finish(result, json, table)
