"""A survival model on disk: the text and record of a score, of kind `survival`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loantwin.errors import ModelError, expected
from loantwin.files import read_text
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.store import FORMAT, RECORD, Score, write_scores
from loantwin.models.scoring.terms import Terms
from loantwin.models.survival.ages import Ages
from loantwin.models.survival.calendar import Calendar
from loantwin.models.survival.model import Hazard, Survival, check

KIND = "survival"


def write_survival(folder: Path, model: Survival, record: Mapping[str, Any]) -> str:
    """Write a model and its record into a folder as `score train` does, and return the id of the record."""
    return write_scores(folder, {KIND: Score(KIND, model, model.time)}, {**record, "champion": KIND})


def survival_from_text(text: str, file: Path | None = None) -> Survival:
    """Return the model that was written.

    Raises
    ------
    ModelError : a text that is no survival model, or of a newer format.
    """
    try:
        document = json.loads(text)
        number, kind, parts = document["format"], document["kind"], document["model"]
        if number != FORMAT or kind != KIND:
            words = expected(f"a survival model of format {FORMAT}", f"{kind} of format {number}")
            raise ModelError(words, file=file)
        plain = {name: _tuples(value) for name, value in parts.items() if name in ("known", "time")}
        return check(Survival(
            features=tuple(Feature(**_values(item)) for item in parts["features"]),
            terms=tuple(Terms(**_values(item)) for item in parts["terms"]),
            event=_hazard(parts["event"]),
            competing=None if parts["competing"] is None else _hazard(parts["competing"]),
            calendar=Calendar(**_values(parts["calendar"])),
            **plain,
        ))  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        words = expected("a model as `survival train` writes it", str(problem))
        raise ModelError(words, file=file) from problem


def read_survival(folder: Path | str) -> Survival:
    """Return the model from the folder that `survival train` wrote.

    Raises
    ------
    ModelError : no such folder, a model that does not match its hash, or is of a newer format.
    """
    place = Path(folder)
    try:
        wanted = json.loads(read_text(place / RECORD, "record of models", ModelError))["models"][KIND]
    except (ValueError, KeyError, TypeError) as problem:
        words = expected("a record of a survival model", str(problem))
        raise ModelError(words, file=place / RECORD) from problem
    file = place / f"{KIND}.json"
    text = read_text(file, "survival model", ModelError)
    if hashlib.sha256(text.encode()).hexdigest() != wanted:
        raise ModelError(expected("the model that the record names by hash", "another text"), file=file)
    return survival_from_text(text, file)


def _hazard(parts: Mapping[str, Any]) -> Hazard:
    values = _values({name: value for name, value in parts.items() if name != "ages"})
    return Hazard(**values, ages=Ages(**_values(parts["ages"])))


def _values(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _tuples(value) for name, value in parts.items()}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
