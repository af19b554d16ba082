"""A score kept open: many cases from a data frame, or one from a mapping, without reading texts twice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from loantwin.arrays import Array
from loantwin.errors import ModelError, TapeError, expected
from loantwin.models.scoring.features import (
    AGE,
    CATEGORY,
    NUMBER,
    Encoded,
    Feature,
    codes_of,
    days_between,
    read_days,
    read_numbers,
)
from loantwin.models.scoring.forms import COMMA, POINT, known_days, number_forms, numbers_in
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.store import Score, Scored
from loantwin.models.scoring.table import NOTHING, blanked, check_finite


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
        if _missing(value, feature.blanks):
            return math.nan
        if feature.kind == CATEGORY:
            return codes.get(str(value).strip(), float(len(codes)))
        try:
            if feature.kind == AGE:
                at = case[self.time or ""]
                if _missing(at):
                    return math.nan
                days = _day(at, feature.time_form) - _day(value, feature.form)
                return float(days.astype(float))
            number = _number(value, feature.form)
        except (ValueError, TypeError, KeyError):
            kind = "a number" if feature.kind == NUMBER else "a day as YYYY-MM-DD"
            if feature.kind == AGE and feature.form:
                kind = f"a day as {feature.form}, as in training, or YYYY-MM-DD"
            raise ModelError(expected(kind, str(value)), field=feature.name) from None
        if math.isinf(number):
            raise ModelError(expected("a finite number", str(value)), field=feature.name)
        return number


def _missing(value: object, blanks: tuple[str, ...] = ()) -> bool:
    if not isinstance(value, str):
        return value is None
    return value.strip().lower() in NOTHING or value.strip() in blanks


def _number(value: object, form: str) -> float:
    """Return a value as a number; a text in the form of training; another is refused."""
    if not isinstance(value, str) or form not in (POINT, COMMA):
        return float(value)  # type: ignore[arg-type]
    if form == POINT and "," not in value:
        with suppress(ValueError):
            return float(value)
    found = numbers_in(pl.Series("case", [value.strip()]), form)[0]
    if found is None:
        raise ValueError(value)
    return float(found)


def _day(value: object, form: str) -> Any:
    """Return a day as datetime64[D]: of a date, or of a text in the form of training or as YYYY-MM-DD."""
    if isinstance(value, date):
        return np.datetime64(value.isoformat()[:10], "D")
    text = str(value).strip()
    if not form:
        return np.datetime64(text, "D")
    found = known_days(pl.Series("case", [text]), form)[0]
    if found is None:
        raise ValueError(text)
    return np.datetime64(found, "D")


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
            values[:, at] = _numbers(feature, frame[feature.name])
        else:
            values[:, at], new = _ages(feature, frame, time)
            if new:
                unseen[feature.name] = new
        with np.errstate(invalid="ignore"):
            outside = int(((values[:, at] < feature.low) | (values[:, at] > feature.high)).sum())
        if outside:
            beyond[feature.name] = outside
    return Encoded(values, unseen, beyond)


def _numbers(feature: Feature, column: pl.Series) -> Array:
    if column.dtype.is_numeric():
        found = column.cast(pl.Float64)
    else:
        text = blanked(column.cast(pl.String))
        check_finite(text, column.name, None)
        here = number_forms(text.to_frame(), "", ())[column.name].form
        found, new = read_numbers(feature, text, here)
        if new:
            stray = found.is_null() & text.is_not_null() & ~text.is_in(list(feature.blanks))
            row = int(stray.arg_true()[0])
            raise TapeError(expected("a number", str(text[row])), row=row + 1, field=column.name)
    if (endless := found.is_infinite().fill_null(False)).any():
        row = int(endless.arg_max() or 0)
        raise TapeError(expected("finite numbers", str(found[row])), row=row + 1, field=column.name)
    return found.fill_null(float("nan")).to_numpy()


def _ages(feature: Feature, frame: pl.DataFrame, time: str | None) -> tuple[Array, int]:
    made, new = [], 0
    for column, form in ((time or feature.name, feature.time_form), (feature.name, feature.form)):
        if column not in frame.columns:
            words = expected("the time of the case, from which days are counted", "a table without it")
            raise ModelError(words, field=column)
        found = frame[column]
        if found.dtype.is_temporal():
            read, unfit = found.cast(pl.Date), 0
        else:
            read, unfit = read_days(column, blanked(found.cast(pl.String)), form)
        made.append(read.to_numpy().astype("datetime64[D]"))
        new += unfit
    return days_between(made[0], made[1]), new
