"""`evidence`: a recorded decision derived again."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.panels import DECIDE


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("evidence", rich_help_panel=DECIDE)(evidence)


def evidence(
    directory: Home,
    decision: Annotated[
        str, typer.Argument(metavar="DECISION", help="Its id, as `decide --record` gives it.")
    ],
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Derive a recorded decision again, from the home alone, and hold it to what was answered, to the bit.

    A changed byte of the log, of the copies of policy and score, or of the person's fields is named.

    loantwin evidence DIR 0a1b2c3d4e5f6071
    """
    import loantwin as lt

    finish(lt.evidence(directory, decision), json, table)
