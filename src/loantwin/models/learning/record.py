"""What an updated model says of itself: its record brought up to date, and what the update was."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from loantwin import months
from loantwin.models.counts import Counts, edge_cells
from loantwin.models.diagnostics import edge_record, interval
from loantwin.models.fitted import FittedModel
from loantwin.models.learning.surprise import Surprise
from loantwin.models.spline import basis_values
from loantwin.models.transitions import EdgeFit

MOST_UPDATES = 24
"""Updates after which a full refit is recommended: what an update leaves alone has had time to change."""


@dataclass(frozen=True)
class Steps:
    """What an update went through, month by month.

    month : (T,) months learnt from. level, deviation : (T,) tuples by level, after each. years : vintages
        added. unknown : share of loan-months by segments that were never seen. moved : factor on the monthly
        odds of the book, by edge.
    """

    month: tuple[int, ...]
    level: tuple[tuple[float, ...], ...]
    deviation: tuple[tuple[float, ...], ...]
    years: tuple[int, ...]
    unknown: Mapping[str, float]
    moved: Mapping[str, float]


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
        "update": _origin(before, counts, steps, found),
    }
    return replace(after, prior_only=prior_only, diagnostics=diagnostics, provenance=provenance)


def _origin(before: FittedModel, counts: Counts, steps: Steps, found: Surprise) -> dict[str, Any]:
    """Return where the model comes from: what was carried, by which months, how they were foretold."""
    past = before.provenance.get("update", {})
    updates = int(past.get("updates", 0)) + 1
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
        "moved": dict(steps.moved),
        "check": asdict(found),
        "refit": updates >= MOST_UPDATES or found.surprising,
    }


def update_words(model: FittedModel) -> tuple[str, ...]:
    """Return what an updated model must say of itself, in sentences; nothing for one that was fitted in full."""
    told = model.provenance.get("update")
    if not told:
        return ()
    many = told["months"] != 1
    span = told["first_month"] + (f" to {told['last_month']}" if many else "")
    words = [
        f"{told['months']} month{'s' if many else ''} ({span}, {told['events']:,.0f} events) added to the model "
        f"of {told['from']}: {_moved_words(told['moved'])}",
        f"an update, number {told['updates']} since the full fit of {told['full_fit']}: persistence and size of "
        "the period effects, age knots, bands of size, what is assumed and loss given default are that fit's",
        _check_words(told["check"]),
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
    if told["updates"] >= MOST_UPDATES:
        words.append(f"a full refit is recommended: {told['updates']} updates since the last one")
    elif told["refit"]:
        words.append("a full refit is recommended: the new months are worse foretold than the model allows")
    return tuple(words)


def _moved_words(moved: Mapping[str, float]) -> str:
    low, high = (pick(moved, key=lambda name: moved[name]) for pick in (min, max))
    return (
        f"monthly odds of the book moved by {moved[low] - 1.0:+.1%} ({low}) to {moved[high] - 1.0:+.1%} ({high}) "
        "against what it foretold"
    )


def _check_words(check: Mapping[str, Any]) -> str:
    if check["log_score"] is None:
        return "no event in the new months: nothing tells how well they were foretold"
    return (
        f"log score of an event {check['log_score']:.3f}; {check['lost']:.4f} of it lost by wrong numbers, where "
        f"{check['low']:.4f} to {check['high']:.4f} is to be expected in 90 of 100 cases "
        f"(chance of as much or more {check['probability']:.1%})"
    )


def _edges(model: FittedModel, counts: Counts, effective: float) -> list[dict[str, Any]]:
    made = []
    for place, past in enumerate(model.diagnostics["edges"]):
        if past["assumed"] or model.errors is None:
            made.append(dict(past))
            continue
        edge = _edge_fit(model, place, past, counts)
        fresh = edge_record(
            edge, model.parameters.segments, model.errors.segment, model.parameters.factors,
            model.parameters.latents, effective,
        )  # fmt: skip
        made.append({**past, **fresh})
    return made


def _edge_fit(model: FittedModel, place: int, past: Mapping[str, Any], counts: Counts) -> EdgeFit:
    """Return an edge of the model as a fit has it, with its events and loan-months so far."""
    parameters, errors = model.parameters, model.errors
    assert errors is not None  # the caller looked
    own = errors.edges[place]
    assert own is not None  # it is not assumed
    ends = parameters.states[parameters.origin[place]], parameters.states[parameters.target[place]]
    cells = edge_cells(counts, *ends)
    basis = basis_values(own.knots, parameters.age.shape[1])
    curve, known, F = basis.shape[1], len(own.today), len(parameters.factors)
    variance = np.einsum(
        "sq,qr,sr->s", errors.segment, own.covariance[curve:known, curve:known], errors.segment
    )
    macro = np.diag(own.covariance)[known : known + F].copy()
    for latent, shared in enumerate(errors.shared):
        if shared is not None:
            macro += parameters.loading[place, latent] ** 2 * np.diag(shared)[1:-1]
    low, high = past["age_support"]
    ages = (int(cells.age.min(initial=low)), int(cells.age.max(initial=high)))
    return EdgeFit(
        *ends, parameters.age[place], parameters.segment[place], parameters.macro[place],
        parameters.loading[place],
        np.sqrt(np.maximum(np.einsum("ak,kl,al->a", basis, own.covariance[:curve, :curve], basis), 0.0)),
        np.sqrt(np.maximum(variance, 0.0)), np.sqrt(np.maximum(macro, 0.0)),
        np.zeros((1 + F, 1 + F)), np.zeros(1 + F),
        past["events"] + float(cells.events.sum()), past["loan_months"] + float(cells.trials.sum()),
        (min(low, ages[0]), min(max(high, ages[1]), len(basis) - 1)), False, past["words"], np.zeros(0), own,
    )  # fmt: skip


def _levels(model: FittedModel, steps: Steps) -> dict[str, Any]:
    """Return the levels' records with the new months; what was smoothed before is as the fit left it."""
    made = {}
    for place, (name, process) in enumerate(zip(model.parameters.latents, model.processes, strict=True)):
        past = model.diagnostics["levels"].get(name, {})
        fresh = [interval(level[place], spread[place])
                 for level, spread in zip(steps.level, steps.deviation, strict=True)]  # fmt: skip
        later = {
            "month": [months.label(month) for month in steps.month],
            **{key: [one[which] for one in fresh]
               for key, which in (("smoothed", "value"), ("low", "low"), ("high", "high"), ("filtered", "value"))},
        }  # fmt: skip
        made[name] = {
            **past,
            **{key: [*past.get(key, ()), *values] for key, values in later.items()},
            "last": interval(process.mean, float(np.sqrt(process.variance))),
        }
    return made


def _hash(before: FittedModel, counts: Counts) -> str:
    """Return a hash of what the model learnt from: all before, and the new months."""
    digest = hashlib.sha256(str(before.provenance.get("data_sha256", "")).encode())
    for name in counts.cells.columns:
        digest.update(np.ascontiguousarray(counts.cells[name].to_numpy()).tobytes())
    return digest.hexdigest()
