"""LightGBM's trees as flat arrays, read from its text once and scored by a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from loantwin.arrays import Array, Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.kernels import in_shares
from loantwin.models.scoring.kernels import FEW, add_trees


@dataclass(frozen=True)
class Trees:
    """Trees of some boosters, one after another.

    feature, left, right, kind : (K,) of every inner node, children below zero are leaves (~place). kind :
    LightGBM's decision type. threshold : (K,) of numbers; of categories the place of their set. leaves : (V,)
    values. nodes, values : (T + 1,) where each tree's nodes and leaves begin. boosters : (B + 1,) where each
    booster's trees begin. sets : (S,) uint32, sets of codes as bits. bounds : where each set begins.
    inner_counts, leaf_counts : (K,), (V,) training rows that came there.
    """

    feature: Integers
    threshold: Floats
    kind: Integers
    left: Integers
    right: Integers
    leaves: Floats
    nodes: Integers
    values: Integers
    boosters: Integers
    sets: Array
    bounds: Integers
    inner_counts: Floats
    leaf_counts: Floats


@lru_cache(maxsize=16)
def read_trees(texts: tuple[str, ...]) -> Trees:
    """Return the trees of boosters in LightGBM's own text.

    Raises
    ------
    ModelError : a text that is none, or trees with lines in their leaves.
    """
    parts: dict[str, list[str]] = {name: [] for name in _LISTS}
    nodes, values, boosters, bounds = [0], [0], [0], [0]
    for text in texts:
        count = 0
        for block in text.split("\nTree=")[1:]:
            lines = (line.partition("=") for line in block.split("\n\n", 1)[0].split("\n")[1:])
            tree = {name: rest for name, sign, rest in lines if sign}
            if tree.get("is_linear", "0") != "0" or "leaf_value" not in tree:
                raise ModelError(expected("trees with one value a leaf", "another form"), field="texts")
            start = len(bounds) - 1
            _append(parts, tree, start)
            if tree.get("num_cat", "0") != "0":
                ends = [int(word) for word in tree["cat_boundaries"].split()]
                bounds += [bounds[start] + end for end in ends[1:]]
            nodes.append(len(parts["split_feature"]))
            values.append(len(parts["leaf_value"]))
            count += 1
        if not count:
            raise ModelError(expected("a booster in LightGBM's text", "none"), field="texts")
        boosters.append(boosters[-1] + count)
    whole, real = np.int64, np.float64
    return Trees(
        np.array(parts["split_feature"], whole),
        np.array(parts["threshold"], real),
        np.array(parts["decision_type"], whole),
        np.array(parts["left_child"], whole),
        np.array(parts["right_child"], whole),
        np.array(parts["leaf_value"], real),
        np.array(nodes, whole),
        np.array(values, whole),
        np.array(boosters, whole),
        np.array(parts["cat_threshold"], np.uint32),
        np.array(bounds, whole),
        np.array(parts["internal_count"], real),
        np.array(parts["leaf_count"], real),
    )


_LISTS = (
    "split_feature", "threshold", "decision_type", "left_child", "right_child", "leaf_value", "cat_threshold",
    "internal_count", "leaf_count",
)  # fmt: skip


def _append(parts: dict[str, list[str]], tree: dict[str, str], sets: int) -> None:
    """Add a tree's lists; a category's threshold is the place of its set among all trees' sets."""
    for name in _LISTS:
        words = tree.get(name, "").split()
        if name == "threshold":
            kinds = tree.get("decision_type", "").split()
            words = [
                str(int(float(word)) + sets) if int(kind) & 1 else word
                for word, kind in zip(words, kinds, strict=True)
            ]
        parts[name] += words


def raw_score(texts: Sequence[str], values: Floats) -> Floats:
    """Return the mean of the boosters' raw scores (N,) of values (N, F), as LightGBM sums them."""
    found = read_trees(tuple(texts))
    made = np.empty(len(values))
    given = np.ascontiguousarray(values, dtype=float)
    arrays = (
        found.feature, found.threshold, found.kind, found.left, found.right, found.leaves, found.nodes,
        found.values, found.boosters, found.sets, found.bounds,
    )  # fmt: skip
    if len(values) < FEW:
        add_trees(0, len(values), given, *arrays, made)
    else:
        in_shares(add_trees, len(values), given, *arrays, made)
    return made
