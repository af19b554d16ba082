"""The house: one word a command, in every place where the command lives."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

import loantwin as lt
from loantwin.interfaces.cli.main import app
from loantwin.interfaces.cli.tables.render import TABLES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "loantwin"
ABOVE = {
    "demo": "loantwin.interfaces.demo",
    "report": "loantwin.interfaces.report.report.report",
    "validate": "loantwin.interfaces.report.validate.validate",
    "compliance": "loantwin.interfaces.compliance.compliance",
    "why": "loantwin.interfaces.why",
}
"""Verbs that run or draw what other verbs give stand above them, with the interfaces."""
NO_COMMAND = {
    "verbs": {"compare"},
    "cli": {"cases", "language", "main", "made_by", "options", "panels", "progress", "words", "tables"},
}
"""What stands beside the commands: a verb that is none, and what the command line's files share."""


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path


LEAVES = tuple(leaves(typer.main.get_command(app)))
WORDS = {"_".join(path).replace("-", "_") for path in LEAVES}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_a_command_is_one_verb_under_its_word(word: str) -> None:
    verb = getattr(lt, word)
    assert inspect.isfunction(verb)
    assert verb.__name__ == word
    alone = f"loantwin.verbs.{word}"  # a family is a folder, with its word inside once more
    assert verb.__module__ in ([ABOVE[word]] if word in ABOVE else [alone, f"{alone}.{word}"])


@pytest.mark.parametrize(
    ("folder", "wanted"),
    [
        ("verbs", WORDS - set(ABOVE) | NO_COMMAND["verbs"]),
        ("interfaces/cli", WORDS | NO_COMMAND["cli"]),
        ("interfaces/cli/tables", WORDS | {"blocks", "codes", "layout", "render", "score_parts"}),
    ],
)
def test_a_folder_holds_each_command_once(folder: str, wanted: set[str]) -> None:
    there = [path.stem for path in (PACKAGE / folder).iterdir() if not path.stem.startswith("__")]
    assert sorted(there) == sorted(wanted)


@pytest.mark.parametrize("word", sorted(WORDS))
def test_what_a_verb_returns_is_shown_by_its_table(word: str) -> None:
    returned = get_type_hints(getattr(lt, word))["return"]
    for kind in get_args(returned) or (returned,):
        name = kind.SCHEMA.removeprefix("loantwin.").split("/")[0]
        assert TABLES[name] == word, kind


def test_every_table_shows_some_result() -> None:
    assert set(TABLES.values()) == WORDS


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_a_command_has_one_page(path: tuple[str, ...]) -> None:
    page = ROOT / "docs" / f"{'-'.join(path)}.md"
    assert f"`loantwin {' '.join(path)}" in page.read_text(encoding="utf-8")


def test_the_table_of_tiers_is_the_one_the_linter_holds() -> None:
    table = re.findall(
        r"^\| (\d) \| ([^|]+) \|", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.M
    )
    rows = [(int(tier), set(re.findall(r"`(\w+)`", names))) for tier, names in table]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(item["layers"] for item in contracts["contracts"] if item["containers"] == ["loantwin"])
    assert [names for _, names in rows] == [set(re.findall(r"\w+", layer)) for layer in layers]
    tiers = [tier for tier, _ in rows]
    assert tiers == sorted(tiers, reverse=True)
