"""Gradient boosting by LightGBM: small trees, settings by cross-validation, the mean of some draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.extras import require
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import splits, stratified
from loantwin.models.scoring.ridge import fit_ridge, log_loss

INNER = 5
LEAVES = ((5_000, (2, 4, 8)), (50_000, (4, 8, 16)), (2**63, (16,)))
"""Rows below which these leaves a tree are tried; two make an additive model."""
MOST_BAGS, BAG_ROWS = 10, 20_000
"""Boosters, alike but for the rows and columns drawn, whose log-odds are averaged; fewer for many rows."""
ONE_FOLD = 20_000
"""Rows from which one inner fold is enough to choose rounds."""
RATE = 0.05
MOST_ROUNDS = 600
PATIENCE = 60
"""Rounds without a lower loss after which an inner fold stops."""
SETTINGS = {
    "objective": "binary",
    "metric": "binary_logloss",
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "min_data_in_leaf": 20,
    "min_data_per_group": 10,
    "max_cat_to_onehot": 64,
    "lambda_l2": 1.0,
    "feature_fraction_bynode": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
}
"""Fixed for any data: what is chosen are leaves and rounds."""


@dataclass(frozen=True)
class Boosting:
    """A boosted sum of trees; log-odds of bad = shift + slope x trees (Platt's line, from inner folds).

    texts : LightGBM's own form of each booster; `trees` is the mean of their raw scores.
    """

    NAME: ClassVar[str] = "boosting"

    features: tuple[Feature, ...]
    texts: tuple[str, ...]
    leaves: int
    rounds: int
    shift: float
    slope: float
    monotone: tuple[int, ...] = ()


def train(
    features: Sequence[Feature],
    values: Floats,
    bad: Flags,
    *,
    seed: int = 0,
    monotone: Sequence[int] = (),
    threads: int = 1,
) -> Boosting:
    """Return boosted trees whose leaves and rounds have the least log loss in an inner cross-validation.

    Parameters
    ----------
    features, values, bad : as for the logistic regression. monotone : (F,) 1 where a larger number may only
        raise the risk, -1 where it may only lower it, 0 elsewhere; empty for none.

    Raises
    ------
    ExtraError : the extra `scoring` is not installed.
    """
    require("scoring")
    fold = stratified(bad, INNER, seed)
    best: tuple[float, int, int, Floats] | None = None
    for leaves in next(some for rows, some in LEAVES if len(bad) < rows):
        loss, rounds, found = _inner(features, values, bad, fold, leaves, seed, monotone, threads)
        if best is None or loss < best[0]:
            best = (loss, leaves, rounds, found)
    assert best is not None
    _, leaves, rounds, found = best
    judged = ~np.isnan(found)
    shift, slope = fit_ridge(found[judged, None], bad[judged], 0.0)
    texts = tuple(
        _booster(features, values, bad, _settings(leaves, seed + 7919 * bag, monotone, threads), rounds)
        for bag in range(int(np.clip(BAG_ROWS // len(bad), 1, MOST_BAGS)))
    )
    return Boosting(tuple(features), texts, leaves, rounds, shift, float(slope[0]), tuple(monotone))


def _settings(leaves: int, seed: int, monotone: Sequence[int], threads: int) -> dict[str, Any]:
    made = {
        **SETTINGS,
        "num_leaves": leaves,
        "learning_rate": RATE,
        "seed": seed % 2**31,
        "num_threads": threads,
    }
    return {**made, "monotone_constraints": list(monotone)} if any(monotone) else made


def _data(features: Sequence[Feature], values: Floats, bad: Flags | None, reference: Any = None) -> Any:
    import lightgbm

    return lightgbm.Dataset(
        values,
        label=None if bad is None else bad.astype(float),
        categorical_feature=[place for place, feature in enumerate(features) if feature.is_category],
        reference=reference,
        params={"max_bin": SETTINGS["max_bin"], "verbosity": -1, "min_data_in_bin": 3},
        free_raw_data=False,
    )


def _booster(
    features: Sequence[Feature], values: Floats, bad: Flags, settings: dict[str, Any], rounds: int
) -> str:
    import lightgbm

    made = lightgbm.train(settings, _data(features, values, bad), num_boost_round=rounds)
    return str(made.model_to_string())


def _inner(
    features: Sequence[Feature],
    values: Floats,
    bad: Flags,
    fold: Any,
    leaves: int,
    seed: int,
    monotone: Sequence[int],
    threads: int,
) -> tuple[float, int, Floats]:
    """Return least mean loss, its rounds, and the out-of-fold log-odds there."""
    import lightgbm

    boosters, curves = [], []
    used = list(splits(fold))[: 1 if len(bad) >= ONE_FOLD else None]
    for inner, outer in used:
        data = _data(features, values[inner], bad[inner])
        check = _data(features, values[outer], bad[outer], data)
        told: dict[str, Any] = {}
        boosters.append(
            lightgbm.train(
                _settings(leaves, seed, monotone, threads),
                data,
                num_boost_round=MOST_ROUNDS,
                valid_sets=[check],
                callbacks=[
                    lightgbm.record_evaluation(told),
                    lightgbm.early_stopping(PATIENCE, verbose=False),
                ],
            )
        )
        curves.append(np.array(told["valid_0"]["binary_logloss"]))
    shortest = min(map(len, curves))
    rounds = int(np.argmin(np.mean([curve[:shortest] for curve in curves], axis=0))) + 1
    found = np.full(len(bad), np.nan)
    for booster, (_, outer) in zip(boosters, used, strict=True):
        found[outer] = booster.predict(values[outer], raw_score=True, num_iteration=rounds)
    judged = ~np.isnan(found)
    return log_loss(bad[judged], found[judged]), rounds, found


def _mean(model: Boosting, values: Floats, **how: Any) -> Floats:
    """Return the mean of what the boosters predict."""
    import lightgbm

    require("scoring")
    made = [
        np.asarray(lightgbm.Booster(model_str=text).predict(values, num_threads=1, **how))
        for text in model.texts
    ]
    return np.asarray(sum(made[1:], made[0]) / len(made))  # in one order for one case and for many


def log_odds(model: Boosting, values: Floats) -> Floats:
    """Return the log-odds of bad (N,) of values (N, F)."""
    return np.asarray(model.shift + model.slope * _mean(model, values, raw_score=True))


def contributions(model: Boosting, values: Floats) -> Floats:
    """Return what each feature adds to the log-odds (N, F + 1), by exact Shapley values of the trees.

    Rows sum to `log_odds`; the last column is the average case's.
    """
    made = model.slope * _mean(model, values, pred_contrib=True)
    made[:, -1] += model.shift
    return np.asarray(made)
