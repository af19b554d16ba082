"""`policy diff`: what another policy would change, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("diff")(policy_diff)


def policy_diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="The policy before: a decision graph (JDM).")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The policy after.")],
    applications: Annotated[
        Path, typer.Option(metavar="FILE", help="Applications: JSON lines, JSON, CSV or Parquet.")
    ],
    most: Annotated[int, typer.Option(min=0, help="Changed applications that are listed.")] = 1000,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Decide the same applications by two policies: what changes, and for whom."""
    import loantwin as lt

    finish(lt.policy_diff(a, b, applications=applications, most=most), json, table)
