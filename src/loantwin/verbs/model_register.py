"""`model register`: a score that `score train` kept becomes a version in the twin's register of models."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from loantwin import months
from loantwin.decisions.scoring.people import person, same_person
from loantwin.decisions.scoring.told import ModelRow, origin, row_of
from loantwin.errors import ModelError, UsageError, expected
from loantwin.events.codec import encode
from loantwin.events.event import Event, check_events
from loantwin.events.register import TRANSITION, Model, Register, model_id, read_register
from loantwin.files import name_of
from loantwin.models.scoring.store import RECORD, Score, from_text, read_record, text_of
from loantwin.twin import Twin, opened
from loantwin.types import Result

LONGEST = 60
"""Signs of a model's name."""


@dataclass(frozen=True)
class ModelRegistered(Result):
    """A model as it stands in the register now. new : False where it stood there already, as it is.

    data_file, data_hash : what it was trained on. notes : what to do next, or what was found.
    """

    SCHEMA: ClassVar[str] = "loantwin.model_register/1"

    model: ModelRow
    new: bool
    data_file: str
    data_hash: str
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def model_register(
    twin: Twin | Path | str,
    scores: Path | str,
    *,
    model: str | None = None,
    name: str | None = None,
    by: str | None = None,
    expires: dt.date | str | None = None,
) -> ModelRegistered:
    """Take a score into the twin's register: its text and record, what it was trained on and how good it is.

    The same score under the same name is registered once: asked again, its id is returned and nothing is
    recorded.

    Parameters
    ----------
    twin : a twin opened for writing, or its folder. scores : a folder that `score train` wrote.
    model : which of its scores; None takes the record's champion.
    name : what the score is for; its versions are counted by it. None takes the folder's name.
    by : who registers it; None takes the account that runs the program.
    expires : the last day it may decide; None for no end.

    Raises
    ------
    ModelError : no folder of scores, no such score, a hash that does not match, a newer format.
    LogError : a record whose parts are of other kinds.
    UsageError : a name that cannot be, a last day that is over, or another than was registered.
    HomeError : no twin's home, or one held by another writer.
    """
    who = person(by)
    until = None if expires is None else months.day(expires, "expires")
    with opened(twin, writable=True) as twin:
        record = read_record(scores)
        kind = str(model or record["champion"])
        text = text_of(scores, record, kind)
        score = from_text(text, Path(scores) / f"{kind}.json")
        called = _name(name if name is not None else name_of(Path(scores).resolve()))
        twin = twin.refreshed()
        today = twin.clock.now().date()
        if until is not None and until < today:
            raise UsageError(expected(f"a day from {today} on", until), field="expires")
        register = read_register(twin.home)
        data = _data(register, called, score, record, Path(scores) / RECORD)
        contents = text.encode(), encode(record).encode()
        blobs = [sha256(content).hexdigest() for content in contents]
        number = model_id(called, *blobs)
        new = number not in register.models
        if new:
            data |= {"model_id": number, "model_blob": blobs[0], "record_blob": blobs[1], "by": who}
            data |= {} if until is None else {"expires": until.isoformat()}
            event = Event("ModelRegistered", today, data)
            check_events([event])  # before anything is written
            for content in contents:
                twin.home.put_bytes(content)
            twin.home.append([event])
            twin = twin.refreshed()
            register = read_register(twin.home)
        found = register.models[number]
        return ModelRegistered(
            model=row_of(register, found, today),
            new=new,
            data_file=found.data["data_file"],
            data_hash=found.data["data_hash"],
            notes=_notes(found) if new else _again(found, None if by is None else who, until),
            provenance=origin(twin),
        )


def _name(name: str) -> str:
    if not isinstance(name, str) or not re.fullmatch(rf"[\w.-]{{1,{LONGEST}}}", name):
        what = f"a name of 1 to {LONGEST} letters, digits, dots, hyphens and underscores"
        raise UsageError(expected(what, name), field="name")
    if name.casefold() == TRANSITION:
        raise UsageError(
            expected("another name", f"{name}, that of the models that `fit` stores"), field="name"
        )
    return name


def _data(
    register: Register, name: str, score: Score, record: Mapping[str, Any], file: Path
) -> dict[str, Any]:
    """Return the event's fields that come from the record."""
    try:
        figures = record["figures"][score.kind]
        made: dict[str, Any] = {
            "name": name,
            "number": len(register.named(name)) + 1,
            "kind": score.kind,
            "data_file": record["data"]["file"],
            "data_hash": record["data"]["sha256"],
            "versions": record["versions"],
            "parameters": record["settings"],
            "metrics": {key: value for key, value in figures.items() if not isinstance(value, list)},
            "features": {feature.name: feature.kind for feature in score.model.features},
        }
    except (KeyError, TypeError, AttributeError) as problem:
        raise ModelError(expected("a record of scores", f"one without {problem}"), file=file) from problem
    return made | ({"code_hash": record["code"]} if "code" in record else {})


def _notes(model: Model) -> tuple[str, ...]:
    made = (
        () if "code_hash" in model.data else ("the record names no code: it was trained by an older version",)
    )
    return (*made, f"next: approval by another than {model.by}, then a place")


def _again(model: Model, by: str | None, until: dt.date | None) -> tuple[str, ...]:
    """Return that a model was registered before; refuse a last day that is another than its own."""
    if until is not None and until != model.expires:
        ends = "no last day" if model.expires is None else f"the last day {model.expires}"
        raise UsageError(
            expected(f"{ends}, as {model.words} was registered", until) + "; register another version",
            field="expires",
        )
    other = "" if by is None or same_person(by, model.by) else f", not by {by}"
    return (f"registered before, by {model.by}{other} on {model.day}: nothing was recorded",)
