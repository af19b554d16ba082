"""What an updated model says of itself: its record brought up to date, and what the update was."""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.models.counts import Counts, edge_cells
from loantwin.models.diagnostics import edge_record, interval, process_record
from loantwin.models.fitted import FittedModel
from loantwin.models.learning.grown import edge_errors, errors_of
from loantwin.models.learning.surprise import Surprise
from loantwin.models.memory import against, memory_of
from loantwin.models.sizes import LEAST_EVENTS
from loantwin.models.spline import basis_values
from loantwin.models.transitions import EdgeFit

MOST_UPDATES = 24
"""Updates after which a full refit is recommended: what an update leaves alone has had time to change."""

REASONS = {
    "many updates": f"{MOST_UPDATES} updates or more since the last one",
    "new months badly foretold": "the new months are worse foretold than the model's own uncertainty allows",
    "size of loans": "there are events enough now to ask whether the size of a loan counts",
    "vintages": "there are vintages that a model fitted on one vintage cannot tell apart",
    "segments": "there are segments that the model never saw",
    "transitions": "there are moves between states that the model has no transition for",
}
"""Why a full refit is recommended, in words."""


PACE_SAID = 0.1
"""Change of the logarithm of a level's steps that is told in words."""


@dataclass(frozen=True)
class Steps:
    """What an update went through, month by month.

    month : (T,) months learnt from. level, deviation : (T,) tuples by level, after each. years : vintages
        added. unread : True where vintages came that the model cannot tell apart, having been fitted on one.
    unknown : share of loan-months by segments that were never seen. moved : factor on the monthly odds of the
        book, by edge. pace : factor on the size of a level's monthly steps, by level.
    """

    month: tuple[int, ...]
    level: tuple[tuple[float, ...], ...]
    deviation: tuple[tuple[float, ...], ...]
    years: tuple[int, ...]
    unread: bool
    unknown: Mapping[str, float]
    moved: Mapping[str, float]
    pace: Mapping[str, float]


def recorded(
    before: FittedModel, after: FittedModel, counts: Counts, steps: Steps, found: Surprise, effective: float
) -> FittedModel:
    """Return the updated model with its record and its origin.

    Parameters
    ----------
    before, after : the model that was carried, and what came of it. effective : weighted numbers times this
        are effective ones.
    """
    edges = _edges(after, counts, effective)
    least = float(before.provenance["settings"]["least_events"])
    rare = [one["edge"] for one in edges if not one["assumed"] and one["effective_events"] < least]
    prior_only = (*rare, *(name for name in before.prior_only if name not in before.edges))
    diagnostics = {
        **before.diagnostics,
        "sample": {**before.diagnostics["sample"], "last month": months.label(steps.month[-1])},
        "edges": edges,
        "levels": _levels(after, steps),
        "prior_only": list(prior_only),
    }
    versions = ("loantwin", "numpy", "scipy", "polars")
    provenance = {
        **before.provenance,
        "data_sha256": _hash(before, counts),
        "versions": {name: importlib.metadata.version(name) for name in versions},
        "update": _origin(before, counts, steps, found, _size_due(before, edges)),
    }
    return replace(after, prior_only=prior_only, diagnostics=diagnostics, provenance=provenance)


def _size_due(before: FittedModel, edges: list[dict[str, Any]]) -> bool:
    """Return whether events have become enough for a fit to ask what size counts, where it did not before."""
    target = f"-> {before.default_name}"
    known, now = (
        sum(one["effective_events"] for one in record if one["edge"].endswith(target))
        for record in (before.diagnostics["edges"], edges)
    )
    asked = before.sizes is None and before.provenance["settings"]["size_bands"] > 1
    return bool(asked and known < LEAST_EVENTS <= now)


