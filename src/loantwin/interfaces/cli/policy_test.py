"""`policy test`: the tests that a policy carries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("test")(policy_test)


def policy_test(
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="A decision graph (JDM) with tests.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 2 where a test fails.")
    ] = False,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Run the tests that a policy carries, each one by one and over columns."""
    import loantwin as lt

    result = lt.policy_test(policy)
    finish(result, json, table)
    if strict and result.failed:
        raise typer.Exit(2)
