"""`account replay`: one loan's account out of its dated facts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("replay")(account_replay)


def account_replay(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON lines: the terms, then one dated fact a line.")
    ],
    on: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="Look at the account on this day (default: the last fact's)."
        ),
    ] = None,
    early: Annotated[
        float | None, typer.Option(metavar="MONEY", help="Say what interest this payment on the day saves.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Add a statement from this day on.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Replay the dated facts of one loan: what each payment paid for, what is owed, late and in advance, to
    the minor unit.

    loantwin account replay FACTS.jsonl --on 2024-05-10
    """
    import loantwin as lt

    finish(lt.account_replay(file, on=on, early=early, since=since), json, table)
