"""`model show`: one model of the register: what it learnt from, how good it is, what was said and done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin import months
from loantwin.decisions.scoring.told import Figure, ModelRow, figures_of, origin, row_of
from loantwin.events.register import TRANSITION, Model, Register, read_register
from loantwin.twin import Twin, opened
from loantwin.types import Result


@dataclass(frozen=True)
class FeatureRead:
    """A column that a model reads: number, category, age (days before the case), or macro of a fitted one."""

    name: str
    kind: str


@dataclass(frozen=True)
class Said:
    """An approval or a refusal. recorded : the day it came into the log (UTC)."""

    day: dt.date
    recorded: dt.date
    role: str
    by: str
    approved: bool
    words: str | None


@dataclass(frozen=True)
class Placed:
    """A place from a day on. share : of a challenger, else null. by : null where a fit gave the place."""

    day: dt.date
    recorded: dt.date
    place: str
    share: float | None
    by: str | None


@dataclass(frozen=True)
class ModelShown(Result):
    """One model on a day. on : the day. known : what was recorded by the end of this day counts (UTC).

    data_file, data_hash, data_rows : what it was trained on. code_hash : of the code that trained it, null
    where its record names none. versions : package -> version it was trained with. settings : of its
    training. figures : on rows it was not trained on, none of a transition model (`validate` has its own).
    features : columns it reads. judgements, places : in the order of the log.
    """

    SCHEMA: ClassVar[str] = "loantwin.model_show/1"

    on: dt.date
    known: dt.date
    model: ModelRow
    data_file: str | None
    data_hash: str | None
    data_rows: int | None
    code_hash: str | None
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    figures: tuple[Figure, ...]
    features: tuple[FeatureRead, ...]
    judgements: tuple[Said, ...]
    places: tuple[Placed, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def model_show(
    twin: Twin | Path | str,
    model: str,
    *,
    on: dt.date | str | None = None,
    known: dt.date | str | None = None,
) -> ModelShown:
    """Return what the register holds of one model.

    Parameters
    ----------
    twin : an open twin, or its folder. model : its id, the beginning of it, or NAME/VERSION.
    on : the day it is looked at; None is today (UTC). known : count what was recorded by the end of this day;
        None is `on`.

    Raises
    ------
    UsageError : no such model by then, or a day that is none. HomeError : no twin's home, a damaged one.
    """
    day = None if on is None else months.day(on, "on")
    until = None if known is None else months.day(known, "known")
    with opened(twin) as twin:
        day = day or twin.clock.now().date()
        register = read_register(twin.home, twin.head[0]).known(until or day)
        found = register.find(model)
        learnt = _fitted(twin, found) if found.kind == TRANSITION else _trained(twin, found)
        return ModelShown(
            on=day,
            known=until or day,
            model=row_of(register, found, day),
            **learnt,
            judgements=_judgements(register, found),
            places=_places(register, found),
            provenance=origin(twin),
        )


def _trained(twin: Twin, model: Model) -> dict[str, Any]:
    data = model.data
    record = twin.home.read_json(data["record_blob"])
    columns = len(data["features"])
    return {
        "data_file": data["data_file"],
        "data_hash": data["data_hash"],
        "data_rows": record["data"].get("rows"),
        "code_hash": data.get("code_hash"),
        "versions": data["versions"],
        "settings": {name: value for name, value in data["parameters"].items() if name != "columns"},
        "figures": tuple(figures_of(data["metrics"])),
        "features": tuple(FeatureRead(name, kind) for name, kind in data["features"].items()),
        "notes": (f"figures are those of models like it on fewer rows; it reads {columns} columns",),
    }


def _fitted(twin: Twin, model: Model) -> dict[str, Any]:
    stored = twin.home.read_json(model.data["model_blob"])
    told = stored.get("provenance", {})
    factors = [f"{item['factor']}.{item['transform']}" for item in stored.get("covariates", ())]
    return {
        "data_file": None,
        "data_hash": told.get("data_sha256"),
        "data_rows": None,
        "code_hash": None,
        "versions": told.get("versions", {}),
        "settings": {"as_of": model.data["as_of"]},
        "figures": (),
        "features": tuple(FeatureRead(name, "macro") for name in factors),
        "notes": ("a transition model has no figures of a score: `validate` and `backtest` judge it",),
    }


def _judgements(register: Register, model: Model) -> tuple[Said, ...]:
    return tuple(
        Said(item.day, item.recorded, item.role, item.by, item.approved, item.words)
        for item in register.judgements
        if item.model_id == model.id
    )


def _places(register: Register, model: Model) -> tuple[Placed, ...]:
    return tuple(
        Placed(
            item.day, item.recorded, item.place, item.share if item.place == "challenger" else None, item.by
        )
        for item in register.placements
        if item.model_id == model.id
    )
