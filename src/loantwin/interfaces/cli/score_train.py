"""`score train`: scores trained and judged on rows with a known end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.cases import Cases, Good, Target
from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("train")(score_train)


def score_train(
    data: Cases,
    target: Target,
    good: Good,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="A new folder for the models and their record, as text.")
    ],
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Day of each case: the latest 30 % of rows judge what earlier ones trained.",
        ),
    ] = None,
    folds: Annotated[
        str, typer.Option(metavar="5x5", help="Repeats x folds of the cross-validation, without --time.")
    ] = "5x5",
    seed: Annotated[int, typer.Option(min=0, help="Seed of folds and of what models draw.")] = 0,
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Of logistic, additive, scorecard, boosting, boosting-monotone, stack (default: all).",
        ),
    ] = None,
    segments: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN,COLUMN",
            help="Columns by whose values every model is judged apart; features or not.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN,COLUMN", help="Columns to leave out; repeatable."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN,COLUMN",
            help="Train on columns though they are suspected to leak or to name cases; repeatable.",
        ),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN,COLUMN", help="Columns of groups: measured by, left out of every model."
        ),
    ] = None,
    train_on_groups: Annotated[
        bool, typer.Option("--train-on-groups", help="Let models train on the columns of --groups.")
    ] = False,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Train scores, judge each on rows it had not seen, and keep them as text.

    Columns that seem to know the outcome are named and left out. Every model is set beside a plain logistic
    regression; monotone boosting shows what its constraints cost.
    """
    import loantwin as lt

    with shown("training scores") as progress:
        result = lt.score_train(
            data,
            target=target,
            good=good,
            out=out,
            time=time,
            folds=folds,
            seed=seed,
            models=None if models is None else [name.strip() for name in models.split(",")],
            segments=() if segments is None else [name.strip() for name in segments.split(",")],
            exclude=exclude or (),
            keep=keep or (),
            groups=() if groups is None else [name.strip() for name in groups.split(",")],
            train_on_groups=train_on_groups,
            progress=progress,
        )
    finish(result, json, table)
