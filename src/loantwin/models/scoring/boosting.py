"""Gradient boosting by LightGBM: small trees, settings by cross-validation, the mean of some draws."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.extras import require
from loantwin.models.scoring.calibration import Calibration, calibrate, calibrated, shared_out
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import Inner
from loantwin.models.scoring.ridge import log_loss
from loantwin.models.scoring.shapley import shapley
from loantwin.models.scoring.trees import raw_score

SHAPES = (
    (5_000, ((2, True), (4, True), (8, True), (8, False))),
    (20_000, ((4, True), (8, True), (16, True), (16, False), (31, False))),
    (2**63, ((31, False),)),
)
"""Rows below which these trees are tried: leaves, and whether splits are drawn or searched.

Two leaves make an additive model. Drawn splits do best on few rows, searched ones where features act
together.
"""
MOST_BAGS, BAG_ROWS = 10, 20_000
"""Boosters, alike but for the rows and columns drawn, whose log-odds are averaged; fewer for many rows."""
ONE_FOLD = 20_000
"""Rows from which one inner split, the last, is enough to choose rounds."""
MANY_ROWS = 20_000
"""Rows from which boosters learn at the quick rate and by all threads."""
RATE, QUICK_RATE = 0.05, 0.1
"""Learning rate, and that of many rows."""
MOST_ROUNDS, QUICK_ROUNDS = 1000, 400
"""Rounds at most, and of many rows."""
PATIENCE, QUICK_PATIENCE = 300, 50
"""Rounds without a lower loss after which an inner split stops, of drawn splits, which learn slowly, and of
searched ones.
"""
Shape = tuple[int, bool]
"""Leaves of a tree, and whether its splits are drawn."""
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
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
}
"""Fixed for any data: what is chosen are leaves, how splits are found, and rounds."""


@dataclass(frozen=True)
class Boosting:
    """A boosted sum of trees, calibrated on held-out rows.

    texts : LightGBM's own form of each booster; the raw score is the mean of theirs.
    """

    NAME: ClassVar[str] = "boosting"

    features: tuple[Feature, ...]
    texts: tuple[str, ...]
    leaves: int
    rounds: int
    calibration: Calibration
    monotone: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """What every booster of a training is told. monotone : empty for none. threads : change no bit."""

    features: Sequence[Feature]
    seed: int
    monotone: Sequence[int]
    threads: int
    rate: float

    def settings(self, shape: Shape, seed: int) -> dict[str, Any]:
        """Return LightGBM's settings of trees of a shape."""
        leaves, drawn = shape
        made = {
            **SETTINGS,
            "num_leaves": leaves,
            "extra_trees": drawn,
            "learning_rate": self.rate,
            "seed": seed % 2**31,
            "num_threads": self.threads,
        }
        return {**made, "monotone_constraints": list(self.monotone)} if any(self.monotone) else made

    def data(self, values: Floats, bad: Flags, reference: Any = None) -> Any:
        """Return LightGBM's form of rows."""
        import lightgbm

        return lightgbm.Dataset(
            values,
            label=bad.astype(float),
            categorical_feature=[place for place, item in enumerate(self.features) if item.is_category],
            reference=reference,
            params={
                "max_bin": SETTINGS["max_bin"],
                "verbosity": -1,
                "min_data_in_bin": 3,
                "num_threads": self.threads,
            },
        )


def fit(
    features: Sequence[Feature],
    values: Floats,
    bad: Flags,
    inner: Inner,
    *,
    seed: int = 0,
    monotone: Sequence[int] = (),
    threads: int | None = None,
) -> tuple[Boosting, Floats]:
    """Return boosted trees whose shape and rounds have the least held-out log loss, and those log-odds (N,).

    Parameters
    ----------
    features, values, bad, inner : as for the logistic regression. monotone : (F,) 1 where a larger number may
        only raise the risk, -1 where it may only lower it, 0 elsewhere; empty for none. threads : all where
        rows are many, else one; no bit changes with it.

    Raises
    ------
    ExtraError : the extra `scoring` is not installed.
    """
    require("scoring")
    many = len(bad) >= MANY_ROWS
    wanted = threads if threads is not None else 0 if many else 1
    asked = _Asked(tuple(features), seed, tuple(monotone), wanted, QUICK_RATE if many else RATE)
    tried = [
        (*_held_out(asked, values, bad, inner, shape), shape)
        for shape in next(some for rows, some in SHAPES if len(bad) < rows)
    ]
    _, rounds, held_out, shape = min(tried, key=lambda item: item[0])
    judged = ~np.isnan(held_out)
    how = calibrate(bad[judged], held_out[judged], seed)
    bags = int(np.clip(BAG_ROWS // len(bad), 1, MOST_BAGS))
    texts = tuple(
        _text(asked, values, bad, asked.settings(shape, seed + 7919 * bag), rounds) for bag in range(bags)
    )
    made = Boosting(tuple(features), texts, shape[0], rounds, how, tuple(monotone))
    held_out[judged] = calibrated(how, held_out[judged])
    return made, held_out


def _text(asked: _Asked, values: Floats, bad: Flags, settings: dict[str, Any], rounds: int) -> str:
    import lightgbm

    made = lightgbm.train(settings, asked.data(values, bad), num_boost_round=rounds)
    return re.sub(r"\[num_threads: \d+\]", "[num_threads: 1]", str(made.model_to_string()))


def _held_out(
    asked: _Asked, values: Floats, bad: Flags, inner: Inner, shape: Shape
) -> tuple[float, int, Floats]:
    """Return least held-out loss, its rounds, and the held-out raw scores there."""
    import lightgbm

    boosters, curves = [], []
    many = len(bad) >= MANY_ROWS
    used = inner.pairs[-1:] if len(bad) >= ONE_FOLD else inner.pairs
    for near, far in used:
        data = asked.data(values[near], bad[near])
        told: dict[str, Any] = {}
        boosters.append(
            lightgbm.train(
                asked.settings(shape, asked.seed),
                data,
                num_boost_round=QUICK_ROUNDS if many else MOST_ROUNDS,
                valid_sets=[asked.data(values[far], bad[far], data)],
                callbacks=[
                    lightgbm.record_evaluation(told),
                    lightgbm.early_stopping(PATIENCE if shape[1] else QUICK_PATIENCE, verbose=False),
                ],
            )
        )
        curves.append(np.array(told["valid_0"]["binary_logloss"]))
    shortest = min(map(len, curves))
    sizes = [len(far) for _, far in used]
    curve = np.average([item[:shortest] for item in curves], axis=0, weights=sizes)
    rounds = int(np.argmin(curve)) + 1
    found = np.full(len(bad), np.nan)
    for booster, (_, far) in zip(boosters, used, strict=True):
        found[far] = booster.predict(values[far], raw_score=True, num_iteration=rounds)
    judged = ~np.isnan(found)
    return log_loss(bad[judged], found[judged]), rounds, found


def log_odds(model: Boosting, values: Floats) -> Floats:
    """Return the log-odds of bad (N,) of values (N, F); the trees are read from their text once."""
    return calibrated(model.calibration, raw_score(model.texts, values))


def contributions(model: Boosting, values: Floats) -> Floats:
    """Return what each feature adds to the log-odds (N, F + 1), by exact Shapley values of the trees.

    Rows sum to `log_odds`; the last column is the average case's.
    """
    return shared_out(model.calibration, shapley(model.texts, values))
