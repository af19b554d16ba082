"""`stress`: the book under economies given, replayed, shocked and searched for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import (
    Align,
    AsJson,
    History,
    Home,
    Scenarios,
    Seed,
    Supported,
    Tables,
    finish,
)
from loantwin.interfaces.cli.panels import CHALLENGE
from loantwin.interfaces.cli.progress import shown

Repeated = list[str] | None
GIVEN, SINGLE, REVERSE, BOOK = "Scenarios", "Sensitivities", "Reverse stress", "Capital and actions"
BELIEFS = "Beliefs"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("stress", rich_help_panel=CHALLENGE)(stress)


def stress(
    directory: Home,
    scenario: Scenarios = None,
    align: Align = None,
    history: History = None,
    replay: Annotated[
        Repeated,
        typer.Option(
            metavar="YEAR|YYYY-MM",
            help="What history did from then on, re-dated to today; repeatable.",
            rich_help_panel=GIVEN,
        ),
    ] = None,
    shock: Annotated[
        Repeated,
        typer.Option(
            metavar="FILE.toml",
            help="Shocks of your own to the baseline; repeatable.",
            rich_help_panel=GIVEN,
        ),
    ] = None,
    severity: Annotated[
        float,
        typer.Option(
            metavar="0..2",
            help="Multiplies the deviation of every scenario from the baseline.",
            rich_help_panel=GIVEN,
        ),
    ] = 1.0,
    sensitivity: Annotated[
        Repeated,
        typer.Option(
            metavar="FACTOR=SIZE",
            help="Shock one factor: percentage points, percent for an index, 'sd' for standard "
            "deviations; repeatable.",
            rich_help_panel=SINGLE,
        ),
    ] = None,
    sensitivities: Annotated[
        bool,
        typer.Option(
            "--sensitivities",
            help="Shock each factor by one standard deviation, up and down.",
            rich_help_panel=SINGLE,
        ),
    ] = False,
    sensitivity_shape: Annotated[
        str,
        typer.Option(
            metavar="UP/HOLD/DOWN",
            help="Months to the peak, at it, and back (0: for good).",
            rich_help_panel=SINGLE,
        ),
    ] = "12/0/24",
    correlated: Annotated[
        bool,
        typer.Option(
            "--correlated",
            help="Let the other factors move as the generator expects given the shock.",
            rich_help_panel=SINGLE,
        ),
    ] = False,
    reverse: Annotated[
        Repeated,
        typer.Option(
            metavar="FIGURE=TARGET",
            help="The mildest path that gets there: defaulted, charged_off, loss, allowance, coverage, "
            "cet1; repeatable.",
            rich_help_panel=REVERSE,
        ),
    ] = None,
    capital: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Own funds, to see capital along the path.", rich_help_panel=BOOK
        ),
    ] = None,
    new_lending: Annotated[
        str | None,
        typer.Option(
            "--new-lending",
            metavar="none|constant-balance|FILE",
            help="The plan for new loans (default: none; of capital a constant balance).",
            rich_help_panel=BOOK,
        ),
    ] = None,
    action: Annotated[
        Repeated,
        typer.Option(
            metavar="ACTION",
            help="cut-lending[=SHARE][@MONTH], tighten[=SHARE][@MONTH], sell=SHARE@MONTH[:PRICE], or a "
            "policy; repeatable.",
            rich_help_panel=BOOK,
        ),
    ] = None,
    belief: Annotated[
        Repeated,
        typer.Option(
            metavar="NAME=VALUE",
            help="Move a belief of the economy's effect and show what the figures do: unemployment_change, "
            "unemployment_level, house_prices, multiple_cap; repeatable.",
            rich_help_panel=BELIEFS,
        ),
    ] = None,
    income_support: Annotated[
        float,
        typer.Option(
            metavar="0..1",
            help="Share of rises of unemployment that income support keeps from borrowers.",
            rich_help_panel=BELIEFS,
        ),
    ] = 0.0,
    model: Annotated[
        str, typer.Option(metavar="twin|age-period-cohort", help="What turns the economy into flows.")
    ] = "twin",
    months: Annotated[
        int | None, typer.Option(min=1, help="Horizon (default: the shortest scenario's length).")
    ] = None,
    supported_months: Supported = None,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write a page with pictures.")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Run the book under economies: given in files, replayed from history, shocked, or searched for.

    The first --scenario is the baseline; without any it is what the macro generator expects.

    loantwin stress DIR --scenario BASE.csv --scenario SEVERE.csv --align start --out stress.html

    loantwin stress DIR --replay 2008 --replay 1990 --sensitivities

    loantwin stress DIR --reverse loss=5% --reverse cet1=7% --capital capital.toml

    loantwin stress DIR --scenario BASE.csv --scenario SEVERE.csv --align start --new-lending
    constant-balance --action cut-lending@7 --action sell=20%@6:0.95
    """
    import loantwin as lt
    from loantwin.files import check_page
    from loantwin.macro.shock import parse_shape

    if out is not None:
        check_page(out, "--out")
    with shown("stress") as progress:
        result = lt.stress(
            directory,
            scenario or (),
            align=align,
            history=history or (),
            months=months,
            supported_months=supported_months,
            replays=replay or (),
            shocks=shock or (),
            severity=severity,
            sensitivities=sensitivity or (),
            all_sensitivities=sensitivities,
            correlated=correlated,
            shape=parse_shape(sensitivity_shape),
            reverse=reverse or (),
            capital=capital,
            actions=action or (),
            new_lending=new_lending,
            model=model,
            beliefs=belief or (),
            income_support=income_support,
            seed=seed,
            progress=progress,
        )
        if out is not None:
            from loantwin.interfaces.report.stress.page import write_stress_page

            progress(0.97, "drawing")
            write_stress_page(result, out)
    finish(result, json, table)
