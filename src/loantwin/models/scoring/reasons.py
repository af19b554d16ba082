"""Why a case has its score: what each feature adds, exactly as the model sums it, and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.store import Score, predict
from loantwin.models.scoring.table import Table

MOST = 4
"""Reasons a case is given at most."""


@dataclass(frozen=True)
class Reason:
    """What one feature adds to a case's log-odds of bad, against the average case of training.

    value : as the model read it, in words. log_odds : its contribution, above 0 raises the risk.
    """

    column: str
    value: str
    log_odds: float

    @property
    def text(self) -> str:
        """Return the reason in a sentence."""
        way = "raises" if self.log_odds > 0 else "lowers"
        return (
            f"{self.column} ({self.value}) {way} the odds of bad by a factor of {np.exp(self.log_odds):.2f}"
        )


def reasons(score: Score, table: Table, most: int = MOST) -> tuple[tuple[Reason, ...], ...]:
    """Return for each case the features that raise its risk most, strongest first; none that lower it.

    Contributions are exact: with the average case's log-odds they sum to the case's own, to rounding. Of
    boosting they are Shapley values of the trees, of a scorecard the points of its bins, else terms.

    Raises
    ------
    ModelError : a column that the model knows is not there, or is of another kind.
    """
    values = predict(score, table).encoded.values
    parts = KINDS[score.kind].contributions(score.model, values)[:, :-1]
    features = score.model.features
    made = []
    for row, part in zip(values, parts, strict=True):
        order = [int(at) for at in np.argsort(-part, kind="stable")[:most] if part[at] > 0]
        made.append(
            tuple(Reason(features[at].name, in_words(features[at], row[at]), float(part[at])) for at in order)
        )
    return tuple(made)


def in_words(feature: Feature, value: float) -> str:
    if np.isnan(value):
        return "missing"
    if feature.is_category:
        return feature.levels[int(value)] if int(value) < len(feature.levels) else "other"
    return f"{value:g}"
