"""`process run`: steps on cases as events of the home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("run")(process_run)


def process_run(
    directory: Home,
    process: Annotated[
        str,
        typer.Argument(
            metavar="PROCESS",
            help="The name of one in the home, or of one that ships (origination, servicing, collections, "
            "review), or a TOML file.",
        ),
    ],
    steps: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Steps taken, a row each: case, at, step or outcome, and by, amount, assignee, reason, "
            "proposed where known.",
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Record steps taken on cases, all of them or none, and say in which state every case is.

    A step that is not possible is refused: case, state, step and what is allowed are named.

    loantwin process run DIR origination --steps STEPS.csv
    """
    import loantwin as lt

    finish(lt.process_run(directory, process, steps=steps), json, table)
