"""`log verify`: whether the log and every blob are whole."""

from __future__ import annotations

import typer

from loantwin.errors import HomeError
from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("verify")(log_verify)


def log_verify(directory: Home, table: Tables = None, json: AsJson = False) -> None:
    """Check the log's hash chain and every blob, and list files that no event names."""
    import loantwin as lt

    result = lt.log_verify(directory)
    if not result.ok:
        found = "; ".join(result.problems)
        raise HomeError(
            f"expected a sound log and whole blobs, was: {found}; restore the home from a copy",
            file=directory,
        )
    finish(result, json, table)
