"""Evidence: a decision is derived again to the bit from its home alone; a changed byte is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import HomeError, InputError, LogError, UsageError
from loantwin.events.codec import chain, encode, head
from loantwin.events.head_file import write_head
from loantwin.events.home import Home
from tests.decisions.applied_for import applications, cases, policy_file
from tests.scored_book import AS_OF, scored_book
from tests.verbs.test_decide import asked

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A home with a registered score whose log holds decisions with reasons and counter-offers."""
    folder = tmp_path_factory.mktemp("evidence")
    scores = folder / "scores"
    lt.score_train(
        cases(folder / "cases.csv"), target="end", good="good", folds="1x3", models=("scorecard",), out=scores
    )
    book = lt.example_book()
    lt.twin_create(folder / "twin", book.outcomes, book.outcomes_mapping, book.as_of)
    lt.model_register(folder / "twin", scores, name="applications", by="ana")
    lt.model_approve(folder / "twin", "applications/1", role="model-approver", by="eva")
    lt.model_place(folder / "twin", "applications/1", place="champion", by="eva")
    frame = applications(300).with_columns(pl.lit("Ana Lovelace").alias("personal.name"))
    policy = policy_file(folder, (580, 540, 500), counter_offer={"step": 2_500, "terms": [60]})
    found = lt.decide(frame, policy=policy, model="applications", twin=folder / "twin", record=True)
    policy.unlink()  # the home alone
    shutil.rmtree(scores)
    return folder / "twin", found


def test_decisions_are_derived_again_to_the_bit(made: tuple[Path, Any]) -> None:
    home, found = made
    seen = set()
    for item in found.decisions[::30]:
        told = lt.evidence(home, item.decision_id)
        assert told.same
        assert told.derived == told.recorded
        assert told.recorded["score"] == item.score
        assert told.recorded["reasons"] == [{"code": one.code, "text": one.text} for one in item.reasons]
        assert (told.differences, told.persons, told.versions) == ((), "held", ())
        seen.add(item.outcome)
    assert seen == {"approve", "decline", "refer"}


def test_later_events_change_nothing(made: tuple[Path, Any], tmp_path: Path) -> None:
    home = Path(shutil.copytree(made[0], tmp_path / "twin"))
    lt.model_approve(home, "applications/1", role="model-approver", by="eva", refuse=True, words="drift")
    (home / "twin.toml").write_text("format = 1\n[config.economics]\n", encoding="utf-8")
    assert lt.evidence(home, made[1].decisions[0].decision_id).same


def test_reasons_come_back_in_the_language_they_were_given_in(made: tuple[Path, Any], tmp_path: Path) -> None:
    from loantwin.language import speaking

    home = Path(shutil.copytree(made[0], tmp_path / "twin"))
    policy = policy_file(tmp_path, (580, 540, 500))
    with speaking("zh"):
        found = lt.decide(applications(40), policy=policy, model="applications", twin=home, record=True)
    declined = next(item for item in found.decisions if any(r.code == "use" for r in item.reasons))
    told = lt.evidence(home, str(declined.decision_id))
    assert told.same
    assert any("use 的取值" in item["text"] or "use" in item["text"] for item in told.derived["reasons"])


def test_what_was_erased_is_said(made: tuple[Path, Any], tmp_path: Path) -> None:
    home = Path(shutil.copytree(made[0], tmp_path / "twin"))
    number = made[1].decisions[0].decision_id
    with Home.open(home, writable=True) as opened:
        opened.persons.erase([number])
    told = lt.evidence(home, number)
    assert (told.same, told.persons, told.personal) == (True, "erased", ("personal.name",))
    assert told.notes == (
        "its personal fields are not there any more (erased, or lost: no event tells); nothing that was "
        "answered rests on them",
    )


def test_a_policy_that_reads_what_was_erased_is_derived_as_far_as_it_goes(tmp_path: Path) -> None:
    Home.create(tmp_path / "twin").close()
    policy = policy_file(tmp_path)
    document = json.loads(policy.read_text(encoding="utf-8"))
    document["nodes"][1]["content"]["expressions"].append(
        {"id": "f9", "key": "adult", "value": "personal.age >= 18"}
    )
    policy.write_text(json.dumps(document), encoding="utf-8")
    asked = {
        "application_id": "A-1", "application_date": "2026-08-03", "amount": 9_000.0, "term_months": 36,
        "annual_income": 60_000.0, "score": 700.0, "personal": {"age": 40},
    }  # fmt: skip
    (item,) = lt.decide([asked], policy=policy, twin=tmp_path / "twin", record=True).decisions
    assert item.outcome == "approve"
    assert lt.evidence(tmp_path / "twin", str(item.decision_id)).same
    with Home.open(tmp_path / "twin", writable=True) as home:
        home.persons.erase([str(item.decision_id)])
    told = lt.evidence(tmp_path / "twin", str(item.decision_id))
    assert told.same
    assert told.derived == {"score": 700.0}
    assert "outcome" in told.not_derived
    assert "which the policy reads" in told.notes[0]


