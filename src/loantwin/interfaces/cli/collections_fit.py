"""`collections fit`: what treatments add, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("fit")(collections_fit)


def collections_fit(
    log: Annotated[
        Path, typer.Argument(metavar="LOG", help="Treatments given and what came of them, a row each.")
    ],
    format: Annotated[  # noqa: A002  # the command's word
        Path,
        typer.Option(metavar="FILE.toml", help="Columns, treatments and limits (`schema collections`)."),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="UPLIFT.json", help="Keep what was fitted, for `collections plan`.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of folds and trees.")] = 0,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Learn what each treatment adds against none, and for whom it adds most, with intervals.

    What the log cannot tell is not shown: a treatment without a clear effect, a ranking no better than
    chance.

    loantwin collections fit LOG.csv --format examples/collections.toml --out uplift.json
    """
    import loantwin as lt

    with shown("fitting uplift") as progress:
        result = lt.collections_fit(log, format, seed=seed, out=out, progress=progress)
    finish(result, json, table)
