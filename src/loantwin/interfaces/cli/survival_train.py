"""`survival train`: when loans end, trained on what was known and judged on what came."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("train")(survival_train)


def survival_train(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Loans with their end: text, Excel or Parquet.")
    ],
    start: Annotated[str, typer.Option(metavar="COLUMN", help="Day on which a loan began.")],
    as_of: Annotated[
        str, typer.Option(metavar="DAY[,DAY]", help="Days to look back to: what came later judges the model.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="A new folder for the model and its record, as text.")
    ],
    event: Annotated[
        str | None,
        typer.Option(metavar="COLUMN=VALUE", help="What the event is; COLUMN>NUMBER too. Default: any end."),
    ] = None,
    event_date: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Day on which a loan ended; empty where it goes on.")
    ] = None,
    months: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Months to the end or the last look, in place of --event-date."),
    ] = None,
    competing: Annotated[
        str | None, typer.Option(metavar="COLUMN=VALUE", help="Another end that rules the event out.")
    ] = None,
    loan: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of a panel, one row a loan and month: the loan.")
    ] = None,
    month: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of a panel: the day of the row.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Leave out loans that began before this day.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day watched (default: the latest end's month).")
    ] = None,
    macro: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="History with the unemployment rate, or us; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Leave a column out; repeatable.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Train on a column though it is suspected to leak; repeatable."),
    ] = None,
    cox: Annotated[
        bool, typer.Option("--cox", help="Set lifelines' Cox regression beside (extra scoring; minutes).")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of intervals and of the look for leaks.")] = 0,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Train hazards of an event in presence of another end, judge them on what came later, keep them as text.

    At each day of --as-of the loans are seen as they were then. The probability of the event within 12 and 24
    months is set beside the curve by age alone and the rate of the last year.
    """
    import loantwin as lt

    with shown("training hazards") as progress:
        result = lt.survival_train(
            data,
            start=start,
            out=out,
            as_of=[item.strip() for item in as_of.split(",")],
            event=event,
            event_date=event_date,
            months=months,
            competing=competing,
            loan=loan,
            month=month,
            since=since,
            until=until,
            macro=macro or (),
            exclude=exclude or (),
            keep=keep or (),
            cox=cox,
            seed=seed,
            progress=progress,
        )
    finish(result, json, table)
