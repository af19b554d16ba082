"""`loan`: what is known of one loan and what happened to it."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.panels import INSIDE


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("loan", rich_help_panel=INSIDE)(loan)


def loan(
    directory: Home,
    loan: Annotated[str, typer.Argument(metavar="ID", help="The lender's number of the loan.")],
    known: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="Show what was known at the end of this day (default: all recorded)."
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Show one loan: its columns, the events recorded of it, and its history by month.

    Columns are as the source tells them, nothing assumed.

    loantwin loan DIR 17

    loantwin loan DIR 17 --known 2026-02-28
    """
    import loantwin as lt

    finish(lt.loan(directory, loan, known=known), json, table)
