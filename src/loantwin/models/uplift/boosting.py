"""Boosted trees for a number or a probability, weighted: what the estimators of uplift are built of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.extras import require
from loantwin.models.scoring.trees import raw_score

SETTINGS = {
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "learning_rate": 0.05,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "num_threads": 1,
}
"""Fixed for any data: uplift is small beside what moves outcomes, so that leaves are large and trees
shrunk."""
LEAVES, ROUNDS, PATIENCE = 8, 400, 30
HELD_OUT = 5
"""Every fifth row, drawn, says when to stop."""


@dataclass(frozen=True)
class Trees:
    """A sum of trees. texts : LightGBM's own form of it. logistic : whether the sum is a log-odds."""

    texts: tuple[str, ...]
    logistic: bool


def fit_trees(
    values: Floats,
    target: Floats,
    seed: int,
    *,
    logistic: bool,
    leaves: int = LEAVES,
    weight: Floats | None = None,
) -> Trees:
    """Return boosted trees for a target; how many is chosen on a fifth of the rows.

    Parameters
    ----------
    values : (N, F), NaN where missing. target : (N,) a number, or 0 and 1 for a probability. seed : of the
        held-out rows and of what trees draw. weight : (N,) > 0; None for equal ones.

    Raises
    ------
    ExtraError : the extra `scoring` is not installed.
    """
    require("scoring")
    import lightgbm

    held = np.random.default_rng([seed, 1]).integers(0, HELD_OUT, len(target)) == 0
    settings: dict[str, Any] = {
        **SETTINGS,
        "objective": "binary" if logistic else "regression",
        "metric": "binary_logloss" if logistic else "l2",
        "num_leaves": leaves,
        "seed": seed % 2**31,
    }

    def data(rows: Any, reference: Any = None) -> Any:
        own = None if weight is None else weight[rows]
        told = {"max_bin": 63, "verbosity": -1, "num_threads": 1}
        return lightgbm.Dataset(
            values[rows], label=target[rows], weight=own, reference=reference, params=told
        )

    near = data(~held)
    first = lightgbm.train(
        settings,
        near,
        ROUNDS,
        valid_sets=[data(held, near)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    rounds = max(1, first.best_iteration)
    made = lightgbm.train(settings, data(np.ones(len(target), bool)), rounds)
    return Trees((str(made.model_to_string()),), logistic)


def predicted(model: Trees, values: Floats) -> Floats:
    """Return what trees say of values (N, F): a number, or a probability, (N,)."""
    score = np.asarray(raw_score(model.texts, values))
    return 1.0 / (1.0 + np.exp(-score)) if model.logistic else score
