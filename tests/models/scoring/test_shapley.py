"""Shapley values of trees: those of LightGBM, and those of all coalitions one by one."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pytest

from loantwin.models.scoring.shapley import shapley
from loantwin.models.scoring.trees import Trees, raw_score, read_trees

lightgbm = pytest.importorskip("lightgbm", reason="not installed: lightgbm; pip install 'loantwin[scoring]'")
ROWS, COLUMNS, CODES = 600, 5, (3,)


def cases(rows: int, seed: int) -> tuple[Any, Any]:
    """Return values (N, 5) with a column of codes, some missing, and outcomes that follow all of them."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, COLUMNS))
    values[:, CODES] = random.integers(0, 6, (rows, 1))
    eta = values[:, 0] * values[:, 1] + np.sin(3 * values[:, 2]) + (values[:, 3] % 2) - values[:, 4] ** 2
    bad = random.random(rows) < 1 / (1 + np.exp(-eta))
    values[random.random(values.shape) < 0.1] = np.nan
    return values, bad


def booster(leaves: int, rounds: int, seed: int) -> Any:
    values, bad = cases(ROWS, seed)
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "min_data_in_leaf": 3,
        "verbose": -1,
        "seed": seed,
    }
    data = lightgbm.Dataset(values, bad, categorical_feature=list(CODES), params={"verbose": -1})
    return lightgbm.train(settings, data, num_boost_round=rounds)


@pytest.mark.parametrize(("leaves", "rounds"), [(2, 5), (8, 20), (40, 60)])
def test_they_are_lightgbms_own(leaves: int, rounds: int) -> None:
    made = booster(leaves, rounds, leaves)
    values, _ = cases(300, 99)
    found = shapley((made.model_to_string(),), values)
    assert found == pytest.approx(np.asarray(made.predict(values, pred_contrib=True)), abs=1e-11)
    assert np.abs(found[:, :-1]).max() > 0.1


def test_they_are_the_mean_over_boosters_and_add_up_to_the_score() -> None:
    texts = tuple(booster(16, 10, seed).model_to_string() for seed in (1, 2, 3))
    values, _ = cases(100, 98)
    each = [shapley((text,), values) for text in texts]
    found = shapley(texts, values)
    assert found == pytest.approx(np.mean(each, axis=0), abs=1e-12)
    assert found.sum(axis=1) == pytest.approx(raw_score(texts, values), abs=1e-12)


def test_a_case_alone_has_what_it_has_among_others_to_the_bit() -> None:
    texts = (booster(31, 40, 5).model_to_string(),)
    values, _ = cases(130, 97)
    many = shapley(texts, values)
    alone = np.vstack([shapley(texts, values[at : at + 1]) for at in range(len(values))])
    assert (many == alone).all()
    assert (many[37:] == shapley(texts, values[37:])).all()


def game(trees: Trees, row: Any, known: frozenset[int]) -> float:
    """Return what the trees pay where some features are known: shares of training rows for others."""

    def below(tree: int, node: int) -> float:
        if node < 0:
            return float(trees.leaves[trees.values[tree] + ~node])
        place = trees.nodes[tree] + node
        sides = (int(trees.left[place]), int(trees.right[place]))
        if int(trees.feature[place]) in known:
            value = row[trees.feature[place]]
            goes = (
                np.isnan(value)
                if trees.kind[place] & 2 and np.isnan(value)
                else value <= trees.threshold[place]
            )
            return below(tree, sides[0] if goes else sides[1])
        counts = [
            trees.leaf_counts[trees.values[tree] + ~side]
            if side < 0
            else trees.inner_counts[trees.nodes[tree] + side]
            for side in sides
        ]
        return float(sum(n * below(tree, side) for n, side in zip(counts, sides, strict=True)) / sum(counts))

    return sum(below(tree, 0) for tree in range(len(trees.nodes) - 1))


def test_they_are_the_mean_over_all_coalitions() -> None:
    """By definition, on trees of numbers alone whose paths test a feature again and again."""
    random = np.random.default_rng(3)
    values = random.normal(size=(400, 3))
    bad = (np.sin(4 * values[:, 0]) + values[:, 1] * values[:, 2] > 0).astype(float)
    settings = {"objective": "regression", "num_leaves": 24, "min_data_in_leaf": 2, "verbose": -1}
    made = lightgbm.train(settings, lightgbm.Dataset(values, bad), num_boost_round=3)
    text = made.model_to_string()
    trees = read_trees((text,))
    found = shapley((text,), values[:8])
    for at, row in enumerate(values[:8]):
        for feature in range(3):
            others = [item for item in range(3) if item != feature]
            wanted = sum(
                (game(trees, row, frozenset((*some, feature))) - game(trees, row, frozenset(some)))
                / (3 * comb(2, size))
                for size in range(3)
                for some in combinations(others, size)
            )
            assert found[at, feature] == pytest.approx(wanted, abs=1e-12)


def test_a_tree_of_one_leaf_adds_to_the_base_alone() -> None:
    values, _ = cases(60, 4)
    settings = {"objective": "regression", "num_leaves": 4, "min_data_in_leaf": 50, "verbose": -1}
    made = lightgbm.train(settings, lightgbm.Dataset(values, np.full(60, 2.5)), num_boost_round=2)
    found = shapley((made.model_to_string(),), values[:3])
    assert found[:, -1] == pytest.approx([2.5] * 3)
    assert (found[:, :-1] == 0.0).all()
