"""`score predict`: cases of a file scored by a kept model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("predict")(score_predict)


def score_predict(
    scores: Annotated[Path, typer.Argument(metavar="SCORES", help="The folder that `score train` wrote.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Cases with the columns of training: text, Excel, Parquet.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .csv or .parquet file: a row a case.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A model of the folder (default: its champion).")
    ] = None,
    id: Annotated[  # noqa: A002  # the word of the option
        str | None, typer.Option(metavar="COLUMN", help="Names the cases in FILE; else they are numbered.")
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Write up to four reasons a case.")] = False,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Score the cases of a file, in their order, and tell what the model did not know.

    Texts that training never showed, numbers beyond its range and missing values are counted by column. A
    file without a column of the model, or with one of another kind, is refused.
    """
    import loantwin as lt

    result = lt.score_predict(scores, data, out=out, model=model, id=id, reasons=reasons)
    finish(result, json, table)
