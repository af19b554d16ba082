"""`model list`: every model of the twin as it stands on a day."""

from __future__ import annotations

import typer

from loantwin.interfaces.cli.options import AsJson, Home, KnownDay, OnDay, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("list")(model_list)


def model_list(
    directory: Home,
    on: OnDay = None,
    known: KnownDay = None,
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
