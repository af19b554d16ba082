"""`decision compare`: champion, challengers and shadows beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("compare")(decision_compare)


def decision_compare(
    directory: Home,
    figure: Annotated[
        str, typer.Option(metavar="FIGURE", help="What is tested: referred, approved or defaulted.")
    ] = "referred",
    difference: Annotated[
        float, typer.Option(metavar="D", help="The difference of shares that is looked for.")
    ] = 0.02,
    power: Annotated[
        float, typer.Option(metavar="P", help="How often it must be found, for the cases needed.")
    ] = 0.8,
    loans: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Which loan an application became: application_id, loan_id (default: the same number).",
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Compare champion, challengers and shadows: one test that may be looked at daily, and what each decides
    without a person at the champion's realised loss.

    loantwin decision compare DIR --figure referred --difference 0.02
    """
    import loantwin as lt

    result = lt.decision_compare(directory, figure=figure, difference=difference, power=power, loans=loans)
    finish(result, json, table)
