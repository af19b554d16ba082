"""`policy check`: gaps, overlaps, dead rows and unknown fields of a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("check")(policy_check)


def policy_check(
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="A decision graph (JDM).")],
    schema: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="JSON Schema of its input (default: `loantwin schema application`)."
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="us|eu|cn", help="Tell what the rules of a profile forbid to read; repeated."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 2 where something is blamed.")
    ] = False,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Look through a policy before anybody is decided by it.

    Gaps, overlaps, rows that nothing reaches, unknown fields, a clock that is read, and what cannot be run,
    each with its node and cell.
    """
    import loantwin as lt

    result = lt.policy_check(policy, schema=schema, profile=profile or ())
    finish(result, json, table)
    if strict and not result.ok:
        raise typer.Exit(2)
