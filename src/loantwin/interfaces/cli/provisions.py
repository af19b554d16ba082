"""`provisions`: the allowance of the book under a standard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Scenarios, Supported, finish
from loantwin.interfaces.cli.panels import PROVIDE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("provisions", rich_help_panel=PROVIDE)(provisions)


def provisions(
    directory: Home,
    standard: Annotated[
        str, typer.Option(metavar="ifrs9|cecl|five-level", help="The accounting or supervisory standard.")
    ],
    scenario: Scenarios = None,
    align: Align = None,
    history: History = None,
    supported_months: Supported = None,
    overlays: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Overlays with author, reason, scope and expiry; shown apart."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="pd-lgd|dcf|vintage|warm|roll-rate|all", help="Methods of CECL to show side by side."
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Give the allowance for the book under IFRS 9, CECL or China's five-level classification.

    Several scenarios take weights that sum to 1: --scenario F.csv#Baseline=0.6 --scenario
    F.csv#Adverse=0.4. Without --scenario the paths of the fitted generator are averaged. Modelled figures
    and overlays stand apart.
    """
    import loantwin as lt

    with shown("provisions"):
        result = lt.provisions(
            directory,
            standard,
            scenarios=scenario or (),
            align=align,
            history=history or (),
            supported_months=supported_months,
            overlays=overlays,
            method=method,
        )
    finish(result, json)
