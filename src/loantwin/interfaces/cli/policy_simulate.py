"""`policy simulate`: a policy replayed over loans and applications of the past."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loantwin.interfaces.cli.options import AsJson, Assume, Format, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("simulate")(policy_simulate)


def policy_simulate(
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy: a decision graph (JDM).")],
    tape: Annotated[Path, typer.Option(metavar="FILE", help="The loans that were lent, with their ends.")],
    format: Format,  # noqa: A002  # the command's word
    against: Annotated[
        Path | None,
        typer.Option(metavar="POLICY", help="The policy in force (default: what was done)."),
    ] = None,
    declined: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Applications that were not lent to (`schema application`)."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME|ID|SCORES[#NAME]", help="The score, as of `decide`."),
    ] = None,
    twin: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The twin that holds the score and values loans.")
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="FIELD,FIELD", help="Fields of an application that make segments.")
    ] = "product",
    way: Annotated[
        str, typer.Option(metavar="WAY", help="How the unseen are guessed: fuzzy, parcelling or ignore.")
    ] = "fuzzy",
    worse: Annotated[
        float, typer.Option(help="Factor on the odds of loss of those whose end nobody saw.")
    ] = 1.0,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day up to which ends are known (default: all)."),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First day of application.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day of application.")
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="us|eu|cn", help="Hold approvals to the rules of a profile; repeated."),
    ] = None,
    assume: Assume = None,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Replay a policy over last year's loans and applications: decisions, amounts, losses by segment.

    What was lent has an end that was seen; what was declined has none: its loss is bounded by logic alone,
    and guessed in three ways that say what they take for granted.

    loantwin policy simulate POLICY.json --tape LOANS.csv --format sba --against NOW.json
    """
    import loantwin as lt
    from loantwin import months

    days = {
        name: None if value is None else months.day(value, name)
        for name, value in (("as-of", as_of), ("from", first), ("to", last))
    }
    with shown("replaying the policy") as progress:
        result = lt.policy_simulate(
            policy, tape, format, against=against, declined=declined, model=model, twin=twin,
            by=tuple(name.strip() for name in by.split(",") if name.strip()), way=way, worse=worse,
            as_of=days["as-of"], first=days["from"], last=days["to"], profile=profile or (),
            assume=tuple(assume or ()), progress=progress,
        )  # fmt: skip
    finish(result, json, table)
