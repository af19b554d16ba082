"""`journal`: the postings of the period between two dates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Scenarios, Tables, finish
from loantwin.interfaces.cli.panels import PROVIDE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("journal", rich_help_panel=PROVIDE)(journal)


def journal(
    directory: Home,
    opening: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM-DD", help="The opening date (end of day).")
    ],
    closing: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM-DD", help="The closing date (default: the twin's as-of date)."),
    ] = None,
    scenario: Scenarios = None,
    opening_scenario: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[#NAME][=WEIGHT]",
            help="Scenarios at the opening date (default: the generator's paths then).",
        ),
    ] = None,
    align: Align = None,
    history: History = None,
    same_model: Annotated[
        bool,
        typer.Option(
            "--same-model",
            help="Value both dates with the twin's model instead of refitting it at the opening.",
        ),
    ] = False,
    opening_overlays: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Overlays in force at the opening.")
    ] = None,
    overlays: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Overlays in force at the closing.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Print balanced postings of the loans and of their IFRS 9 allowance between two dates.

    Debit equals credit in each entry. The accounts tie to the tables of `loantwin movement` (IFRS 7.35H and
    35I) and to its charge to profit, to the cent.

    loantwin journal DIR --from 2023-12-31 --json
    """
    import loantwin as lt

    with shown("posting") as progress:
        result = lt.journal(
            directory,
            opening,
            closing,
            scenarios=scenario or (),
            opening_scenarios=opening_scenario or (),
            align=align,
            history=history or (),
            same_model=same_model,
            opening_overlays=opening_overlays,
            overlays=overlays,
            progress=progress,
        )
    finish(result, json, table)
