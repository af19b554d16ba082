"""A model that knows the labels of new months: a vintage that came since, or one that a segment had not had.

A new vintage continues the last one, as in a fit: effect = memory x last effect + a step. Its column stands
behind the last vintage's, and what a vintage never seen may add moves on with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.rows import VINTAGE
from loantwin.errors import ModelError, UsageError, expected
from loantwin.models.counts import EventCounts
from loantwin.models.fitted import FittedModel
from loantwin.models.transitions import POOLED
from loantwin.models.uncertainty import EdgeErrors, Errors

UNSEEN = 2
"""Columns at the end that no vintage has: what a segment, and what a vintage never seen may add."""


@dataclass(frozen=True)
class _Vintages:
    """A model's effects of vintages, as its labels tell them.

    column : of each year that a label names. last : the last year with a column, which is the last before
        those of `UNSEEN`. effects : (R,) log-odds of each year that a label names, and of the last one.
    """

    column: dict[int, int]
    last: int
    effects: dict[int, Floats]


AGAIN = "; fit in full, without --update"


def errors_of(model: FittedModel) -> Errors:
    """Return a model's errors of estimation.

    Raises
    ------
    UsageError : a model without: nothing says how much new months should move it.
    """
    if model.errors is None:
        raise UsageError(expected("a model with its errors of estimation", "none") + AGAIN, field="update")
    return model.errors


def edge_errors(model: FittedModel, edge: int) -> EdgeErrors:
    """Return the errors of an edge that was fitted.

    Raises
    ------
    ModelError : an edge without, which is assumed.
    """
    found = errors_of(model).edges[edge]
    if found is None:
        raise ModelError(expected(f"errors of {model.edges[edge]}", "none") + AGAIN, field="errors")
    return found


def codes_of(model: FittedModel, segments: Sequence[str], cells: EventCounts) -> Integers:
    """Return the label each cell reads, (C,): its vintage's, else its size's or segment's, else the pooled.

    Parameters
    ----------
    segments : labels of the cells' segments, with their band of size.
    """
    place = {label: code for code, label in enumerate(model.parameters.segments)}
    pairs, index = np.unique(
        np.column_stack([cells.segment, (cells.month - cells.age) // 12]), axis=0, return_inverse=True
    )
    own = [
        place.get(f"{segments[segment]}{VINTAGE}{year}", place.get(segments[segment], place[POOLED]))
        for segment, year in pairs.tolist()
    ]
    return np.asarray(own, dtype=np.int64)[index.reshape(-1)]


def grown(
    model: FittedModel, pairs: Sequence[tuple[str, int]], spread: float, memory: float
) -> tuple[FittedModel, tuple[int, ...]]:
    """Return the model with a label for each pair of segment (with size) and vintage, and the years added.

    A model fitted when there was one vintage alone has no effects of vintages: it stays as it is. So does a
    pair of a segment that was never seen, and of an old vintage that no label names.

    Parameters
    ----------
    spread, memory : of the vintages' effects, from the settings of the fit.
    """
    known = set(model.parameters.segments)
    new = [(base, year) for base, year in pairs if base in known and f"{base}{VINTAGE}{year}" not in known]
    vintages = _vintages(model, memory)
    if vintages is None or not new:
        return model, ()
    years = tuple(range(vintages.last + 1, max(vintages.last, *(year for _, year in new)) + 1))
    for year in years:
        model, vintages = _with_year(model, vintages, year, spread, memory)
    for base, year in sorted(new, key=lambda pair: (pair[1], pair[0])):
        if year in vintages.effects:
            model = _with_label(model, vintages, base, year, memory)
    return model, years


def _vintages(model: FittedModel, memory: float) -> _Vintages | None:
    """Return the effects of vintages, None where the model has none.

    A label of year y reads effect[y] where its segment's own reads memory x effect[last]: the differences of
    labels give all effects, the last one first.
    """
    errors, labels = errors_of(model), model.parameters.segments
    place = {label: code for code, label in enumerate(labels)}
    column: dict[int, int] = {}
    apart: dict[int, Floats] = {}
    for code, label in enumerate(labels):
        base, _, year = label.partition(VINTAGE)
        if not year or int(year) in column:
            continue
        gap = errors.segment[code] - errors.segment[place[base]]
        column[int(year)] = int(np.argmax(gap[:-UNSEEN]))
        apart[int(year)] = model.parameters.segment[:, code] - model.parameters.segment[:, place[base]]
    if not column:
        return None
    newest = max(column)
    behind = errors.segment.shape[1] - UNSEEN - 1 - column[newest]
    last = newest + behind
    # apart[y] = effect[y] - memory effect[last]; where no label names the last, it continues the newest
    effect = memory**behind * apart[newest] / (1.0 - memory ** (behind + 1))
    effects = {year: gap + memory * effect for year, gap in apart.items()} | {last: effect}
    return _Vintages(column | {last: errors.segment.shape[1] - UNSEEN - 1}, last, effects)


def _with_year(
    model: FittedModel, vintages: _Vintages, year: int, spread: float, memory: float
) -> tuple[FittedModel, _Vintages]:
    """Return the model with a column for the year after its last: memory x the last effect + a step."""
    errors = errors_of(model)
    at = errors.segment.shape[1] - UNSEEN
    before = vintages.effects[vintages.last]
    plain = np.array([VINTAGE not in label for label in model.parameters.segments])
    rows = np.insert(errors.segment, at, 0.0, axis=1)
    # who has no vintage of his own reads on from the newest one
    rows[plain, at], rows[plain, at - 1] = rows[plain, at - 1], 0.0
    segment = model.parameters.segment.copy()
    segment[:, plain] += (memory * (memory - 1.0) * before)[:, None]
    step = spread**2 * (1.0 - memory**2)
    edges = tuple(None if one is None else _continued(one, rows.shape[1], memory, step)
                  for one in errors.edges)  # fmt: skip
    made = replace(
        model,
        parameters=replace(model.parameters, segment=segment),
        errors=Errors(rows, edges, errors.shared),
    )
    effects = vintages.effects | {year: memory * before}
    return made, _Vintages(vintages.column | {year: at}, year, effects)


def _continued(error: EdgeErrors, columns: int, memory: float, step: float) -> EdgeErrors:
    """Return an edge's errors with a vintage more, before the columns of `UNSEEN`."""
    # today covers the curve and the segments' columns before the new one came
    curve = len(error.today) - (columns - 1)
    at = curve + columns - 1 - UNSEEN
    carry = np.insert(np.eye(len(error.covariance)), at, 0.0, axis=0)
    carry[at, at - 1] = memory
    covariance = carry @ error.covariance @ carry.T
    covariance[at, at] += step
    return EdgeErrors(error.knots, covariance, np.insert(error.today, at, 0.0))


def _with_label(model: FittedModel, vintages: _Vintages, base: str, year: int, memory: float) -> FittedModel:
    """Return the model with the label of a segment's vintage: the segment's row with that vintage in it."""
    parameters, errors = model.parameters, errors_of(model)
    code = parameters.segments.index(base)
    row = errors.segment[code].copy()
    row[vintages.column[vintages.last]] = 0.0
    row[-UNSEEN:] = 0.0
    row[vintages.column[year]] = 1.0
    effect = vintages.effects[year] - memory * vintages.effects[vintages.last]
    lgd = model.lgd
    return replace(
        model,
        parameters=replace(
            parameters,
            segments=(*parameters.segments, f"{base}{VINTAGE}{year}"),
            segment=np.column_stack([parameters.segment, parameters.segment[:, code] + effect]),
        ),
        errors=Errors(np.concatenate([errors.segment, row[None]]), errors.edges, errors.shared),
        # a vintage's loss given default is that of its segment and size
        lgd=replace(
            lgd,
            charged_off=np.concatenate([lgd.charged_off, lgd.charged_off[code : code + 1]]),
            recovered=np.concatenate([lgd.recovered, lgd.recovered[code : code + 1]]),
        ),
    )
