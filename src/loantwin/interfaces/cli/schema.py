"""`schema`: the JSON Schema of an input file."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import INSIDE


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("schema", rich_help_panel=INSIDE)(schema)


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The input file: terms, facts, application, case, policy, offers, collections, process, "
            "reasons.",
        ),
    ],
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Print the JSON Schema of an input file: every key, its kind, its default, what is needed.

    It is JSON with and without --json.

    loantwin schema terms
    """
    import loantwin as lt

    finish(lt.schema(name), json, table)
