"""`ratings`: a transition matrix, its generator and probabilities of default over years."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import LEARN
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("ratings", rich_help_panel=LEARN)(ratings)


def ratings(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A published matrix, or a history: customer, date, rating (text, Excel, Parquet, JSON).",
        ),
    ],
    estimate: Annotated[
        str | None,
        typer.Option(
            metavar="cohort|duration",
            help="How a history is read: yearly cohorts (default), or in continuous time.",
        ),
    ] = None,
    horizon: Annotated[
        float, typer.Option(metavar="YEARS", help="Years of the term structure of default.")
    ] = 5.0,
    withdrawn: Annotated[
        str,
        typer.Option(
            metavar="proportional|no-default|keep",
            help="What a withdrawn rating says: nothing; that no default came; or a state of its own.",
        ),
    ] = "proportional",
    generator: Annotated[
        str,
        typer.Option(
            metavar="quasi-optimisation|weighted|diagonal|single-step",
            help="How a generator is taken from a yearly matrix.",
        ),
    ] = "quasi-optimisation",
    states: Annotated[
        str | None,
        typer.Option(metavar="AAA,AA,...,D", help="Names from best to worst, where the file has none."),
    ] = None,
    rest: Annotated[
        str | None,
        typer.Option(
            metavar="NR",
            help="A state that takes what each row lacks of 100 % (a withdrawn column left out).",
        ),
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(metavar="year|quarter|month|day", help="What 1 is in a history whose time is a number."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=40, help="Draws of the customers behind the intervals of a history.")
    ] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Seed of those draws.")] = 0,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Read or estimate a transition matrix: generator, whether one exists, probabilities of default over
    years.

    A one-year matrix rarely has a generator: the conditions say which fails and how far the nearest one is
    off. From a history every probability has an interval that draws whole customers again, and each year its
    place in the cycle.
    """
    import loantwin as lt

    with shown("reading ratings") as progress:
        result = lt.ratings(
            file,
            estimate=estimate,
            horizon=horizon,
            withdrawn=withdrawn,
            generator=generator,
            states=None if states is None else [name.strip() for name in states.split(",")],
            rest=rest,
            period=period,
            resamples=resamples,
            seed=seed,
            progress=progress,
        )
    finish(result, json, table)
