"""What a model was shown: each column's kind, levels and range, kept so that other cases are read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Array, Floats
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.table import NOTHING, Table

NUMBER, CATEGORY, AGE = "number", "category", "age"
"""Kinds: a number; a text with levels; a date, as days before the time of the case."""
RARE_ROWS, RARE_SHARE, MOST_LEVELS = 10, 0.005, 40
"""A level with fewer rows than either is rare: rare levels are one, and beyond the most frequent ones all."""


@dataclass(frozen=True)
class Feature:
    """A column as a model knows it.

    levels : kept texts, in the order of their codes; the code after the last stands for every other text.
    rare : texts seen in training that share that code. missing : share of the training rows without a value.
    low, high : range of a number in training.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    missing: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def is_category(self) -> bool:
        """Return whether its values are codes of levels."""
        return self.kind == CATEGORY


@dataclass(frozen=True)
class Encoded:
    """Cases as a model reads them: values (N, F), codes for categories, NaN for missing.

    unseen : name -> how many cases have a text that training never showed. beyond : name -> how many numbers
    lie outside the range of training. Neither is an error; both are said.
    """

    values: Floats
    unseen: Mapping[str, int]
    beyond: Mapping[str, int]


def learn_features(table: Table, names: Sequence[str], time: str | None = None) -> tuple[Feature, ...]:
    """Return the features of training rows, in the order of `names`."""
    return tuple(_feature(table, name, time) for name in names)


def _feature(table: Table, name: str, time: str | None) -> Feature:
    if name in table.texts:
        values = table.texts[name]
        there = values[[value is not None for value in values]]
        levels, counts = np.unique(there.astype(str), return_counts=True)
        order = np.lexsort((levels, -counts))
        least = max(RARE_ROWS, RARE_SHARE * len(values))
        kept = [place for place in order if counts[place] >= least][:MOST_LEVELS]
        left = sorted(set(range(len(levels))) - set(kept))
        return Feature(
            name,
            CATEGORY,
            levels=tuple(str(levels[place]) for place in kept),
            rare=tuple(str(levels[place]) for place in left),
            missing=1 - len(there) / len(values),
        )
    kind = NUMBER if name in table.numbers else AGE
    numbers = _as_numbers(table, name, kind, time)
    there = numbers[~np.isnan(numbers)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 0.0)
    return Feature(name, kind, missing=float(np.isnan(numbers).mean()), low=low, high=high)


def _as_numbers(table: Table, name: str, kind: str, time: str | None) -> Floats:
    if kind == NUMBER:
        return np.asarray(table.numbers[name], dtype=float)
    days = (table.dates[time or name] - table.dates[name]).astype("timedelta64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(float))


def encode(features: Sequence[Feature], table: Table, time: str | None = None) -> Encoded:
    """Return cases as the model that learnt `features` reads them.

    Raises
    ------
    ModelError : a column that the model knows is not there, or is of another kind.
    """
    columns: list[Floats] = []
    unseen: dict[str, int] = {}
    beyond: dict[str, int] = {}
    for feature in features:
        _check(feature, table)
        if feature.is_category:
            values, new = codes_of(
                feature, pl.Series(_texts_of(table, feature.name).tolist(), dtype=pl.String)
            )
            if new:
                unseen[feature.name] = new
        else:
            values = _as_numbers(table, feature.name, feature.kind, time)
            with np.errstate(invalid="ignore"):
                outside = int(((values < feature.low) | (values > feature.high)).sum())
            if outside:
                beyond[feature.name] = outside
        columns.append(values)
    made = np.column_stack(columns) if columns else np.empty((table.rows, 0))
    return Encoded(made, unseen, beyond)


def _check(feature: Feature, table: Table) -> None:
    if feature.name not in table.raw:
        raise ModelError(
            expected("the columns that the model was trained on", "a table without it"), field=feature.name
        )
    here = table.numbers if feature.kind == NUMBER else table.dates if feature.kind == AGE else table.raw
    if feature.name not in here:
        raise ModelError(
            expected(f"a column of kind {feature.kind}, as in training", "another kind"), field=feature.name
        )


def _texts_of(table: Table, name: str) -> Array:
    """Return a column as text: a category of the model may be all numbers in other rows."""
    return table.texts[name] if name in table.texts else table.raw[name]


def codes_of(feature: Feature, texts: pl.Series) -> tuple[Floats, int]:
    """Return the code of each text (N,), NaN where missing, and how many training never showed."""
    text = texts.str.strip_chars()
    gone = text.is_null() | text.str.to_lowercase().is_in(NOTHING)
    known = {level: float(place) for place, level in enumerate(feature.levels)}
    codes = text.replace_strict(known, default=float(len(known)), return_dtype=pl.Float64)
    new = ~gone & ~text.is_in([*feature.levels, *feature.rare])
    return codes.set(gone, None).fill_null(float("nan")).to_numpy(), int(new.sum())


def of_values(values: Floats, categories: Sequence[int] = ()) -> tuple[Feature, ...]:
    """Return the features of a plain matrix (N, F) whose columns `categories` hold codes from 0."""
    made = []
    for place in range(values.shape[1]):
        column = values[:, place]
        there = column[~np.isnan(column)]
        missing = float(np.isnan(column).mean())
        if place in categories:
            levels = tuple(str(code) for code in range(int(there.max()) + 1 if len(there) else 0))
            made.append(Feature(f"x{place}", CATEGORY, levels, missing=missing))
        else:
            low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 0.0)
            made.append(Feature(f"x{place}", NUMBER, missing=missing, low=low, high=high))
    return tuple(made)
