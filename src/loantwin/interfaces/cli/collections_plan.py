"""`collections plan`: which case gets which treatment today."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("plan")(collections_plan)


def collections_plan(
    cases: Annotated[Path, typer.Argument(metavar="CASES", help="The cases past due, a row each.")],
    format: Annotated[  # noqa: A002  # the command's word
        Path,
        typer.Option(metavar="FILE.toml", help="Columns, treatments and limits (`schema collections`)."),
    ],
    uplift: Annotated[
        Path | None, typer.Option(metavar="UPLIFT.json", help="What `collections fit` kept.")
    ] = None,
    contacts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Contacts made before: case, at, channel (default: none)."),
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day (default: today).")] = None,
    acts: Annotated[
        str | None,
        typer.Option(
            metavar="WHO", help="Who acts: limits that bind others are left out (default: all bind)."
        ),
    ] = None,
    chooser: Annotated[
        str, typer.Option(metavar="NAME", help="Who values treatments: uplift, average, or a package's.")
    ] = "uplift",
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Choose treatments for the cases of a day: most value under capacity and limits of contact.

    --table plan.csv#plan writes who gets what.

    loantwin collections plan CASES.csv --format examples/collections.toml --uplift uplift.json
    """
    import loantwin as lt

    result = lt.collections_plan(
        cases, format, uplift=uplift, contacts=contacts, on=on, acts=acts, chooser=chooser
    )
    finish(result, json, table)
