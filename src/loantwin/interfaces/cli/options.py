"""What commands share: options by name, dates as typed, and how a result is shown."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from loantwin.errors import UsageError, expected, unknown

Home = Annotated[
    Path, typer.Argument(metavar="DIR", help="The twin's home: the folder made by `twin create`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME|FILE.toml",
        help="A format (sba, lending-club, lending-snapshot, cmbs, eba-npl, opennpl) or your own "
        "mapping file.",
    ),
]
Assume = Annotated[
    list[str] | None,
    typer.Option("--assume", metavar="NAME=VALUE", help="Override an assumption of the format; repeatable."),
]
OnDay = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day to look at (default: today).")]
KnownDay = Annotated[
    str | None,
    typer.Option(
        metavar="YYYY-MM-DD", help="Count what was recorded by the end of this day (default: that day)."
    ),
]
Paths = Annotated[int | None, typer.Option(min=1, help="Simulated paths (default 2000).")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of every random draw.")]
Scenarios = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        metavar="FILE[#NAME][=WEIGHT]",
        help="A macro scenario; repeatable. #NAME may be left out where the file holds one.",
    ),
]
Align = Annotated[
    str | None,
    typer.Option(metavar="start", help="'start' re-dates each scenario to begin after the as-of date."),
]
History = Annotated[
    list[str] | None,
    typer.Option(
        "--history",
        metavar="FILE",
        help="What scenarios are measured against when re-dated, where their own file "
        "has no row before them; repeatable.",
    ),
]
Supported = Annotated[
    int | None,
    typer.Option("--supported-months", min=1, help="Reasonable-and-supportable period (default 24)."),
]


def _checked(context: typer.Context, asked: list[str] | None) -> list[str] | None:
    """Refuse a file that cannot be written and a table that is none, before the work that makes it."""
    if asked:
        from loantwin.results.export import FIELD, check_table, target_of

        for words in asked:
            _check_name(_command(context), target_of(words)[1])
        targets = [target_of(words)[0] for words in asked]
        for target in targets:
            if _times_named(target) > 1:
                raise UsageError(
                    expected("a file that the command names for nothing else", str(target)), field=FIELD
                )
        for target in targets:
            check_table(target)
    return asked


def _command(context: typer.Context) -> list[str]:
    """Return the words of a command, the program's own name left out."""
    words: list[str] = []
    here: Any = context
    while here.parent is not None:
        words.insert(0, str(here.info_name))
        here = here.parent
    return words


def _check_name(command: list[str], name: str | None) -> None:
    """Raise UsageError where no result of a command has a table of that name."""
    from loantwin.results.export import FIELD
    from loantwin.results.names import table_names

    kinds = _results(command)
    if name is None or not kinds:
        return
    told = [table_names(kind) for kind in kinds]
    names = list(dict.fromkeys(found for made, _ in told for found in made))
    open_ = tuple(start for _, starts in told for start in starts)
    if name not in names and not name.startswith(open_ or ("#",)):
        raise UsageError(unknown(name, names), field=FIELD)


def _results(command: list[str]) -> list[type[Any]]:
    """Return what the verbs of a command return; of one that explains too, both."""
    import loantwin as lt

    verb = "_".join(command).replace("-", "_")
    found = (getattr(lt, name, None) for name in (verb, f"{verb}_explain"))
    hints = (get_type_hints(function).get("return") for function in found if callable(function))
    return [part for hint in hints for part in (get_args(hint) or (hint,)) if is_dataclass(part)]  # type: ignore[misc]


def _times_named(target: Path) -> int:
    """Return how many words of the command line name a file."""
    from loantwin.interfaces.cli.made_by import TYPED, readings

    place = target.resolve()
    return sum(place in {Path(text).resolve() for text in readings(word) if text} for word in TYPED.get())


Tables = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="FILE[#NAME]",
        callback=_checked,
        help="Also write a table to FILE.csv or FILE.parquet, or all to FILE.xlsx; #NAME chooses one; "
        "repeatable.",
    ),
]


def finish(result: Any, as_json: bool, table: list[str] | None = None) -> None:
    """Write the tables that were asked for, and show a result: tables, or one JSON document."""
    for words in table or ():
        from loantwin.results.export import target_of

        result.save(*target_of(words))
    try:
        if as_json:
            from loantwin.interfaces.cli.made_by import noted

            text = jsonlib.dumps(noted(result.to_dict()), allow_nan=False, indent=2)
            sys.stdout.write(text.replace("\x7f", "\\u007f") + "\n")  # the one control mark JSON leaves raw
        else:
            from loantwin.interfaces.cli.tables.render import render

            render(result)
        sys.stdout.flush()
    except BrokenPipeError as error:
        # The reader has had enough: what is left, and the flush at the end of the process, goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from error
