"""`review decide`: a person decides a case, with a reason; above the limit two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin.decisions.recording.fields import ADDRESS
from loantwin.decisions.scoring.people import person
from loantwin.decisions.scoring.told import origin
from loantwin.errors import UsageError, expected
from loantwin.processes.log import in_force, steps_of
from loantwin.processes.review_steps import case_of, take
from loantwin.processes.reviews import REVIEW
from loantwin.twin import Twin, opened
from loantwin.types import Result

LONGEST = 500


@dataclass(frozen=True)
class ReviewDecided(Result):
    """A case after somebody decided it.

    step : the step that the outcome stood for. state : where it led. final : whether the case has ended;
    where not, another must look. overridden : whether the outcome is another than the policy proposed; None
    where it proposed none. hours : from its opening.
    """

    SCHEMA: ClassVar[str] = "loantwin.review_decide/1"

    case: str
    outcome: str
    step: str
    state: str
    final: bool
    by: str
    reason: str
    amount: float | None
    proposed: str | None
    overridden: bool | None
    hours: float
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def review_decide(
    twin: Twin | Path | str, case: str, *, outcome: str, reason: str, by: str | None = None
) -> ReviewDecided:
    """Decide a case; which step that is follows from its state and its amount.

    Parameters
    ----------
    twin : a twin opened for writing, or its folder. case : its id. outcome : approve or decline, or what else
        the process names. reason : why, 1 to 500 signs; it is kept in the log: no personal data of the
        applicant.
    by : who decides; None takes the account that runs the program.

    Raises
    ------
    UsageError : no such case, an outcome that is not possible in its state (what is, is named), no reason,
        one who does not have the case, or the same person twice where four eyes are asked for. HomeError : no
        twin's home, or one held by another writer.
    """
    own, why = person(by), _reason(reason)
    with opened(twin, writable=True) as twin:
        twin = twin.refreshed()
        process = in_force(twin.home, REVIEW)
        held = case_of(process, steps_of(twin.home, REVIEW), case)
        now = twin.clock.now()
        row = take(twin.home, process, now, case=case, outcome=outcome, by=own, reason=why)
        twin = twin.refreshed()
        final = row["state"] in process.ends
        left = ", ".join(step.name for step in process.leaving(row["state"]))
        return ReviewDecided(
            case=case,
            outcome=outcome,
            step=row["step"],
            state=row["state"],
            final=final,
            by=own,
            reason=why,
            amount=held["amount"],
            proposed=held["proposed"],
            overridden=None if held["proposed"] is None else held["proposed"] != outcome,
            hours=(now - held["opened"]).total_seconds() / 3600.0,
            notes=() if final else (f"it has not ended: another than {own} must look; possible are {left}",),
            provenance=origin(twin),
        )


def _reason(reason: str) -> str:
    told = reason.strip() if isinstance(reason, str) else ""
    if not 0 < len(told) <= LONGEST:
        raise UsageError(expected(f"a reason of 1 to {LONGEST} signs", reason), field="reason")
    if ADDRESS.search(told):
        words = expected("a reason without personal data: it stays in the log", "one with an e-mail address")
        raise UsageError(words, field="reason")
    return told
