"""`score explain`: why one case has its score, and what would have changed it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("explain")(score_explain)


def score_explain(
    scores: Annotated[Path, typer.Argument(metavar="SCORES", help="The folder that `score train` wrote.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Cases with the columns of training: text, Excel, Parquet.")
    ],
    row: Annotated[int | None, typer.Option(metavar="N", help="The case's number in DATA, from 1.")] = None,
    id: Annotated[  # noqa: A002  # the word of the option
        str | None, typer.Option(metavar="COLUMN=VALUE", help="What the case alone has, in place of --row.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A model of the folder (default: its champion).")
    ] = None,
    cut: Annotated[
        float | None,
        typer.Option(metavar="PD", help="Probability of bad above which a case is declined: 0.25."),
    ] = None,
    reasons: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Codes and texts of reasons, and what a person can change."),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Say what each feature adds to the score of one case, exactly, the reasons in words, and what would
    have changed it.

    With --cut, a declined case is told the fewest and smallest changes, of what the reasons file says that a
    person can change, that bring it to the cut-off; each is scored anew. `loantwin schema reasons` prints
    the file's keys.
    """
    import loantwin as lt

    result = lt.score_explain(scores, data, row=row, id=id, model=model, cut=cut, reasons=reasons)
    finish(result, json, table)
