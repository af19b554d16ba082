"""Why a loan's hazard is high: what each feature adds to its logarithm, exactly as the model sums it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.models.scoring.features import encode
from loantwin.models.scoring.reasons import MOST, in_words
from loantwin.models.scoring.table import Table
from loantwin.models.survival.model import Survival, contributions


@dataclass(frozen=True)
class HazardReason:
    """What one feature adds to the logarithm of a loan's hazard, against the average loan of training.

    value : as the model read it, in words. log_hazard : its contribution, above 0 raises the risk.
    """

    column: str
    value: str
    log_hazard: float

    @property
    def text(self) -> str:
        """Return the reason in a sentence."""
        way = "raises" if self.log_hazard > 0 else "lowers"
        return f"{self.column} ({self.value}) {way} the hazard by a factor of {np.exp(self.log_hazard):.2f}"


def reasons(model: Survival, table: Table, most: int = MOST) -> tuple[tuple[HazardReason, ...], ...]:
    """Return for each loan the features that raise its hazard of the event most, strongest first.

    With the average's, age's and month's the contributions of all features sum to the loan's log intensity,
    to rounding; the hazard of a month is 1 - exp(-intensity).

    Raises
    ------
    ModelError : a column that the model knows is not there, or is of another kind.
    """
    values = encode(model.features, table, model.time).values
    parts = contributions(model, table)[:, :-1]
    names = [feature.name for feature in model.features]
    made = []
    for row, part in zip(values, parts, strict=True):
        order = [int(at) for at in np.argsort(-part, kind="stable")[:most] if part[at] > 0]
        said = [in_words(model.features[at], row[at]) for at in order]
        made.append(
            tuple(
                HazardReason(names[at], words, float(part[at])) for at, words in zip(order, said, strict=True)
            )
        )
    return tuple(made)
