"""`backtest`: how wrong the twin would have been, beside the rivals a sceptic would name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Paths, Seed, Tables, finish
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("backtest", rich_help_panel=CHALLENGE)(backtest)


def backtest(
    directory: Home,
    origin: Annotated[
        str,
        typer.Option(
            metavar="DATES|every=NM",
            help="Dates YYYY-MM-DD separated by commas, or every=12M: steps both ways from the twin's "
            "own date.",
        ),
    ] = "every=12M",
    horizons: Annotated[
        str, typer.Option(metavar="MONTHS", help="Windows in months, separated by commas.")
    ] = "3,6,12,24",
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="YYYY-MM-DD",
            help="First date of every= (default: 100 outcomes of a kind are known).",
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="YYYY-MM-DD",
            help="Last date of every= (default: the last with a closed window).",
        ),
    ] = None,
    paths: Paths = None,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write a page with pictures.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Refit the twin at past dates, forecast with what was known then, and score it beside what came.

    Every origin is forecast twice: given the macro path that came (the model's error alone) and on
    generated paths (all a lender would have had). Scores stand beside five rivals on the same
    observations and beside the noise floor, what a perfect model would have scored. Nothing is written to
    the home.

    loantwin backtest sba-2005 --origin 2003-12-31,2005-12-31 --horizons 12

    loantwin backtest sba-2005 --origin every=12M --from 2002-12-31 --to 2011-12-31 --out backtest.html
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    with shown("backtest") as progress:
        result = lt.backtest(
            directory,
            origin,
            horizons=horizons,
            start=start,
            end=end,
            paths=paths,
            seed=seed,
            progress=progress,
        )
        if out is not None:
            from loantwin.interfaces.report.backtest.page import write_backtest_page

            progress(0.99, "drawing")
            write_backtest_page(result, out)
    finish(result, json, table)
