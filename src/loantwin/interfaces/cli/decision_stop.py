"""`decision stop`: a score or a policy decides nothing any more."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("stop")(decision_stop)


def decision_stop(
    directory: Home,
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="A score: its id or NAME/VERSION; or a policy's hash."),
    ],
    resume: Annotated[
        bool, typer.Option("--resume", help="Let it decide again, in what is opened from then on.")
    ] = False,
    words: Annotated[str | None, typer.Option(metavar="WORDS", help="Why.")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who stops it (default: the account that runs this).")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Stop a score or a policy at once, in every process that decides.

    A challenger's share falls to the champion; a stopped champion refers every application.

    loantwin decision stop DIR applications/2 --words "drifted"
    """
    import loantwin as lt

    finish(lt.decision_stop(directory, subject, resume=resume, by=by, words=words), json, table)
