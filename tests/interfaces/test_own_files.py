"""Nothing of others is replaced: a file of this program's own is written anew, any other is refused."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from .conftest import Command

pytestmark = pytest.mark.usefixtures("few_paths")

CURVES = ("curves", "{home}", "--json")
WRITTEN: dict[str, tuple[str, ...]] = {
    "x.csv": (*CURVES, "--table", "{file}"),
    "x.parquet": (*CURVES, "--table", "{file}"),
    "x.xlsx": (*CURVES, "--table", "{file}"),
    "x.html": (*CURVES, "--out", "{file}"),
    "loans.parquet": ("provisions", "{home}", "--standard", "five-level", "--out", "{file}", "--json"),
    "loan.xlsx": (
        "provisions", "explain", "{home}", "{loan}", "--standard", "ifrs9", "--out", "{file}", "--json",
    ),
    "histories.parquet": ("simulate", "{home}", "--months", "2", "--out", "{file}", "--json"),
    "rows.csv": ("tape", "check", "{tape}", "--format", "{format}", "--quarantine", "{file}", "--json"),
    "map.toml": ("tape", "map", "{tape}", "--out", "{file}", "--json"),
}  # fmt: skip
"""A file, and the command that writes it."""


@pytest.fixture
def line(small_home: Path, raw_lender: Path, tmp_path: Path) -> Any:
    import loantwin as lt

    def made(name: str) -> list[str]:
        told = {"home": small_home, "tape": raw_lender / "tape.csv", "format": raw_lender / "mapping.toml"}
        if "{loan}" in WRITTEN[name]:
            told["loan"] = lt.open(small_home).book.loans["loan_id"][0]
        return [word.format(file=tmp_path / name, **told) for word in WRITTEN[name]]

    return made


@pytest.mark.parametrize("name", WRITTEN)
def test_a_stranger_is_kept_and_an_own_file_written_anew(
    name: str, line: Any, loantwin: Command, tmp_path: Path, oracle: Any
) -> None:
    oracle("fastexcel")
    place, command = tmp_path / name, line(name)
    place.write_text("<p>mine", encoding="utf-8")
    loantwin(*command).refused(name, "choose another name, or move that file away")
    assert place.read_text(encoding="utf-8") == "<p>mine"
    place.unlink()
    assert (first := loantwin(*command)).code == 0, first.err
    again = loantwin(*command)
    assert again.code == 0, again.err


@pytest.mark.parametrize("name", ["x.csv", "map.toml"])
def test_what_was_edited_since_is_kept(name: str, line: Any, loantwin: Command, tmp_path: Path) -> None:
    place = tmp_path / name
    assert loantwin(*line(name)).code == 0
    edited = place.read_text(encoding="utf-8") + "\n# mine"
    place.write_text(edited, encoding="utf-8")
    loantwin(*line(name)).refused(name, "choose another name")
    assert place.read_text(encoding="utf-8") == edited


def test_what_stands_beside_is_kept_too(line: Any, loantwin: Command, tmp_path: Path) -> None:
    for beside, name in (("x.csv-metadata.json", "x.csv"), ("histories.toml", "histories.parquet")):
        (tmp_path / beside).write_text("mine", encoding="utf-8")
        loantwin(*line(name)).refused(beside)
        assert (tmp_path / beside).read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["x.csv#nix", "x.xlsx#vintage", "x.parquet#vintages.point"])
def test_a_table_that_is_none_is_refused_before_the_work(
    name: str, loantwin: Command, small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import loantwin as lt

    real = lt.curves

    def work(*given: Any, **named: Any) -> Any:
        raise AssertionError("worked first")

    functools.update_wrapper(work, real)  # what it returns is told by its types
    monkeypatch.setattr(lt, "curves", work)
    asked = ("curves", small_home, "--by", "vintage", "--table", tmp_path / name)
    loantwin(*asked).refused("--table", "expected one of result, ", "vintages.points")
    assert list(tmp_path.iterdir()) == []


def test_units_stand_beside_a_csv_and_in_a_parquet_file(
    loantwin: Command, small_home: Path, tmp_path: Path
) -> None:
    csv, parquet = tmp_path / "x.csv", tmp_path / "x.parquet"
    files = ("--table", f"{csv}#totals", "--table", f"{parquet}#totals")
    done = loantwin("forecast", small_home, "--months", 2, "--paths", 20, *files, "--json")
    assert done.code == 0, done.err
    about = json.loads((tmp_path / "x.csv-metadata.json").read_text(encoding="utf-8"))
    assert about["url"] == "x.csv"
    columns = {column["name"]: column for column in about["tableSchema"]["columns"]}
    assert list(columns) == pl.read_csv(csv).columns
    assert about["provenance"]["log_head"] == json.loads(done.out)["_provenance"]["log_head"]
    assert json.loads(pl.read_parquet_metadata(parquet)["units"]) == {
        name: column["unit"] for name, column in columns.items() if "unit" in column
    }
