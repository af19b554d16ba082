"""The home: made whole or not at all, one writer, any number of readers, content-addressed files."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from loantwin.errors import HomeError, LogError
from loantwin.events.event import Event
from loantwin.events.home import Home

DAY = date(2026, 1, 31)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_new_home_holds_what_the_contract_names(tmp_path: Path, clock: object) -> None:
    with Home.create(tmp_path / "twin", clock, currency="USD", as_of=DAY, lender="Example Bank") as home:  # type: ignore[arg-type]
        (event,) = home.events()
    assert event.type == "TwinCreated"
    assert event.data["as_of"] == "2026-01-31"
    assert event.data["facts"] == {"lender": "Example Bank"}
    assert sorted(path.name for path in (tmp_path / "twin").iterdir()) == [
        "blobs",
        "lock",
        "log.head",
        "log.sqlite",
        "quarantine",
        "twin.toml",
    ]
    assert tomllib.loads((tmp_path / "twin" / "twin.toml").read_text())["format"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["twin"]


def test_a_home_may_replace_an_empty_folder_and_makes_parents(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    Home.create(tmp_path / "empty").close()
    Home.create(tmp_path / "a" / "b" / "twin").close()
    with Home.open(tmp_path / "a" / "b" / "twin") as home:
        assert home.verify().ok


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "log.sqlite", "twin.toml"])
def test_a_folder_that_holds_something_is_left_as_it_was(tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / name).write_text("mine")
    with pytest.raises(HomeError, match="choose another folder"):
        Home.create(tmp_path / "full")
    assert contents(tmp_path) == {f"full/{name}": b"mine"}


def test_a_file_in_the_way_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(HomeError, match="was a file"):
        Home.create(tmp_path / "file")
    with pytest.raises(HomeError, match="can be written"):
        Home.create(tmp_path / "file" / "twin")
    assert contents(tmp_path) == {"file": b"mine"}


def test_a_home_is_not_made_twice(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(HomeError, match="was a twin's home; open it"):
        Home.create(folder)
    assert contents(folder) == before


def test_a_creation_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with Home.building(tmp_path / "twin") as home:
            home.put_bytes(b"something")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def name_of(folder: Path) -> str:
    with Home.open(folder) as home:
        created = home.last("TwinCreated")
        assert created is not None
        return str(created.data["name"])


def test_two_creations_at_once_make_one_home(tmp_path: Path) -> None:
    def second() -> None:
        with Home.building(tmp_path / "twin", name="second") as home:
            Home.create(tmp_path / "twin", name="third").close()
            home.put_bytes(b"late")

    with Home.building(tmp_path / "twin", name="first"):
        with pytest.raises(HomeError, match="was a twin's home"):
            second()
        assert name_of(tmp_path / "twin") == "third"
        (tmp_path / "twin").rename(tmp_path / "third")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["third", "twin"]
    assert name_of(tmp_path / "twin") == "first"


def test_blobs_are_named_by_their_content(folder: Path, tmp_path: Path) -> None:
    with Home.open(folder, writable=True) as home:
        name = home.put_bytes(b"abc")
        assert (
            name == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )  # FIPS 180-2, appendix B.1
        assert home.put_bytes(b"abc") == name
        (tmp_path / "file").write_bytes(b"abc")
        assert home.put_file(tmp_path / "file") == name
        assert home.read_bytes(name) == b"abc"
        assert home.read_json(home.put_json({"b": 1, "a": [None, 0.1]})) == {"a": [None, 0.1], "b": 1}
        with pytest.raises(HomeError, match="file to store"):
            home.put_file(tmp_path / "absent")
        with pytest.raises(HomeError, match="sha256 of a blob"):
            home.read_bytes("../twin.toml")
        with pytest.raises(HomeError, match="blob that an event names"):
            home.read_bytes("0" * 64)


def test_equal_tables_give_equal_bytes(folder: Path, frames: dict[str, pl.DataFrame]) -> None:
    with Home.open(folder, writable=True) as home:
        wide = pl.DataFrame(
            {"x": range(600_000), "y": [None, 1.5] * 300_000, "z": ["a", "b", None] * 200_000}
        )
        pieces = pl.concat([wide[:7], wide[7:300_001], wide[300_001:]], rechunk=False)
        assert home.put_frame(wide) == home.put_frame(pieces)
        assert home.read_frame(home.put_frame(wide)).equals(wide)
        for frame in frames.values():
            back = home.read_frame(home.put_frame(frame))
            assert back.schema == frame.schema
            assert back.equals(frame)


def test_an_event_must_name_what_is_there(folder: Path) -> None:
    with Home.open(folder, writable=True) as home:
        before = home.log.head
        with pytest.raises(HomeError, match="blob that an event names"):
            home.append([Event("MacroLoaded", DAY, {"source_blob": "0" * 64, "source_file": "x.csv"})])
        assert home.log.head == before


def test_quarantine_is_readable_and_named(folder: Path) -> None:
    rows = pl.DataFrame({"row": [3], "field": ["term"], "rule": ["unparsable"], "raw": ['1,"x"\n']})
    with Home.open(folder, writable=True) as home:
        name = home.put_quarantine(rows)
        assert pl.read_csv(folder / name).equals(rows)
        assert name == home.put_quarantine(rows)
        assert home.verify().unreferenced == (name,)


def test_a_second_writer_is_refused_by_the_pid_of_the_first(folder: Path) -> None:
    with Home.open(folder, writable=True) as home:
        with pytest.raises(HomeError, match=f"process {os.getpid()} holding the lock"):
            Home.open(folder, writable=True)
        code = f"from loantwin.events.home import Home; Home.open({str(folder)!r}, writable=True)"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert other.returncode == 1
        assert f"was process {os.getpid()} holding the lock" in other.stderr
        with Home.open(folder) as reader:  # a reader needs no lock
            assert reader.verify().ok
        home.put_bytes(b"still mine")
    Home.open(folder, writable=True).close()


def test_the_lock_of_a_dead_writer_is_free(folder: Path) -> None:
    code = (
        f"import os; from loantwin.events.home import Home; h = Home.open({str(folder)!r}, writable=True); "
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert (folder / "lock").read_text().strip().isdigit()
    Home.open(folder, writable=True).close()


def test_a_reader_writes_nothing(folder: Path) -> None:
    with Home.open(folder) as home:
        for attempt in (
            lambda: home.append([Event("LoanCured", DAY, {"loan_id": "C-3"})]),
            lambda: home.put_bytes(b"x"),
            lambda: home.put_quarantine(pl.DataFrame({"a": [1]})),
        ):
            with pytest.raises(HomeError, match="opened for writing"):
                attempt()
    assert not home.writable


def test_settings_survive_the_file_s_own_number(folder: Path) -> None:
    path = folder / "twin.toml"
    path.write_text(path.read_text() + "\n[config.run]\npaths = 500\n")
    with Home.open(folder, writable=True):
        pass
    assert tomllib.loads(path.read_text())["config"]["run"]["paths"] == 500


READ_AS_NOBODY = """
import io, os, sys
from pathlib import Path
import polars as pl
from loantwin.errors import HomeError
from loantwin.events.home import Home

