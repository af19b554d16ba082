"""`sensitivity`: what each parameter of the model is worth in money."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Scenarios, Supported, Tables, finish
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("sensitivity", rich_help_panel=CHALLENGE)(sensitivity)


def sensitivity(
    directory: Home,
    measure: Annotated[
        str,
        typer.Option(
            metavar="lifetime-loss|12-month-loss",
            help="Expected loss of live loans to contract end, or of 12 months.",
        ),
    ] = "lifetime-loss",
    scenario: Scenarios = None,
    align: Align = None,
    history: History = None,
    supported_months: Supported = None,
    gross: Annotated[bool, typer.Option("--gross", help="Before what guarantors bear.")] = False,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    r"""Say what each parameter is worth: the derivative of expected loss by every one of them, exact, in one
    pass.

    Beside it the interval that errors of estimation give the loss (delta method), and each macro factor moved
    by one deviation. Needs the extra: pip install 'loantwin\[jax]'.
    """
    import loantwin as lt

    with shown("derivatives") as progress:
        result = lt.sensitivity(
            directory,
            measure=measure,
            scenarios=scenario or (),
            align=align,
            history=history or (),
            gross=gross,
            supported_months=supported_months,
            progress=progress,
        )
    finish(result, json, table)
