"""The score of one application without a frame: what `scores.scored` says of it among others, to the bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import expit

from loantwin.arrays import Floats
from loantwin.decisions.deciding.scores import TIME, ScoreInUse, column_of, points
from loantwin.decisions.graph.row import Row, Unsure
from loantwin.models.scoring.features import AGE, CATEGORY, Feature
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.store import Score
from loantwin.models.scoring.table import NOTHING

Read = Callable[[Row], float | None]
"""A value as the model reads it, NaN where missing, None where it is a text that training never showed."""
BLANKS = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""White space as Unicode has it and Polars takes it off; Python would take more."""
LARGEST = 2.0**53
"""From here on a whole number is asked of columns: float64 tells it from its neighbours no more."""


@dataclass(frozen=True)
class ScoredRow:
    """What a score says of one application; None where it must not speak, and why. values : (1, F)."""

    values: Floats
    log_odds: float
    points: float | None
    pd: float | None
    problem: tuple[str, str] | None = None


class RowScore:
    """A score with its look-ups made once."""

    def __init__(self, use: ScoreInUse) -> None:
        self.use, self.refused, self.score = use, use.refused, use.score
        if self.score is None:
            self.refused = use.refused or ("model-failed", "the model cannot be read")
        features: tuple[Feature, ...] = () if self.score is None else self.score.model.features
        self._reads = [(_reader(feature, self.score), feature) for feature in features if self.score]

    def of(self, row: Row) -> ScoredRow:
        """Return the score of a row.

        Raises
        ------
        Unsure : a value that columns refuse, or read in a way of their own.
        """
        if self.refused is not None or self.score is None:
            return ScoredRow(np.empty((1, 0)), math.nan, None, None, self.refused)
        values, problem = np.empty((1, len(self._reads))), None
        for at, (read, feature) in enumerate(self._reads):
            value = read(row)
            values[0, at] = float(len(feature.levels)) if value is None else value
            if problem is None and value is None:
                words = f"{column_of(feature.name)} has a value that the model never saw"
                problem = ("model-value-unseen", words)
            elif problem is None and feature.missing == 0.0 and value != value:
                words = f"{column_of(feature.name)} is missing, which the model never saw"
                problem = ("model-value-missing", words)
        found = np.asarray(KINDS[self.score.kind].log_odds(self.score.model, values), dtype=float)
        if problem is None and not math.isfinite(found[0]):
            problem = ("model-failed", "the model gives no number")
        if problem is not None:
            return ScoredRow(values, math.nan, None, None, problem)
        return ScoredRow(
            values, float(found[0]), float(points(self.score, found)[0]), float(np.asarray(expit(found))[0])
        )


def _reader(feature: Feature, score: Score | None) -> Read:
    name = column_of(feature.name)
    if feature.kind == CATEGORY:
        known: dict[str, float] = {level: float(place) for place, level in enumerate(feature.levels)}
        known |= dict.fromkeys(feature.rare, float(len(feature.levels)))
        return lambda row: _code(row.get(name), known)
    if feature.kind == AGE:
        own = column_of(score.time) if score is not None and score.time else TIME
        return lambda row: _age(row, own if own in row else TIME, name)
    return lambda row: _number(row.get(name))


def _number(value: object) -> float:
    if value is None:
        return math.nan
    if type(value) is not float:
        raise Unsure
    return value


def _code(value: object, known: dict[str, float]) -> float | None:
    if value is None:
        return math.nan
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float):
        if not value.is_integer() or (value == 0.0 and math.copysign(1.0, value) < 0.0):
            raise Unsure
        text = str(int(value))
    else:
        text = str(value).strip(BLANKS)
    return math.nan if text.lower() in NOTHING else known.get(text)


def _age(row: Row, time: str, name: str) -> float:
    if time not in row:
        return math.nan
    days = [_day(row.get(field)) for field in (time, name)]
    return math.nan if days[0] is None or days[1] is None else float((days[0] - days[1]).days)


def _day(value: object) -> date | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != 10:
        raise Unsure
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Unsure from None
