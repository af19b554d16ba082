"""`fairness`: decisions and scores of groups beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.cases import Groups
from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("fairness", rich_help_panel=CHALLENGE)(fairness)


def fairness(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Decided cases, a row each: text, Excel or Parquet.")
    ],
    outcome: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the decision.")],
    favourable: Annotated[
        str, typer.Option(metavar="VALUE", help="Its value that is good for the applicant.")
    ],
    group: Groups,
    unfavourable: Annotated[
        str | None,
        typer.Option(
            metavar="VALUE", help="The other value, where there are more: rows with others are left out."
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="The group that others are beside (default: the largest)."),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            metavar="natural|sampled",
            help="Whether the file holds every decision, or cases drawn by the decision.",
        ),
    ] = None,
    figures: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Of odds-ratio, approval-ratio, approval-difference: those that must be shown.",
        ),
    ] = None,
    bad: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=VALUE", help="Cases that ended badly; other values ended well, none: unknown."
        ),
    ] = None,
    score: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="A column of probabilities of a bad end.")
    ] = None,
    scores: Annotated[
        str | None,
        typer.Option(metavar="DIR[#NAME]", help="A folder of `score train`, whose model is applied."),
    ] = None,
    bands: Annotated[int, typer.Option(help="Bands of equal risk.")] = 5,
    given: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN,COLUMN", help="Columns at whose equal values approvals are compared too."
        ),
    ] = None,
    month: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Dates of the decisions: the figures by month too.")
    ] = None,
    least: Annotated[int, typer.Option(help="Cases of a group below which its figures are not shown.")] = 30,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write pictures and tables on one page.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Set decisions and scores of groups beside each other: figures with intervals, never verdicts.

    Shares and ratios of approval are refused where cases were chosen by their outcome, or look so and
    --levels says nothing; odds ratios survive such a choice and are always shown.
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    with shown("setting groups beside each other"):
        result = lt.fairness(
            data,
            outcome=outcome,
            favourable=favourable,
            group=_names(group),
            unfavourable=unfavourable,
            reference=reference,
            levels=levels,
            figures=_names(figures),
            bad=bad,
            score=score,
            scores=scores,
            bands=bands,
            given=_names(given),
            month=month,
            least=least,
        )
        if out is not None:
            from loantwin.interfaces.report.fairness.page import write

            write(result, out)
    finish(result, json, table)


def _names(words: str | None) -> list[str]:
    return [] if words is None else [name.strip() for name in words.split(",") if name.strip()]
