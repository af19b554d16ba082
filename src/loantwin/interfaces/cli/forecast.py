"""`forecast`: the book run forward, month by month."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import Align, AsJson, History, Home, Paths, Seed, Tables, finish
from loantwin.interfaces.cli.panels import AHEAD
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("forecast", rich_help_panel=AHEAD)(forecast)


def forecast(
    directory: Home,
    months: Annotated[int | None, typer.Option(min=1, help="Horizon in months (default 36).")] = None,
    paths: Paths = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="FILE[#NAME]", help="A given macro path; without it the generator's paths are used."
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAME",
            help="A policy that sets the levers each month (neutral, prudent, or a TOML file).",
        ),
    ] = None,
    new_lending: Annotated[
        str,
        typer.Option("--new-lending", metavar="none|constant-balance|FILE", help="The plan for new loans."),
    ] = "none",
    align: Align = None,
    history: History = None,
    seed: Seed = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Run the book forward: balances, payments, defaults, charge-offs and recoveries by month, with 90 %
    intervals.
    """
    import loantwin as lt

    with shown("running the book forward") as progress:
        result = lt.forecast(
            directory,
            months=months,
            paths=paths,
            scenarios=() if scenario is None else scenario,
            policy=policy,
            new_lending=new_lending,
            align=align,
            history=history or (),
            seed=seed,
            progress=progress,
        )
    finish(result, json, table)
