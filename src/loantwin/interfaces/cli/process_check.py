"""`process check`: what is wrong with a process."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("check")(process_check)


def process_check(
    process: Annotated[
        str,
        typer.Argument(
            metavar="PROCESS", help="A TOML file, or origination, servicing, collections, review."
        ),
    ],
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Look through a process: its states, its steps, and what is wrong with it.

    States nobody reaches or leaves, shares that do not come to 1, gaps between amounts, four eyes that are
    two.

    loantwin process check origination
    """
    import loantwin as lt

    finish(lt.process_check(process), json, table)
