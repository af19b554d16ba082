"""`process simulate`: a process run forward with limited staff."""

from __future__ import annotations

from typing import Annotated

import typer

from loantwin.errors import UsageError, expected
from loantwin.interfaces.cli.options import AsJson, Tables, finish
from loantwin.interfaces.cli.progress import shown


def register(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command("simulate")(process_simulate)


def process_simulate(
    process: Annotated[
        str, typer.Argument(metavar="PROCESS", help="A TOML file, or origination, collections, review.")
    ],
    staff: Annotated[
        list[str] | None,
        typer.Option(
            "--staff",
            metavar="NAME=PEOPLE",
            help="How many people of a kind (default: the file's); repeatable, or with commas.",
        ),
    ] = None,
    days: Annotated[float, typer.Option(help="Calendar days that are measured.")] = 28.0,
    warm_up_days: Annotated[float, typer.Option(help="Days before them that are not.")] = 7.0,
    replications: Annotated[int, typer.Option(min=2, help="How often the whole is run.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random draw.")] = 0,
    table: Tables = None,
    json: AsJson = False,
) -> None:
    """Say how long cases wait for limited staff, and what one more person is worth, with intervals.

    Every plan meets the same luck, so that a difference between two is told from few runs.

    loantwin process simulate origination --staff clerk=4,officer=3
    """
    import loantwin as lt

    with shown("running the process") as progress:
        result = lt.process_simulate(
            process,
            staff=_people(staff),
            days=days,
            warm_up_days=warm_up_days,
            replications=replications,
            seed=seed,
            progress=progress,
        )
    finish(result, json, table)


def _people(words: list[str] | None) -> dict[str, int] | None:
    if words is None:
        return None
    made = {}
    for part in ",".join(words).split(","):
        name, sign, number = (text.strip() for text in part.rpartition("="))
        if not sign or not name or not number.isdigit():
            raise UsageError(expected("NAME=PEOPLE, as in clerk=4", part), field="staff")
        made[name] = int(number)
    return made
