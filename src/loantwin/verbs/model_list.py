"""`model list`: every model of a twin's home as it stands on a day: scores, and what `fit` stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin import months
from loantwin.decisions.scoring.told import ModelRow, origin, row_of
from loantwin.events.register import read_register
from loantwin.twin import Twin, opened
from loantwin.types import Result


@dataclass(frozen=True)
class ModelList(Result):
    """The register on a day. on : the day. known : what was recorded by the end of this day counts (UTC).

    models : by name and version; the transition model that the twin runs on is in use.
    """

    SCHEMA: ClassVar[str] = "loantwin.model_list/1"

    on: dt.date
    known: dt.date
    models: tuple[ModelRow, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def model_list(
    twin: Twin | Path | str, *, on: dt.date | str | None = None, known: dt.date | str | None = None
) -> ModelList:
    """Return every model of a twin's home as it stands on a day.

    Parameters
    ----------
    twin : an open twin, or its folder. on : the day; None is today (UTC).
    known : count what was recorded by the end of this day; None is `on`: what was known then.

    Raises
    ------
    UsageError : a day that is none. HomeError : no twin's home, or a damaged log.
    """
    day = None if on is None else months.day(on, "on")
    until = None if known is None else months.day(known, "known")
    with opened(twin) as twin:
        day = day or twin.clock.now().date()
        register = read_register(twin.home, twin.head[0]).known(until or day)
        rows = [row_of(register, model, day) for model in register.models.values()]
        return ModelList(
            on=day,
            known=until or day,
            models=tuple(sorted(rows, key=lambda row: (row.name, row.number))),
            notes=() if rows else ("no model was registered or fitted by then",),
            provenance=origin(twin),
        )