def _origin(before: FittedModel, counts: Counts, steps: Steps, found: Surprise, size: bool) -> dict[str, Any]:
    """Return where the model comes from: what was carried, by which months, how they were foretold."""
    past = before.provenance.get("update", {})
    updates = int(past.get("updates", 0)) + 1
    why = {
        "many updates": updates >= MOST_UPDATES,
        "new months badly foretold": found.surprising,
        "size of loans": size or "size of loans" in past.get("refit", ()),
        "vintages": steps.unread,
        "segments": bool(steps.unknown),
        "transitions": _without_edge(before, counts) > 0,
    }
    return {
        "from": before.as_of.isoformat(),
        "full_fit": past.get("full_fit", before.as_of.isoformat()),
        "updates": updates,
        "months": len(steps.month),
        "first_month": months.label(steps.month[0]),
        "last_month": months.label(steps.month[-1]),
        "events": float(sum(counts.events(name) for name in counts.states)),
        "loan_months": float(counts.cells["at_risk"].sum()),
        "vintages_added": list(steps.years),
        "unknown_segments": dict(steps.unknown),
        "moves_without_transition": _without_edge(before, counts),
        "relevel_dropped": before.relevel is not None,
        "moved": dict(steps.moved),
        "pace": dict(steps.pace),
        "check": asdict(found),
        "refit": [name for name, so in why.items() if so],
    }


def _without_edge(model: FittedModel, counts: Counts) -> float:
    """Return how many of the new moves are between states that the model has no transition for."""
    known, lost = set(model.edges), 0.0
    for (origin,), rows in counts.cells.group_by("from_state", maintain_order=True):
        name = counts.states[int(str(origin))]
        for target in counts.states:
            column = f"moved_{target}"
            if column in rows.columns and f"{name} -> {target}" not in known:
                lost += float(rows[column].sum())
    return lost


def update_words(model: FittedModel) -> tuple[str, ...]:
    """Return what an updated model must say of itself, in sentences; nothing for one fitted in full."""
    told = model.provenance.get("update")
    if not told:
        return ()
    many = told["months"] != 1
    span = told["first_month"] + (f" to {told['last_month']}" if many else "")
    size = f"{told['months']} month{'s' if many else ''}"
    words = [
        f"{size} ({span}, {told['events']:,.0f} events) added to the model of {told['from']}: "
        f"{_moved_words(told['moved'])}",
        f"an update, number {told['updates']} since the full fit of {told['full_fit']}: noise of single "
        "months, age knots, bands of size, what is assumed and loss given default are that fit's",
        _check_words(told["check"]),
    ]
    words += [
        f"the period effect on {name} is held to step {factor:.2f} times as far in a month as before"
        for name, factor in told.get("pace", {}).items()
        if abs(math.log(factor)) > PACE_SAID
    ]
    if told["vintages_added"]:
        years = ", ".join(str(year) for year in told["vintages_added"])
        words.append(f"new vintages continue the last one: {years}")
    if told["unknown_segments"]:
        names = ", ".join(sorted(told["unknown_segments"])[:5])
        share = sum(told["unknown_segments"].values())
        words.append(
            f"segments the model never saw read the pooled effect: {names} ({share:.1%} of loan-months)"
        )
    if told["relevel_dropped"]:
        words.append(
            f"the factors that combined the model with its rivals were those of {told['from']} and are "
            "dropped: fit --combine finds them anew"
        )
    if told["refit"]:
        words.append(f"a full refit is recommended: {'; '.join(REASONS[name] for name in told['refit'])}")
    return tuple(words)


def _moved_words(moved: Mapping[str, float]) -> str:
    low, high = (pick(moved, key=lambda name: moved[name]) for pick in (min, max))
    return (
        f"monthly odds of the book moved by {moved[low] - 1.0:+.1%} ({low}) to {moved[high] - 1.0:+.1%} "
        f"({high}) against what it foretold"
    )


def _check_words(check: Mapping[str, Any]) -> str:
    if check["log_score"] is None:
        return "no event in the new months: nothing tells how well they were foretold"
    return (
        f"log score of an event {check['log_score']:.3f}; {check['lost']:.4f} of it lost by wrong numbers of "
        f"moves, where {check['low']:.4f} to {check['high']:.4f} is to be expected in 90 of 100 cases "
        f"(chance of as much or more {check['probability']:.1%})"
    )


