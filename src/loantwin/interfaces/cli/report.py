"""`report`: one page with pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Scenarios, Tables, finish
from loantwin.interfaces.cli.panels import AHEAD
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("report", rich_help_panel=AHEAD)(report)


def report(
    directory: Home,
    out: Annotated[
        Path, typer.Option(metavar="FILE.html|FILE.pdf", help="The page to write, or to print.")
    ] = Path("report.html"),
    scenario: Scenarios = None,
    align: Align = None,
    history: History = None,
    table: Tables = None,
    sections: Annotated[
        str, typer.Option(metavar="PART,...", help="The parts to show, by name; without it all.")
    ] = "",
    json: AsJson = False,
) -> None:
    """Write one self-contained page with pictures: the book, the fit, the forecast, provisions, stress and
    losses.

    Parts: book, forecast, compared, provisions, stress, loss, model, data, provenance. One that the source
    cannot fill is left out, and the page says why.
    """
    import loantwin as lt

    with shown("writing the report") as progress:
        result = lt.report(
            directory,
            out,
            scenarios=scenario or (),
            align=align,
            history=history or (),
            sections=sections,
            progress=progress,
        )
    finish(result, json, table)
