"""Recorded decisions read from the log as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from loantwin.decisions.recording.recorder import FAILED
from loantwin.decisions.rollout.rollout import CHAMPION
from loantwin.events.event import Event
from loantwin.events.home import Home

SHADOW = "shadow"
KINDS: dict[str, Any] = {
    "decision_id": pl.String, "application_id": pl.String, "applicant": pl.String, "day": pl.Date,
    "role": pl.String, "decider_id": pl.String, "policy": pl.String, "model": pl.String, "salt": pl.String,
    "outcome": pl.String, "amount": pl.Float64, "annual_rate": pl.Float64, "score": pl.Float64,
    "annual_pd": pl.Float64, "code": pl.String,
}  # fmt: skip


def recorded(home: Home, until: int | None = None) -> pl.DataFrame:
    """Return the decisions of a log as a table, in its order: columns of `KINDS`.

    A row each for the answer, and one more for each shadow beside it (role `shadow`). Decisions of an earlier
    version, which have no id, are left out. A shadow that could not answer has the outcome null.

    Raises
    ------
    LogError : a damaged log.
    """
    last = home.log.head[0] if until is None else until
    home.log.check_span(0, last)  # damage may hide an event
    for _ in home.log.pages(0, last):
        pass  # each event is held to its hash
    return pl.DataFrame(list(_rows(home, last)), schema=KINDS, orient="row")


def _rows(home: Home, until: int) -> Iterator[tuple[Any, ...]]:
    opened: dict[str, Mapping[str, Any]] = {}
    for event in home.log.read(until=until, types=("DeciderOpened", "DecisionMade")):
        if event.type == "DeciderOpened":
            opened[event.data["decider_id"]] = event.data
        elif "decider_id" in event.data:
            data = event.data
            experiment = data.get("experiment", {})
            role = experiment.get("arm", CHAMPION)
            yield _row(event, opened[data["decider_id"]], role, data["answer"], experiment.get("salt"))
            for number, answer in data.get("shadows", {}).items():
                yield _row(event, opened[number], SHADOW, answer, None)


def _row(
    event: Event, made: Mapping[str, Any], role: str, answer: Mapping[str, Any], salt: str | None
) -> tuple[Any, ...]:
    data = event.data
    told = {} if FAILED in answer else answer
    reasons = told.get("reasons") or [{}]
    return (
        data["decision_id"], data["application_id"],
        str(data["application"].get("applicant_id") or data["application_id"]), event.happened, role,
        made["decider_id"], f"{made['policy']} {made.get('policy_version', '')}".strip(),
        made.get("model_name"), salt, told.get("outcome"), told.get("amount"), told.get("annual_rate"),
        told.get("score"), told.get("annual_pd"), reasons[0].get("code"),
    )  # fmt: skip
