"""`review assign`: a case is given to a person."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("assign")(review_assign)


def review_assign(
    directory: Home,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case.")],
    to: Annotated[str, typer.Option(metavar="WHO", help="Who gets it.")],
    by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who gives it (default: the account that runs this).")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Give a case to a person.

    loantwin review assign DIR A-1 --to eva --by max
    """
    import loantwin as lt

    finish(lt.review_assign(directory, case, to=to, by=by), json, table)
