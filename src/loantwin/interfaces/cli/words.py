"""Errors of the package in the words of the command line: an argument's name becomes the flag that set it.

The verbs name arguments as Python does: in the error's field, and between backticks in its message. A person
at the command line wrote flags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from loantwin.errors import ConfigError, InputError

ALIASES = {
    "actions": "action",
    "all_sensitivities": "sensitivities",
    "beliefs": "belief",
    "opening_scenarios": "opening_scenario",
    "replays": "replay",
    "scenarios": "scenario",
    "sensitivities": "sensitivity",
    "shape": "sensitivity_shape",
    "shocks": "shock",
}
"""A verb's argument -> the command's parameter, where a flag names one of many that the argument takes."""

_ARGUMENT = re.compile(r"`(\w+)`")


def in_flags(error: InputError, app: typer.Typer, words: Sequence[str]) -> str:
    """Return an error's sentence for somebody who typed `words` after the program's name."""
    flags = _flags(app, words)
    first, space, rest = (error.field or "").partition(" ")
    # a key of a file is no flag, whatever its word
    of_a_file = isinstance(error, ConfigError) and (error.row is not None or error.file is not None)
    field = error.field if error.field is None or of_a_file else flags.get(first, first) + space + rest
    message = _ARGUMENT.sub(lambda found: flags.get(found[1], found[0]), error.message)
    return str(InputError(message, file=error.file, row=error.row, loan=error.loan, field=field))


def flags_of(command: Any) -> dict[str, str]:
    """Return a command's flags by the names that its verb has for them."""
    own = {item.name: item.opts[0] for item in command.params if item.opts[0].startswith("--")}
    return own | {name: own[alias] for name, alias in ALIASES.items() if alias in own}


def _flags(app: typer.Typer, words: Sequence[str]) -> Mapping[str, str]:
    command: Any = typer.main.get_command(app)
    for word in words:
        inside = getattr(command, "commands", {})
        if word in inside:
            command = inside[word]
        elif inside and not word.startswith("-"):
            break
    return flags_of(command)
