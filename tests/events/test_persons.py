"""Persons beside the log: what a killed writer leaves half done."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from loantwin.errors import HomeError
from loantwin.events.persons import PERSONS, Persons


def test_what_a_killed_writer_left_is_undone_by_who_reads(tmp_path: Path) -> None:
    """A copy in the middle of a commit is what a kill leaves: a journal that is to be played back."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    sealed = Persons(whole, writable=True).put({"one": {"name": "Ana"}})["one"]
    connection = sqlite3.connect(whole / PERSONS, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # pages go to the file before the commit
    connection.execute("BEGIN IMMEDIATE")
    rows = [(f"key-{place}", b"s" * 32, "x" * 2_000) for place in range(200)]
    connection.executemany("INSERT INTO persons (key, secret, fields) VALUES (?, ?, ?)", rows)
    for name in (PERSONS, f"{PERSONS}-journal"):
        shutil.copy(whole / name, killed / name)
    connection.execute("ROLLBACK")
    connection.close()
    plain = sqlite3.connect(f"{(killed / PERSONS).as_uri()}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        plain.execute("SELECT count(*) FROM persons").fetchone()
    plain.close()
    reader = Persons(killed, writable=False)
    assert reader.get("one", sealed) == {"name": "Ana"}
    assert list(reader.latest()) == ["one"]
    assert not (killed / f"{PERSONS}-journal").exists()
    with pytest.raises(HomeError, match="opened for writing"):
        reader.put({"two": {"name": "Ben"}})