def flipped(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 0x20
    file.chmod(0o600)
    file.write_bytes(bytes(content))


def test_a_changed_byte_anywhere_is_told(made: tuple[Path, Any], tmp_path: Path) -> None:
    """Wherever a byte of what is read turns, evidence is refused, or is what it was; never another answer."""
    number = made[1].decisions[3].decision_id
    random = np.random.default_rng(3)
    whole = lt.evidence(made[0], number)
    refused = 0
    files = [made[0] / "log.sqlite", made[0] / "persons.sqlite"]
    with Home.open(made[0]) as home:
        opened = next(home.events("DeciderOpened")).data
    blobs = [made[0] / "blobs" / opened[name] for name in ("policy_blob", "model_blob")]
    for file in [*files * 12, *blobs * 3]:
        home = tmp_path / "twin"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(made[0], home)
        flipped(home / file.relative_to(made[0]), int(random.integers(file.stat().st_size)))
        try:
            told = lt.evidence(home, number)
        except InputError:
            refused += 1
            continue
        assert file not in blobs
        assert (told.same, told.recorded, told.persons) == (True, whole.recorded, "held")
    assert refused >= 10


def test_a_person_that_was_changed_is_told(made: tuple[Path, Any], tmp_path: Path) -> None:
    home = Path(shutil.copytree(made[0], tmp_path / "twin"))
    number = made[1].decisions[0].decision_id
    with sqlite3.connect(home / "persons.sqlite") as connection:
        connection.execute(
            "UPDATE persons SET fields = replace(fields, 'Ana', 'Eva') WHERE key = ?", (number,)
        )
    with pytest.raises(HomeError, match="expected personal fields that agree with the seal of their event"):
        lt.evidence(home, number)


def test_a_log_that_was_rewritten_as_a_whole_is_told(made: tuple[Path, Any], tmp_path: Path) -> None:
    """Somebody makes a sound chain with another answer in it: it does not derive."""
    home = Path(shutil.copytree(made[0], tmp_path / "twin"))
    item = next(one for one in made[1].decisions if one.outcome == "decline")
    connection = sqlite3.connect(home / "log.sqlite")
    connection.execute("DROP TRIGGER events_hold")
    last = bytes(32)
    for row in connection.execute("SELECT * FROM events ORDER BY sequence").fetchall():
        sequence, kind, version, happened, recorded, number, text, _ = row
        if number == f"decision:{item.decision_id}":
            data = json.loads(text)
            data["answer"]["outcome"] = "refer"
            text = encode(data)
        last = chain(last, head(kind, version, happened, recorded, number), text)
        connection.execute("UPDATE events SET data = ?, hash = ? WHERE sequence = ?", (text, last, sequence))
        if kind == "ModelPlaced":
            view = last
        elif kind == "DeciderOpened":
            assert json.loads(text)["view_hash"] == view.hex()  # nothing before the decision was changed
    connection.execute("UPDATE head SET hash = ?", (last,))
    connection.commit()
    connection.close()
    write_head(home / "log.sqlite", sequence, last)
    told = lt.evidence(home, str(item.decision_id))
    assert not told.same
    ((field, recorded, derived),) = [(one.field, one.recorded, one.derived) for one in told.differences]
    assert (field, recorded, derived) == ("outcome", "refer", "decline")
    assert "the log was rewritten" in told.notes[0]


@pytest.mark.slow
def test_a_twin_that_values_loans_is_derived_again(tmp_path: Path) -> None:
    book = scored_book(tmp_path, loans=2_000, cases=1_000)
    lt.score_train(
        book.cases, target="end", good="good", out=tmp_path / "scores", models=("logistic",), time="lent",
        exclude=["grade"],
    )  # fmt: skip
    lt.twin_create(tmp_path / "twin", book.tape, book.mapping, AS_OF)
    lt.fit(tmp_path / "twin", score=tmp_path / "scores", score_file=book.tape)
    policy = policy_file(tmp_path, (585, 575, 550), counter_offer={"amounts": [4_000, 9_000], "terms": [36]})
    frame = asked(40).with_columns(pl.lit("instalment").alias("product"))
    scores = tmp_path / "scores"
    found = lt.decide(frame, policy=policy, model=scores, twin=tmp_path / "twin", record=True)
    shutil.rmtree(scores)
    lt.fit(tmp_path / "twin", prior="personal")  # the twin goes on; what it was stays derivable
    valued = next(item for item in found.decisions if item.expected_profit is not None)
    told = lt.evidence(tmp_path / "twin", str(valued.decision_id))
    assert told.same
    assert told.derived["expected_profit"] == valued.expected_profit


def test_an_application_that_was_decided_once_is_meant_and_several_are_named(
    made: tuple[Path, Any], tmp_path: Path
) -> None:
    item = made[1].decisions[5]
    assert lt.evidence(made[0], item.application_id).decision_id == item.decision_id
    with pytest.raises(UsageError, match="field decision: expected a recorded decision, was 'nothing'"):
        lt.evidence(made[0], "nothing")
    home, examples = Path(shutil.copytree(made[0], tmp_path / "twin")), Path(__file__).parents[2] / "examples"
    twice = [
        lt.decide(examples / "applications.jsonl", policy=examples / "policy.json", twin=home, record=True)
        for _ in range(2)
    ]
    first, second = (made_.decisions[0].decision_id for made_ in twice)
    with pytest.raises(UsageError, match=f"{first}, {second} are of application A-1"):
        lt.evidence(home, "A-1")


def test_a_log_cut_short_is_told(made: tuple[Path, Any], tmp_path: Path) -> None:
    home = Path(shutil.copytree(made[0], tmp_path / "twin"))
    with sqlite3.connect(home / "log.sqlite") as connection:
        connection.execute("DROP TRIGGER events_stay")
        connection.execute("DELETE FROM events WHERE sequence > 6")
    with pytest.raises(LogError):
        lt.evidence(home, made[1].decisions[0].decision_id)
