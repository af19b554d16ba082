"""`--table` after every command: files beside what is printed, refused before the work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer

from loantwin.interfaces.cli.main import app
from tests.interfaces.conftest import Command

pytestmark = pytest.mark.usefixtures("few_paths")


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield " ".join(path), {opts for item in command.params for opts in item.opts}


@pytest.mark.parametrize(("command", "options"), list(leaves(typer.main.get_command(app))))
def test_every_command_takes_it(command: str, options: set[str]) -> None:
    assert "--table" in options, command


def test_files_hold_what_is_printed(loantwin: Command, small_home: Path, tmp_path: Path, oracle: Any) -> None:
    oracle("fastexcel")
    csv, parquet, book = (tmp_path / f"x{end}" for end in (".csv", ".parquet", ".xlsx"))
    files = ("--table", csv, "--table", f"{parquet}#sectors", "--table", book)
    done = loantwin("concentration", small_home, "--resamples", 5, "--json", *files)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    rows = pl.read_csv(csv).filter(dimension="segment")
    told = document["sectors"]["segment"]["sectors"]
    assert rows["exposure"].to_list() == [item["exposure"] for item in told.values()]
    assert set(pl.read_parquet(parquet)["dimension"]) == set(document["sectors"])
    facts = dict(pl.read_excel(book, sheet_name="provenance").iter_rows())
    assert facts["log_head"] == document["_provenance"]["log_head"]
    assert csv.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.doc", "ends in .csv, .parquet, .xlsx"),
        ("no/x.csv", "folder that exists"),
        ("x.csv#nix", "one of result"),
    ],
)
def test_a_file_that_cannot_be_is_refused(
    loantwin: Command, small_home: Path, tmp_path: Path, name: str, words: str
) -> None:
    loantwin("curves", small_home, "--table", tmp_path / name).refused("--table", words)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_is_made_anew_without_writing_its_table_again(
    loantwin: Command, small_home: Path, tmp_path: Path
) -> None:
    document, table = tmp_path / "c.json", tmp_path / "c.csv"
    done = loantwin("curves", small_home, "--json", "--table", table)
    document.write_text(done.out, encoding="utf-8")
    table.write_text("mine", encoding="utf-8")
    again = loantwin("why", f"{document}#loan_months", "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["same"] is True
    assert table.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("other", [("--table", "{}#totals"), ("--quarantine", "{}")])
def test_a_file_is_written_for_one_thing(
    loantwin: Command, raw_lender: Path, tmp_path: Path, other: tuple[str, str]
) -> None:
    target = tmp_path / "x.csv"
    line = (raw_lender / "tape.csv", "--format", raw_lender / "mapping.toml", "--table", target)
    loantwin("tape", "check", *line, *(word.format(target) for word in other)).refused(
        "names for nothing else"
    )
    assert not target.exists()


def test_a_tape_is_never_replaced_by_a_table(
    loantwin: Command, raw_lender: Path, small_home: Path, tmp_path: Path
) -> None:
    tape = tmp_path / "tape.csv"
    tape.write_bytes((raw_lender / "tape.csv").read_bytes())
    seen = tmp_path / "seen.csv"
    seen.symlink_to(tape)
    written = ("--format", raw_lender / "mapping.toml")
    loantwin("tape", "check", tape, *written, "--table", tape).refused("--table", "nothing else")
    loantwin("tape", "check", seen, *written, "--table", tape).refused("--table", "nothing else")
    loantwin("curves", small_home, "--table", tape).refused("--table", "one that loantwin wrote")
    assert tape.read_bytes() == (raw_lender / "tape.csv").read_bytes()


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(
    loantwin: Command, small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda place, mode: Path(place) != tmp_path)
    monkeypatch.setattr("loantwin.curves", lambda *_, **__: pytest.fail("worked first"))
    loantwin("curves", small_home, "--table", tmp_path / "x.csv").refused("--table", "can be written")
