"""Links planted in a home: nothing it writes goes through them."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from loantwin.errors import HomeError
from loantwin.events import home as homes
from loantwin.events.home import Home

DAY = date(2026, 1, 31)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("format = 1\nmine")
    return path


@pytest.mark.parametrize(
    "name", ["lock", "log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "log.sqlite-journal", "log.head"]
)
def test_a_writer_refuses_a_home_whose_files_are_links(folder: Path, victim: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(victim)
    with pytest.raises(HomeError, match=rf"{name}: expected .*(link|Too many levels)"):
        Home.open(folder, writable=True)
    assert victim.read_text() == "format = 1\nmine"


def test_a_lock_that_is_a_link_to_nothing_makes_no_file(folder: Path, tmp_path: Path) -> None:
    (folder / "lock").unlink()
    (folder / "lock").symlink_to(tmp_path / "made")
    with pytest.raises(
        HomeError, match=r"lock: expected a home that can be written, was: a link to .*remove it"
    ):
        Home.open(folder, writable=True)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_lock_that_is_no_file_is_named(folder: Path, kind: str) -> None:
    (folder / "lock").unlink()
    (folder / "lock").mkdir() if kind == "folder" else os.mkfifo(folder / "lock")
    with pytest.raises(HomeError, match="lock: expected"):
        Home.open(folder, writable=True)


def test_the_settings_are_written_anew_beside_planted_links(folder: Path, victim: Path) -> None:
    """The name that earlier versions wrote under is taken by a link; so is the file itself."""
    (folder / "twin.writing").symlink_to(victim)
    text = (folder / "twin.toml").read_text()
    (folder / "twin.toml").unlink()
    (folder / "twin.toml").symlink_to(victim)
    homes._write_format(folder, 1)
    assert victim.read_text() == "format = 1\nmine"
    assert not (folder / "twin.toml").is_symlink()
    assert "format = 1" in text


def test_rows_models_and_tables_replace_links_and_never_follow_them(folder: Path, victim: Path) -> None:
    rows = pl.DataFrame({"row": [1], "raw": ["x"]})
    with Home.open(folder, writable=True) as home:
        named = folder / home.put_quarantine(rows)
        blob = folder / "blobs" / home.put_json({"model": 1})
    content = {path: path.read_bytes() for path in (named, blob)}
    for path in content:
        path.unlink()
        path.symlink_to(victim)
    with Home.open(folder, writable=True) as home:
        home.put_quarantine(rows)
        home.put_json({"model": 1})
    assert victim.read_text() == "format = 1\nmine"
    for path, was in content.items():
        assert not path.is_symlink()
        assert path.read_bytes() == was


def test_a_creation_clears_no_folder_through_a_link(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "lock").write_text("")
    (theirs / "kept").write_text("mine")
    (tmp_path / ".twin.creating-0011223344556677").symlink_to(theirs)
    Home.create(tmp_path / "twin").close()
    assert (theirs / "kept").read_text() == "mine"
    assert (theirs / "lock").read_text() == ""
