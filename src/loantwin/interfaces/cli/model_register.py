"""`model register`: a score becomes a version in the register of models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("register")(model_register)


def model_register(
    directory: Home,
    scores: Annotated[Path, typer.Argument(metavar="SCORES", help="The folder that `score train` wrote.")],
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which of its scores (default: the champion of its record)."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="NAME", help="What it is for; versions are counted by it (default: the folder's)."
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="Who registers it (default: the account that runs this)."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day it may decide (default: no end).")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Take a score into the twin's register: its text, its record, its figures, what it was trained on.

    The same score under the same name is registered once.

    loantwin model register DIR SCORES --as applications
    """
    import loantwin as lt

    result = lt.model_register(directory, scores, model=model, name=name, by=by, expires=expires)
    finish(result, json, table)
