"""Champion, challengers, shadows and stops, in a home's log and across processes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.rollout.assignment import assigned
from loantwin.errors import UsageError
from loantwin.events.home import Home
from tests.decisions.applied_for import applications, cases, policy_file

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
CUTS = (580, 540, 500)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home whose register has a champion, a challenger of 0.3 and one that watches."""
    folder = tmp_path_factory.mktemp("rollout")
    lt.score_train(
        cases(folder / "cases.csv"), target="end", good="good", folds="1x3",
        models=("scorecard", "logistic", "additive"), out=folder / "scores",
    )  # fmt: skip
    Home.create(folder / "twin").close()
    for number, kind in enumerate(("scorecard", "logistic", "additive"), 1):
        lt.model_register(folder / "twin", folder / "scores", model=kind, name="loans", by="ana")
        lt.model_approve(folder / "twin", f"loans/{number}", role="model-approver", by="eva")
    lt.model_place(folder / "twin", "loans/1", place="champion", by="eva")
    lt.model_place(folder / "twin", "loans/2", place="challenger", share=0.3, by="eva")
    lt.model_place(folder / "twin", "loans/3", place="challenger", by="eva")
    policy_file(folder, CUTS)
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "twin", tmp_path / "twin"))


def test_shares_of_the_register_decide(made: Path, home: Path) -> None:
    frame = applications(400)
    found = lt.decide(frame, policy=made / "policy.json", model="loans", twin=home)
    names = [item.versions.model_name for item in found.decisions]
    (champion,) = {item.versions.model for item in found.decisions if item.versions.model_name == "loans/1"}
    arms = assigned(f"loans:{champion}", frame["application_id"].to_list(), [0.3])
    assert names == [("loans/1", "loans/2")[arm] for arm in arms]
    alone = {
        name: lt.decide(frame, policy=made / "policy.json", model=name, twin=home).decisions
        for name in ("loans/1", "loans/2")
    }
    assert list(found.decisions) == [alone[name][row] for row, name in enumerate(names)]
    assert [(item.role, item.share) for item in found.deciders] == [("champion", 0.7), ("challenger", 0.3)]
    assert sum(item.applications for item in found.deciders) == 400


def test_one_by_one_and_the_batch_meet_the_same(made: Path, home: Path) -> None:
    frame = applications(30)
    rows = [{k: v for k, v in row.items() if v is not None} for row in frame.iter_rows(named=True)]
    with lt.recorder(made / "policy.json", model="loans", twin=home) as keeper:
        alone = [keeper.decide(row) for row in rows]
    many = lt.decide(frame, policy=made / "policy.json", model="loans", twin=home).decisions
    for one, other in zip(alone, many, strict=True):
        assert (one.outcome, one.score, one.reasons, one.versions.model) == (
            other.outcome, other.score, other.reasons, other.versions.model,
        )  # fmt: skip


def test_shadows_are_recorded_and_never_answered(made: Path, home: Path, tmp_path: Path) -> None:
    strict = policy_file(tmp_path, (700, 690, 680), name="strict")
    found = lt.decide(
        applications(60), policy=made / "policy.json", model="loans", twin=home, shadows=[strict], record=True
    )
    assert {item.versions.policy for item in found.decisions} == {"personal-loans"}
    assert [item.role for item in found.deciders] == ["champion", "challenger", "shadow", "shadow"]
    item = next(
        one for one in found.decisions if one.outcome == "approve" and one.versions.model_name == "loans/2"
    )
    told = lt.evidence(home, str(item.decision_id))
    assert told.same
    assert told.experiment is not None
    assert told.experiment["arm"] == "challenger"
    assert sorted(answer["outcome"] for answer in told.shadows.values()) == ["approve", "decline"]
    compared = lt.decision_compare(home)
    assert [arm.role for arm in compared.arms] == ["champion", "challenger", "shadow", "shadow"]
    assert [arm.applications for arm in compared.arms[2:]] == [60, 60]
    approved = {arm.policy: arm.approve for arm in compared.arms[2:]}
    assert approved["strict 2026-1"] < approved["personal-loans 2026-1"]


def test_a_shadow_that_fails_costs_no_answer(made: Path, home: Path, tmp_path: Path) -> None:
    dated = policy_file(tmp_path, effective_from="2030-01-01")
    found = lt.decide(
        applications(5), policy=made / "policy.json", model="loans/1", twin=home, shadows=[dated], record=True
    )
    told = lt.evidence(home, str(found.decisions[0].decision_id))
    assert told.same
    (answer,) = told.shadows.values()
    assert answer == {
        "failed": "expected a policy in force on 2026-08-03, was 'one in force from 2030-01-01'"
    }


def test_a_challenging_policy_has_its_share(made: Path, home: Path, tmp_path: Path) -> None:
    other = policy_file(tmp_path, (700, 690, 680), name="strict")
    asked: dict[str, Any] = {"policy": made / "policy.json", "model": "loans/1", "twin": home}
    found = lt.decide(applications(200), challenger=other, share=0.5, **asked)
    names = [item.versions.policy for item in found.decisions]
    assert 70 < names.count("strict") < 130
    again = applications(200).with_columns(pl.lit("one").alias("applicant_id"))
    same = lt.decide(again, challenger=other, share=0.5, **asked)
    assert len({item.versions.policy for item in same.decisions}) == 1
    with pytest.raises(UsageError, match="field challenger: expected one experiment at a time"):
        lt.decide(applications(5), challenger=other, share=0.5, **{**asked, "model": "loans"})
    with pytest.raises(UsageError, match="field share: expected a challenging policy and its share"):
        lt.decide(applications(5), challenger=other, **asked)
    with pytest.raises(UsageError, match="field record: expected decisions that are recorded"):
        lt.decide(applications(5), shadows=[other], **asked)


