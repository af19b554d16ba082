"""Kernels of scores: sums of trees, and of the weights of bins, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any
BLOCK = 128
"""Rows that pass through one tree before the next: the tree stays in the processor's cache."""
FEW = 256
"""Rows below which one thread is quicker than sharing them out."""
CATEGORY, LEFT_BY_DEFAULT, KIND_OF_MISSING = 1, 2, 3
"""Bits of LightGBM's decision type; the last two bits above say what is missing: 1 zero, 2 NaN."""
ZERO = 1e-35


@compiled
def _leaf(
    row: Array, at: int, feature: Array, threshold: Array, kind: Array, left: Array, right: Array,
    sets: Array, bounds: Array, start: int,
) -> int:  # fmt: skip
    """Return the leaf of a row in the tree whose nodes begin at `start`."""
    node = 0
    while node >= 0:
        place = start + node
        value, how = row[at, feature[place]], kind[place]
        goes = False
        if how & CATEGORY:
            if not np.isnan(value) and value >= 0.0:
                code, which = int(value), int(threshold[place])
                word = bounds[which] + code // 32
                goes = word < bounds[which + 1] and (sets[word] >> np.uint32(code % 32)) & np.uint32(1) == 1
        else:
            missing = (how >> 2) & KIND_OF_MISSING
            if np.isnan(value) and missing != 2:
                value = 0.0
            if (missing == 1 and abs(value) <= ZERO) or (missing == 2 and np.isnan(value)):
                goes = (how & LEFT_BY_DEFAULT) != 0
            else:
                goes = value <= threshold[place]
        node = left[place] if goes else right[place]
    return ~node


@compiled
def add_trees(
    first: int, last: int, rows: Array, feature: Array, threshold: Array, kind: Array, left: Array,
    right: Array, leaves: Array, nodes: Array, values: Array, boosters: Array, sets: Array, bounds: Array,
    made: Array,
) -> None:  # fmt: skip
    """Set `made` of rows first .. last - 1 to the mean of what the boosters sum up to."""
    count = len(boosters) - 1
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        made[begin:end] = 0.0
        for booster in range(count):
            total = np.zeros(end - begin)
            for tree in range(boosters[booster], boosters[booster + 1]):
                if nodes[tree] == nodes[tree + 1]:
                    total += leaves[values[tree]]
                    continue
                for at in range(begin, end):
                    leaf = _leaf(rows, at, feature, threshold, kind, left, right, sets, bounds, nodes[tree])
                    total[at - begin] += leaves[values[tree] + leaf]
            made[begin:end] += total
        made[begin:end] /= count


@compiled
def add_bins(
    first: int, last: int, rows: Array, categories: Array, starts: Array, edges: Array, tops: Array,
    weights: Array, base: float, made: Array,
) -> None:  # fmt: skip
    """Set `made` of rows first .. last - 1 to base + the weight of each feature's bin.

    categories : (F,). starts : (F + 1,) of a number's edges. tops : (F + 1,) where the weights of a feature
    begin: of a number its bins', of a category its codes'; a missing value's comes last, before it of a
    category that of a code that no bin holds.
    """
    for at in range(first, last):
        total = base
        for feature in range(len(categories)):
            value, top, end = rows[at, feature], tops[feature], tops[feature + 1]
            if np.isnan(value):
                total += weights[end - 1]
            elif categories[feature]:
                total += weights[min(top + int(value), end - 2)]
            else:
                place = top
                for edge in range(starts[feature], starts[feature + 1]):
                    place += edges[edge] <= value
                total += weights[place]
        made[at] = total
