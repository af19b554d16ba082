"""Where what a graph works out hangs on some fields: elsewhere no value of theirs changes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from loantwin.decisions.graph.plan import Plan
from loantwin.decisions.graph.term import Term, in_order, lit, when

Mask = Term | None
"""Where a term hangs on the fields; None is nowhere."""


def hanging(plan: Plan, wanted: Iterable[Term], fields: Collection[str]) -> Term:
    """Return where one of some terms may hang on fields, (N,) flags without null.

    Other fields are as they are: a row of a table that fires whatever the fields hold ends the matter. The
    plan's steps are followed; what they need for this is added to it as steps.
    """
    known: dict[str, Mask] = {}
    for step in tuple(plan.steps):
        for name, term in step:
            mask = _mask(term, fields, known, plan)
            known[name] = None if mask is None else plan.keep(mask)[0]
    return _sure(_either(*(_mask(term, fields, known, plan) for term in wanted)))


def _mask(term: Term, fields: Collection[str], known: dict[str, Mask], plan: Plan) -> Mask:
    made: dict[int, Mask] = {}
    for part in in_order(term):
        made[id(part)] = _one(part, [made[id(item)] for item in part.args], fields, known, plan)
    return made[id(term)]


def _one(term: Term, masks: list[Mask], fields: Collection[str], known: dict[str, Mask], plan: Plan) -> Mask:
    if term.op == "col":
        return known[term.given] if term.given in known else lit(True) if term.given in fields else None
    if term.op in ("and", "or"):
        one, two = term.args
        ends = term.op == "or"
        open_ = [~part.fill_null(False) if ends else part.fill_null(True) for part in (two, one)]
        alone = [None if mask is None else mask & left for mask, left in zip(masks, open_, strict=True)]
        if masks[0] is None or masks[1] is None:
            return _either(*alone)
        # a step of its own: in long chains each mask would be written out twice, at each link again
        return plan.keep(_sure(_either(*alone, masks[0] & masks[1])))[0]
    if term.op == "when" and masks[0] is None:
        if masks[1] is None and masks[2] is None:
            return None
        yes, no = (lit(False) if mask is None else mask for mask in masks[1:])
        return when(term.args[0], yes, no)
    return _either(*masks)


def _sure(mask: Mask) -> Term:
    return lit(False) if mask is None else mask.fill_null(True)


def _either(*masks: Mask) -> Mask:
    found: Mask = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else found | mask
    return found
