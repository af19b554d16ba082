"""`validate`: the dossier of a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("validate", rich_help_panel=CHALLENGE)(validate)


def validate(
    directory: Home,
    out: Annotated[Path, typer.Option(metavar="DOSSIER.html", help="The page to write.")] = Path(
        "dossier.html"
    ),
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who answers the findings. Default: not named.")
    ] = None,
    origins: Annotated[
        int, typer.Option(min=0, help="Origins of the backtest, a year apart (default 3); 0 leaves it out.")
    ] = 3,
    thins: Annotated[
        int, typer.Option(min=2, help="Random halves of the loans on which the model is fitted again.")
    ] = 4,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Write the dossier a model validator asks for: inventory with materiality, lineage, concept, data,
    outcomes, benchmarks, stability, figures made twice, limitations, and findings with owner and date.

    It takes about a minute: the model is fitted again at past dates and on halves of the loans. More origins
    give firmer verdicts; `backtest` alone tells more of them.
    """
    import loantwin as lt

    with shown("validating") as progress:
        result = lt.validate(directory, out, owner=owner, origins=origins, thins=thins, progress=progress)
    finish(result, json, table)
