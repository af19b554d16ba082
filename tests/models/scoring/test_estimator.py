"""The adapter keeps scikit-learn's conventions, by scikit-learn's own checks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

pytest.importorskip("sklearn", reason="the extra scoring is not installed")

from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from loantwin.models.scoring.estimator import ScoreClassifier
from loantwin.models.scoring.kinds import KINDS

from .conftest import cases

EXPECTED: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
"""By kind, checks of scikit-learn that do not apply, with the reason: none."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "kind",
    ["logistic", *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS if kind != "logistic")],
)
def test_scikit_learns_own_checks_pass(kind: str) -> None:
    found = check_estimator(ScoreClassifier(kind), expected_failed_checks=EXPECTED[kind], on_fail=None)
    failed = {item["check_name"]: item["exception"] for item in found if item["status"] == "failed"}
    assert failed == {}
    assert sum(item["status"] == "passed" for item in found) > 45


def test_frames_with_texts_are_read_by_name() -> None:
    frame = cases(600)
    X, y = frame.drop("end"), frame["end"].to_numpy()
    model = ScoreClassifier("logistic").fit(X, y)
    assert model.classes_.tolist() == ["default", "paid"]
    assert model.feature_names_in_.tolist() == X.columns
    pd = model.predict_proba(X.select(reversed(X.columns)))
    assert pd == pytest.approx(model.predict_proba(X))
    young = pl.DataFrame(
        {"age": [20.0, 70.0], "income": [8.0, 60.0], "home": ["rent", "own"], "noise": [0, 0]}
    )
    risky, safe = model.predict_proba(young)[:, 0]
    assert risky > 0.5 > 0.2 > safe
    numbers = X.select("age", "noise").to_numpy()
    assert np.mean(cross_val_score(ScoreClassifier(), numbers, y, cv=3, scoring="roc_auc")) > 0.6
