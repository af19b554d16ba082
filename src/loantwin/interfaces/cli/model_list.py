"""`model list`: every model of the twin as it stands on a day."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("list")(model_list)


def model_list(
    directory: Home,
    on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The day to look at (default: today).")
    ] = None,
    known: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="Count what was recorded by the end of this day (default: that day)."
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """List every model of the twin: registered scores, and the transition models that `fit` stored.

    loantwin model list DIR

    loantwin model list DIR --on 2026-06-30
    """
    import loantwin as lt

    result = lt.model_list(directory, on=on, known=known)
    finish(result, json, table)