file = io.BytesIO()
pl.DataFrame({"warm": [1]}).write_parquet(file)  # whatever polars loads late, it loads with rights
pl.read_parquet(io.BytesIO(file.getvalue()))
folder = Path(sys.argv[1])
folder.absolute().as_uri()  # newer Pythons load a part of pathlib at its first use
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
assert not os.access(folder, os.W_OK)
try:
    with Home.open(folder) as home:
        found = home.verify()
        home.read_frame(home.last("TapeLoaded").data["loans_blob"])
        print(found.ok, found.events)
except HomeError as error:
    sys.exit(str(error))
"""


def read_as_nobody(folder: Path) -> tuple[int, str]:
    """Open and verify a home in a process without rights on it; return its exit status and what it said."""
    run = [sys.executable, "-c", READ_AS_NOBODY, str(folder)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, (done.stdout or done.stderr).strip()


@pytest.fixture
def sealed(folder: Path) -> Callable[[], Path]:
    """Return a function that takes away every right to write."""

    def seal() -> Path:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        for parent in folder.parents:  # so that nobody may walk there
            if parent.owner() == "root" and parent != Path("/") and not parent.stat().st_mode & stat.S_IXOTH:
                parent.chmod(parent.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
        return folder

    return seal


def test_a_read_only_home_is_read(sealed: Callable[[], Path]) -> None:
    folder = sealed()
    before = contents(folder)
    assert read_as_nobody(folder) == (0, "True 2")
    assert contents(folder) == before


def test_a_read_only_home_is_read_while_its_writer_is_at_work(
    folder: Path, sealed: Callable[[], Path]
) -> None:
    with Home.open(folder, writable=True) as home:
        home.append([Event("LoanCured", DAY, {"loan_id": "C-3"})])
        sealed()
        assert read_as_nobody(folder) == (0, "True 3")


def test_changes_waiting_beside_a_read_only_log_are_not_passed_over(
    folder: Path, sealed: Callable[[], Path]
) -> None:
    code = (
        "import os, datetime; from loantwin.events.home import Home\n"
        "from loantwin.events.event import Event\n"
        f"h = Home.open({str(folder)!r}, writable=True)\n"
        "h.append([Event('LoanCured', datetime.date(2026, 1, 31), {'loan_id': 'C-3'})])\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    (folder / "log.sqlite-shm").unlink()
    sealed()
    status, said = read_as_nobody(folder)
    assert (status, said) == (0, "True 3") or (status == 1 and "changes waiting in log.sqlite-wal" in said)


def test_a_frozen_log_that_changes_is_noticed(
    sealed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sealed()
    with Home.open(folder) as home:
        list(home.events())
        monkeypatch.setattr(home.log, "_frozen", (0, 0, 0))
        with pytest.raises(HomeError, match="changed while it was read"):
            list(home.events())


def test_facts_of_a_creation_are_checked(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="field currency"):
        Home.create(tmp_path / "twin", currency=840)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["loans [2024]", "a*b?", "{x}", "100 %", "#1 = 2", "tape\udcff", "Łódź 北京"]
)
def test_a_home_may_lie_in_any_folder(stored: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(stored, tmp_path / name)
    with Home.open(tmp_path / name, writable=True) as home:
        blob = home.last("TapeLoaded").data["loans_blob"]  # type: ignore[union-attr]
        table = home.read_frame(blob)
        assert table.height == 4
        assert home.put_frame(table) == blob
        home.append_rows("LoanCured", DAY, [{"loan_id": "A-1"}])
        assert home.verify().ok
