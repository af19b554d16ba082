"""Where an updated model's book stands: its directions and covariance at the new date, and how odds moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.models.counts import Counts, EventCounts
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import macro_share
from loantwin.models.learning.grown import codes_of, errors_of
from loantwin.models.spline import basis_values
from loantwin.models.uncertainty import EdgeErrors, Errors, levels_covariance


def dated(model: FittedModel, as_of: dt.date, macro: Floats, counts: Counts) -> FittedModel:
    """Return the model as of the new date: its macro, where its book stands, and the covariance there."""
    errors = errors_of(model)
    edges = tuple(
        None if one is None else replace(one, today=_direction(model, edge, one, counts))
        for edge, one in enumerate(errors.edges)
    )
    # factors beside rivals are counted from the date they were found at
    made = replace(
        model,
        as_of=as_of,
        today=macro,
        errors=Errors(errors.segment, edges, errors.shared),
        relevel=None,
    )
    return with_covariance(made)


def with_covariance(model: FittedModel) -> FittedModel:
    """Return the model with the covariance of its levels and macro effects as its errors now have it."""
    parameters, errors = model.parameters, errors_of(model)
    F = parameters.macro.shape[1]
    own, last = [], []
    for one in errors.edges:
        if one is None:
            own.append(np.zeros((1 + F, 1 + F)))
            last.append(np.zeros(1 + F))
            continue
        at = np.zeros((1 + F, len(one.covariance)))
        at[0, : len(one.today)] = one.today
        at[1:, len(one.today) : -2] = np.eye(F)
        own.append(at @ one.covariance @ at.T)
        last.append(at @ one.covariance[:, -1])
    variance = np.array([process.variance for process in model.processes])
    made = levels_covariance(own, last, parameters.loading, variance, errors.shared)
    return replace(model, covariance=made)


def _direction(model: FittedModel, edge: int, error: EdgeErrors, counts: Counts) -> Floats:
    """Return the mean columns of the book of the last months, (K + Q,), by expected events, as a fit."""
    parameters, errors = model.parameters, errors_of(model)
    recent = _recent(model, edge, counts)
    if recent is None:
        return error.today
    label = codes_of(model, counts.segments, recent)
    age = np.minimum(recent.age + 6, parameters.age.shape[1] - 1)
    weight = recent.trials * np.exp(parameters.age[edge, age] + parameters.segment[edge, label])
    weight = weight / weight.sum()
    curve = weight @ basis_values(error.knots, parameters.age.shape[1])[age]
    return np.concatenate([curve, weight @ errors.segment[label]])


def moved_odds(before: FittedModel, after: FittedModel, counts: Counts) -> dict[str, float]:
    """Return factors on the monthly odds of today's book, by edge, against what was foretold of them."""
    made = {}
    for edge, name in enumerate(after.edges):
        recent = _recent(after, edge, counts)
        if after.assumed[edge] or recent is None:
            continue
        then, now = (
            _log_odds(model, edge, after.today, counts.segments, recent) for model in (before, after)
        )
        weight = recent.trials * np.exp(now)
        made[name] = float(np.exp(weight @ (now - then) / weight.sum()))
    return made


def _log_odds(
    model: FittedModel, edge: int, macro: Floats, segments: Sequence[str], cells: EventCounts
) -> Floats:
    """Return the log-odds of cells (C,) at the level where it stands, and given macro (F,)."""
    parameters = model.parameters
    level = np.array([process.mean for process in model.processes])
    label = codes_of(model, segments, cells)
    age = np.minimum(cells.age, parameters.age.shape[1] - 1)
    return np.asarray(
        parameters.age[edge, age]
        + parameters.segment[edge, label]
        + float(shares(model, macro)[edge] * (parameters.macro[edge] @ macro))
        + float(parameters.loading[edge] @ level)
    )


def shares(model: FittedModel, macro: Floats) -> Floats:
    """Return the share of each edge's macro effects that acts in a month, (R,), bent as in a forecast.

    macro : (F,) covariates of the month.
    """
    share = macro_share(model, macro[None])
    return np.ones(len(model.parameters.macro)) if share is None else np.asarray(share[0])


def _recent(model: FittedModel, edge: int, counts: Counts) -> EventCounts | None:
    """Return the loans at risk of an edge in the last months counted; None where there are none."""
    rows = counts.recent.filter(pl.col("from_state") == int(model.parameters.origin[edge]))
    if not rows.height:
        return None
    segment, month, age = (rows[name].to_numpy().astype(np.int64) for name in ("segment", "month", "age"))
    at_risk = rows["at_risk"].to_numpy()
    return EventCounts(segment, age, month, at_risk, np.zeros(len(at_risk)))
