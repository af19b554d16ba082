"""Applications that a careless or hostile sender makes: refused with their place, or decided and told.

What JSON is comes from RFC 8259 and Python's own reader; the other answers are worked by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import loantwin as lt
from loantwin.decisions.application_file import check_application, read_applications
from loantwin.decisions.recording.group import GroupCommit
from loantwin.errors import HomeError, LoantwinError, TapeError, UsageError
from loantwin.events.head_file import head_file
from loantwin.events.home import Home
from tests.decisions.applied_for import policy_file

ASKED: dict[str, Any] = {
    "application_id": "A-1", "application_date": "2026-08-03", "amount": 12_000.0, "term_months": 36,
    "annual_income": 60_000.0, "score": 640.0,
}  # fmt: skip
DEEP = "[" * 100_000 + "]" * 100_000  # beyond what any Python reads


def text_of(**changes: Any) -> str:
    return json.dumps(ASKED | changes)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("deep.json", DEEP, "recursion"),
        ("deep.jsonl", f'{text_of()}\n{{"a": {DEEP}}}', "line 2"),
        ("long.json", text_of(amount=10**400), "too large"),
        ("twice.json", text_of()[:-1] + ', "amount": 1}', "the key amount twice"),
        ("twice.jsonl", f'{text_of()}\n{text_of()[:-1]}, "amount" : 1}}', "line 2: the key amount twice"),
        ("scalar.json", "3", "application 1 a value that is no object"),
        ("lists.json", "[[1]]", "application 1 a value that is no object"),
        ("nan.jsonl", f"{text_of()}\n{text_of().replace('12000.0', 'NaN')}", "line 2: NaN"),
        ("cut.jsonl", f"{text_of()}\n{text_of()[:-9]}", "line 2"),
    ],
)
def test_a_file_that_is_no_table_of_applications_is_one_error(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(TapeError, match=words):
        read_applications(tmp_path / name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"term_months": 10**15}, "term_months"),
        ({"application_id": ""}, "application_id"),
        ({"application_id": "A\x1b[31m"}, "application_id"),
        ({"applicant_id": "B\u202eA"}, "applicant_id"),
        ({"attributes": {"use": 0.1}, "attributes.use": 0.5}, "attributes.use"),
        ({"attributes": {"a": 1.0, "a.b": 2.0}}, "attributes.a"),
    ],
)
@pytest.mark.parametrize("suffix", ["json", "jsonl", ""])
def test_what_is_no_application_is_refused_alone_and_in_files(
    tmp_path: Path, changes: dict[str, Any], words: str, suffix: str
) -> None:
    file = tmp_path / f"a.{suffix}"
    file.write_text(text_of(**changes), encoding="utf-8")
    with pytest.raises(LoantwinError, match=f"field {words}: expected"):
        read_applications(file) if suffix else check_application(ASKED | changes)


zen = pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {"contact": "write to ana.li@example.com"}},
        {"purpose": "ana.li@example.com"},
        {"applicant_id": "ana.li@example.com"},
        {"attributes": {"home_address": "3 Elm Road"}},
        {"attributes": {"x": {"not_finite": "nan"}}},
    ],
)
def test_what_names_a_person_or_reads_otherwise_in_the_log_is_not_recorded(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    Home.create(tmp_path / "twin").close()
    policy = policy_file(tmp_path)
    with lt.recorder(policy, twin=tmp_path / "twin") as keeper, pytest.raises(UsageError, match="expected"):
        keeper.decide(ASKED | changes)
    with pytest.raises(UsageError, match="expected"):
        lt.decide([ASKED | changes], policy=policy, twin=tmp_path / "twin", record=True)
    with lt.open(tmp_path / "twin") as twin:
        assert not list(twin.home.events("DecisionMade"))


def test_ids_that_are_not_theirs_alone_and_rates_in_percent_are_said(tmp_path: Path) -> None:
    many = [ASKED, {**ASKED, "amount": 900.0}, {**ASKED, "application_id": "A-2", "annual_rate": 9.5}]
    notes = " ".join(lt.decide(many, policy=policy_file(tmp_path)).notes)
    assert "2 applications have an application_id that is not theirs alone" in notes
    assert "1 applications ask for more than 100 % a year" in notes


def test_a_letter_holds_nothing_that_steers_a_printer(tmp_path: Path) -> None:
    person = {"name": "Ana\x1b]0;x\x07 Li\nWe approve your loan", "address": "3 Elm Road\r\nSpringfield\x9b"}
    low = {**ASKED, "score": 500.0, "personal": person}
    lt.decide([low], policy=policy_file(tmp_path), letters=tmp_path / "letters")
    text = (tmp_path / "letters" / "A-1.txt").read_text(encoding="utf-8")
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert "\nWe approve" not in text, "a name is one line"
    assert "3 Elm Road\nSpringfield\n" in text


def test_a_decision_that_is_in_the_log_keeps_its_person_though_its_head_could_not_be_noted(
    tmp_path: Path,
) -> None:
    """The commit of SQLite is the only one: what fails after it takes nothing back."""
    Home.create(tmp_path / "twin").close()
    policy = policy_file(tmp_path)
    with lt.recorder(policy, twin=tmp_path / "twin") as keeper:
        group: GroupCommit = keeper._group
        noted = head_file(group._home.log.path)
        kept = noted.read_bytes()
        noted.unlink()
        noted.mkdir()
        with pytest.raises(HomeError):
            keeper.decide({**ASKED, "personal": {"name": "Ana Li"}})
        noted.rmdir()
        noted.write_bytes(kept)
    with lt.open(tmp_path / "twin") as twin:
        (event,) = twin.home.events("DecisionMade")
    assert lt.evidence(tmp_path / "twin", event.data["decision_id"]).persons == "held"
