"""`fairness-search`: models that approve groups more alike, with what each costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.cases import Cases, Good, Groups, Target
from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("fairness-search", rich_help_panel=CHALLENGE)(fairness_search)


def fairness_search(
    data: Cases,
    target: Target,
    good: Good,
    group: Groups,
    reference: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="The group that another is beside (default: the largest)."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="That other group (default: the one approved least)."),
    ] = None,
    approve: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Share of cases that each model approves (default: the share good)."
        ),
    ] = None,
    models: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="Kinds of model, the present one first.")
    ] = "logistic,additive,scorecard",
    folds: Annotated[int, typer.Option(help="Folds of the cross-validation.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of folds and draws.")] = 0,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Leave a column out; repeatable.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Train on a column though it is suspected to leak; repeatable."),
    ] = None,
    train_on_groups: Annotated[
        bool,
        typer.Option(
            "--train-on-groups", help="Also try models that are trained to bring groups' scores together."
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write pictures and tables on one page.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Train other models on the same cases and set what each gains in approvals of a group beside its cost.

    All are judged on cases not trained on, at one share approved. No model reads the groups; a gain is shown
    only where its interval, widened for the number of models tried, leaves zero out.
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    with shown("searching") as progress:
        result = lt.fairness_search(
            data,
            target=target,
            good=good,
            group=[name.strip() for name in group.split(",") if name.strip()],
            reference=reference,
            compare=compare,
            approve=approve,
            models=[name.strip() for name in models.split(",") if name.strip()],
            folds=folds,
            seed=seed,
            exclude=exclude or (),
            keep=keep or (),
            train_on_groups=train_on_groups,
            progress=progress,
        )
        if out is not None:
            from loantwin.interfaces.report.fairness.search import write

            write(result, out)
    finish(result, json, table)
