"""`provisions`: the allowance of the book; `loantwin provisions explain`: how that of one loan comes
about.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from loantwin.errors import UsageError, expected
from loantwin.interfaces.cli.options import Align, AsJson, History, Scenarios, Supported, Tables, finish
from loantwin.interfaces.cli.panels import PROVIDE
from loantwin.interfaces.cli.progress import shown

EXPLAIN = "explain"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("provisions", rich_help_panel=PROVIDE)(provisions)


def provisions(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR | explain DIR LOAN",
            help="The twin's home; or the word explain, the home and a loan's number.",
        ),
    ],
    standard: Annotated[
        str, typer.Option(metavar="ifrs9|cecl|five-level", help="The accounting or supervisory standard.")
    ],
    scenario: Scenarios = None,
    align: Align = None,
    history: History = None,
    supported_months: Supported = None,
    overlays: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Overlays with author, reason, scope and expiry; shown apart."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="pd-lgd|dcf|vintage|warm|roll-rate|all", help="Methods of CECL to show side by side."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write FILE.parquet, a row a loan; with explain FILE.xlsx, a workbook of formulas.",
        ),
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Give the allowance for the book under IFRS 9, CECL or China's five-level classification.

    Several scenarios take weights that sum to 1: --scenario F.csv#Baseline=0.6 --scenario
    F.csv#Adverse=0.4. Without --scenario the paths of the fitted generator are averaged. Modelled figures
    and overlays stand apart.

    loantwin provisions DIR --standard ifrs9 --out loans.parquet

    loantwin provisions explain DIR LOAN --standard ifrs9 --out loan.xlsx   # every number of one loan
    """
    import loantwin as lt

    asked: dict[str, Any] = {
        "scenarios": scenario or (),
        "align": align,
        "history": history or (),
        "supported_months": supported_months,
        "out": out,
    }
    if what[0] == EXPLAIN and len(what) != 1:
        if len(what) != 3:
            raise UsageError(expected("explain DIR LOAN", " ".join(what)), field="provisions")
        if overlays is not None or method is not None:
            given = "--overlays" if overlays is not None else "--method"
            raise UsageError(expected("no overlays and no method with explain", given), field=given)
        with shown("explaining"):
            explained = lt.provisions_explain(Path(what[1]), what[2], standard, **asked)
        finish(explained, json, table)
        return
    if len(what) != 1:
        raise UsageError(expected("one home, or explain DIR LOAN", " ".join(what)), field="provisions")
    with shown("provisions") as progress:
        result = lt.provisions(
            Path(what[0]), standard, overlays=overlays, method=method, **asked, progress=progress
        )
    finish(result, json, table)
