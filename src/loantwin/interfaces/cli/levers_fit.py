"""`levers fit`: what price does, learnt from an offer log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("fit")(levers_fit)


def levers_fit(
    offers: Annotated[
        Path, typer.Option(metavar="FILE", help="The log of offers, a row each: text, Excel or Parquet.")
    ],
    format: Annotated[  # noqa: A002  # the command's word
        Path,
        typer.Option(metavar="MAPPING.toml", help="What its columns mean (`schema offers`)."),
    ],
    within: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN,COLUMN",
            help="Columns whose values make the strata in which price was drawn (default: the mapping's).",
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|cut=POINTS|rate=RATE",
            help="A price rule to value: a TOML file, every stratum's mean rate less some points, or one "
            "rate for all (default: cut=1).",
        ),
    ] = None,
    band: Annotated[
        float, typer.Option(help="Points to each side of the rule's rate in which offers stand for it.")
    ] = 0.5,
    out: Annotated[
        Path | None,
        typer.Option(metavar="LEVERS.json", help="Keep the fitted levers, for pricing and the environment."),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Learn what price does to take-up, size and arrears from a log of offers, with intervals.

    Where price was not random it says so and widens; where offers are too few it says that it cannot tell.

    loantwin levers fit --offers OFFERS.csv --format examples/offers.toml
    """
    import loantwin as lt

    with shown("fitting levers"):
        result = lt.levers_fit(offers, format, within=_names(within), rule=rule, band=band, out=out)
    finish(result, json, table)


def _names(words: str | None) -> list[str] | None:
    return None if words is None else [name.strip() for name in words.split(",") if name.strip()]
