"""`review assign`: a case is given to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin.decisions.scoring.people import person
from loantwin.decisions.scoring.told import origin
from loantwin.errors import UsageError, expected
from loantwin.processes.log import in_force, steps_of
from loantwin.processes.review_steps import case_of, take
from loantwin.processes.reviews import REVIEW, ReviewRow, waiting
from loantwin.twin import Twin, opened
from loantwin.types import Result


@dataclass(frozen=True)
class ReviewAssigned(Result):
    """A case after it was given to somebody. by : who gave it."""

    SCHEMA: ClassVar[str] = "loantwin.review_assign/1"

    review: ReviewRow
    step: str
    by: str
    provenance: Mapping[str, Any] = field(default_factory=dict)


def review_assign(twin: Twin | Path | str, case: str, *, to: str, by: str | None = None) -> ReviewAssigned:
    """Give a case to a person; the process says in which states that is possible.

    Parameters
    ----------
    twin : a twin opened for writing, or its folder. case : its id. to : who gets it. by : who gives it; None
        takes the account that runs the program.

    Raises
    ------
    UsageError : no such case, one that has ended, or a name that is none. HomeError : no twin's home, or one
        held by another writer.
    """
    who, own = person(to, "to"), person(by)
    with opened(twin, writable=True) as twin:
        twin = twin.refreshed()
        process = in_force(twin.home, REVIEW)
        state = case_of(process, steps_of(twin.home, REVIEW), case)["state"]
        steps = [step for step in process.leaving(state) if "assignee" in step.needs]
        if not steps:
            words = expected("a case that can be assigned", f"{case}, which is in state {state}")
            raise UsageError(words, field="case")
        now = twin.clock.now()
        take(twin.home, process, now, case=case, step=steps[0].name, by=own, assignee=who)
        twin = twin.refreshed()
        rows = waiting(process, steps_of(twin.home, REVIEW), now)
        return ReviewAssigned(
            review=next(row for row in rows if row.case == case),
            step=steps[0].name,
            by=own,
            provenance=origin(twin),
        )
