"""Which model may decide on a day: four eyes on its approval, its last day, and its place among its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from loantwin.decisions.scoring.people import same_person
from loantwin.errors import UsageError, expected
from loantwin.events.register import CHALLENGER, CHAMPION, TRANSITION, Judgement, Model, Placement, Register

ROLES = ("viewer", "analyst", "credit-officer", "risk-manager", "model-approver", "administrator")
APPROVER = "model-approver"
"""The one role whose approval counts."""


@dataclass(frozen=True)
class Standing:
    """Who decides for a name on a day. champion : an id, or None. shares : challenger's id -> its share."""

    champion: str | None
    shares: Mapping[str, float]

    def place(self, number: str) -> str | None:
        """Return a model's place, None where it has none (any more)."""
        return CHAMPION if number == self.champion else CHALLENGER if number in self.shares else None


def standing(register: Register, name: str, on: date) -> Standing:
    """Return who stands where on a day: placements from that day or before, later days over earlier ones.

    A new champion ends the place of the one before, and its own as challenger.
    """
    champion: str | None = None
    shares: dict[str, float] = {}
    own = [item for item in register.placements if register.models[item.model_id].name == name]
    for item in sorted(own, key=lambda item: item.day):  # of one day, the one recorded last
        if item.day > on:
            break
        shares.pop(item.model_id, None)
        if item.place == CHAMPION:
            champion = item.model_id
            continue
        champion = None if champion == item.model_id else champion
        if item.place == CHALLENGER:
            shares[item.model_id] = item.share
    return Standing(champion, shares)


def judgement(register: Register, model: Model, on: date) -> Judgement | None:
    """Return what was last said of a model by a day: by an approver who is not the one who registered it."""
    said = [
        item
        for item in register.judgements
        if item.model_id == model.id and item.role == APPROVER and item.day <= on
        and not same_person(item.by, model.by)
    ]  # fmt: skip
    return said[-1] if said else None


def why_not(register: Register, model: Model, on: date) -> str | None:
    """Return why a model may not decide on a day, None where it may."""
    said = judgement(register, model, on)
    if said is None:
        return "not approved by then"
    if not said.approved:
        return f"refused by {said.by} on {said.day}"
    return past(model, on)


def past(model: Model, on: date) -> str | None:
    """Return that a day lies beyond a model's last one, None where it does not."""
    return f"expired on {model.expires}" if model.expires is not None and on > model.expires else None


def check_placement(register: Register, placement: Placement) -> None:
    """Raise UsageError where a model cannot be given a place.

    A transition model (`fit` places it), a share outside 0 to 1 or of no challenger, a day before it was
    registered, one who would decide without approval or past its last day, a retirement of what has no
    place, shares of one name that are more than 1 on some day.
    """
    model, on, share = register.models[placement.model_id], placement.day, placement.share
    if model.kind == TRANSITION:
        raise UsageError(
            expected("a score", "a transition model: the twin runs on its last fit"), field="model"
        )
    if not 0.0 <= share <= 1.0:
        raise UsageError(expected("a share from 0 to 1", share), field="share")
    if share and placement.place != CHALLENGER:
        raise UsageError(expected("a share of a challenger alone", placement.place), field="share")
    if on < model.day:
        raise UsageError(
            expected(f"a day from {model.day} on, when {model.words} was registered", on), field="start"
        )
    if placement.place not in (CHAMPION, CHALLENGER):
        if standing(register, model.name, on).place(model.id) is None:
            was = f"{model.words}, which has none"
            raise UsageError(expected(f"a model with a place on {on}", was), field="model")
        return
    decides = placement.place == CHAMPION or share > 0.0
    if reason := why_not(register, model, on) if decides else past(model, on):
        what = "a model that is approved and not expired" if decides else "a model that is not expired"
        raise UsageError(expected(f"{what} on {on}", f"{model.words}, {reason}"), field="model")
    _check_shares(replace(register, placements=(*register.placements, placement)), model.name, on)


def _check_shares(register: Register, name: str, since: date) -> None:
    days = {since} | {item.day for item in register.placements if item.day > since}
    for day in sorted(days):
        total = sum(standing(register, name, day).shares.values())
        if total > 1.0 + 1e-12:
            raise UsageError(
                expected(f"shares of challengers of {name} of 1 in all on {day}", f"{total:g}"), field="share"
            )
