"""`fit`: what the lender's history teaches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.panels import LEARN
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("fit", rich_help_panel=LEARN)(fit)


def fit(
    directory: Home,
    macro: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A macro history (Fed table, FRED series, own CSV or TOML); repeatable. Without any the "
            "period effect alone carries the economy, and no scenario can be run.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The transition model: logit (the default), or a package's."),
    ] = None,
    model_from: Annotated[
        Path | None,
        typer.Option(
            "--model-from",
            metavar="DIR",
            help="Take over the model of another fitted twin, for a book without a history.",
        ),
    ] = None,
    learn_from: Annotated[
        list[Path] | None,
        typer.Option(
            "--learn-from",
            metavar="DIR",
            help="Start from what another fitted twin has learnt, of another product or book; repeatable. "
            "This book's own history moves it.",
        ),
    ] = None,
    prior: Annotated[
        str | None,
        typer.Option(
            metavar="PRODUCT",
            help="Start from a product's prior model: mortgage, personal, card, auto, auto-subprime, "
            "small-business, corporate. All that a snapshot has; a history moves it.",
        ),
    ] = None,
    combine: Annotated[
        bool,
        typer.Option(
            "--combine",
            help="Bring the twin's paths to 3/4 of its own forecast and 1/4 of the mean of simple rivals: a "
            "safeguard that costs accuracy where the twin is ahead (see docs/backtest.md).",
        ),
    ] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Carry the stored model to the twin's as-of date by the months that are new, instead of "
            "fitting anew.",
        ),
    ] = False,
    score: Annotated[
        str | None,
        typer.Option(
            metavar="SCORES[#NAME]|NAME|ID",
            help="A score (a folder of `score train`, its champion if none is named; or one of the home's "
            "register) whose log-odds become a term of every transition, with a fitted coefficient.",
        ),
    ] = None,
    score_file: Annotated[
        Path | None,
        typer.Option(
            "--score-file",
            metavar="FILE",
            help="The lender's own columns by loan number, where the score reads others than the home holds.",
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Learn from the lender's history: transitions, loss given default, prepayment, and a generator of macro
    paths.
    """
    import loantwin as lt

    with shown("fitting") as progress:
        result = lt.fit(
            directory,
            macro or (),
            model=model,
            model_from=model_from,
            learn_from=learn_from or (),
            prior=prior,
            combine=combine,
            update=update,
            score=score,
            score_file=score_file,
            progress=progress,
        )
    finish(result, json, table)
