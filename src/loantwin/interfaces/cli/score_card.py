"""`score card`: the model card of a folder of scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("card")(score_card)


def score_card(
    scores: Annotated[Path, typer.Argument(metavar="SCORES", help="The folder that `score train` wrote.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="CARD.html", help="Also write the card as one page that opens offline."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Other cases, on which the champion is judged too."),
    ] = None,
    purpose: Annotated[str, typer.Option(metavar="TEXT", help="What the score is for, in your words.")] = "",
    home: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A twin's home: what its register holds of these models."),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Make the model card of a score from the record of its training: purpose, data, figures, limits.

    With --out it is one page for a committee: every model with its intervals, who is found, calibration,
    segments and vintages where they were judged, features, leaks, points, settings and what was assumed.
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    result = lt.score_card(scores, data=data, purpose=purpose, home=home)
    if out is not None:
        from loantwin.interfaces.report.score_card.page import write

        write(result, out)
    finish(result, json, table)
