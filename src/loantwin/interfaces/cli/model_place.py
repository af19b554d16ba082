"""`model place`: a score becomes champion or challenger, or is retired."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("place")(model_place)


def model_place(
    directory: Home,
    model: Annotated[
        str, typer.Argument(metavar="ID", help="The model: its id, the beginning of it, or NAME/VERSION.")
    ],
    place: Annotated[str, typer.Option("--as", metavar="PLACE", help="champion, challenger or retired.")],
    share: Annotated[
        float | None,
        typer.Option(
            metavar="S", help="Share of cases that a challenger decides, 0 to 1 (default 0: it watches)."
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM-DD", help="First day of the place (default: today)."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who places it (default: the account that runs this).")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Make a score champion or challenger of its name from a day on, or retire it.

    A name has one champion at a time; what was before stays in the log.

    loantwin model place DIR applications/1 --as champion
    """
    import loantwin as lt

    result = lt.model_place(directory, model, place=place, share=share, start=start, by=by)
    finish(result, json, table)
