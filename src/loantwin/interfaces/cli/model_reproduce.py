"""`model reproduce`: a registered score is trained again and compared to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("reproduce")(model_reproduce)


def model_reproduce(
    directory: Home,
    model: Annotated[
        str, typer.Argument(metavar="ID", help="The model: its id, the beginning of it, or NAME/VERSION.")
    ],
    data: Annotated[Path, typer.Option(metavar="FILE", help="The file it was trained on.")],
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Train a registered score again from its record, and hold it to the one of then, to the bit.

    loantwin model reproduce DIR applications/1 --data CASES.csv
    """
    import loantwin as lt

    with shown("training again") as progress:
        result = lt.model_reproduce(directory, model, data=data, progress=progress)
    finish(result, json, table)
