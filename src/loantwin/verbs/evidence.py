"""`evidence`: one recorded decision derived again, to the bit, from the twin's home alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin.decisions.recording.grounds import packages
from loantwin.errors import UsageError, expected
from loantwin.events.event import Event
from loantwin.outlook.realised import LoanOutcome, loan_of
from loantwin.outlook.rederived import Again, derived_again, differences, opened_of, recorded_decision
from loantwin.twin import Twin, opened
from loantwin.types import Result


@dataclass(frozen=True)
class Difference:
    """A field that is not what it was. field : of the answer; of a shadow `shadows.ID.FIELD`; `arm`."""

    field: str
    recorded: Any
    derived: Any


@dataclass(frozen=True)
class VersionChange:
    """A package that is another one now than when it was decided; None: not there."""

    name: str
    recorded: str | None
    now: str | None


@dataclass(frozen=True)
class Evidence(Result):
    """A decision and what it is derived to be again.

    same : whether every field that can be derived is the same to the bit, and is of the arm that the
    assignment gives. recorded : the answer as it was given. derived : as it is made again. not_derived :
    fields that rest on personal fields that were erased. personal : names of the fields that stand beside the
    log; persons : none, held or erased. experiment : salt, arm and shares, null without. shadows : what
    others would have answered, by the id of the decider. versions : packages that changed. loan : what
    became of it.
    """

    SCHEMA: ClassVar[str] = "loantwin.evidence/1"

    decision_id: str
    application_id: str
    decided: dt.datetime
    policy: str
    policy_hash: str
    model: str | None
    model_hash: str | None
    same: bool
    recorded: Mapping[str, Any]
    derived: Mapping[str, Any]
    differences: tuple[Difference, ...]
    not_derived: tuple[str, ...]
    personal: tuple[str, ...]
    persons: str
    experiment: Mapping[str, Any] | None
    shadows: Mapping[str, Any]
    versions: tuple[VersionChange, ...]
    loan: LoanOutcome | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def evidence(twin: Twin | Path | str, decision: str) -> Evidence:
    """Derive a recorded decision again, offline and from the home alone, and hold it to what was answered.

    Every event of the log is held to its hash, and so are the copies of policy and score, the tables that the
    twin's view rests on, and the person's fields.

    Parameters
    ----------
    twin : an open twin, or its folder. decision : its id, as `decide --record` gives it.

    Raises
    ------
    UsageError : no such decision. HomeError, LogError, ModelError : a byte that was changed.
    """
    with opened(twin) as twin:
        event = recorded_decision(twin, decision)
        if "decider_id" not in event.data:
            words = expected("a decision with what it was made with", "one of an earlier version")
            raise UsageError(words, field="decision")
        made = opened_of(twin, event.data["decider_id"], event.sequence)
        again = derived_again(twin, event)
        found = tuple(_differences(event, again))
        changed = tuple(_versions(made.data["versions"]))
        assert event.recorded is not None  # read from the log
        return Evidence(
            decision_id=event.data["decision_id"],
            application_id=event.data["application_id"],
            decided=event.recorded,
            policy=f"{made.data['policy']} {made.data.get('policy_version', '')}".strip(),
            policy_hash=made.data["policy_hash"],
            model=made.data.get("model_name"),
            model_hash=made.data.get("model_hash"),
            same=not found,
            recorded=event.data["answer"],
            derived=again.derived or {},
            differences=found,
            not_derived=again.not_derived,
            personal=tuple(event.data.get("personal", ())),
            persons="none" if "personal" not in event.data else "erased" if again.erased else "held",
            experiment=event.data.get("experiment"),
            shadows=event.data.get("shadows", {}),
            versions=changed,
            loan=loan_of(twin, event.data["application_id"]),
            notes=tuple(_notes(again, changed, bool(found))),
            provenance={
                "program": made.data["versions"].get("loantwin"),
                "decider": event.data["decider_id"],
                "event": event.sequence,
                "event_hash": event.hash,
                "view": made.data["view"],
                "view_hash": made.data["view_hash"],
            },
        )


def _differences(event: Event, again: Again) -> Iterator[Difference]:
    for name, one, other in differences(event.data["answer"], again.derived or {}):
        yield Difference(name, one, other)
    for number, answer in again.shadows.items():
        for name, one, other in differences(event.data["shadows"][number], answer):
            yield Difference(f"shadows.{number}.{name}", one, other)
    told = event.data.get("experiment", {}).get("arm")
    if told != again.arm:
        yield Difference("arm", told, again.arm)


def _versions(recorded: Mapping[str, str]) -> Iterator[VersionChange]:
    now = packages()
    for name in sorted({*recorded, *now}):
        if recorded.get(name) != now.get(name):
            yield VersionChange(name, recorded.get(name), now.get(name))


def _notes(again: Again, changed: tuple[VersionChange, ...], differs: bool) -> Iterator[str]:
    if again.erased and again.not_derived:
        yield (
            "its personal fields, which the policy reads, are not there any more (erased, or lost: no event "
            "tells): what rests on them is not derived again"
        )
    elif again.erased:
        yield (
            "its personal fields are not there any more (erased, or lost: no event tells); nothing that was "
            "answered rests on them"
        )
    if differs and changed:
        names = ", ".join(item.name for item in changed)
        yield f"the answer is another one under other versions of {names}: install those that are recorded"
    elif differs:
        yield "the answer is another one under the same versions: the log was rewritten, or the program was"
