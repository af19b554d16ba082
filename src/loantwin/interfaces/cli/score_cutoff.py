"""`score cutoff`: what cut-offs of the twin's score come to over the life of the loans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("cutoff")(score_cutoff)


def score_cutoff(
    directory: Home,
    applications: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Applications: amount, term_months, annual_rate, what segments are made of and the score's "
            "columns; or a file in the format of the twin's tape.",
        ),
    ],
    scores: Annotated[
        str | None,
        typer.Option(
            metavar="SCORES[#NAME]",
            help="The score, a folder of `score train` (default: the one that the home keeps). It must be "
            "the one that the twin was fitted with.",
        ),
    ] = None,
    paths: Annotated[int, typer.Option(min=2, help="Drawn paths that the intervals are of.")] = 200,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws (default: the setting).")] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Show what cut-offs of a score come to: approvals, defaults, loss, income, costs and profit.

    Over the life of the loans, as the twin sees it, and beside it what a flag of default within 12 months
    alone would choose.
    """
    import loantwin as lt

    with shown("lending up to each cut-off") as progress:
        result = lt.score_cutoff(
            directory, applications, scores=scores, paths=paths, seed=seed, progress=progress
        )
    finish(result, json, table)
