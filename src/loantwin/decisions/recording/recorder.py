"""A recorder: decides, puts each decision into the twin's log, and answers only then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from secrets import token_hex
from threading import Lock
from typing import Any

import polars as pl

from loantwin.clock import Clock
from loantwin.decisions.application_file import check_application, checked
from loantwin.decisions.deciding.answer import Decision, decision_of_row
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.recording.fields import parted, parted_one
from loantwin.decisions.recording.grounds import Asked, opened_event
from loantwin.decisions.recording.group import BEGINS, GroupCommit, sweep
from loantwin.decisions.rollout.rollout import CHALLENGER, CHAMPION, Rollout
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.events.stops import read_stops, take, waiting
from loantwin.types import plain

ANSWER = (
    "outcome", "amount", "annual_rate", "term_months", "pattern", "score", "annual_pd", "expected_loss",
    "expected_profit", "reasons", "counter_offer", "rules",
)  # fmt: skip
"""What is kept of an answer, and held to what is derived again."""
FAILED = "failed"
"""Key of the words why a shadow could not answer."""


@dataclass(frozen=True)
class _Standing:
    """A rollout at work. opened : the id of each decider, in the order of `deciders`, then `shadows`."""

    rollout: Rollout
    opened: tuple[str, ...]

    @property
    def shadows(self) -> tuple[str, ...]:
        return self.opened[len(self.rollout.deciders) :]


class Recorder:
    """Decides and records; any number of threads may ask one recorder. Its home is open for writing.

    What is stopped by `decision stop`, of this process or another, is obeyed from the next decision on.

    Parameters
    ----------
    home : open for writing. rollout : who decides. asked : what the deciders were asked for. clock : tells
        the day of a decision. linger : see `GroupCommit`.

    Raises
    ------
    HomeError : a home that cannot be written.
    """

    def __init__(
        self, home: Home, rollout: Rollout, asked: Asked, clock: Clock, linger: float = 0.001
    ) -> None:
        self._home, self._whole, self._asked, self._clock = home, rollout, asked, clock
        self._group = GroupCommit(home, linger)
        self._guard = Lock()
        self._known: list[tuple[Decider, str]] = []
        sweep(home)
        take(home)
        self._seen = home.log.head[0]
        self._standing = self._stand(rollout.without(self._stops()), asked)

    @property
    def commits(self) -> int:
        """Return how many commits there were: fewer than decisions where callers came at once."""
        return self._group.commits

    @property
    def deciders(self) -> dict[str, Decider]:
        """Return what decided so far, by the id under which it stands in the log."""
        return {number: decider for decider, number in self._known}

    @property
    def rollout(self) -> Rollout:
        """Return who decides now."""
        return self._now().rollout

    def decide(self, application: Mapping[str, Any], *, on: date | None = None) -> Decision:
        """Return the decision on one application; it is in the log when this returns.

        Raises
        ------
        UsageError : no application, or one whose attributes say who a person is. ModelError, ConfigError : as
            of `Decider.decide`. HomeError : a home that cannot be written. Nothing is recorded then.
        """
        check_application(application)
        day, key = on or self._asked.on, token_hex(8)
        told, fields = parted_one(application)
        while True:
            standing = self._now()
            rollout = standing.rollout
            arm = rollout.arm(application)
            decision = rollout.deciders[arm].decide(application, on=day)
            beside = rollout.beside_one(application, on=day)
            if self._now() is standing:  # nothing was stopped meanwhile
                break
        shadows = {
            number: {FAILED: item} if isinstance(item, str) else answer_of(item)
            for number, item in zip(standing.shadows, beside, strict=True)
        }
        event = self._event(standing, arm, told, fields, answer_of(decision), shadows, day, key)
        self._group.append([event], {key: fields} if fields else {})
        return replace(decision, decision_id=key)

    def columns(self, applications: pl.DataFrame, *, on: date | None = None) -> pl.DataFrame:
        """Return the decisions on N applications, all in the log by one commit when this returns.

        As of `Rollout.columns`, with decision_id and decider_id.

        Raises
        ------
        UsageError, ModelError, ConfigError, HomeError : as of `decide`; nothing is recorded then.
        """
        frame = checked(applications)
        day = on or self._asked.on
        parts = list(parted(frame))
        while True:
            standing = self._now()
            found = standing.rollout.columns(frame, on=day)
            beside = standing.rollout.beside(frame, on=day)
            if self._now() is standing:  # nothing was stopped meanwhile
                break
        ids = [token_hex(8) for _ in parts]
        persons = {key: fields for key, (_, fields) in zip(ids, parts, strict=True) if fields}
        self._group.append(list(self._events(standing, found, beside, parts, ids, day)), persons)
        opened = pl.Series("decider_id", standing.opened, dtype=pl.String)
        return found.with_columns(
            pl.Series("decision_id", ids, dtype=pl.String), opened.gather(found["arm"]).alias("decider_id")
        )

    def _events(
        self,
        standing: _Standing,
        found: pl.DataFrame,
        beside: tuple[pl.DataFrame | str, ...],
        parts: Sequence[tuple[dict[str, Any], dict[str, Any]]],
        ids: Sequence[str],
        day: date | None,
    ) -> Iterator[Event]:
        others = list(_beside(standing, beside, len(ids)))
        rows = zip(found.iter_rows(named=True), parts, ids, others, strict=True)
        for row, (application, fields), key, shadows in rows:
            yield self._event(
                standing, row["arm"], application, fields, answer_of_row(row), shadows, day, key
            )

    def _event(
        self, standing: _Standing, arm: int, application: Mapping[str, Any], fields: Mapping[str, Any],
        answer: dict[str, Any], shadows: dict[str, Any], day: date | None, key: str,
    ) -> Event:  # fmt: skip
        data: dict[str, Any] = {
            "application_id": application["application_id"],
            "policy": standing.rollout.deciders[arm].policy.name,
            "decision": answer["outcome"],
            "reasons": [item["text"] for item in answer["reasons"]],
            "decision_id": key,
            "decider_id": standing.opened[arm],
            "answer": answer,
            "application": application,
        }
        if fields:
            data["personal"] = sorted(fields)
        if day is not None:
            data["on"] = day.isoformat()
        if standing.rollout.challengers:
            data["experiment"] = _experiment(standing, arm)
        if shadows:
            data["shadows"] = shadows
        return Event("DecisionMade", self._clock.now().date(), data, f"{BEGINS}{key}")

    def _now(self) -> _Standing:
        """Return who decides, after what was stopped or resumed since."""
        if not waiting(self._home) and self._home.log.head[0] == self._seen:
            return self._standing
        with self._guard:
            take(self._home)
            head = self._home.log.head
            if self._home.log.types(self._seen, head[0]) & {"DecidingStopped", "DecidingResumed"}:
                left = self._whole.without(self._stops())
                self._standing = self._stand(left, replace(self._asked, view=self._home.log.head))
            self._seen = head[0]
            return self._standing

    def _stops(self) -> dict[str, str]:
        return {name: words_of(event) for name, event in read_stops(self._home).items()}

    def _stand(self, rollout: Rollout, asked: Asked) -> _Standing:
        """Return a rollout with its deciders in the log: those that were not, opened now."""
        names, events = [], []
        for decider in (*rollout.deciders, *rollout.shadows):
            number = next((number for known, number in self._known if known is decider), None)
            if number is None:
                event = opened_event(self._home, decider, asked)
                number = str(event.data["decider_id"])
                self._known.append((decider, number))
                events.append(event)
            names.append(number)
        if events:
            self._home.append(events)
        return _Standing(rollout, tuple(names))


def answer_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an answer, a row of `Decider.columns`: plain values."""
    return answer_of(decision_of_row(row, None))  # type: ignore[arg-type]  # versions are not kept here


