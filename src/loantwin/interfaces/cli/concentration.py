"""`concentration`: names, connected groups, sectors, granularity."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.panels import PROVIDE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("concentration", rich_help_panel=PROVIDE)(concentration)


def concentration(
    directory: Home,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="segment|product|state|region|industry|grade|purpose|vintage|collateral|COLUMN",
            help="A sector to part the book by; repeatable. Default: segment, product, state, region, "
            "industry where known.",
        ),
    ] = None,
    confidence: Annotated[float, typer.Option(help="Confidence of the granularity adjustment.")] = 0.999,
    resamples: Annotated[
        int, typer.Option(min=1, help="Resamples behind the intervals of the indices (default 400).")
    ] = 400,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Say how few names, connected borrowers or sectors carry the book, and what single names add to the
    tail.

    Herfindahl 1/n means n equal names would be as concentrated. The granularity adjustment is what to add to
    a quantile that takes the book as infinitely fine, as the Basel formula does; it needs a fitted model.
    """
    import loantwin as lt

    with shown("concentration") as progress:
        result = lt.concentration(
            directory, by=by or (), confidence=confidence, resamples=resamples, progress=progress
        )
    finish(result, json, table)
