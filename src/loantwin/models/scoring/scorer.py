"""A score kept open: many cases from a data frame, or one from a mapping, without reading texts twice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl
from scipy.special import expit

from loantwin.arrays import Array
from loantwin.errors import ModelError, TapeError, expected
from loantwin.models.scoring.features import AGE, CATEGORY, NUMBER, Encoded, Feature, codes_of
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.store import Score, Scored
from loantwin.models.scoring.table import NOTHING, plain_numbers, read_dates


class Scorer:
    """A score with its look-ups made once; it may be shared by threads.

    `score(frame)` gives what `predict` gives of a table, `pd_of(case)` the probability of bad of one case.
    """

    def __init__(self, score: Score) -> None:
        self.model, self.kind, self.time = score.model, KINDS[score.kind], score.time
        self.features: tuple[Feature, ...] = score.model.features
        self._codes = [
            {level: float(place) for place, level in enumerate(feature.levels)} for feature in self.features
        ]

    def score(self, frame: pl.DataFrame) -> Scored:
        """Return the probability of bad of each row of a frame; its other columns are not looked at.

        Raises
        ------
        ModelError : a column that the model knows is not there, or is of another kind. TapeError : an
            infinite number or a text among numbers, naming row and column.
        """
        encoded = encode_frame(self.features, frame, self.time)
        found = self.kind.log_odds(self.model, encoded.values)
        return Scored(np.asarray(expit(found)), found, encoded)

    def pd_of(self, case: Mapping[str, object]) -> float:
        """Return the probability of bad of one case: column -> value, None where missing.

        Raises
        ------
        ModelError : a column that the model knows is not there, or a value of another kind, naming it.
        """
        row = np.empty((1, len(self.features)))
        for at, feature in enumerate(self.features):
            row[0, at] = self._read(feature, self._codes[at], case)
        eta = float(self.kind.log_odds(self.model, row)[0])
        return 1 / (1 + math.exp(-eta)) if eta > -700 else 0.0

    def _read(self, feature: Feature, codes: Mapping[str, float], case: Mapping[str, object]) -> float:
        try:
            value = case[feature.name]
        except KeyError:
            words = expected("the columns that the model was trained on", "a case without it")
            raise ModelError(words, field=feature.name) from None
        if value is None or (isinstance(value, str) and value.strip().lower() in NOTHING):
            return math.nan
        if feature.kind == CATEGORY:
            return codes.get(str(value).strip(), float(len(codes)))
        try:
            if feature.kind == AGE:
                days = np.datetime64(_day(case[self.time or ""]), "D") - np.datetime64(_day(value), "D")
                return float(days.astype(float))
            number = float(value)  # type: ignore[arg-type]
        except (ValueError, TypeError, KeyError):
            kind = "a day as YYYY-MM-DD" if feature.kind == AGE else "a number"
            raise ModelError(expected(kind, str(value)), field=feature.name) from None
        if math.isinf(number):
            raise ModelError(expected("a finite number", str(value)), field=feature.name)
        return number


def _day(value: object) -> str:
    return value.isoformat()[:10] if isinstance(value, date) else str(value).strip()


def encode_frame(features: tuple[Feature, ...], frame: pl.DataFrame, time: str | None) -> Encoded:
    """Return the rows of a frame as the model that learnt `features` reads them, by columns.

    Raises
    ------
    ModelError : a column that the model knows is not there, or is of another kind. TapeError : an infinite
        number or a text among numbers, naming row and column.
    """
    values = np.empty((frame.height, len(features)))
    unseen: dict[str, int] = {}
    beyond: dict[str, int] = {}
    for at, feature in enumerate(features):
        if feature.name not in frame.columns:
            words = expected("the columns that the model was trained on", "a table without it")
            raise ModelError(words, field=feature.name)
        if feature.kind == CATEGORY:
            values[:, at], new = codes_of(feature, frame[feature.name].cast(pl.String))
            if new:
                unseen[feature.name] = new
            continue
        if feature.kind == NUMBER:
            values[:, at] = _numbers(frame[feature.name])
        else:
            values[:, at] = _ages(frame, feature.name, time)
        with np.errstate(invalid="ignore"):
            outside = int(((values[:, at] < feature.low) | (values[:, at] > feature.high)).sum())
        if outside:
            beyond[feature.name] = outside
    return Encoded(values, unseen, beyond)


def _numbers(column: pl.Series) -> Array:
    if column.dtype.is_numeric():
        found = column.cast(pl.Float64)
    else:
        text = column.cast(pl.String).str.strip_chars()
        text = text.set(text.str.to_lowercase().is_in(NOTHING).fill_null(False), None)
        found = plain_numbers(text, column.name, None)
        stray = (found.is_null() & text.is_not_null()).arg_true()
        if len(stray) == text.count() and len(stray):
            words = expected("a column of kind number, as in training", "another kind")
            raise ModelError(words, field=column.name)
        if len(stray):
            row = int(stray[0])
            raise TapeError(expected("a number", str(text[row])), row=row + 1, field=column.name)
    if (endless := found.is_infinite().fill_null(False)).any():
        row = int(endless.arg_max() or 0)
        raise TapeError(expected("finite numbers", str(found[row])), row=row + 1, field=column.name)
    return found.fill_null(float("nan")).to_numpy()


def _ages(frame: pl.DataFrame, name: str, time: str | None) -> Array:
    days = []
    for column in (time or name, name):
        if column not in frame.columns:
            words = expected("the time of the case, from which days are counted", "a table without it")
            raise ModelError(words, field=column)
        found = frame[column]
        read = found.cast(pl.Date) if found.dtype.is_temporal() else read_dates(found.cast(pl.String))
        if read is None:
            raise ModelError(expected("a column of kind age, as in training", "another kind"), field=column)
        days.append(read.to_numpy().astype("datetime64[D]"))
    age = (days[0] - days[1]).astype("timedelta64[D]")
    return np.where(np.isnat(age), np.nan, age.astype(float))
