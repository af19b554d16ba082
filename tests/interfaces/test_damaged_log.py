"""Every command that opens a twin names a damaged log: exit code 2, one message, no traceback."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

import loantwin as lt
from loantwin.interfaces.cli.main import app

Command = Callable[..., Any]


def commands(home: Path, raw: Path, out: Path) -> dict[str, tuple[object, ...]]:
    """Return each command that reads a twin, by its words."""
    scenario = f"{raw / 'scenarios.csv'}#Baseline"
    return {
        "fit": (home, "--macro", raw / "macro.csv"),
        "curves": (home,),
        "components": (home,),
        "forecast": (home, "--months", 3, "--paths", 4),
        "simulate": (home, "--out", out / "histories.parquet", "--months", 3),
        "report": (home, "--out", out / "report.html"),
        "provisions": (home, "--standard", "ifrs9"),
        "movement": (home, "--from", "2020-12-31"),
        "journal": (home, "--from", "2020-12-31"),
        "loss": (home,),
        "capital": (home, "--any-date"),
        "concentration": (home,),
        "stress": (home, "--scenario", scenario, "--align", "start"),
        "sensitivity": (home,),
        "validate": (home, "--out", out / "dossier.html"),
        "compliance": (home,),
        "backtest": (home,),
        "loan": (home, "any"),
        "evidence": (home, "any"),
        "decision list": (home,),
        "decision compare": (home,),
        "decision stop": (home, "any/1"),
        "model list": (home,),
        "model show": (home, "any/1"),
        "model register": (home, out),
        "model approve": (home, "any/1", "--role", "model-approver", "--by", "eva"),
        "model place": (home, "any/1", "--as", "champion"),
        "model reproduce": (home, "any/1", "--data", raw / "macro.csv"),
        "process run": (home, "review"),
        "review list": (home,),
        "review assign": (home, "A-1", "--to", "eva"),
        "review decide": (home, "A-1", "--outcome", "approve", "--reason", "seen"),
        "score cutoff": (home, "--applications", raw / "macro.csv"),
        "log verify": (home,),
    }


def folders(command: Any, words: tuple[str, ...] = ()) -> list[str]:
    """Return the words of every command whose argument is a twin's home."""
    if hasattr(command, "commands"):
        return [found for name, item in command.commands.items() for found in folders(item, (*words, name))]
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    held = any("DIR" in (item.metavar or "") for item in arguments)
    return [" ".join(words)] if held else []


def flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b'"loans_blob"') + 3] ^= 1
    path.write_bytes(raw)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-5000]),
    "header": lambda path: path.write_bytes(b"x" * 100 + path.read_bytes()[100:]),
    "one bit of one event": flipped,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


def test_no_command_is_left_out(tmp_path: Path) -> None:
    none = {"synthetic", "twin create", "config show"}  # they make a home, or read its settings alone
    assert set(folders(typer.main.get_command(app))) - none == set(commands(tmp_path, tmp_path, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_log_is_named_by_every_command(
    loantwin: Command, small_home: Path, raw_lender: Path, tmp_path: Path, kind: str
) -> None:
    home = tmp_path / "twin"
    shutil.copytree(small_home, home)
    DAMAGE[kind](home / "log.sqlite")
    gone = {"log.sqlite-wal", "log.sqlite-shm"}
    before = sorted(path.name for path in home.rglob("*") if path.name not in gone)
    for words, arguments in commands(home, raw_lender, tmp_path).items():
        own = ("model ", "decision stop", "process ", "review ")
        if kind == "one bit of one event" and words.startswith(own):
            continue  # registers read their own events alone, and this is none
        loantwin(*words.split(), *arguments).refused("expected", str(home))
    assert not (tmp_path / "report.html").exists()
    assert sorted(path.name for path in home.rglob("*") if path.name not in gone) == before


@pytest.mark.slow
def test_a_copy_that_lost_events_is_named_by_every_command(
    loantwin: Command, small_home: Path, raw_lender: Path, tmp_path: Path
) -> None:
    whole, home = tmp_path / "whole", tmp_path / "twin"
    shutil.copytree(small_home, whole)
    with lt.open(whole, writable=True) as twin:
        twin.home.append_rows("LoanCured", dt.date(2021, 12, 31), [{"loan_id": "x"}])
        shutil.copytree(whole, home, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    for words, arguments in commands(home, raw_lender, tmp_path).items():
        loantwin(*words.split(), *arguments).refused(
            "without log.sqlite-wal", "copy the home again", "log.head"
        )
