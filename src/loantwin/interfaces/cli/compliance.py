"""`compliance`: rules in force, each tested on the twin."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("compliance", rich_help_panel=CHALLENGE)(compliance)


def compliance(
    directory: Home,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ifrs9|cecl|basel|china|united-states|european-union|house",
            help="A set of rules; repeatable. Default: all.",
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--in-force-on", metavar="DATE", help="Rules in force that day (default: the as-of date)."
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Test every rule in force on this twin: article, dates, what was looked at, passed or the breaches by
    name.

    The score is rules passed / rules applicable. A rule whose subject the book does not have is not
    applicable, and says why.
    """
    import loantwin as lt

    with shown("testing rules") as progress:
        result = lt.compliance(directory, profile=profile or (), day=day, progress=progress)
    finish(result, json, table)
