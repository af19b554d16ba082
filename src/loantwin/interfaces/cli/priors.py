"""`priors`: the prior models that ship, with their sources."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import LEARN


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("priors", rich_help_panel=LEARN)(priors)


def priors(
    product: Annotated[
        str | None, typer.Argument(metavar="[PRODUCT]", help="One product; without it, all in short.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Show what is believed of a product before a lender has a history: `fit --prior` starts there."""
    import loantwin as lt

    finish(lt.priors(product), json, table)
