"""`decision list`: recorded decisions and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("list")(decision_list)


def decision_list(
    directory: Home,
    application: Annotated[
        str | None, typer.Option(metavar="ID", help="Only decisions of this application.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="OUTCOME", help="Only approve, decline or refer.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Only those from this day on.")
    ] = None,
    loans: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Which loan an application became: application_id, loan_id (default: the same number).",
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """List the decisions in the twin's log, and what became of them: predicted default beside realised.

    loantwin decision list DIR --outcome approve
    """
    import loantwin as lt

    result = lt.decision_list(directory, application=application, outcome=outcome, since=since, loans=loans)
    finish(result, json, table)
