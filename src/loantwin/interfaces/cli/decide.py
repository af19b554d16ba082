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
    profile: Annotated[
        list[str] | None,
        typer.Option(
            metavar="us|eu|cn",
            help="Refer what rules of law of a profile forbid, with rule and source; repeatable.",
        ),
    ] = None,
    challenger: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A policy that decides a share of the applicants instead."),
    ] = None,
    share: Annotated[
        float | None, typer.Option(metavar="S", help="The challenger's share of applicants, above 0 to 1.")
    ] = None,
    shadows: Annotated[
        list[Path] | None,
        typer.Option(
            "--shadow",
            metavar="FILE",
            help="A policy that decides beside: recorded, never answered; repeatable.",
        ),
    ] = None,
    in_order: Annotated[
        bool,
        typer.Option(
            "--in-order", help="Limits count what was granted before in the file: `exposures` are added to."
        ),
    ] = False,
    owed: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What is owed already, `balance` by attributes.borrower_id and others: as --in-order.",
        ),
    ] = None,
    record: Annotated[
        bool,
        typer.Option(
            "--record", help="Put every decision into the twin's log before it is answered; see `evidence`."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all decisions to FILE.jsonl, FILE.csv or FILE.parquet."),
    ] = None,
    letters: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write letters on declines and counter-offers into a new folder."),
    ] = None,
    reasons: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="What reason codes are called in letters; the lender's name."),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Decide applications: approve, decline or refer, with terms, reasons and a counter-offer.

    What cannot be decided is referred with its reason; nothing is decided by default. Nothing is written into
    the twin without --record.

    loantwin decide applications.jsonl --policy policy.json --model applications --twin DIR --record
    """
    import loantwin as lt
    from loantwin import months

    day = None if on is None else months.day(on, "on")
    result = lt.decide(
        file, policy=policy, model=model, twin=twin, on=day, profile=profile or (), challenger=challenger,
        share=share, shadows=shadows or (), in_order=in_order, owed=owed, record=record, out=out,
        letters=letters, reasons=reasons,
    )  # fmt: skip
    finish(result, json, table)