def answer_of(decision: Decision) -> dict[str, Any]:
    """Return what is kept of an answer: plain values by the names of `ANSWER`."""
    return {name: plain(getattr(decision, name)) for name in ANSWER}


def words_of(stop: Event) -> str:
    """Return why somebody stopped a score or policy, for who asks."""
    said = f": {stop.data['words']}" if "words" in stop.data else ""
    return f"{stop.data['subject'][:16]} was stopped by {stop.data['by']} on {stop.happened}{said}"


def _experiment(standing: _Standing, arm: int) -> dict[str, Any]:
    shares = zip(standing.opened[1:], standing.rollout.shares, strict=False)
    told = [{"decider_id": number, "share": share} for number, share in shares]
    return {
        "salt": standing.rollout.salt,
        "arm": CHALLENGER if arm else CHAMPION,
        "champion": standing.opened[0],
        "challengers": told,
    }


def _beside(
    standing: _Standing, found: tuple[pl.DataFrame | str, ...], rows: int
) -> Iterator[dict[str, dict[str, Any]]]:
    """Yield what the shadows would have answered to each of N applications, by the id of the shadow."""
    columns = [
        [{FAILED: item}] * rows
        if isinstance(item, str)
        else list(map(answer_of_row, item.iter_rows(named=True)))
        for item in found
    ]
    for place in range(rows):
        yield {name: column[place] for name, column in zip(standing.shadows, columns, strict=True)}
