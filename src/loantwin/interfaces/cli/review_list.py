"""`review list`: cases that wait for people."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("list")(review_list)


def review_list(
    directory: Home,
    assignee: Annotated[
        str | None, typer.Option(metavar="WHO", help="Only the cases of this person.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """List the cases that wait for people, those due first, and how often people overrode the policy.

    loantwin review list DIR
    """
    import loantwin as lt

    finish(lt.review_list(directory, assignee=assignee), json, table)
