"""`capital`: what capital the book needs; `loantwin capital explain`: how that of one loan comes
about.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from loantwin.errors import UsageError, expected
from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import PROVIDE
from loantwin.interfaces.cli.progress import shown

EXPLAIN = "explain"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("capital", rich_help_panel=PROVIDE)(capital)


def capital(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR | explain DIR LOAN",
            help="The twin's home; or the word explain, the home and a loan's number.",
        ),
    ],
    approach: Annotated[
        str,
        typer.Option(
            metavar="standardised|foundation-irb|advanced-irb|all",
            help="How risk weights are found (all: side by side).",
        ),
    ] = "all",
    options: Annotated[
        str,
        typer.Option(
            metavar="basel|united-states|china|european-union|united-kingdom|FILE.toml",
            help="Whose rules: tables of weights, factors, minima and limits.",
        ),
    ] = "basel",
    own_funds: Annotated[
        Path | None,
        typer.Option(
            "--capital",
            metavar="FILE.toml",
            help="Own funds (cet1, tier2, ...): adds ratios, buffers and limits of large exposures.",
        ),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(
            metavar="YYYY", help="Year of the output floor's phase-in (default: that of the as-of date)."
        ),
    ] = None,
    pd: Annotated[
        str,
        typer.Option(
            metavar="through-the-cycle|point-in-time",
            help="One-year PD: the economy at its long-run mean, or the generator's paths from today.",
        ),
    ] = "through-the-cycle",
    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Set what the source does not tell, such as exposure_class, ltv; repeatable.",
        ),
    ] = None,
    any_date: Annotated[
        bool,
        typer.Option("--any-date", help="Use options that are not in force at the as-of date."),
    ] = False,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Give the capital the book needs: risk-weighted assets by class, floors that bind, expected loss,
    ratios.

    Exposure classes, guarantees and everything else the tape does not say are assumptions: printed, and
    set by --assume.

    loantwin capital DIR --options united-states

    loantwin capital DIR --approach advanced-irb --capital funds.toml --year 2026

    loantwin capital explain DIR LOAN   # rule, inputs and every intermediate value of one loan
    """
    import loantwin as lt

    asked: dict[str, Any] = {
        "approach": approach,
        "options": options,
        "pd": pd,
        "assume": assume or (),
        "any_date": any_date,
    }
    if what[0] == EXPLAIN and len(what) != 1:
        if len(what) != 3:
            raise UsageError(expected("explain DIR LOAN", " ".join(what)), field="capital")
        if own_funds is not None or year is not None:
            given = "--capital" if own_funds is not None else "--year"
            raise UsageError(expected("no own funds and no year: one loan has no ratios", given), field=given)
        with shown("explaining"):
            explained = lt.capital_explain(Path(what[1]), what[2], **asked)
        finish(explained, json, table)
        return
    if len(what) != 1:
        raise UsageError(expected("one home, or explain DIR LOAN", " ".join(what)), field="capital")
    with shown("capital") as progress:
        result = lt.capital(Path(what[0]), own_funds=own_funds, year=year, **asked, progress=progress)
    finish(result, json, table)
