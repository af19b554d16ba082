"""Decisions in the log before they are answered: in groups, as a whole or not at all, persons apart."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.recording.fields import joined, parted
from loantwin.decisions.recording.group import GroupCommit, sweep
from loantwin.errors import HomeError, UsageError
from loantwin.events.home import Home
from loantwin.events.log import Log
from tests.decisions.applied_for import policy_file

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")

ASKED: dict[str, Any] = {
    "application_id": "A-1", "application_date": "2026-08-03", "amount": 12_000.0, "term_months": 36,
    "annual_income": 60_000.0, "monthly_debt": 400.0, "score": 700.0,
    "personal": {"name": "Ana Lovelace", "birth_date": "1990-12-10"},
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Home.create(tmp_path / "twin").close()
    return tmp_path / "twin"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return policy_file(tmp_path)


def count(home: Path) -> int:
    with Home.open(home) as found:
        return sum(1 for _ in found.events("DecisionMade"))


def test_a_recorded_decision_is_the_decision(home: Path, policy: Path) -> None:
    (plain,) = lt.decide([ASKED], policy=policy).decisions
    with lt.recorder(policy, twin=home) as keeper:
        told = keeper.decide(ASKED)
        assert keeper._home.log.head[0] == 3  # made, opened, decided
    assert told.decision_id is not None
    for name in ("outcome", "amount", "annual_rate", "reasons", "rules", "score", "counter_offer"):
        assert getattr(told, name) == getattr(plain, name)
    assert (told.outcome, told.amount, told.annual_rate) == ("approve", 12_000.0, 0.091)


def test_without_record_nothing_is_written(home: Path, policy: Path) -> None:
    before = bytes_of(home)
    lt.decide([ASKED], policy=policy, twin=home)
    assert bytes_of(home) == before


def bytes_of(home: Path) -> dict[Path, bytes]:
    """Return what a home holds; SQLite's own files beside the log, empty at rest, left out."""
    beside = ("-wal", "-shm")
    return {
        path: path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and not path.name.endswith(beside)
    }


def test_nobody_stands_in_the_log_by_name(home: Path, policy: Path) -> None:
    found = lt.decide([ASKED], policy=policy, twin=home, record=True)
    for path in home.rglob("*"):
        if path.is_file() and not path.name.startswith("persons"):
            content = path.read_bytes()
            assert b"Lovelace" not in content, path
            assert b"1990-12-10" not in content, path
    persons = home / "persons.sqlite"
    assert stat.S_IMODE(persons.stat().st_mode) == 0o600
    assert b"Lovelace" in persons.read_bytes()
    with Home.open(home, writable=True) as opened:
        key = found.decisions[0].decision_id
        assert key is not None
        assert opened.persons.erase([key]) == 1
        assert opened.verify().ok
        assert opened.verify().unreferenced == ()
    assert b"Lovelace" not in persons.read_bytes()


@pytest.mark.parametrize("name", ["email", "Name", "身份证号"])
def test_an_attribute_that_names_a_person_is_refused(home: Path, policy: Path, name: str) -> None:
    given = {**ASKED, "attributes": {name: "x"}}
    with pytest.raises(UsageError, match=rf"expected personal.{name}: what enters the log stays there"):
        lt.decide([given], policy=policy, twin=home, record=True)
    assert count(home) == 0


def test_an_application_is_joined_from_its_parts() -> None:
    rows = [
        {"application_id": "A", "amount": 1.5, "attributes.x": float("nan"), "personal.name": "Bo"},
        {"application_id": "B", "amount": 2.0, "attributes.x": float("-inf"), "personal.name": None},
    ]
    first, second = parted(pl.DataFrame(rows))
    assert first[1] == {"personal.name": "Bo"}
    assert second[1] == {}
    whole = joined(*first)
    assert whole["attributes"]["x"] != whole["attributes"]["x"]
    assert whole["personal"] == {"name": "Bo"}
    assert joined(*second) == {"application_id": "B", "amount": 2.0, "attributes": {"x": float("-inf")}}
    with pytest.raises(UsageError, match=r"field attributes.y: expected a number, a text, a flag or a day"):
        list(parted(pl.DataFrame({"application_id": ["A"], "attributes.y": [[1, 2]]})))


def test_callers_at_once_share_a_commit(home: Path, policy: Path) -> None:
    asked = [{**ASKED, "application_id": f"A-{number}"} for number in range(120)]
    with lt.recorder(policy, twin=home, linger=0.003) as keeper, ThreadPoolExecutor(12) as pool:
        told = list(pool.map(keeper.decide, asked))
        assert keeper.commits < 120
    assert [item.application_id for item in told] == [item["application_id"] for item in asked]
    assert len({item.decision_id for item in told}) == count(home) == 120
    with Home.open(home) as found:
        assert found.verify().ok
        assert len(set(found.persons.latest())) == 120
    with pytest.raises(UsageError, match=r"field linger: expected from 0 to 0.003 seconds, was 0.01"):
        GroupCommit(found, 0.01)


def test_a_disk_that_fails_leaves_nothing_half(
    home: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lt.recorder(policy, twin=home) as keeper:
        keeper.decide(ASKED)
        with monkeypatch.context() as patch:
            patch.setattr(Log, "_commit", _full)
            with ThreadPoolExecutor(4) as pool:
                waiting = [pool.submit(keeper.decide, ASKED) for _ in range(4)]
            assert [str(item.exception()) for item in waiting] == ["expected room, was a full disk"] * 4
        assert len(list(keeper._home.persons.latest())) == 1
        assert keeper.decide(ASKED).decision_id is not None
    assert count(home) == 2


def _full(*_: object) -> int:
    raise HomeError("expected room, was a full disk")


def test_a_fault_of_one_caller_is_no_fault_of_others(home: Path, policy: Path) -> None:
    good, bad = {**ASKED, "application_id": "good"}, {**ASKED, "attributes": {"x": "\ud800"}}
    with lt.recorder(policy, twin=home, linger=0.003) as keeper, ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(keeper.decide, item) for item in (good, bad, good, bad, good, bad)]
        failed = [item.exception() for item in waiting]
    assert [item is None for item in failed] == [True, False] * 3
    assert count(home) == 3
    with Home.open(home, writable=True) as found:
        assert len(set(found.persons.latest())) == 3
        assert sweep(found) == 0


def test_persons_of_no_decision_are_cleared(home: Path, policy: Path) -> None:
    lt.decide([ASKED], policy=policy, twin=home, record=True)
    with Home.open(home, writable=True) as found:
        found.persons.put({"0123456789abcdef": {"personal.name": "Nobody"}})
        assert sweep(found) == 1
        assert len(list(found.persons.latest())) == 1


def test_a_batch_that_is_wrong_records_nothing(home: Path, policy: Path) -> None:
    with pytest.raises(UsageError, match=r"field amount: expected a number above 0, was '-1\.0'"):
        lt.decide([ASKED, {**ASKED, "amount": -1.0}], policy=policy, twin=home, record=True)
    with pytest.raises(UsageError, match="field twin: expected a twin in whose log decisions are recorded"):
        lt.decide([ASKED], policy=policy, record=True)
    assert count(home) == 0
