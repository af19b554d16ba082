"""`model show`: one model of the register."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, KnownDay, OnDay, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("show")(model_show)


def model_show(
    directory: Home,
    model: Annotated[
        str, typer.Argument(metavar="ID", help="The model: its id, the beginning of it, or NAME/VERSION.")
    ],
    on: OnDay = None,
    known: KnownDay = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Show one model: what it learnt from, its figures with intervals, approvals, places, features.

    loantwin model show DIR applications/1
    """
    import loantwin as lt

    result = lt.model_show(directory, model, on=on, known=known)
    finish(result, json, table)