def _edges(model: FittedModel, counts: Counts, effective: float) -> list[dict[str, Any]]:
    made = []
    for place, past in enumerate(model.diagnostics["edges"]):
        if past["assumed"]:
            made.append(dict(past))
            continue
        edge = _edge_fit(model, place, past, counts)
        fresh = edge_record(
            edge, model.parameters.segments, errors_of(model).segment, model.parameters.factors,
            model.parameters.latents, effective,
        )  # fmt: skip
        made.append({**past, **fresh})
    return made


def _edge_fit(model: FittedModel, place: int, past: Mapping[str, Any], counts: Counts) -> EdgeFit:
    """Return an edge of the model as a fit has it, with its events and loan-months so far."""
    parameters, errors = model.parameters, errors_of(model)
    own = edge_errors(model, place)
    origin, target = (parameters.states[ends[place]] for ends in (parameters.origin, parameters.target))
    cells = edge_cells(counts, origin, target)
    basis = basis_values(own.knots, parameters.age.shape[1])
    curve, known, F = basis.shape[1], len(own.today), len(parameters.factors)
    macro = np.diag(own.covariance)[known : known + F].copy()
    for latent, shared in enumerate(errors.shared):
        if shared is not None:
            macro += parameters.loading[place, latent] ** 2 * np.diag(shared)[1:-1]
    low, high = past["age_support"]
    last = min(max(high, int(cells.age.max(initial=high))), len(basis) - 1)
    return EdgeFit(
        origin=origin,
        target=target,
        age=parameters.age[place] - against(memory_of(model.provenance), origin),
        segment=parameters.segment[place],
        macro=parameters.macro[place],
        loading=parameters.loading[place],
        age_deviation=_deviations(basis, own.covariance[:curve, :curve]),
        segment_deviation=_deviations(errors.segment, own.covariance[curve:known, curve:known]),
        macro_deviation=np.sqrt(np.maximum(macro, 0.0)),
        covariance=np.zeros((1 + F, 1 + F)),
        last=np.zeros(1 + F),
        events=past["events"] + float(cells.events.sum()),
        trials=past["loan_months"] + float(cells.trials.sum()),
        support=(min(low, int(cells.age.min(initial=low))), last),
        assumed=False,
        words=past["words"],
        group=np.zeros(0),
        believed=np.zeros((1 + F, 1 + F)),
        errors=own,
    )


def _deviations(rows: Floats, covariance: Floats) -> Floats:
    """Return the standard errors of rows (n, k) of coefficients with a covariance (k, k)."""
    return np.asarray(np.sqrt(np.maximum(((rows @ covariance) * rows).sum(axis=1), 0.0)))


def _levels(model: FittedModel, steps: Steps) -> dict[str, Any]:
    """Return the levels' records with the new months; what was smoothed before is as the fit left it."""
    made = {}
    for place, (name, process) in enumerate(zip(model.parameters.latents, model.processes, strict=True)):
        past = model.diagnostics["levels"].get(name, {})
        pairs = zip(steps.level, steps.deviation, strict=True)
        fresh = [interval(level[place], spread[place]) for level, spread in pairs]
        value = [one["value"] for one in fresh]
        later: dict[str, list[Any]] = {
            "month": [months.label(month) for month in steps.month],
            "smoothed": value,
            "low": [one["low"] for one in fresh],
            "high": [one["high"] for one in fresh],
            "filtered": value,
        }
        made[name] = {
            **past,
            **process_record(process),
            **{key: [*past.get(key, ()), *values] for key, values in later.items()},
        }
    return made


def _hash(before: FittedModel, counts: Counts) -> str:
    """Return a hash of what the model learnt from: all before, and the new months."""
    digest = hashlib.sha256(str(before.provenance.get("data_sha256", "")).encode())
    for name in counts.cells.columns:
        digest.update(np.ascontiguousarray(counts.cells[name].to_numpy()).tobytes())
    return digest.hexdigest()
