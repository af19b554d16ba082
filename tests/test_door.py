"""The door: every exported name under its true type, loaded late, and the same words for the same things."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import loantwin as lt
from loantwin.errors import InputError, UsageError, choice, unknown
from loantwin.interfaces.cli.main import app
from loantwin.interfaces.cli.words import flags_of, in_flags
from loantwin.months import day

HERE = Path(__file__).parent
MISUSES = HERE / "typing" / "misuses.py"


def test_the_typed_names_are_the_exported_ones():
    tree = ast.parse(Path(lt.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname: f"{node.module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("loantwin.")
        for alias in node.names
    }
    assert typed == lt._EXPORTS
    assert list(lt._EXPORTS) == lt.__all__


def test_a_near_name_is_offered_for_a_wrong_one():
    with pytest.raises(AttributeError, match=r"no attribute 'forecst'; did you mean forecast\?"):
        lt.forecst  # noqa: B018


@pytest.mark.slow
def test_a_type_checker_finds_the_planted_misuses_and_nothing_else(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", tmp_path, MISUSES],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        check=False,
    )
    found = sorted({int(number) for number in re.findall(r"misuses\.py:(\d+): error", done.stdout)})
    lines = MISUSES.read_text(encoding="utf-8").splitlines()
    planted = [number for number, line in enumerate(lines, 1) if "# wrong" in line]
    assert len(planted) == 12
    assert found == planted, done.stdout + done.stderr
    assert len(re.findall(r": error:", done.stdout)) == 12, done.stdout


def test_a_choice_is_not_case_sensitive_and_a_near_one_is_offered():
    assert choice("IFRS9", ("ifrs9", "cecl"), "standard") == "ifrs9"
    words = r"field standard: expected one of ifrs9, cecl, was 'cicl'; did you mean cecl\?"
    with pytest.raises(UsageError, match=words):
        choice("cicl", ("ifrs9", "cecl"), "standard")
    with pytest.raises(UsageError, match="expected one of ifrs9, cecl, was 9"):
        choice(9, ("ifrs9", "cecl"), "standard")
    assert unknown("zzz", ("a", "b")) == "expected one of a, b, was 'zzz'"


def test_a_date_is_a_date_or_its_text():
    assert str(day("2022-12-31", "as_of")) == "2022-12-31"
    assert day(day("2022-12-31", "x"), "x") == day("2022-12-31", "x")
    for wrong in ("31.12.2022", "2022-13-01", 20221231, None):
        with pytest.raises(UsageError, match="field as_of: expected a date"):
            day(wrong, "as_of")


def commands():
    """Yield each command of the command line with its verb."""

    def walk(group, words):
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from walk(command, [*words, name])
            else:
                yield "_".join([*words, name]).replace("-", "_"), command

    yield from walk(typer.main.get_command(app), [])


@pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()])
def test_every_argument_of_a_verb_has_its_flag(name, command):
    """So that an error that names the argument can be said in flags."""
    verb = getattr(lt, name)
    said = {item.name for item in command.params if not item.opts[0].startswith("--")}
    flags = flags_of(command)
    first = next(iter(inspect.signature(verb).parameters))
    internal = {"progress", "clock"}
    unsaid = {
        argument
        for argument in inspect.signature(verb).parameters
        if argument not in flags and argument not in said and argument not in internal and argument != first
    }
    assert not unsaid


def test_an_error_speaks_python_to_python_and_flags_to_the_command_line():
    error = UsageError("expected `align` with `scenarios`, was 'no scenario'", field="supported_months")
    assert str(error) == "field supported_months: expected `align` with `scenarios`, was 'no scenario'"
    said = in_flags(error, app, ["stress", "twin", "--align", "start"])
    assert said == "field --supported-months: expected --align with --scenario, was 'no scenario'"
    other = InputError("expected `nothing` known", file="a.csv", row=3, field="reverse loss")
    assert (
        in_flags(other, app, ["stress"])
        == "file a.csv, row 3, field --reverse loss: expected `nothing` known"
    )