def test_a_stopped_challenger_leaves_its_share_to_the_champion(made: Path, home: Path) -> None:
    frame = applications(100)
    told = lt.decision_stop(home, "loans/2", by="eva", words="drifted")
    assert (told.name, told.by_request, len(told.stopped)) == ("loans/2", False, 1)
    found = lt.decide(frame, policy=made / "policy.json", model="loans", twin=home)
    assert {item.versions.model_name for item in found.decisions} == {"loans/1"}
    with pytest.raises(
        UsageError, match=r"expected what is not stopped, was 'loans/2, which is stopped already'"
    ):
        lt.decision_stop(home, "loans/2")
    lt.decision_stop(home, "loans/2", resume=True)
    found = lt.decide(frame, policy=made / "policy.json", model="loans", twin=home)
    assert {item.versions.model_name for item in found.decisions} == {"loans/1", "loans/2"}


def test_a_stopped_champion_and_a_stopped_policy_refer_everything(made: Path, home: Path) -> None:
    frame = applications(20)
    asked: dict[str, Any] = {"policy": made / "policy.json", "model": "loans/1", "twin": home, "record": True}
    first = lt.decide(frame, **asked)
    lt.decision_stop(home, "loans/1", by="eva", words="drifted")
    found = lt.decide(frame, **asked)
    assert {(item.outcome, item.reasons[0].code) for item in found.decisions} == {("refer", "model-stopped")}
    assert "was stopped by eva" in found.decisions[0].reasons[0].text
    assert lt.evidence(home, str(found.decisions[0].decision_id)).same
    assert lt.evidence(home, str(first.decisions[0].decision_id)).same
    lt.decision_stop(home, "loans/1", resume=True)
    told = lt.decision_stop(home, first.decisions[0].versions.policy_hash[:12])
    assert told.name == "personal-loans"
    found = lt.decide(frame, **asked)
    assert {item.reasons[0].code for item in found.decisions} == {"policy-stopped"}
    assert lt.evidence(home, str(found.decisions[0].decision_id)).same


STOP = """
import sys
import loantwin as lt
lt.decision_stop
print("ready", flush=True)
sys.stdin.readline()
told = lt.decision_stop(sys.argv[1], "loans/2", by="eva")
print(told.by_request, told.event, flush=True)
"""


@pytest.mark.slow
def test_a_running_decider_of_another_process_obeys_within_a_second(made: Path, home: Path) -> None:
    """500 decisions a second in batches of 10; the command is given in another process."""
    frame = applications(10, faults=False)
    stop = subprocess.Popen(
        [sys.executable, "-c", STOP, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert stop.stdout is not None
    assert stop.stdin is not None
    assert stop.stdout.readline() == "ready\n"
    with lt.recorder(made / "policy.json", model="loans", twin=home) as keeper:
        begun, decided, given = time.monotonic(), 0, None
        while stop.poll() is None and time.monotonic() - begun < 60.0:
            keeper.columns(
                frame.with_columns(application_id=pl.lit(f"{decided}-") + pl.col("application_id"))
            )
            decided += 10
            if given is None and decided >= 100:
                given = datetime.now(UTC)
                stop.stdin.write("now\n")
                stop.stdin.flush()
            time.sleep(max(0.0, begun + decided / 500.0 - time.monotonic()))
        challenger = keeper.rollout.challengers
    assert challenger == ()
    told, place = stop.stdout.read().split()
    stop.stdin.close()
    stop.stdout.close()
    assert told == "True"
    with Home.open(home) as opened:
        arms = [
            event
            for event in opened.events("DecisionMade")
            if event.data.get("experiment", {}).get("arm") == "challenger"
        ]
        assert max(event.sequence for event in arms) < int(place)
        assert given is not None
        assert opened.verify().ok
        last = max(event.recorded for event in arms)  # type: ignore[type-var]  # read from the log
    assert last is not None
    assert (last - given).total_seconds() <= 1.0


def test_threads_of_one_process_obey_too(made: Path, home: Path) -> None:
    rows = [
        {**row, "application_id": f"T-{n}"} for n, row in enumerate(applications(40, faults=False).to_dicts())
    ]
    with (
        lt.open(home, writable=True) as twin,
        lt.recorder(made / "policy.json", model="loans", twin=twin) as keeper,
        ThreadPoolExecutor(4) as pool,
    ):
        list(pool.map(keeper.decide, rows[:20]))
        place = lt.decision_stop(twin, "loans/2", by="eva").event
        later = list(pool.map(keeper.decide, rows[20:]))
    assert {item.versions.model_name for item in later} == {"loans/1"}
    with Home.open(home) as opened:
        after = [event.data for event in opened.events("DecisionMade") if event.sequence > place]
    assert len(after) == 20
    assert not any("experiment" in data for data in after)
