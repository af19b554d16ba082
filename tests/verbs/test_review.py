"""Reviews and processes as verbs on a home: worked by hand on the table of the examples, and two at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import loantwin as lt
from loantwin.clock import FixedClock
from loantwin.errors import HomeError, LoantwinError, UsageError
from loantwin.events.home import Home

REVIEWS = Path(__file__).resolve().parents[2] / "examples" / "reviews.csv"
START = datetime(2024, 3, 4, 12, tzinfo=UTC)
HEAD = "case,step,outcome,at,by,assignee,amount,proposed,reason\n"
FIRST = HEAD + (
    "a,open,,2024-03-04T08:00,,,90000,decline,\n"
    "b,open,,2024-03-04T09:00,,,20000,approve,\n"
    "a,assign,,2024-03-04T09:00,max,eva,,,\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Home.create(tmp_path / "twin", FixedClock(START), name="twin", currency="USD").close()
    return tmp_path / "twin"


def at(hour: int, home: Path, verb: Any, *words: Any, **options: Any) -> Any:
    clock = FixedClock(datetime(2024, 3, 4, hour, tzinfo=UTC))
    with lt.open(home, writable=True, clock=clock) as twin:
        return verb(twin, *words, **options)


def steps(folder: Path, text: str) -> Path:
    (folder / "steps.csv").write_text(text, encoding="utf-8")
    return folder / "steps.csv"


def test_a_case_above_the_limit_takes_two_people_and_is_counted_as_overridden(
    home: Path, tmp_path: Path
) -> None:
    found = at(12, home, lt.process_run, "review", steps=steps(tmp_path, FIRST))
    assert (found.recorded, found.cases, found.ended, found.steps_taken) == (3, 2, 0, 3)
    assert {(row.state, row.cases) for row in found.states} == {("waiting", 1), ("assigned", 1)}
    first = at(13, home, lt.review_decide, "a", outcome="approve", reason="income proven", by="eva")
    assert (first.step, first.state, first.final) == ("propose", "second look", False)
    with pytest.raises(UsageError, match="another than who took propose"):
        at(14, home, lt.review_decide, "a", outcome="approve", reason="seen", by="E.va")
    last = at(14, home, lt.review_decide, "a", outcome="approve", reason="seen", by="ben")
    assert (last.step, last.final, last.overridden, last.hours) == ("confirm", True, True, 6.0)
    given = at(15, home, lt.review_assign, "b", to="ida", by="max")
    assert (given.review.assignee, given.review.due) == ("ida", "2024-03-05T15:00+00:00")
    with pytest.raises(UsageError, match="ida, who has case b"):
        at(16, home, lt.review_decide, "b", outcome="approve", reason="seen", by="ben")
    queue = at(18, home, lt.review_list)
    assert [(row.case, row.hours_left) for row in queue.reviews] == [("b", 21.0)]
    assert (queue.open, queue.overdue, queue.decided, queue.median_hours) == (1, 0, 1, 6.0)
    told = queue.overrides[0]
    assert (told.by, told.decided, told.overridden) == ("all", 1, 1)
    assert at(18, home, lt.review_list, assignee="nobody else").open == 0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a,confirm,,2024-03-04T10:00,ben,,,,x\n", "row 4, field step: expected a step that is possible"),
        ("c,open,,2024-03-05T10:00,,,1,,\n", "row 4, field at: expected a moment until now"),
        ("c,open,,2024-03-04T10:00,,,1e999,,\n", "row 4, field amount: expected an amount of at least 0"),
        ("c,open,,2024-03-04T10:00,,,-1,,\n", "row 4, field amount: expected an amount of at least 0"),
        ("a,,decline,2024-03-04T10:00,eva,,,,ask ana.li@example.com\n", "row 4, field reason: expected"),
        ("a,melt,,2024-03-04T10:00,eva,,,,\n", "row 4, field step: expected one of open"),
    ],
)
def test_one_bad_row_records_nothing(home: Path, tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(LoantwinError, match=words):
        at(12, home, lt.process_run, "review", steps=steps(tmp_path, FIRST + row))
    with lt.open(home) as twin:
        assert not [event for event in twin.home.events() if "Step" in event.type or "Process" in event.type]


def test_a_reason_with_an_address_is_not_kept(home: Path, tmp_path: Path) -> None:
    at(12, home, lt.process_run, "review", steps=steps(tmp_path, FIRST))
    with pytest.raises(UsageError, match="without personal data"):
        at(13, home, lt.review_decide, "a", outcome="decline", reason="ana.li@example.com", by="eva")
    assert b"ana.li" not in (home / "log.sqlite").read_bytes()


def test_two_who_write_at_once_are_told_and_the_first_stands(home: Path, tmp_path: Path) -> None:
    at(12, home, lt.process_run, "review", steps=steps(tmp_path, FIRST))
    with lt.open(home, writable=True, clock=FixedClock(START)), pytest.raises(HomeError, match="expected"):
        lt.review_decide(home, "a", outcome="decline", reason="late", by="eva")
    assert at(13, home, lt.review_list).decided == 0


CHANGES = {
    "a step's words": ("UPDATE events SET data = replace(data, 'income proven', 'income unknown')", ""),
    "a step is gone": (
        "DELETE FROM events WHERE sequence = (SELECT min(sequence) FROM events WHERE type = 'StepTaken')",
        "",
    ),
    "a table of steps": ("", "blobs"),
}


@pytest.mark.parametrize("place", CHANGES)
def test_a_changed_byte_of_a_review_is_refused(home: Path, tmp_path: Path, place: str) -> None:
    at(12, home, lt.process_run, "review", steps=steps(tmp_path, FIRST))
    at(13, home, lt.review_decide, "a", outcome="approve", reason="income proven", by="eva")
    at(14, home, lt.review_assign, "a", to="ben", by="max")
    query, folder = CHANGES[place]
    if query:
        with closing(sqlite3.connect(home / "log.sqlite")) as connection:
            guards = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in guards:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(query)
            connection.commit()
    for file in (home / folder).iterdir() if folder else ():
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.chmod(0o600)
        file.write_bytes(bytes(content))
    with pytest.raises(LoantwinError, match="expected"):
        lt.review_list(home)
    with pytest.raises(LoantwinError, match="expected"):
        at(15, home, lt.review_decide, "a", outcome="approve", reason="seen", by="eva")


def test_a_process_is_checked_and_run_forward(tmp_path: Path) -> None:
    """One clerk, exponential times: M/M/1 waits 8 x 0.8 / 0.2 = 32 minutes at a load of 0.8."""
    assert lt.process_check("review").ok
    text = """format = 1
name = "desk"
start = "in"
currency = "USD"
[states]
in = "It came."
out = "It is done."
[staff.clerk]
people = 1
[arrivals]
per_hour = 6
[[steps]]
name = "do"
from = ["in"]
to = "out"
staff = "clerk"
time = { kind = "exponential", mean_minutes = 8 }
"""
    (tmp_path / "desk.toml").write_text(text, encoding="utf-8")
    found = lt.process_simulate(tmp_path / "desk.toml", days=200.0, replications=8)
    assert found.formula is not None
    assert found.formula.waiting_probability == pytest.approx(0.8)
    assert found.formula.mean_wait == pytest.approx(32 / 60)
    wait = found.waits[0]
    assert wait.mean.low < 32 / 60 < wait.mean.high
