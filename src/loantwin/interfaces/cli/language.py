"""`--language` of every command: asked for, else the setting of the twin or of the environment."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from loantwin import config
from loantwin.errors import ConfigError, UsageError
from loantwin.language import asked_languages, speaking

Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="en|zh|en,zh",
        help="Language of tables and pages (default: the setting pages.language, en). en,zh: tables in the "
        "first, pages in both, for their reader to choose. JSON, files of tables and errors stay English.",
    ),
]
WORD = "language"


def with_language(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command that takes `--language` last and speaks it while it runs."""

    @functools.wraps(command)
    def spoken(*given: Any, **named: Any) -> Any:
        asked = named.pop(WORD)
        with speaking(_checked(asked) if asked is not None else _set(named.get("directory"))):
            return command(*given, **named)

    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter(WORD, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Language)
    spoken.__signature__ = signature.replace(parameters=[*signature.parameters.values(), option])  # type: ignore[attr-defined]
    spoken.__annotations__ = {**get_type_hints(command, include_extras=True), WORD: Language}
    return spoken


def _checked(asked: str) -> str:
    try:
        return ",".join(asked_languages(asked))
    except ValueError as problem:
        raise UsageError(str(problem), field=WORD) from problem


def _set(home: Path | None) -> str:
    """Return the language that settings ask for; where they cannot be read the command itself will say so."""
    file = None if home is None or not (home / "twin.toml").is_file() else home / "twin.toml"
    try:
        return config.load(file)[0].pages.language
    except ConfigError:
        return "en"
