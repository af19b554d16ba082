"""A recorded decision derived again from the home alone, and held to what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.recording.fields import joined
from loantwin.decisions.recording.group import BEGINS
from loantwin.decisions.recording.recorder import FAILED, answer_of
from loantwin.decisions.rollout.assignment import assigned
from loantwin.decisions.rollout.rollout import CHALLENGER, CHAMPION
from loantwin.errors import HomeError, InputError, UsageError, expected
from loantwin.events.event import Event
from loantwin.outlook.deciders import decider_opened
from loantwin.twin import Twin

OF_SCORE = ("score",)
"""What of an answer no policy made: it is derived though the policy reads what was erased."""


@dataclass(frozen=True)
class Again:
    """A decision derived again.

    derived : the answer, None where it rests on what was erased. not_derived : its fields that do.
    shadows : decider's id -> the shadow's answer. arm : who decides by the assignment, None without one.
    erased : whether its personal fields were erased.
    """

    derived: dict[str, Any] | None
    not_derived: tuple[str, ...]
    shadows: dict[str, dict[str, Any]]
    arm: str | None
    erased: bool


def recorded_decision(twin: Twin, number: str) -> Event:
    """Return the event of a decision, every event of the log held to its hash.

    number : its id, or the number of an application that was decided once.

    Raises
    ------
    UsageError : no such decision; of an application that was decided several times they are named.
    LogError : an event that was changed.
    """
    last = twin.home.log.head[0]
    twin.home.log.check_span(0, last)
    for _ in twin.home.log.pages(0, last):
        pass  # each event is held to its hash, what came later too
    event = twin.home.log.find(f"{BEGINS}{number}")
    if event is None:
        own = [item for item in _of_application(twin, number) if "decision_id" in item.data]
        if len(own) == 1:
            return own[0]
        named = ", ".join(item.data["decision_id"] for item in own)
        what = f"the id of a decision: {named} are of application {number}" if own else "a recorded decision"
        raise UsageError(expected(what, number), field="decision")
    return event


def opened_of(twin: Twin, number: str, before: int) -> Event:
    """Return the event by which a decider was opened.

    Raises
    ------
    HomeError : none before the decision.
    """
    event = twin.home.log.find(f"decider:{number}")
    if event is None or event.sequence > before:
        raise HomeError(
            expected(f"the decider {number} before event {before}", "none"), file=twin.home.folder
        )
    return event


def derived_again(twin: Twin, event: Event) -> Again:
    """Return a recorded decision derived again, with what only the home holds.

    Raises
    ------
    HomeError, LogError, ModelError : a byte that was changed, with the file that holds it.
    """
    data = event.data
    personal, erased = _personal(twin, event)
    application = joined(data["application"], personal)
    day = None if "on" not in data else date.fromisoformat(data["on"])
    first = _decider(twin, event, data["decider_id"])
    blind = erased and first.policy.reads_personal
    answer = answer_of(first.decide(application, on=day))
    told = {name: answer[name] for name in OF_SCORE} if blind else answer
    shadows = {
        number: _shadow(twin, event, number, application, day, erased) for number in data.get("shadows", {})
    }
    return Again(
        derived=told,
        not_derived=tuple(name for name in answer if name not in told),
        shadows={number: item for number, item in shadows.items() if item is not None},
        arm=_arm(event),
        erased=erased,
    )


def differences(recorded: Mapping[str, Any], derived: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs between two answers: field, recorded, derived; to the bit."""
    for name in derived:
        one, other = recorded.get(name), derived[name]
        if type(one) is not type(other) or one != other:
            yield name, one, other


def _of_application(twin: Twin, number: str) -> Iterator[Event]:
    for event in twin.home.log.read(until=twin.home.log.head[0], types=("DecisionMade",)):
        if event.data["application_id"] == number:
            yield event


def _personal(twin: Twin, event: Event) -> tuple[dict[str, Any] | None, bool]:
    names = event.data.get("personal", ())
    if not names:
        return None, False
    found = twin.home.persons.get(event.data["decision_id"], event.data["seal"])
    return found, found is None


def _decider(twin: Twin, event: Event, number: str) -> Decider:
    return decider_opened(twin, opened_of(twin, number, event.sequence))


def _shadow(
    twin: Twin, event: Event, number: str, application: Mapping[str, Any], day: date | None, erased: bool
) -> dict[str, Any] | None:
    made = _decider(twin, event, number)
    if erased and made.policy.reads_personal:
        return None
    try:
        return answer_of(made.decide(application, on=day))
    except InputError as problem:
        return {FAILED: problem.message}


def _arm(event: Event) -> str | None:
    told = event.data.get("experiment")
    if told is None:
        return None
    application = event.data["application"]
    key = str(application.get("applicant_id") or application["application_id"])
    place = int(assigned(told["salt"], [key], [item["share"] for item in told["challengers"]])[0])
    return CHALLENGER if place else CHAMPION
