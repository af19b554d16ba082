"""Steps of cases: what is possible, what is refused and how; the columns against a machine walked by hand."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loantwin.errors import ConfigError, InputError, UsageError
from loantwin.processes.check import findings
from loantwin.processes.definition import Process
from loantwin.processes.reader import BUILT_IN, parse_process, read_process
from loantwin.processes.reviews import overrides, waiting, wilson
from loantwin.processes.steps import COLUMNS, OPEN, judged, no_steps, states

GIVEN = {name: kind for name, kind in COLUMNS.items() if name != "state"}
START = datetime(2024, 3, 4, 8, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in GIVEN} for row in rows], schema=GIVEN)


def referred() -> pl.DataFrame:
    """Return a review of 90,000 that eva has approved: it waits for a second look."""
    return judged(
        read_process("review"),
        no_steps(),
        table(
            {"case": "a", "step": OPEN, "at": at(0), "amount": 90_000.0, "proposed": "decline"},
            {"case": "a", "step": "assign", "at": at(1), "by": "max", "assignee": "eva"},
            {"case": "a", "outcome": "approve", "at": at(2), "by": "eva", "reason": "income proven"},
        ),
    )


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_ships_is_sound(name: str) -> None:
    assert findings(read_process(name)) == ()


def test_an_outcome_names_the_step_of_its_state_and_amount() -> None:
    assert referred()["step"].to_list() == ["open", "assign", "propose"]
    assert referred()["state"].to_list() == ["waiting", "assigned", "second look"]


ONE_PERSON = (" EVA", "e va", "eva.", "e\u200bva", "\uff45\uff56\uff41", "eva\u00ad", "E-V-A")
"""Eva, as who would be two people types it: a full stop, a blank without width, full-width letters."""


@pytest.mark.parametrize("name", ONE_PERSON)
def test_no_sign_that_nobody_sees_makes_four_eyes_of_two(name: str) -> None:
    step = {"case": "a", "step": "confirm", "at": at(3), "by": name, "reason": "x"}
    with pytest.raises(UsageError, match="another than who took propose"):
        judged(read_process("review"), referred(), table(step))
    other = judged(read_process("review"), referred(), table({**step, "by": "eva li"}))
    assert other["state"].to_list() == ["approved"]


REFUSALS = {
    "four eyes": ({"step": "confirm", "by": " EVA", "reason": "x"}, "another than who took propose"),
    "not possible": ({"step": "propose", "by": "ben", "reason": "x"}, "in state second look .*was propose"),
    "another case": ({"case": "b", "step": "assign", "by": "ben", "assignee": "x"}, "opened first"),
    "too early": ({"step": "confirm", "by": "ben", "reason": "x", "at": at(1.5)}, "a moment after the last"),
    "no reason": ({"step": "confirm", "by": "ben"}, "reason told with confirm"),
    "opened twice": ({"step": OPEN}, "opened once"),
    "unknown": ({"step": "confrm"}, "did you mean confirm"),
    "no outcome": ({"outcome": "perhaps"}, "was outcome perhaps"),
    "nothing": ({}, "a step, or the outcome"),
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_an_impossible_step_is_refused(fault: str) -> None:
    told, words = REFUSALS[fault]
    with pytest.raises(UsageError, match=words):
        judged(read_process("review"), referred(), table({"case": "a", "at": at(3), **told}))


def test_only_the_one_who_has_the_case_decides() -> None:
    given = judged(
        read_process("review"),
        referred(),
        table({"case": "a", "step": "assign the second look", "at": at(3), "by": "max", "assignee": "ben"}),
    )
    both = pl.concat([referred(), given])
    step = {"case": "a", "outcome": "approve", "at": at(4), "reason": "seen"}
    with pytest.raises(UsageError, match="ben, who has case a"):
        judged(read_process("review"), both, table({**step, "by": "ida"}))
    ended = judged(read_process("review"), both, table({**step, "by": "Ben"}))
    assert ended["state"].to_list() == ["approved"]


def test_one_bad_row_refuses_the_whole_table() -> None:
    rows = [{"case": f"c{number}", "step": OPEN, "at": at(0)} for number in range(5)]
    with pytest.raises(UsageError, match="row 6"):
        judged(
            read_process("review"),
            no_steps(),
            table(*rows, {"case": "c3", "step": "confirm", "at": at(1), "by": "x", "reason": "y"}),
            "steps.csv",
        )


def by_hand(process: Process, rows: list[dict[str, Any]]) -> dict[str, str] | None:
    """Return each case's state by walking its steps one by one; None where one is not possible."""
    now: dict[str, str] = {}
    for row in rows:
        case, name = row["case"], row["step"]
        if name == OPEN:
            if case in now:
                return None
            now[case] = process.start
            continue
        step = process.steps[name]
        if now.get(case) not in step.source:
            return None
        now[case] = step.to
    return now


