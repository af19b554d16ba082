"""`simulate`: loan-level histories of the twin to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Seed, Tables, finish
from loantwin.interfaces.cli.panels import AHEAD
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("simulate", rich_help_panel=AHEAD)(simulate)


def simulate(
    directory: Home,
    out: Annotated[Path, typer.Option(metavar="FILE.parquet", help="The file to write.")],
    months: Annotated[int | None, typer.Option(min=1, help="Months ahead (default 36).")] = None,
    paths: Annotated[int, typer.Option(min=1, help="Histories of each loan.")] = 1,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="FILE[#NAME]", help="A given macro path; without it the generator draws one."),
    ] = None,
    period: Annotated[
        str,
        typer.Option(
            metavar="expected|drawn",
            help="Period effects and coefficients: as the fit expects them, or drawn like a forecast's path.",
        ),
    ] = "expected",
    align: Align = None,
    history: History = None,
    seed: Seed = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Write simulated histories of each live loan: a row a loan and month, and the mapping that reads them.

    The same seed gives the same file on any number of threads; another seed another economy and other luck.

    loantwin simulate DIR --out histories.parquet --months 24 --seed 7
    """
    import loantwin as lt

    with shown("simulating loans") as progress:
        result = lt.simulate(
            directory,
            out,
            months=months,
            paths=paths,
            scenarios=() if scenario is None else scenario,
            align=align,
            history=history or (),
            period=period,
            seed=seed,
            progress=progress,
        )
    finish(result, json, table)
