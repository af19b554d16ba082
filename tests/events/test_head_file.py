"""The head noted beside the log: a copy that lost events is named, a crash and an older home are not."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from loantwin.errors import HomeError, LogError
from loantwin.events.head_file import head_file, read_head, write_head
from loantwin.events.home import Home

DAY = date(2026, 1, 31)
ROW = [{"loan_id": "A-1"}]


def append(folder: Path, times: int = 1) -> int:
    with Home.open(folder, writable=True) as home:
        for _ in range(times):
            last = home.append_rows("LoanCured", DAY, ROW)
    return last


def test_the_file_notes_position_and_hash_of_the_last_event(folder: Path) -> None:
    append(folder)
    with Home.open(folder) as home:
        assert read_head(folder / "log.sqlite") == home.log.head
        number, digest = home.log.head
    text = (folder / "log.head").read_text("ascii")
    assert text.startswith(f"loantwin head 1: event {number:020d}, hash {digest}, check ")
    assert stat.S_IMODE((folder / "log.head").stat().st_mode) == 0o600
    assert Home.open(folder).verify().unreferenced == ()


def test_a_copy_without_its_write_ahead_log_is_named(folder: Path, tmp_path: Path) -> None:
    """As `cp twin/log.sqlite` does beside a process that writes."""
    copy = tmp_path / "copy"
    with Home.open(folder, writable=True) as home:
        home.append_rows("LoanCured", DAY, ROW * 3)
        assert (folder / "log.sqlite-wal").stat().st_size
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
        whole = tmp_path / "whole"
        shutil.copytree(folder, whole)
    for writable in (False, True):
        with pytest.raises(LogError, match=r"expected the events up to 5 that log\.head notes") as caught:
            Home.open(copy, writable=writable)
    message = str(caught.value)
    assert "a log that ends with event 2: it was cut, or copied without log.sqlite-wal" in message
    assert "copy the home again as a whole" in message
    assert "remove log.head to go on without the 3 lost events" in message
    with Home.open(whole) as home:
        assert home.verify().events == 5
    (copy / "log.head").unlink()  # the loss is accepted
    assert append(copy) == 3
    with Home.open(copy) as home:
        assert home.verify().ok
        assert read_head(copy / "log.sqlite") == home.log.head


def test_a_damaged_write_ahead_log_is_named(folder: Path, tmp_path: Path) -> None:
    """SQLite takes the sound beginning of such a log and says nothing."""
    copy = tmp_path / "copy"
    with Home.open(folder, writable=True) as home:
        for _ in range(5):
            home.append_rows("LoanCured", DAY, ROW)
        shutil.copytree(folder, copy)
    waiting = copy / "log.sqlite-wal"
    waiting.write_bytes(waiting.read_bytes()[:-1000])
    (copy / "log.sqlite-shm").unlink()
    with pytest.raises(LogError, match=r"expected the events up to 7 that log\.head notes"):
        Home.open(copy)


def test_an_older_head_is_mended_by_the_next_write(folder: Path) -> None:
    older = (folder / "log.head").read_bytes()
    append(folder, 3)
    (folder / "log.head").write_bytes(older)  # as where a process ends between the commit and the note
    with Home.open(folder) as home:
        assert home.verify().ok
        assert home.log.head[0] == 5
    assert (folder / "log.head").read_bytes() == older  # readers write nothing
    assert append(folder) == 6
    noted = read_head(folder / "log.sqlite")
    assert noted is not None
    assert noted[0] == 6


@pytest.mark.parametrize("left", [None, b""], ids=["none", "empty"])
def test_a_home_without_the_note_gets_one_at_the_next_write(folder: Path, left: bytes | None) -> None:
    """Homes of earlier versions have none; a power cut right after the first may leave an empty file."""
    (folder / "log.head").unlink()
    if left is not None:
        (folder / "log.head").write_bytes(left)
    with Home.open(folder) as home:
        assert home.verify().ok
    assert (folder / "log.head").exists() is (left is not None)
    append(folder)
    with Home.open(folder) as home:
        assert read_head(folder / "log.sqlite") == home.log.head


def test_the_log_of_another_home_is_named(folder: Path, tmp_path: Path) -> None:
    Home.create(tmp_path / "other").close()
    append(tmp_path / "other", 5)
    for name in ("log.sqlite",):
        shutil.copy(tmp_path / "other" / name, folder / name)
    with pytest.raises(LogError, match="another one: the log is another home's or was changed"):
        Home.open(folder)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "letter": lambda path: path.write_bytes(path.read_bytes().replace(b"event 0000", b"event 0001")),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "zeros": lambda path: path.write_bytes(bytes(100)),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "link": lambda path: (path.rename(path.with_name("there")), path.symlink_to("there")),
    "loop": lambda path: (path.unlink(), path.symlink_to(path)),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_note_is_named_and_not_believed(folder: Path, kind: str) -> None:
    DAMAGE[kind](folder / "log.head")
    for writable in (False, True):
        with pytest.raises(HomeError, match=r"log\.head: expected .*remove"):
            Home.open(folder, writable=writable)


def test_a_planted_link_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    with Home.open(folder, writable=True) as home:
        (folder / "log.head").unlink()
        (folder / "log.head").symlink_to(victim)
        with pytest.raises(HomeError, match=r"log\.head: .*the events up to 3 are recorded"):
            home.append_rows("LoanCured", DAY, ROW)
    assert victim.read_text() == "mine"
    (folder / "log.head").unlink()
    with Home.open(folder) as home:
        assert home.log.head[0] == 3


def test_a_home_that_cannot_be_written_is_read_beside_its_note(folder: Path) -> None:
    append(folder)
    for path in (*folder.rglob("*"), folder):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        with Home.open(folder) as home:
            assert home.verify().ok
        assert read_head(folder / "log.sqlite") == (3, home.log._hash.hex())
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode | 0o700)


OPENER = """
import sys
from loantwin.events.home import Home
for _ in range(150):
    with Home.open(sys.argv[1]) as home:
        assert home.log.extent()[0] >= 1
"""

WRITER = """
import sys, datetime
from loantwin.events.home import Home
home = Home.open(sys.argv[1], writable=True)
print("open", flush=True)
while True:
    home.append_rows("LoanCured", datetime.date(2026, 1, 31), [{"loan_id": "L"}])
"""


def test_readers_beside_a_busy_writer_never_see_a_note_ahead_of_their_log(folder: Path) -> None:
    """Opened hundreds of times while a writer commits without a pause, which is killed at the end."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    writer.stdout.readline()
    readers = [
        subprocess.Popen([sys.executable, "-c", OPENER, str(folder)], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [reader.communicate(timeout=120)[1] for reader in readers]
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert [reader.returncode for reader in readers] == [0, 0], said
    with Home.open(folder) as home:
        noted = read_head(folder / "log.sqlite")
        assert noted is not None
        assert home.log.head[0] - noted[0] in (0, 1)
        assert home.verify().ok


def test_the_note_is_written_in_place(folder: Path) -> None:
    """One write of one line within a sector: no name changes, nothing is ever half there."""
    before = (folder / "log.head").stat()
    write_head(folder / "log.sqlite", 7, bytes(32))
    after = (folder / "log.head").stat()
    assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)
    assert after.st_size < 512
    assert read_head(folder / "log.sqlite") == (7, "0" * 64)
    assert head_file(folder / "log.sqlite") == folder / "log.head"
