"""`decide`: approve, decline or refer applications by a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import DECIDE


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decide", rich_help_panel=DECIDE)(decide)


def decide(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Applications as `loantwin schema application` says: JSON lines, JSON, CSV or Parquet.",
        ),
    ],
    policy: Annotated[Path, typer.Option(metavar="FILE", help="The policy: a decision graph (JDM).")],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|ID|SCORES[#NAME]",
            help="The score: whose champion it is, its id or NAME/VERSION in the twin's register, or a "
            "folder of `score train`.",
        ),
    ] = None,
    twin: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The twin whose register holds the score and which values loans."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day of applications that have none (default: refused)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all decisions to FILE.jsonl, FILE.csv or FILE.parquet."),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Decide applications: approve, decline or refer, with terms, reasons and a counter-offer.

    What cannot be decided is referred with its reason; nothing is decided by default.

    loantwin decide applications.jsonl --policy policy.json --model applications --twin DIR
    """
    import loantwin as lt
    from loantwin import months

    day = None if on is None else months.day(on, "on")
    finish(lt.decide(file, policy=policy, model=model, twin=twin, on=day, out=out), json, table)
