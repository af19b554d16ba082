"""`components`: age, period and vintage effects on default, in tables or on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Scenarios, Tables, finish
from loantwin.interfaces.cli.panels import LEARN
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("components", rich_help_panel=LEARN)(components)


def components(
    directory: Home,
    rule: Annotated[
        str,
        typer.Option(
            metavar="vintage|period|shared",
            help="Whose the common trend is, which no data can tell: vintage = no trend in the vintage "
            "effect.",
        ),
    ] = "vintage",
    vintage_months: Annotated[
        int,
        typer.Option("--vintage-months", min=1, help="Months of origination that share a vintage effect."),
    ] = 3,
    scenario: Scenarios = None,
    align: Align = None,
    history: History = None,
    months: Annotated[
        int | None,
        typer.Option(min=1, max=1200, help="Months ahead (default 36, or what the scenarios cover)."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write the effects as pictures on one page.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Take defaults apart: age of the loan, month of the calendar, vintage; what macro explains, and what a
    scenario brings.

    The three effects share one straight line that no data can divide between them: --rule says who gets it.
    Each scenario carries the period effect on; its trend is held where it stands.
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    with shown("taking defaults apart") as progress:
        result = lt.components(
            directory,
            rule=rule,
            vintage_months=vintage_months,
            scenarios=scenario or (),
            align=align,
            history=history or (),
            months=months,
            progress=progress,
        )
        if out is not None:
            from loantwin.interfaces.report.components import write

            write(result, out)
    finish(result, json, table)
