"""The seam to the reasons of scores: which features raise the risk of declined and referred applications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.store import Score

MOST = 4
"""Reasons that a decision has at most."""


@dataclass(frozen=True)
class ScoreReasons:
    """The features that raise the risk of M cases most, strongest first.

    codes, texts : (F,) of each feature: its name, and its text by language. place : (M, 4) which one, -1
    where there is none.
    """

    codes: tuple[str, ...]
    texts: Mapping[str, tuple[str, ...]]
    place: Integers


def score_reasons(score: Score, values: Floats, most: int = MOST) -> ScoreReasons:
    """Return the reasons of cases (M, F) as the model read them: exact contributions, none that lowers it."""
    parts = KINDS[score.kind].contributions(score.model, values)[:, :-1]
    order = np.argsort(-parts, axis=1, kind="stable")[:, :most]
    place = np.where(np.take_along_axis(parts, order, axis=1) > 0.0, order, -1)
    names = tuple(feature.name for feature in score.model.features)
    words = [name.replace("_", " ") for name in names]
    texts = {
        "en": tuple(f"The value of {item}" for item in words),
        "zh": tuple(f"{item}的取值" for item in words),
    }
    return ScoreReasons(names, texts, place)
