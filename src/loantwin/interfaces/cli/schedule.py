"""`schedule`: what a loan's terms ask for on which day, and what it costs in all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import CONTRACT


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("schedule", rich_help_panel=CONTRACT)(schedule)


def schedule(
    terms: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="A file of terms, in place of the options below."),
    ] = None,
    amount: Annotated[str | None, typer.Option(metavar="MONEY", help="What is lent, currency.")] = None,
    annual_rate: Annotated[
        str | None, typer.Option(metavar="DECIMAL", help="Nominal rate a year: 0.0995 is 9.95 %.")
    ] = None,
    payments: Annotated[int | None, typer.Option(metavar="N", help="Number of instalments.")] = None,
    every: Annotated[
        str | None, typer.Option(metavar="1m|1w|14d|3m", help="How often they fall due (default 1m).")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Day of the disbursement (default: today).")
    ] = None,
    first: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="First due date (default: one period on).")
    ] = None,
    day_count: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="30/360 (default), actual/365, actual/360, actual/actual, ..."),
    ] = None,
    interest_period: Annotated[
        str | None,
        typer.Option(
            metavar="daily|same-as-period",
            help="Count days, or the period's nominal length (default: days where the day count does).",
        ),
    ] = None,
    rounding: Annotated[
        str | None,
        typer.Option(metavar="half-even|half-up|half-down|up|down", help="Of interest (default half-even)."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="declining|flat|interest-first", help="How interest is asked (default declining)."
        ),
    ] = None,
    amortisation: Annotated[
        str | None,
        typer.Option(
            metavar="annuity|equal-principal|interest-only|balloon|bullet",
            help="How principal comes back (default annuity).",
        ),
    ] = None,
    instalment: Annotated[
        str | None,
        typer.Option(metavar="MONEY", help="An agreed payment; how many follows from it."),
    ] = None,
    balloon: Annotated[
        str | None, typer.Option(metavar="MONEY", help="Due with the last instalment beside it.")
    ] = None,
    currency: Annotated[str | None, typer.Option(metavar="EUR", help="Code of the currency.")] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Show what falls due on which day, to the minor unit, what a loan costs in all, and its yearly rates.

    loantwin schedule --amount 2400 --annual-rate 0.0995 --payments 12

    loantwin schedule --terms FILE.toml
    """
    import loantwin as lt

    result = lt.schedule(
        terms,
        amount=amount,
        annual_rate=annual_rate,
        payments=payments,
        every=every,
        start=start,
        first=first,
        day_count=day_count,
        interest_period=interest_period,
        rounding=rounding,
        method=method,
        amortisation=amortisation,
        instalment=instalment,
        balloon=balloon,
        currency=currency,
    )
    finish(result, json, table)
