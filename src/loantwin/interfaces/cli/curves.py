"""`curves`: roll rates and vintage curves, in tables or on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.panels import LEARN
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("curves", rich_help_panel=LEARN)(curves)


def curves(
    directory: Home,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="roll-rates|vintages",
            help="What to show (default: roll rates where the tape has monthly reports).",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="year|half-year|quarter|month",
            help="Roll rates by year, quarter (default) or month; vintages by year (default), half-year or "
            "quarter.",
        ),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(
            metavar="default|charge-off",
            help="What vintages count (default: default where it is dated, else charge-off).",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write pictures and tables on one page.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Show how loans roll between arrears buckets, or what share of each vintage was lost by each age.

    Both are history, by number and by money, with intervals; they fit no model. A vintage is compared with
    others at the same age: what nobody has lived to see yet is missing, not zero.
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    with shown("reading the history"):
        result = lt.curves(directory, kind=kind, by=by, event=event)
        if out is not None:
            from loantwin.interfaces.report.curves import write

            write(result, out)
    finish(result, json, table)
