"""Homes that are half written, damaged, tampered with or from a newer version: one clear error, or a listed
problem.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from loantwin.errors import HomeError, LogError
from loantwin.events.codec import GENESIS, chain, head
from loantwin.events.event import Event
from loantwin.events.fold import state_at
from loantwin.events.home import Home
from loantwin.events.verify import LogVerification

DAY = date(2026, 1, 31)
Payments = Callable[..., list[Event]]


@pytest.fixture
def filled(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "filled")
    return tmp_path / "filled"


def verify(folder: Path) -> LogVerification:
    with Home.open(folder) as home:
        return home.verify()


def edit(folder: Path, *statements: str) -> None:
    """Change the log as an intruder with SQLite would."""
    connection = sqlite3.connect(folder / "log.sqlite")
    connection.executescript(
        "DROP TRIGGER IF EXISTS events_stay; DROP TRIGGER IF EXISTS events_hold;" + ";".join(statements)
    )
    connection.close()


def test_a_sound_home(filled: Path) -> None:
    found = verify(filled)
    assert found.ok
    assert found.events == 502
    assert found.by_type == {"PaymentReceived": 500, "TapeLoaded": 1, "TwinCreated": 1}
    assert (found.problems, found.missing, found.unreferenced) == ((), (), ())
    document = json.loads(json.dumps(found.to_dict()))
    assert document["schema"] == "loantwin.log/1"
    jsonschema.validate(document, LogVerification.json_schema())


CHAIN = "event 77: expected a hash"
CHANGES = [
    (
        "UPDATE events SET data = replace(data, '\"principal\":1', '\"principal\":2') WHERE sequence = 77",
        CHAIN,
    ),
    ("UPDATE events SET happened = '2026-01-30' WHERE sequence = 77", CHAIN),
    ("UPDATE events SET recorded = recorded - 1 WHERE sequence = 77", CHAIN),
    ("UPDATE events SET type = 'LoanPrepaid' WHERE sequence = 77", CHAIN),
    ("UPDATE events SET id = 'x' WHERE sequence = 77", CHAIN),
    ("UPDATE events SET hash = zeroblob(32) WHERE sequence = 77", CHAIN),
    ("UPDATE events SET data = '{' WHERE sequence = 77", "event 77: expected JSON"),
    ("DELETE FROM events WHERE sequence = 77", "event 77: expected it to follow event 76"),
    ("DELETE FROM events WHERE sequence <= 3", "event 1: expected it to follow event 0"),
    (
        "DELETE FROM events WHERE sequence = 77; UPDATE events SET sequence = sequence - 1 WHERE sequence "
        "> 77",
        CHAIN,
    ),
    (
        "UPDATE events SET sequence = 9000 WHERE sequence = 77; UPDATE events SET sequence = 77 WHERE "
        "sequence = 78; UPDATE events SET sequence = 78 WHERE sequence = 9000",
        CHAIN,
    ),
    ("DELETE FROM events WHERE sequence > 400", "head: expected event 400 "),
    ("UPDATE head SET sequence = 400", "head: expected event 502 "),
    ("UPDATE head SET hash = zeroblob(32)", "head: expected event 502 "),
    (
        "INSERT INTO events SELECT 503, type, version, happened, recorded, id, data, hash FROM events "
        "WHERE sequence = 502",
        "event 503",
    ),
    (
        "INSERT INTO events SELECT 0, type, version, happened, recorded, id, data, hash FROM events WHERE "
        "sequence = 502",
        "event 1",
    ),
]
"""What an intruder may do to the log, and how the problem it makes begins."""


@pytest.mark.parametrize(("statement", "problem"), CHANGES)
def test_tampering_is_found(filled: Path, statement: str, problem: str) -> None:
    edit(filled, statement)
    (filled / "log.head").unlink()  # what the chain alone tells
    found = verify(filled)
    assert not found.ok
    assert any(text.startswith(problem) for text in found.problems), found.problems


def test_a_chain_made_anew_after_tampering_breaks_the_registry_or_the_head(filled: Path) -> None:
    """Somebody who recomputes every later hash still has to move the head, which the owner noted
    elsewhere.
    """
    noted = verify(filled).head
    rechained(filled, lambda sequence, text: text.replace('"interest":5,', '"interest":6,'))
    with pytest.raises(LogError, match=rf"event 502 with the hash that log.head notes, {noted}, was another"):
        verify(filled)
    (filled / "log.head").unlink()
    found = verify(filled)
    assert not found.ok
    assert found.head != noted


def rechained(folder: Path, change: Callable[[int, str], str], *more: str) -> None:
    """Change the data of events and make every later hash anew; then `more` statements."""
    connection = sqlite3.connect(folder / "log.sqlite")
    connection.executescript(
        "DROP TRIGGER IF EXISTS events_stay; DROP TRIGGER IF EXISTS events_hold;" + ";".join(more)
    )
    rows = connection.execute(
        "SELECT sequence, type, version, happened, recorded, id, data FROM events ORDER BY sequence"
    ).fetchall()
    digest = GENESIS
    for sequence, kind, version, happened, recorded, name, text in rows:
        changed = change(sequence, text)
        digest = chain(digest, head(kind, version, happened, recorded, name), changed)
        connection.execute(
            "UPDATE events SET data = ?, hash = ? WHERE sequence = ?", (changed, digest, sequence)
        )
    connection.commit()
    connection.close()


def test_the_database_itself_refuses_changes(filled: Path) -> None:
    connection = sqlite3.connect(filled / "log.sqlite")
    for statement in ("DELETE FROM events WHERE sequence = 5", "UPDATE events SET type = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.close()


def test_a_bit_flip_in_a_blob_is_named(filled: Path) -> None:
    with Home.open(filled) as home:
        name = home.last("TapeLoaded").data["loans_blob"]  # type: ignore[union-attr]
    path = filled / "blobs" / name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    found = verify(filled)
    assert found.problems == (f"blobs/{name}: expected bytes that agree with the name, was a damaged file",)
    with Home.open(filled) as home, pytest.raises(HomeError, match=name):
        home.read_frame(name)
    with Home.open(filled, writable=True) as home:  # storing the same fact again heals it
        good = home.blobs.put_bytes(b"abc")
        (filled / "blobs" / good).write_bytes(b"abd")
        assert home.put_bytes(b"abc") == good
        assert home.read_bytes(good) == b"abc"


def test_a_truncated_table_read_without_the_hash_is_still_an_error(filled: Path) -> None:
    with Home.open(filled) as home:
        name = home.last("TapeLoaded").data["loans_blob"]  # type: ignore[union-attr]
        path = filled / "blobs" / name
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(HomeError, match="a table in Parquet"):
            home.read_frame(name, check=False)


def test_missing_and_unreferenced_files_are_listed(filled: Path) -> None:
    with Home.open(filled, writable=True) as home:
        lost = home.last("TapeLoaded").data["panel_blob"]  # type: ignore[union-attr]
        stray = home.put_bytes(b"named by no event")
    (filled / "blobs" / lost).unlink()
    (filled / "blobs" / ".writing-0011223344556677").write_bytes(b"half")
    (filled / "notes.txt").write_text("mine")
    found = verify(filled)
    assert not found.ok
    assert found.missing == (f"blobs/{lost}",)
    assert found.unreferenced == ("blobs/.writing-0011223344556677", f"blobs/{stray}", "notes.txt")
    with Home.open(filled) as home, pytest.raises(HomeError, match=lost):
        home.read_frame(lost)


def test_rubbish_alone_is_no_fault(filled: Path) -> None:
    (filled / "blobs" / ".writing-0011223344556677").write_bytes(b"half")
    assert verify(filled).ok


@pytest.mark.parametrize("name", ["twin.toml", "log.sqlite", "blobs"])
def test_a_home_without_a_part_says_so(filled: Path, name: str) -> None:
    part = filled / name
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    for writable in (False, True):
        with pytest.raises(HomeError, match="half written"):
            Home.open(filled, writable=writable)
    assert not part.exists()


def test_a_folder_that_is_no_home_says_so(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="was no folder; make one with `twin create`"):
        Home.open(tmp_path / "absent")
    with pytest.raises(HomeError, match=r"a folder without twin\.toml; make a home with `twin create`"):
        Home.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "`format = 1`, was None"),
        (b"format = 'one'", "`format = 1`, was 'one'"),
        (b"format = true", "`format = 1`, was True"),
        (b"format = 0", "at least 1, was 0"),
        (b"format = 2", "format 2; it needs a newer loantwin"),
        (b"\xff\xfe\x00garbage", "readable TOML"),
        (b"format = = 1", "readable TOML"),
        (b"\x00" * 100, "readable TOML"),
    ],
)
def test_a_bad_twin_toml_is_one_error_that_names_it(filled: Path, text: bytes, message: str) -> None:
    (filled / "twin.toml").write_bytes(text)
    for writable in (False, True):
        with pytest.raises(HomeError, match=message) as caught:
            Home.open(filled, writable=writable)
        assert "twin.toml" in str(caught.value)
    assert (filled / "twin.toml").read_bytes() == text


@pytest.mark.parametrize("keep", [0, 1, 100, 4096, 10_000, 0.5, 0.9])
def test_a_truncated_log_is_an_error_or_a_problem(filled: Path, keep: float) -> None:
    path = filled / "log.sqlite"
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw)) if isinstance(keep, float) else keep])
    with pytest.raises((HomeError, AssertionError)) as caught:
        assert verify(filled).ok
    if isinstance(caught.value, HomeError):
        assert "log.sqlite" in str(caught.value)
        assert caught.value.__cause__ is None or isinstance(caught.value.__cause__, sqlite3.Error)


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_in_the_log_never_pass(filled: Path, seed: int) -> None:
    path = filled / "log.sqlite"
    raw = bytearray(path.read_bytes())
    place = 200 + seed * (len(raw) - 400) // 12
    page = raw[place : place + 64]
    if not any(page):  # an empty stretch of a page carries nothing
        place = raw.index(b'"loan_id":"A-1"', place)
    for step in range(64):
        raw[place + step] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises((HomeError, AssertionError)):
        assert verify(filled).ok


def test_another_database_is_refused_and_left_alone(filled: Path) -> None:
    (filled / "log.sqlite").unlink()
    connection = sqlite3.connect(filled / "log.sqlite")
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = (filled / "log.sqlite").read_bytes()
    for writable in (False, True):
        with pytest.raises(HomeError, match="was another SQLite database"):
            Home.open(filled, writable=writable)
    assert (filled / "log.sqlite").read_bytes() == before


def test_text_in_place_of_the_log_is_refused(filled: Path) -> None:
    (filled / "log.sqlite").write_text("this is no database, " * 50)
    with pytest.raises(
        HomeError, match=r"log\.sqlite: expected a sound SQLite file, was: file is not a database; restore"
    ):
        Home.open(filled)


def test_a_newer_log_and_a_newer_event_are_refused_by_name(filled: Path) -> None:
    same: Callable[[int, str], str] = lambda sequence, text: text  # noqa: E731
    (filled / "log.head").unlink()
    rechained(filled, same, "UPDATE events SET version = 9 WHERE sequence = 500")
    with (
        Home.open(filled) as home,
        pytest.raises(LogError, match="PaymentReceived version 9 in event 500; it needs a newer"),
    ):
        list(home.events())
    rechained(filled, same, "UPDATE events SET type = 'LoanTokenised' WHERE sequence = 500")
    with (
        Home.open(filled) as home,
        pytest.raises(LogError, match="LoanTokenised version 9 in event 500; it needs a newer"),
    ):
        list(home.events())
    edit(filled, "PRAGMA user_version = 2")
    for writable in (False, True):
        with pytest.raises(
            HomeError, match="a log of version 1 or older, was 'version 2; it needs a newer loantwin'"
        ):
            Home.open(filled, writable=writable)


def test_a_failed_opening_frees_the_lock(filled: Path) -> None:
    text = (filled / "twin.toml").read_text()
    good = (filled / "log.sqlite").read_bytes()
    (filled / "log.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(HomeError, match="not a database"):
        Home.open(filled, writable=True)
    (filled / "log.sqlite").write_bytes(good)
    Home.open(filled, writable=True).close()
    assert (filled / "twin.toml").read_text() == text


@pytest.mark.parametrize(("statement", "problem"), CHANGES)
def test_tampering_is_found_by_whoever_reads_it(filled: Path, statement: str, problem: str) -> None:
    """No command works on from a row that does not follow from the one before."""
    edit(filled, statement)
    if "SELECT 0," in statement or "SELECT 503," in statement:
        return  # an event before the first or after the head is read by nobody: `log verify` lists it
    with pytest.raises((HomeError, AssertionError)):
        assert _last_read(filled) == 502


def _last_read(folder: Path) -> int:
    with Home.open(folder) as home:
        state_at(home)
        last = list(home.events())[-1]
        assert home.log.head == (last.sequence, last.hash)
        return last.sequence


def test_a_type_that_was_damaged_hides_no_event(filled: Path) -> None:
    edit(filled, "UPDATE events SET type = 'PaymentReceivee' WHERE sequence = 77")
    with Home.open(filled) as home, pytest.raises(LogError, match="PaymentReceivee: it needs a newer"):
        state_at(home)
    edit(filled, "UPDATE events SET type = 'TapeLoadee' WHERE sequence = 2")
    with Home.open(filled) as home, pytest.raises(LogError, match="run log verify"):
        home.last("TapeLoaded")


PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda log: log.write_bytes(b""), "was 'an empty file'; restore"),
    "folder": (lambda log: (log.unlink(), log.mkdir()), "was no plain file; restore"),
    "pipe": (lambda log: (log.unlink(), os.mkfifo(log)), "was no plain file; restore"),
    "none": (lambda log: log.unlink(), "half written; create it anew"),
    "text": (lambda log: log.write_text("x" * 5000), "file is not a database; restore"),
    "no table": (lambda log: edit(log.parent, "DROP TABLE head"), "no such table: head"),
    "no events": (lambda log: edit(log.parent, "DROP TABLE events"), "no such table: events"),
    "no version": (lambda log: edit(log.parent, "PRAGMA user_version = 0"), "version 0; restore"),
    "another": (
        lambda log: edit(log.parent, "PRAGMA application_id = 7"),
        "another SQLite database; restore",
    ),
    "no head": (lambda log: edit(log.parent, "DELETE FROM head"), "a log with a head, was 'none; restore"),
}


@pytest.mark.parametrize("kind", PLACES)
def test_whatever_stands_in_place_of_the_log_is_named_with_what_to_do(filled: Path, kind: str) -> None:
    damage, words = PLACES[kind]
    damage(filled / "log.sqlite")
    for writable in (False, True):
        with pytest.raises(HomeError, match=words) as caught:
            Home.open(filled, writable=writable)
        assert "log.sqlite" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_log_that_may_not_be_read_is_named(filled: Path) -> None:
    (filled / "log.sqlite").chmod(0)
    with pytest.raises(HomeError, match="see that it may be opened"):
        Home.open(filled)


def damaged(raw: bytes, luck: random.Random) -> bytes:
    """Return the bytes of a file after one accident: bits turned, bytes lost, pages swapped, an end cut."""
    made = bytearray(raw)
    place = luck.randrange(len(made))
    kinds = ["bits", "bits", "stretch", "zeros", "cut", "head"]
    kind = luck.choice(kinds if len(made) < 8192 else [*kinds, "pages"])
    if kind == "bits":
        for _ in range(luck.choice([1, 1, 5, 50])):
            made[luck.randrange(len(made))] ^= 1 << luck.randrange(8)
    elif kind in ("stretch", "zeros"):
        length = min(luck.choice([4, 64, 4096]), len(made) - place)
        made[place : place + length] = luck.randbytes(length) if kind == "stretch" else bytes(length)
    elif kind == "cut":
        del made[place:]
    elif kind == "head":
        made[luck.randrange(min(100, len(made)))] = luck.randrange(256)
    else:
        one, other = (4096 * luck.randrange(len(made) // 4096) for _ in range(2))
        made[one : one + 4096], made[other : other + 4096] = (
            made[other : other + 4096],
            made[one : one + 4096],
        )
    return bytes(made)


@pytest.mark.slow
@pytest.mark.parametrize(("part", "accidents"), [("log.sqlite", 400), ("log.head", 100)])
def test_accidents_are_named_or_leave_the_right_answer(
    filled: Path, tmp_path: Path, part: str, accidents: int
) -> None:
    """Reading, checking and writing say what is wrong or give what they gave before; no other error comes."""

    def checked(home: Home) -> None:
        found = home.verify()
        assert not found.ok or found.events == 502

    def folded(home: Home) -> None:
        assert state_at(home).loans.equals(right)

    def appended(home: Home) -> None:
        home.append_rows("LoanCured", DAY, [{"loan_id": "A-1"}])

    with Home.open(filled) as home:
        right = state_at(home).loans
    raw, outcomes = (filled / part).read_bytes(), Counter[tuple[str, bool]]()
    for seed in range(accidents):
        folder = tmp_path / str(seed)
        shutil.copytree(filled, folder)
        (folder / part).write_bytes(damaged(raw, random.Random(seed)))
        for work in (checked, folded, appended):
            refused = ""
            try:
                with Home.open(folder, writable=work is appended) as home:
                    work(home)
            except HomeError as error:
                refused = str(error)
            assert not refused or "expected" in refused, seed
            outcomes[work.__name__, not refused] += 1
        shutil.rmtree(folder)
    assert all(outcomes[name, False] for name in ("checked", "folded", "appended"))
    assert part == "log.head" or all(outcomes[name, True] for name in ("checked", "folded", "appended"))
