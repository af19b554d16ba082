"""`price`: what applications must pay and what they leave, and the best offer of a grid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import DECIDE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("price", rich_help_panel=DECIDE)(price)


def price(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Applications as `loantwin schema application` says: JSON lines, JSON, CSV or Parquet.",
        ),
    ],
    twin: Annotated[Path, typer.Option(metavar="DIR", help="The twin that says what loans come to.")],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|ID|SCORES[#NAME]",
            help="The score, as of `decide` (default: the one that the twin was fitted with).",
        ),
    ] = None,
    levers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What price does, from `levers fit --out` (default: not counted)."),
    ] = None,
    offers: Annotated[
        Path | None,
        typer.Option(
            metavar="GRID.toml", help="Choose the best of these offers for each (`loantwin schema grid`)."
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A decision graph (JDM) that every offer must be approved by."),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="us|eu|cn", help="Rules of law of a profile that offers keep; repeatable."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The policy's day of applications that have none."),
    ] = None,
    paths: Annotated[int, typer.Option(min=2, help="Drawn paths that intervals are of.")] = 200,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws (default: the setting).")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all prices to FILE.jsonl, FILE.csv or FILE.parquet."),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Price applications from funding, risk, capital, costs and tax: return, profit, break-evens.

    With --offers, the best amount, rate, term and pattern for each, under policy, law and limits.

    loantwin price applications.jsonl --twin DIR --offers grid.toml --policy policy.json
    """
    import loantwin as lt
    from loantwin import months

    day = None if on is None else months.day(on, "on")
    with shown("pricing") as progress:
        made = lt.price(
            file, twin=twin, model=model, levers=levers, offers=offers, policy=policy,
            profile=profile or (), on=day, paths=paths, seed=seed, out=out, progress=progress,
        )  # fmt: skip
    finish(made, json, table)
