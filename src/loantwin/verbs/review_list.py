"""`review list`: cases that wait for people, by time limit, and overrides measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin.decisions.scoring.people import person, same_person
from loantwin.decisions.scoring.told import origin
from loantwin.processes.log import in_force, steps_of
from loantwin.processes.reviews import REVIEW, Overridden, ReviewRow, decided_in_time, overrides, waiting
from loantwin.processes.steps import states
from loantwin.twin import Twin, opened
from loantwin.types import Result


@dataclass(frozen=True)
class ReviewList(Result):
    """The review queue. open, overdue : cases that have not ended, and of them those over their time limit;
    of one assignee where one was asked for. decided : cases that ended. stays, late : stays with a time limit
    that ended, and those that ended after it. median_hours : from opening to the end. reviews : those due
    first.
    """

    SCHEMA: ClassVar[str] = "loantwin.review_list/1"

    on: str
    open: int
    overdue: int
    decided: int
    stays: int
    late: int
    median_hours: float | None
    reviews: tuple[ReviewRow, ...]
    overrides: tuple[Overridden, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def review_list(twin: Twin | Path | str, *, assignee: str | None = None) -> ReviewList:
    """Return the cases that wait for people, those due first, and how often people overrode the policy.

    Parameters
    ----------
    twin : a twin, or its folder. assignee : only cases of this person.

    Raises
    ------
    UsageError : no review process in the home (`process run DIR review --steps FILE` opens cases), or a name
        that is none. HomeError : no twin's home.
    """
    who = None if assignee is None else person(assignee, "assignee")
    with opened(twin) as twin:
        twin = twin.refreshed()
        now = twin.clock.now()
        process = in_force(twin.home, REVIEW)
        steps = steps_of(twin.home, REVIEW)
        rows = tuple(
            row for row in waiting(process, steps, now) if who is None or same_person(row.assignee, who)
        )
        stays, late, middle = decided_in_time(process, steps)
        told = overrides(process, steps)
        return ReviewList(
            on=now.isoformat(timespec="seconds"),
            open=len(rows),
            overdue=sum(row.hours_left is not None and row.hours_left < 0.0 for row in rows),
            decided=int(states(steps)["state"].is_in(process.ends).sum()),
            stays=stays,
            late=late,
            median_hours=middle,
            reviews=rows,
            overrides=told,
            notes=_notes(told),
            provenance=origin(twin),
        )


def _notes(told: tuple[Overridden, ...]) -> tuple[str, ...]:
    if not told:
        return ("overrides are not shown: no case that ended has a proposal of the policy",)
    return ("whether overrides were right is not told here: it takes the outcomes of those loans",)
