"""A model of the register as results tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

from loantwin.decisions.scoring.registered import Viewed
from loantwin.decisions.scoring.standing import judgement, standing, why_not
from loantwin.events.register import TRANSITION, Model, Register

APPROVED, REFUSED, OPEN = "approved", "refused", "not judged"
IN_USE = "in use"
"""The place of the transition model that the twin runs on: the one of its last fit."""


@dataclass(frozen=True)
class ModelRow:
    """A model on a day.

    number : version of its name. registered : day it came into the register. by : who registered it, null of
    a fitted one. approval : approved, refused or not judged; approved_by : who said so. place : champion,
    challenger, in use (a transition model that the twin runs on) or null. share : of cases that a challenger
    decides, null of others. expires : its last day. why_not : why it may not decide, null where it may, and
    of a transition model, which decides no application.
    """

    id: str
    name: str
    number: int
    kind: str
    registered: date
    by: str | None
    approval: str
    approved_by: str | None
    place: str | None
    share: float | None
    expires: date | None
    why_not: str | None


@dataclass(frozen=True)
class Figure:
    """A figure on rows that the model was not trained on, with its 95 % interval where there is one."""

    name: str
    value: float
    low: float | None
    high: float | None


def row_of(register: Register, model: Model, on: date) -> ModelRow:
    """Return a model as it stands on a day."""
    said, stands = judgement(register, model, on), standing(register, model.name, on)
    place, fitted = stands.place(model.id), model.kind == TRANSITION
    return ModelRow(
        id=model.id,
        name=model.name,
        number=model.number,
        kind=model.kind,
        registered=model.recorded if fitted else model.day,
        by=model.by,
        approval=OPEN if said is None else APPROVED if said.approved else REFUSED,
        approved_by=None if said is None else said.by,
        place=IN_USE if fitted and place is not None else place,
        share=stands.shares.get(model.id),
        expires=model.expires,
        why_not=None if fitted else why_not(register, model, on),
    )


def figures_of(metrics: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the figures of a record; an interval stands under the figure's name with `_low` and `_high`."""
    auc = [metrics.get(f"auc{end}") for end in ("", "_low", "_high")]
    for name, value in metrics.items():
        if name.endswith(("_low", "_high")) or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        low, high = metrics.get(f"{name}_low"), metrics.get(f"{name}_high")
        if name == "gini" and None not in auc and value == 2.0 * auc[0] - 1.0:  # type: ignore[operator]
            low, high = (2.0 * end - 1.0 for end in auc[1:])  # type: ignore[operator]
        yield Figure(name, float(value), low, high)


def origin(twin: Viewed) -> dict[str, Any]:
    """Return what a result of the register says of where it comes from."""
    return {
        "program": f"loantwin {version('loantwin')}",
        "log_head": twin.head[1],
        "computed": twin.clock.now().isoformat(timespec="seconds"),
    }
