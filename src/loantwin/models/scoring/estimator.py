"""Scores under scikit-learn's conventions: a thin adapter over the kinds, for pipelines and searches."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from loantwin.arrays import Array, Flags, Floats
from loantwin.errors import choice, expected
from loantwin.extras import require
from loantwin.models.scoring.features import encode, learn_features, of_values
from loantwin.models.scoring.folds import INNER
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.table import from_frame

require("scoring")

from sklearn.base import BaseEstimator, ClassifierMixin  # noqa: E402  # the sentence that names the extra comes first
from sklearn.utils.multiclass import check_classification_targets, unique_labels  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402


class ScoreClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn carries no types
    """A score as a classifier of two classes; the second class, in order, is the one whose risk is scored.

    kind : a name of `KINDS`. seed : of what is drawn. A frame (Polars, pandas) is read as a file is, texts as
    categories; an array is of numbers alone, NaN where missing. After `fit`: `classes_` (2,),
    `n_features_in_`, `feature_names_in_` of a frame, `model_`.

    Raises
    ------
    UsageError : a kind that there is none of. ValueError : what scikit-learn's own checks refuse, or fewer
        rows of a class than inner folds.
    """

    def __init__(self, kind: str = "logistic", seed: int = 0) -> None:
        self.kind = kind
        self.seed = seed

    def fit(self, X: Any, y: Any) -> ScoreClassifier:
        """Train on cases X (N, F) and their class y (N,).

        Raises
        ------
        ValueError : not two classes, or fewer rows of one than inner folds.
        """
        kind = KINDS[choice(self.kind, KINDS, "kind")]
        frame = _frame(X)
        if frame is None:
            X, y = validate_data(self, X, y, ensure_all_finite="allow-nan", dtype=float)
            features = of_values(X)
            values = np.asarray(X, dtype=float)
        else:
            y = np.asarray(y)
            table = from_frame(frame)
            features = learn_features(table, table.names)
            values = encode(features, table).values
            self.feature_names_in_ = np.array(table.names, dtype=object)
            self.n_features_in_ = len(table.names)
        check_classification_targets(y)
        self.classes_ = unique_labels(y)
        self._check(y)
        self.model_ = kind.train(features, values, np.asarray(y == self.classes_[1]), seed=self.seed)
        return self

    def _check(self, y: Array) -> None:
        if len(self.classes_) > 2:
            words = "Only binary classification is supported. The type of the target is multiclass"
            raise ValueError(f"{words}: {expected('two classes', len(self.classes_))}")
        if len(self.classes_) < 2:
            raise ValueError(f"Classifier can't train when only one class is present: {self.classes_[0]}")
        fewest = min(int((y == name).sum()) for name in self.classes_)
        if fewest < INNER:
            size = f"{fewest} (n_samples = {len(y)}, n_features = {self.n_features_in_})"
            raise ValueError(f"expected at least {INNER} rows of each class, was {size}")

    def decision_function(self, X: Any) -> Floats:
        """Return the log-odds of the second class (N,)."""
        check_is_fitted(self)
        return np.asarray(KINDS[self.kind].log_odds(self.model_, self._values(X)))

    def _values(self, X: Any) -> Floats:
        frame = _frame(X)
        names = getattr(self, "feature_names_in_", None)
        if frame is None or names is None:
            return np.asarray(validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=float))
        return encode(self.model_.features, from_frame(frame)).values

    def predict_proba(self, X: Any) -> Floats:
        """Return the probabilities of both classes (N, 2), as `classes_`."""
        eta = self.decision_function(X)
        second = 1 / (1 + np.exp(-np.clip(eta, -700, 700)))
        return np.column_stack([1 - second, second])

    def predict(self, X: Any) -> Array:
        """Return the likelier class of each case (N,)."""
        second: Flags = self.decision_function(X) > 0
        return np.asarray(self.classes_[second.astype(int)])

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn may expect: two classes, missing values allowed."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags


def _frame(X: Any) -> pl.DataFrame | None:
    """Return a data frame as Polars', None of an array. A frame of numbers alone is one, too."""
    if isinstance(X, pl.DataFrame):
        return X
    if hasattr(X, "columns") and hasattr(X, "to_dict"):
        return pl.DataFrame({str(name): pl.Series([None if v != v else str(v) for v in X[name]],
                             dtype=pl.String) for name in X.columns})  # fmt: skip
    return None
