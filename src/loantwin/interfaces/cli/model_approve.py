"""`model approve`: a model is approved or refused."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("approve")(model_approve)


def model_approve(
    directory: Home,
    model: Annotated[
        str, typer.Argument(metavar="ID", help="The model: its id, the beginning of it, or NAME/VERSION.")
    ],
    role: Annotated[
        str, typer.Option(metavar="ROLE", help="In which role: model-approver alone may approve.")
    ],
    by: Annotated[str, typer.Option(metavar="WHO", help="Who approves: not who registered it.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it instead.")] = False,
    words: Annotated[str | None, typer.Option(metavar="TEXT", help="What is said of it.")] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Approve a model, or refuse it, with four eyes: not by the one who registered it.

    loantwin model approve DIR applications/1 --role model-approver --by eva
    """
    import loantwin as lt

    result = lt.model_approve(directory, model, role=role, by=by, refuse=refuse, words=words)
    finish(result, json, table)
