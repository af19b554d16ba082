"""`demo`: the whole main job on a synthetic book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import BEGIN
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("demo", rich_help_panel=BEGIN)(demo)


def demo(
    loans: Annotated[int, typer.Option(min=1000, help="Number of loans.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the book.")] = 7,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write.")] = Path("demo"),
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Do the whole main job on a synthetic book of five years and write its report."""
    import loantwin as lt

    with shown("demo") as progress:
        result = lt.demo(out, loans=loans, seed=seed, progress=progress)
    finish(result, json, table)
