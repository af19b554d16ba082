"""`loss`: the loss distribution under the twin's own paths and under models of portfolio losses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Seed, Tables, finish
from loantwin.interfaces.cli.panels import PROVIDE
from loantwin.interfaces.cli.progress import shown

MODEL = "Models of portfolio losses"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("loss", rich_help_panel=PROVIDE)(loss)


def loss(
    directory: Home,
    model: Annotated[
        str,
        typer.Option(
            metavar="twin|gaussian|t|credit-risk-plus|migration|all",
            help="The twin's own paths, a model whose dependence is read from them, or all side by side.",
        ),
    ] = "twin",
    months: Annotated[int, typer.Option(min=1, help="Horizon in months.")] = 12,
    confidence: Annotated[
        float, typer.Option(help="Confidence of value at risk and expected shortfall.")
    ] = 0.999,
    paths: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Simulated paths (default: the twin at least 20,000, copulas 24,000 shifted to the tail).",
        ),
    ] = None,
    sectors: Annotated[
        str | None,
        typer.Option(
            metavar="none|segment|product",
            help="What shares a factor (default segment; credit-risk-plus none).",
            rich_help_panel=MODEL,
        ),
    ] = None,
    correlation: Annotated[
        str | None,
        typer.Option(
            metavar="implied|latent|DECIMAL",
            help="Asset correlation: implied by the twin's paths, by its latent process alone, or stated.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    correlation_floor: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=0.99,
            metavar="DECIMAL",
            help="Least asset correlation of a sector where it is implied (default none).",
            rich_help_panel=MODEL,
        ),
    ] = None,
    factor_correlation: Annotated[
        float | None,
        typer.Option(
            metavar="DECIMAL",
            help="Between the factors of two sectors (default: implied).",
            rich_help_panel=MODEL,
        ),
    ] = None,
    degrees_of_freedom: Annotated[
        float | None, typer.Option(help="Of the t copula, above 2 (default 5).", rich_help_panel=MODEL)
    ] = None,
    lgd: Annotated[
        str | None,
        typer.Option(
            metavar="constant|frye-jacobs",
            help="Whether loss given default rises with the default rate.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Take the nearest correlation matrix where sectors' is not positive semi-definite.",
            rich_help_panel=MODEL,
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Also write a page with the curve and who makes the tail."),
    ] = None,
    seed: Seed = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Give the loss distribution: expected loss, value at risk, expected shortfall, and what each segment
    adds.

    The twin's own paths carry macro, period effects, parameters and single names. The other models take
    each loan's PD, exposure and severity, and how sectors move, from the twin, and lay their own
    dependence over them.

    loantwin loss DIR                                  # the twin's own paths

    loantwin loss DIR --model gaussian --correlation 0.15

    loantwin loss DIR --model all --out losses.html    # all models side by side
    """
    import loantwin as lt
    from loantwin.files import check_page

    if out is not None:
        check_page(out, "--out")
    with shown("simulating losses") as progress:
        result = lt.loss(
            directory,
            model=model,
            months=months,
            confidence=confidence,
            paths=paths,
            seed=seed,
            sectors=sectors,
            correlation=correlation,
            correlation_floor=correlation_floor,
            factor_correlation=factor_correlation,
            degrees_of_freedom=degrees_of_freedom,
            lgd=lgd,
            repair=repair,
            progress=progress,
        )
    if out is not None:
        from loantwin.interfaces.report.loss.page import write

        write(directory, result, out)
    finish(result, json, table)
