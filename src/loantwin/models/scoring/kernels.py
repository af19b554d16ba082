"""Kernels of scores: sums of trees, their Shapley values, and sums of the weights of bins, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled, inlined

Array = Any
BLOCK = 128
"""Rows that pass through one tree before the next: the tree stays in the processor's cache."""
FEW = 256
"""Rows below which one thread is quicker than sharing them out."""
CATEGORY, LEFT_BY_DEFAULT, KIND_OF_MISSING = 1, 2, 3
"""Bits of LightGBM's decision type; the last two bits above say what is missing: 1 zero, 2 NaN."""
ZERO = 1e-35
TOGETHER = 32
"""Rows whose Shapley values of one tree are worked out together."""
OUT, ONE, NEVER = 0, 1, 2
"""How a case stands to an edge: it leaves the path here, it takes it, it left at the feature's edge above."""


@inlined
def _goes_left(value: float, threshold: float, how: int, sets: Array, bounds: Array) -> bool:
    """Return whether a value goes left at a node, as LightGBM decides."""
    if how & CATEGORY:
        if np.isnan(value) or value < 0.0:
            return False
        code, which = int(value), int(threshold)
        word = bounds[which] + code // 32
        return bool(word < bounds[which + 1] and (sets[word] >> np.uint32(code % 32)) & np.uint32(1) == 1)
    missing = (how >> 2) & KIND_OF_MISSING
    if np.isnan(value) and missing != 2:
        value = 0.0
    if (missing == 1 and abs(value) <= ZERO) or (missing == 2 and np.isnan(value)):
        return (how & LEFT_BY_DEFAULT) != 0
    return value <= threshold


@compiled
def _leaf(
    row: Array, at: int, feature: Array, threshold: Array, kind: Array, left: Array, right: Array,
    sets: Array, bounds: Array, start: int,
) -> int:  # fmt: skip
    """Return the leaf of a row in the tree whose nodes begin at `start`."""
    node = 0
    while node >= 0:
        place = start + node
        goes = _goes_left(row[at, feature[place]], threshold[place], kind[place], sets, bounds)
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
def _down(
    begin: int, count: int, rows: Array, feature: Array, threshold: Array, kind: Array, sets: Array,
    bounds: Array, start: int, size: int, split: Array, parent: Array, before: Array, left: Array, z: Array,
    rule: Array, state: Array, adds: Array, product: Array,
) -> None:  # fmt: skip
    """Set how rows stand to each edge of a tree, its factors' product from the top, and what it will add."""
    product[0, :, :count] = 1.0
    for node in range(1, size):
        place = start + node
        up, same = parent[place], before[place]
        where = split[start + up]
        for at in range(count):
            if same >= 0 and state[same, at] != ONE:
                state[node, at] = NEVER
            elif left[place]:
                value = rows[begin + at, feature[where]]
                goes = _goes_left(value, threshold[where], kind[where], sets, bounds)
                state[node, at] = ONE if goes else OUT
            else:
                state[node, at] = ONE - state[node - 1, at]  # its sibling stands before it
        share, above = z[place], 1.0 if same < 0 else z[start + same]
        never = share / above if above > 0.0 else 0.0
        for point in range(rule.shape[1]):
            unknown, known, weight = rule[0, point], rule[1, point], rule[2, point]
            factor = unknown * share + known
            over, taken = 1.0, 0.0
            if same >= 0:
                over = 1.0 / (unknown * above + known)
                taken = (1.0 - above) * over
            out, one = unknown * share * over, factor * over
            adds[node, point, OUT] = -weight * (1.0 / unknown + taken)
            adds[node, point, ONE] = weight * ((1.0 - share) / factor - taken)
            for at in range(count):
                how = state[node, at]
                times = one if how == ONE else out if how == OUT else never
                product[node, point, at] = product[up, point, at] * times


@compiled
def _up(
    begin: int, count: int, feature: Array, start: int, size: int, split: Array, parent: Array, leaves: Array,
    points: int, state: Array, adds: Array, product: Array, total: Array, made: Array,
) -> None:  # fmt: skip
    """Add to `made` what each edge changes in the leaves below it, from the bottom of a tree."""
    for node in range(size):  # 0 of inner nodes, which gather what lies below
        for point in range(points):
            for at in range(count):
                product[node, point, at] *= leaves[start + node]
    for node in range(size - 1, 0, -1):
        up = parent[start + node]
        total[:count] = 0.0
        for point in range(points):
            out, one = adds[node, point, OUT], adds[node, point, ONE]
            for at in range(count):
                how = state[node, at]
                factor = one if how == ONE else out if how == OUT else 0.0
                total[at] += factor * product[node, point, at]
                product[up, point, at] += product[node, point, at]
        column = feature[split[start + up]]
        for at in range(count):
            made[begin + at, column] += total[at]


@compiled
def add_shapley(
    first: int, last: int, rows: Array, feature: Array, threshold: Array, kind: Array, sets: Array,
    bounds: Array, starts: Array, split: Array, parent: Array, before: Array, left: Array, leaves: Array,
    z: Array, points: Array, rules: Array, made: Array,
) -> None:  # fmt: skip
    """Add to `made` of rows first .. last - 1 what each feature adds to the sum of all trees.

    Arrays are as `shapley.Edges` names them. An edge that a row never reaches, because it left the path at an
    edge above with the same feature, adds nothing: that edge has it all.
    """
    widest, most = 0, rules.shape[2]
    for tree in range(len(starts) - 1):
        widest = max(widest, starts[tree + 1] - starts[tree])
    together = min(TOGETHER, last - first)
    state, total = np.empty((widest, together), dtype=np.int64), np.empty(together)
    product, adds = np.empty((widest, most, together)), np.empty((widest, most, 2))
    for begin in range(first, last, TOGETHER):
        count = min(TOGETHER, last - begin)
        for tree in range(len(starts) - 1):
            start, size, many = starts[tree], starts[tree + 1] - starts[tree], points[tree]
            _down(
                begin, count, rows, feature, threshold, kind, sets, bounds, start, size, split, parent,
                before, left, z, rules[many, :, :many], state, adds, product,
            )  # fmt: skip
            _up(
                begin, count, feature, start, size, split, parent, leaves, many, state, adds, product, total,
                made,
            )  # fmt: skip


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
