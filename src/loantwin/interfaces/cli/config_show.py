"""`config show`: every setting and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("show")(config_show)


def config_show(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The twin's home; without it the defaults and the environment."),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Show every setting, its value and where the value comes from."""
    import loantwin as lt

    finish(lt.config_show(directory), json, table)
