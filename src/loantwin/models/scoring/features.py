"""What a model was shown: each column's kind, levels and range, kept so that other cases are read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Array, Floats
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.forms import FREE, NAMES, contradicts, known_days, numbers_in
from loantwin.models.scoring.table import NOTHING, Table, plain_numbers, read_dates

NUMBER, CATEGORY, AGE = "number", "category", "age"
"""Kinds: a number; a text with levels; a date, as days before the time of the case."""
RARE_ROWS, RARE_SHARE, MOST_LEVELS = 10, 0.005, 40
"""A level with fewer rows than either is rare: rare levels are one, and beyond the most frequent ones all."""


@dataclass(frozen=True)
class Feature:
    """A column as a model knows it.

    levels : kept texts, in the order of their codes; the code after the last stands for every other text.
    rare : texts seen in training that share that code. missing : share of the training rows without a value.
    low, high : range of a number in training. form : how training wrote its numbers or days, time_form : the
    days of the time; empty of older models, which are read as they were. blanks : texts among the numbers of
    training that stand for missing.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    missing: float = 0.0
    low: float = 0.0
    high: float = 0.0
    form: str = ""
    time_form: str = ""
    blanks: tuple[str, ...] = ()

    @property
    def is_category(self) -> bool:
        """Return whether its values are codes of levels."""
        return self.kind == CATEGORY


@dataclass(frozen=True)
class Encoded:
    """Cases as a model reads them: values (N, F), codes for categories, NaN for missing.

    unseen : name -> how many cases have a text that training never showed, or among numbers and days one that
    does not fit training's form and is read as missing. beyond : name -> how many numbers
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
    numbers = (
        np.asarray(table.numbers[name], dtype=float)
        if kind == NUMBER
        else days_between(table.dates[time or name], table.dates[name])
    )
    there = numbers[~np.isnan(numbers)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 0.0)
    return Feature(
        name,
        kind,
        missing=float(np.isnan(numbers).mean()),
        low=low,
        high=high,
        form=table.forms.get(name, ""),
        time_form=table.forms.get(time or name, "") if kind == AGE else "",
        blanks=tuple(table.strays.get(name, ())),
    )


def days_between(time: Array, dates: Array) -> Floats:
    """Return how many days dates (N,) lie before a time (N,), NaN where either is missing."""
    days = (time - dates).astype("timedelta64[D]")
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
            values, new = (
                numbers_of(feature, table) if feature.kind == NUMBER else ages_of(feature, table, time)
            )
            if new:
                unseen[feature.name] = new
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


def _another(kind: str, name: str) -> ModelError:
    return ModelError(expected(f"a column of kind {kind}, as in training", "another kind"), field=name)


def _texts_of(table: Table, name: str) -> Array:
    """Return a column as text: a category of the model may be all numbers in other rows."""
    return table.texts[name] if name in table.texts else table.raw[name]


def _raw(table: Table, name: str) -> pl.Series:
    return pl.Series(name, table.raw[name].tolist(), dtype=pl.String)


def numbers_of(feature: Feature, table: Table) -> tuple[Floats, int]:
    """Return a column of a table as the feature's numbers (N,), and how many texts did not fit."""
    name, here = feature.name, table.forms.get(feature.name, "")
    strays = set(table.strays.get(name, ())) - set(feature.blanks)
    if not feature.form and not here:  # of a plain matrix
        return np.asarray(table.numbers[name], dtype=float), 0
    if name in table.numbers and not strays and (here == FREE or feature.form in (here, FREE)):
        return np.asarray(table.numbers[name], dtype=float), 0
    found, new = read_numbers(feature, _raw(table, name), here)
    return found.fill_null(float("nan")).to_numpy(), new


def read_numbers(feature: Feature, texts: pl.Series, here: str = FREE) -> tuple[pl.Series, int]:
    """Return texts as the feature's numbers, null where missing or unfit, and how many did not fit.

    here : the form of the column they come from, of use where training had none.

    Raises
    ------
    ModelError : no text is a number, or they tell that another decimal mark is theirs.
    """
    known = texts.set(texts.is_in(list(feature.blanks)).fill_null(False), None)
    if not feature.form:
        found = plain_numbers(known, feature.name, None)
    else:
        form = (here or FREE) if feature.form == FREE else feature.form
        found = numbers_in(known, form)
        if form == feature.form != FREE and contradicts(known, form):
            words = f"numbers with a decimal {NAMES[form]}, as in training"
            raise ModelError(expected(words, "another decimal mark"), field=feature.name)
    new = int((found.is_null() & known.is_not_null()).sum())
    if new and found.null_count() == len(found):
        raise _another(NUMBER, feature.name)
    return found, new


def ages_of(feature: Feature, table: Table, time: str | None) -> tuple[Floats, int]:
    """Return a column of a table as days before the time (N,), and how many days did not fit.

    Raises
    ------
    ModelError : no column of the time, or one of the two whose texts are no days of the form of training.
    """
    made, new = [], 0
    for name, form in ((time or feature.name, feature.time_form), (feature.name, feature.form)):
        if name not in table.raw:
            words = expected("the time of the case, from which days are counted", "a table without it")
            raise ModelError(words, field=name)
        if name in table.dates and form in ("", table.forms.get(name, "")):
            made.append(table.dates[name])
            continue
        days, unfit = read_days(name, _raw(table, name), form)
        made.append(days.to_numpy().astype("datetime64[D]"))
        new += unfit
    return days_between(made[0], made[1]), new


def read_days(name: str, texts: pl.Series, form: str) -> tuple[pl.Series, int]:
    """Return the days of texts in the form of training, null where missing or unfit, and how many are unfit.

    Raises
    ------
    ModelError : texts of which none is a day of that form.
    """
    days = known_days(texts, form) if form else read_dates(texts)
    if days is None or (days.null_count() == len(days) and texts.null_count() < len(texts)):
        raise _another(AGE, name)
    return days, int((days.is_null() & texts.is_not_null()).sum())


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
