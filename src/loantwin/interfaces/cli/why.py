"""`why`: re-makes a printed figure and says from what."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import INSIDE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("why", rich_help_panel=INSIDE)(why)


def why(
    figure: Annotated[
        str,
        typer.Argument(
            metavar="FILE#KEY", help="A JSON document that a command printed, and a dotted path in it."
        ),
    ],
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Make a printed figure anew from its provenance, to the bit, and say what it came from.

    The command runs again on the home as it stood then: the tape, the model and every file are held to the
    hashes in the document.

    loantwin provisions DIR --standard ifrs9 --json > p.json

    loantwin why p.json#by_stage.2.allowance
    """
    import loantwin as lt

    with shown("making it anew"):
        result = lt.why(figure)
    finish(result, json, table)
