"""`backtest-rates`: the period effect's model on published loss rates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("backtest-rates", rich_help_panel=CHALLENGE)(backtest_rates)


def backtest_rates(
    rates: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Quarterly charge-off or delinquency rates, as FRED gives them."
        ),
    ],
    macro: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A macro history; repeatable. None: the period effect alone."),
    ] = None,
    start: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First origin.")] = "2005-01-01",
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM-DD", help="Last origin (default: the last with an outcome)."),
    ] = None,
    quarters: Annotated[
        str, typer.Option(metavar="QUARTERS", help="Quarters ahead, separated by commas.")
    ] = "4",
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Forecast published loss rates some quarters ahead, given the macro path that came, with what was
    published at the time.

    The model is the twin's own period effect: a latent level with macro effects, its priors those of the
    loan models. It stands beside a random walk, last year's mean and an autoregression.
    """
    import loantwin as lt

    with shown("backtest") as progress:
        result = lt.backtest_rates(
            rates, macro or (), start=start, end=end, quarters=quarters, progress=progress
        )
    finish(result, json, table)
