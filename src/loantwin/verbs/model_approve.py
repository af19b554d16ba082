"""`model approve`: a model is approved or refused, in a role, by another than the one who registered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin.decisions.scoring.people import person, same_person
from loantwin.decisions.scoring.standing import APPROVER, ROLES
from loantwin.decisions.scoring.told import ModelRow, origin, row_of
from loantwin.errors import UsageError, choice, expected
from loantwin.events.event import Event
from loantwin.events.register import read_register
from loantwin.twin import Twin, opened
from loantwin.types import Result


@dataclass(frozen=True)
class ModelJudged(Result):
    """A model as it stands after an approval or a refusal. words : what was said of it."""

    SCHEMA: ClassVar[str] = "loantwin.model_approve/1"

    model: ModelRow
    approved: bool
    role: str
    by: str
    words: str | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def model_approve(
    twin: Twin | Path | str,
    model: str,
    *,
    role: str,
    by: str,
    refuse: bool = False,
    words: str | None = None,
) -> ModelJudged:
    """Record that a model was approved, or refused; the last word counts.

    Parameters
    ----------
    twin : a twin opened for writing, or its folder. model : its id, the beginning of it, or NAME/VERSION.
    role : of the one who approves; only `model-approver` may. by : who approves; not who registered it.
    refuse : refuse it instead: a champion that is refused decides no more. words : what is said of it.

    Raises
    ------
    UsageError : no such model, an unknown role or one that may not approve, a name that is none, or the one
        who registered it. HomeError : no twin's home, or one held by another writer.
    """
    told = choice(role, ROLES, "role")
    if told != APPROVER:
        raise UsageError(expected(f"{APPROVER}, the one role that may approve models", told), field="role")
    if by is None:
        raise UsageError(expected("the name of who approves", "none"), field="by")
    who = person(by)
    said = None if words is None else words.strip()
    if said == "":
        raise UsageError(expected("words, or none", "an empty text"), field="words")
    with opened(twin, writable=True) as twin:
        twin = twin.refreshed()
        today = twin.clock.now().date()
        found = read_register(twin.home).find(model)
        if same_person(who, found.by):
            raise UsageError(
                expected(f"another than {found.by}, who registered {found.words}", who), field="by"
            )
        data = {"model_id": found.id, "role": told, "by": who} | ({} if said is None else {"words": said})
        twin.home.append([Event("ModelRefused" if refuse else "ModelApproved", today, data)])
        twin = twin.refreshed()
        row = row_of(read_register(twin.home), found, today)
        return ModelJudged(
            model=row,
            approved=not refuse,
            role=told,
            by=who,
            words=said,
            notes=_notes(row),
            provenance=origin(twin),
        )


def _notes(row: ModelRow) -> tuple[str, ...]:
    if row.place is not None and row.why_not is not None:
        return (f"it has the place {row.place} and decides nothing until it is approved or replaced",)
    return ()
