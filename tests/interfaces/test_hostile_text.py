"""Names from files steer no terminal, no page and no spreadsheet; who may read them is their owner."""

import datetime as dt
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import CONTROLS, InputError, visible
from loantwin.results.spreadsheet import spreadsheet_safe

Command = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("few_paths")
FORBIDDEN = frozenset(map(chr, CONTROLS))
GRADES = {
    "A": "\x1b[31mA\x1b]0;pwned\x07",
    "B": "B\u202egrade",
    "C": "<script>alert(1)</script>",
    "D": "\x9b31mD",
}


def clean(*texts: str) -> bool:
    return not any(FORBIDDEN & set(text) for text in texts)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lender's folder whose grades, loan numbers, mapping name and words hold marks."""
    folder = tmp_path_factory.mktemp("hostile") / "raw"
    lt.synthetic(folder, loans=400, months=36, seed=3, as_tape="mapping")
    tape = pl.read_csv(folder / "tape.csv", separator=";", infer_schema=False)
    rating = pl.col("Rating").replace(GRADES)
    number = pl.lit("=1+1\u2067") + pl.col("Contract No")
    tape.with_columns(rating, number.alias("Contract No")).write_csv(folder / "tape.csv", separator=";")
    text = (folder / "mapping.toml").read_text(encoding="utf-8")
    text = text.replace('name = "', 'name = "\\u001b[31m', 1).replace('words = "', 'words = "\\u202e<b>', 1)
    (folder / "mapping.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def home(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile-home") / "twin"
    lt.twin_create(made, hostile / "tape.csv", hostile / "mapping.toml", dt.date(2022, 12, 31))
    lt.fit(made, [hostile / "macro.csv"])
    return made


@pytest.mark.slow
def test_no_mark_reaches_the_terminal(hostile: Path, home: Path, loantwin: Command, tmp_path: Path) -> None:
    mapping = hostile / "mapping.toml"
    commands = [
        ("tape", "check", hostile / "tape.csv", "--format", mapping),
        (
            "twin",
            "create",
            tmp_path / "twin",
            "--tape",
            hostile / "tape.csv",
            "--format",
            mapping,
            "--as-of",
            "2022-12-31",
        ),
        ("concentration", home, "--by", "origination_grade"),
        ("components", home),
        ("loss", home, "--months", "12"),
        ("provisions", home, "--standard", "ifrs9"),
    ]
    for command in commands:
        ran = loantwin(*command)
        assert ran.code == 0, ran.err
        assert clean(ran.out, ran.err), command
    assert "\\x1b[31m" in loantwin(*commands[0]).out  # shown, not left out
    assert "control_characters" in loantwin(*commands[0]).out


def test_no_mark_reaches_the_terminal_from_an_error(hostile: Path, loantwin: Command, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('name = "x"\n[columns]\n"\\u001b[31mloan" = "a"\n', encoding="utf-8")
    ran = loantwin("tape", "check", hostile / "tape.csv", "--format", tmp_path / "own.toml")
    assert ran.code == 2
    assert clean(ran.out, ran.err)
    assert clean(str(InputError("was \x1b[0m", loan="\u202e1")))


def test_json_holds_marks_only_as_escapes(hostile: Path, loantwin: Command) -> None:
    ran = loantwin("tape", "check", hostile / "tape.csv", "--format", hostile / "mapping.toml", "--json")
    assert clean(ran.out)
    assert json.loads(ran.out)["warnings"]["control_characters"] > 0


@pytest.mark.slow
def test_no_mark_reaches_a_page(home: Path, tmp_path: Path) -> None:
    lt.report(home, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert clean(text)
    assert "<script>alert(1)" not in text


def test_marks_are_warned_of_row_by_row(hostile: Path) -> None:
    found = lt.tape_check(hostile / "tape.csv", hostile / "mapping.toml")
    assert found.warnings["control_characters"] == found.accepted_rows  # every loan number has one


def test_texts_that_a_spreadsheet_would_run_are_made_safe(tmp_path: Path, hostile: Path) -> None:
    texts = ["=1+1", "+1", "-5.50", "-1,5", "@SUM(A1)", "-cmd|x", "\t=1", "plain", "", None, "a=b", "+49 30"]
    frame = pl.DataFrame({"row": range(len(texts)), "raw": texts})
    assert spreadsheet_safe(frame)["raw"].to_list() == [
        *(
            "'=1+1",
            "+1",
            "-5.50",
            "-1,5",
            "'@SUM(A1)",
            "'-cmd|x",
            "'\t'=1",  # a tab begins a cell too
            "plain",
            "",
            None,
            "a=b",
            "'+49 30",
        )
    ]
    target = tmp_path / "quarantine.csv"
    lt.tape_check(hostile / "tape.csv", hostile / "mapping.toml", quarantine=target)
    written = pl.read_csv(target, infer_schema=False)
    starts = [text[:1] for column in written for text in column.drop_nulls()]
    assert "=" not in starts
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_home_is_readable_by_its_owner_alone(home: Path) -> None:
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    files = [path for path in home.rglob("*") if path.is_file() and path.name not in ("lock", "twin.toml")]
    assert files
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


def test_the_case_of_escapes(cases: Path, loantwin: Command) -> None:
    case = cases / "H08-terminal-escapes"
    ran = loantwin("tape", "check", case / "tape.csv", "--format", case / "mapping.toml")
    assert ran.code == 0
    assert clean(ran.out, ran.err)
    assert "\\x1b[31m" in ran.out


def test_visible_leaves_words_alone() -> None:
    assert visible("Łódź, 北京, می‌خواهم\n\t") == "Łódź, 北京, می‌خواهم\n\t"
    assert visible("\x1b\x07\x9b\u202e") == "\\x1b\\x07\\x9b\\u202e"
