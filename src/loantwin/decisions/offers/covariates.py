"""What was known of a client before the price, as numbers: missing values marked, texts as 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loantwin.arrays import Array, Floats
from loantwin.models.scoring.table import Table

MOST_VALUES = 20
"""Values of a text that get a column each; the rarer ones share the constant with the commonest."""
LEAST_SHARE = 0.005
"""Share of offers with a value, or without one, from which it gets a column."""


def encoded(table: Table, columns: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    """Return covariates, (N, K), and their names.

    A missing number takes the column's mean, and a mark of its own where at least 0.5 % are missing.
    """
    made: list[Floats] = []
    names: list[str] = []
    for name in columns:
        if name in table.numbers or name in table.dates:
            found = table.numbers.get(name)
            if found is None:
                days = table.dates[name]
                found = np.where(np.isnat(days), np.nan, days.astype("int64").astype(float))
            values, missing = np.asarray(found, dtype=np.float64), np.isnan(found)
            mean = float(values[~missing].mean()) if not missing.all() else 0.0
            made.append(np.where(missing, mean, values))
            names.append(name)
            if LEAST_SHARE <= missing.mean() < 1.0:
                made.append(missing.astype(float))
                names.append(f"{name} missing")
        else:
            parts = _by_value(table.raw[name], name)
            made += [column for column, _ in parts]
            names += [word for _, word in parts]
    matrix = np.column_stack(made) if made else np.zeros((table.rows, 0))
    return matrix, tuple(names)


def _by_value(raw: Array, name: str) -> list[tuple[Floats, str]]:
    texts = np.array(["" if text is None else str(text) for text in raw])
    values, counts = np.unique(texts, return_counts=True)
    order = np.argsort(-counts, kind="stable")[1 : MOST_VALUES + 1]
    return [
        ((texts == values[place]).astype(float), f"{name} {values[place] or 'missing'}")
        for place in order
        if counts[place] >= LEAST_SHARE * len(texts)
    ]
