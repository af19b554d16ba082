"""Columns that a logistic regression reads: numbers as broken lines, categories by level, missing apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.models.scoring.features import Feature

FEW = 12
"""Whole numbers with no more values than these may be codes: each value has a column beside the line."""
BENDS = (0.25, 0.5, 0.75)
"""Quantiles at which the line of a number may break."""
TAILS = (0.01, 0.99)
"""Quantiles beyond which the line of a number is flat."""
LEAST = 5
"""Rows without a value below which being missing has no column."""


@dataclass(frozen=True)
class Terms:
    """The columns made of one feature.

    low, high : where its line begins and ends. bends : where it may break. values : values or codes with a
    column each. missing : whether being missing has one. centre, scale : (K,) of its columns. middle : what a
    missing number stands at.
    """

    low: float
    high: float
    bends: tuple[float, ...]
    values: tuple[float, ...]
    missing: bool
    middle: float
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()


def learn_terms(features: Sequence[Feature], values: Floats, *, bent: bool = True) -> tuple[Terms, ...]:
    """Return the terms of training values (N, F).

    bent : lines that may break and codes with columns of their own; False: one straight line a number.
    """
    return tuple(_learn(feature, values[:, place], bent) for place, feature in enumerate(features))


def _learn(feature: Feature, column: Floats, bent: bool) -> Terms:
    gone = np.isnan(column)
    there = column[~gone]
    missing = bool(LEAST <= gone.sum() <= len(column) - LEAST)
    if feature.is_category:
        codes, counts = np.unique(there, return_counts=True)
        made = Terms(0.0, 0.0, (), tuple(codes[counts >= LEAST].tolist()), missing, 0.0)
    elif not len(there):
        made = Terms(0.0, 0.0, (), (), missing, 0.0)
    else:
        low, high = np.quantile(there, TAILS)
        low, high = (low, high) if high > low else (there.min(), there.max())
        single, counts = np.unique(there, return_counts=True)
        few = len(single) <= FEW or not bent
        bends = np.quantile(there, BENDS)
        bends = np.unique(bends[(bends > low) & (bends < high)])
        made = Terms(
            float(low),
            float(high),
            () if few else tuple(bends.tolist()),
            tuple(single[counts >= LEAST].tolist()) if bent and few and len(single) > 2 else (),
            missing,
            float(np.median(there)),
        )
    columns = _columns(feature, made, column)
    spread = columns.std(axis=0)
    plain = np.array([1.0 if place >= _lines(feature, made) else size for place, size in enumerate(spread)])
    scale = np.where(plain > 0, plain, 1.0)
    return Terms(
        made.low, made.high, made.bends, made.values, made.missing, made.middle,
        tuple(columns.mean(axis=0).tolist()), tuple(scale.tolist()),
    )  # fmt: skip


def _lines(feature: Feature, terms: Terms) -> int:
    return 0 if feature.is_category or terms.high <= terms.low else 1 + len(terms.bends)


def _columns(feature: Feature, terms: Terms, column: Floats) -> Floats:
    gone = np.isnan(column)
    made: list[Floats] = []
    if _lines(feature, terms):
        inside = np.clip(np.where(gone, terms.middle, column), terms.low, terms.high)
        made.append(inside)
        made += [np.maximum(inside - bend, 0.0) for bend in terms.bends]
    made += [(column == value).astype(float) for value in terms.values]
    if terms.missing:
        made.append(gone.astype(float))
    return np.column_stack(made) if made else np.empty((len(column), 0))


def columns_of(
    features: Sequence[Feature], terms: Sequence[Terms], values: Floats
) -> tuple[Floats, Integers]:
    """Return the columns (N, K) of values (N, F), centred and scaled, and the feature of each column (K,)."""
    made, owner = [np.empty((len(values), 0))], []
    for place, (feature, term) in enumerate(zip(features, terms, strict=True)):
        columns = (_columns(feature, term, values[:, place]) - np.array(term.centre)) / np.array(term.scale)
        made.append(columns)
        owner += [place] * columns.shape[1]
    return np.hstack(made), np.array(owner, dtype=np.int64)


def weighted(
    features: Sequence[Feature], terms: Sequence[Terms], values: Floats, coefficients: Sequence[float]
) -> Floats:
    """Return the sum of each feature's columns times their coefficients (N, F), without making them all."""
    made, start = np.zeros((len(values), len(features))), 0
    for place, (feature, term) in enumerate(zip(features, terms, strict=True)):
        columns = _columns(feature, term, values[:, place])
        end = start + columns.shape[1]
        if end > start:
            weights = np.array(coefficients[start:end]) / np.array(term.scale)
            made[:, place] = added(columns, weights) - float(np.array(term.centre) @ weights)
        start = end
    return made


def added(columns: Floats, weights: Floats) -> Floats:
    """Return columns . weights (N,) of columns (N, K), added column by column.

    Trap: a matrix product adds in another order for one row than for many, so that a case alone would differ
    from the same case among others in its last bits.
    """
    made = np.zeros(len(columns))
    for place, weight in enumerate(weights):
        made += columns[:, place] * weight
    return made