def test_columns_and_a_walk_by_hand_agree_on_any_steps() -> None:
    process = read_process("servicing")
    luck = random.Random(5)
    agreed = refused = 0
    for _ in range(300):
        rows: list[dict[str, Any]] = []
        state: dict[str, str] = {}
        for hour in range(luck.randint(1, 25)):
            case = luck.choice("abcdefgh")
            if state.get(case) in process.ends and luck.random() < 0.98:
                continue
            possible = [step.name for step in process.leaving(state[case])] if case in state else [OPEN]
            wild = [OPEN, *process.steps] if luck.random() < 0.03 or not possible else possible
            name = luck.choice(wild)
            state[case] = process.start if name == OPEN else process.steps[name].to
            rows.append({"case": case, "step": name, "at": at(hour), "by": "x"})
        expected = by_hand(process, rows)
        cut = luck.randint(0, len(rows))
        try:
            first = judged(process, no_steps(), table(*rows[:cut]))
            made = pl.concat([first, judged(process, first, table(*rows[cut:]))])
        except InputError:
            assert expected is None, rows
            refused += 1
            continue
        folded = states(made)
        assert dict(zip(folded["case"], folded["state"], strict=True)) == expected
        agreed += 1
    assert agreed > 100
    assert refused > 50


def test_the_queue_tells_what_is_due_and_who_overrode_whom() -> None:
    process = read_process("review")
    made = referred()
    rows = waiting(process, made, at(27))
    assert [(row.case, row.state, row.hours_left) for row in rows] == [("a", "second look", -1.0)]
    last = judged(
        process, made, table({"case": "a", "outcome": "approve", "at": at(5), "by": "ben", "reason": "seen"})
    )
    told = overrides(process, pl.concat([made, last]))
    assert [(item.by, item.decided, item.overridden) for item in told] == [("all", 1, 1), ("ben", 1, 1)]


def test_wilson_is_the_published_interval() -> None:
    """Newcombe (1998), method 3: 81 of 263, and 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_faults_of_a_process_are_found() -> None:
    text = """
format = 1
name = "faulty"
start = "in"
[states]
in = "a"
loop = "b"
lost = "c"
out = "d"
[arrivals]
per_hour = 1
[[steps]]
name = "go"
from = ["in"]
to = "loop"
share = 0.5
[[steps]]
name = "again"
from = ["loop"]
to = "loop"
[[steps]]
name = "small"
from = ["in"]
to = "out"
outcome = "yes"
up_to = 100
share = 0.2
[[steps]]
name = "large"
from = ["in"]
to = "out"
outcome = "yes"
above = 200
not_by = ["go"]
share = 0.2
"""
    found = findings(parse_process(text, "faulty.toml"))
    kinds = {(item.kind, item.place) for item in found}
    assert kinds == {
        ("unreachable", "lost"),
        ("trap", "loop"),
        ("shares", "in"),
        ("gap", "in"),
        ("four eyes", "large"),
    }
    assert any("above 100 up to 200" in item.words for item in found)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('to = "checked"', 'to = "chekced"', "did you mean checked"),
        ('staff = "clerk"', 'staff = "clark"', "did you mean clerk"),
        ("per_hour = 2.2", "per_hour = -1", "at least 0"),
        ('kind = "lognormal"', 'kind = "normal"', "one of fixed"),
        ("share = 0.45", "shares = 0.45", "did you mean share"),
        ('from = "09:00"', 'from = "9"', "an hour HH:MM"),
        ('start = "applied"', 'start = "begun"', "one of applied"),
        ("format = 1", "format = 2", "format = 1"),
    ],
)
def test_a_wrong_key_is_named(old: str, new: str, words: str) -> None:
    text = read_process("origination").text
    assert old in text
    with pytest.raises(ConfigError, match=words) as raised:
        parse_process(text.replace(old, new), "mine.toml")
    assert raised.value.file == "mine.toml"
    assert raised.value.field
