"""`movement`: what moved the allowance between two dates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Scenarios, Tables, finish
from loantwin.interfaces.cli.panels import PROVIDE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("movement", rich_help_panel=PROVIDE)(movement)


def movement(
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
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write a page with the waterfall.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Explain the change of the IFRS 9 allowance between two dates, in the form of IFRS 7.35H, to the
    cent.

    Each step revalues every loan with one input more taken from the closing date: stage, balance,
    probability of default, economy, loss given default, model. What is left of a step is its effect, so
    that the order counts.
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    with shown("revaluing") as progress:
        result = lt.movement(
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
        if out is not None:
            from loantwin.interfaces.report.movement import write

            write(result, out)
    finish(result, json, table)
