"""Exact Shapley values of trees: what each feature adds to the sum, by Gauss' rule.

A leaf pays v to a case that takes every edge to it. Where feature j of its path is unknown, a share z_j of
the training rows goes on; where it is known, o_j is 1 or 0. The Shapley value of feature i is the integral,
over the share t of features that are known,

    phi_i = v . integral over t from 0 to 1 of (o_i - z_i) . product over j != i of ((1 - t) z_j + t o_j)

A path of m features makes a polynomial of degree m - 1, of which Gauss-Legendre's rule of ceil(m / 2) points
gives the integral itself. All but o is the same for every case and is worked out here once.

References: Owen: Multilinear extensions of games (1972), for the integral; Lundberg et al.: From local
explanations to global understanding with explainable AI for trees (2020), for the game (`path dependent`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.kernels import in_shares
from loantwin.models.scoring.kernels import add_shapley
from loantwin.models.scoring.trees import Trees, read_trees

FEW = 32
"""Rows below which one thread is quicker than sharing them out."""


@dataclass(frozen=True)
class Edges:
    """The nodes of trees from the top down, each with the edge that leads to it.

    starts : (T + 1,) where each tree's nodes begin; its first is the root. split : (E,) which inner node of
    `Trees`, -1 of a leaf. parent : place within the tree. before : the node below the last edge above with
    the same feature, -1 where there is none. left : whether it is the left child. leaves : values, 0 of inner
    nodes. z : share of the training rows that the feature lets through, edges above too. points : (T,) of
    Gauss' rule. rules : (Q + 1, 3, Q) by points: 1 - t, t and weights. base : the mean of the training rows
    by the trees' own counts.
    """

    starts: Integers
    split: Integers
    parent: Integers
    before: Integers
    left: Flags
    leaves: Floats
    z: Floats
    points: Integers
    rules: Floats
    base: float


def shapley(texts: Sequence[str], values: Floats) -> Floats:
    """Return what each feature adds to the mean of the boosters' raw scores (N, F + 1), the base last.

    Rows sum to `raw_score`, to rounding; one row gives what it gives among others, to the bit.

    Raises
    ------
    ModelError : a text that is none, or trees with lines in their leaves.
    """
    trees, edges = read_trees(tuple(texts)), _edges(tuple(texts))
    given = np.ascontiguousarray(values, dtype=float)
    made = np.zeros((len(given), given.shape[1] + 1))
    made[:, -1] = edges.base
    arrays = (
        given, trees.feature, trees.threshold, trees.kind, trees.sets, trees.bounds, edges.starts,
        edges.split, edges.parent, edges.before, edges.left, edges.leaves, edges.z, edges.points, edges.rules,
        made,
    )  # fmt: skip
    if len(given) < FEW:
        add_shapley(0, len(given), *arrays)
    else:
        in_shares(add_shapley, len(given), *arrays)
    return made / len(texts)


@dataclass
class _Node:
    """A node on the way down. z : share of rows that its feature lets through, share : that come here."""

    split: int
    parent: int = 0
    before: int = -1
    left: bool = False
    leaf: float = 0.0
    z: float = 1.0
    share: float = 1.0
    path: int = 0


@lru_cache(maxsize=16)
def _edges(texts: tuple[str, ...]) -> Edges:
    trees = read_trees(texts)
    listed = [_nodes(trees, tree) for tree in range(len(trees.nodes) - 1)]
    points = np.array([max((max(node.path for node in tree) + 1) // 2, 1) for tree in listed], np.int64)
    every = [node for tree in listed for node in tree]
    return Edges(
        np.concatenate([[0], np.cumsum([len(tree) for tree in listed])]).astype(np.int64),
        np.array([node.split for node in every], np.int64),
        np.array([node.parent for node in every], np.int64),
        np.array([node.before for node in every], np.int64),
        np.array([node.left for node in every], bool),
        np.array([node.leaf for node in every]),
        np.array([node.z for node in every]),
        points,
        _rules(int(points.max())),
        float(sum(node.share * node.leaf for node in every)),
    )


def _rules(most: int) -> Floats:
    """Return Gauss-Legendre's rules on 0 to 1 by points: 1 - t, t and weights, (most + 1, 3, most)."""
    made = np.zeros((most + 1, 3, most))
    for count in range(1, most + 1):
        place, weight = np.polynomial.legendre.leggauss(count)
        made[count, :, :count] = (1.0 - place) / 2.0, (1.0 + place) / 2.0, weight / 2.0
    return made


def _nodes(trees: Trees, tree: int) -> list[_Node]:
    """Return the nodes of a tree, parents before children."""
    start, value = int(trees.nodes[tree]), int(trees.values[tree])
    if start == trees.nodes[tree + 1]:
        return [_Node(-1, leaf=float(trees.leaves[value]))]
    made = [_Node(start)]
    seen: list[dict[int, int]] = [{}]
    at = 0
    while at < len(made):
        node, last = made[at], seen[at]
        at += 1
        if node.split < 0:
            continue
        feature = int(trees.feature[node.split])
        rows = float(trees.inner_counts[node.split])
        before = last.get(feature, -1)
        for left, child in ((True, trees.left[node.split]), (False, trees.right[node.split])):
            leaf = child < 0
            reached = trees.leaf_counts[value + ~child] if leaf else trees.inner_counts[start + child]
            part = float(reached) / rows if rows else 0.0
            seen.append({**last, feature: len(made)})
            made.append(
                _Node(
                    -1 if leaf else start + int(child), at - 1, before, left,
                    float(trees.leaves[value + ~child]) if leaf else 0.0,
                    part * (made[before].z if before >= 0 else 1.0), node.share * part, len(seen[-1]),
                )
            )  # fmt: skip
    return made
