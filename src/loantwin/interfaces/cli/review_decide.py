"""`review decide`: a person decides a case."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Home, Tables, finish


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("decide")(review_decide)


def review_decide(
    directory: Home,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case.")],
    outcome: Annotated[str, typer.Option(metavar="OUTCOME", help="approve, or decline.")],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; it is kept in the log: no personal data.")
    ],
    by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who decides (default: the account that runs this).")
    ] = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Decide a case, with a reason; above the limit of the process two people must agree.

    loantwin review decide DIR A-1 --outcome approve --reason "income proven by tax return" --by eva
    """
    import loantwin as lt

    finish(lt.review_decide(directory, case, outcome=outcome, reason=reason, by=by), json, table)
