"""The score of applications over columns, and of which ones it must not speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.decisions.application_file import BY_NAME
from loantwin.decisions.deciding.problems import Problems
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.features import AGE, CATEGORY, Feature
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.scorecard import Scale
from loantwin.models.scoring.store import Score
from loantwin.models.scoring.table import NOTHING

TIME = "application_date"
"""What stands for the time of a case, from which a score counts days."""


@dataclass(frozen=True)
class ScoreInUse:
    """A score that decides, or why it must not.

    id : of the register or the record. name : as registered, or as trained. hash : sha256 of its text.
    place : champion or challenger of its name, None for neither. registered : whether it stands in the
    register of a home. refused : code and words of why it must not decide; `score` is then None.
    """

    score: Score | None
    id: str
    name: str
    hash: str
    place: str | None = None
    registered: bool = False
    refused: tuple[str, str] | None = None


@dataclass(frozen=True)
class ScoredColumns:
    """What a score says of N applications; NaN where it must not speak, and `problems` says why.

    values : (N, F) as the model read them. log_odds, points, pd : (N,).
    """

    values: Floats
    log_odds: Floats
    points: Floats
    pd: Floats
    problems: Problems

    def take(self, rows: Integers) -> ScoredColumns:
        """Return what is said of some rows, (M,) their places, without the values."""
        return ScoredColumns(
            np.empty((len(rows), 0)), self.log_odds[rows], self.points[rows], self.pd[rows],
            self.problems.take(rows),
        )  # fmt: skip


def column_of(name: str) -> str:
    """Return the field of an application that a model's column is: one of the schema, or an attribute."""
    return name if name in BY_NAME else f"attributes.{name}"


def reads_terms(use: ScoreInUse) -> bool:
    """Return whether amount or term is a feature of a score: another loan then has another score."""
    features = () if use.score is None else use.score.model.features
    return any(feature.name in ("amount", "term_months") for feature in features)


def check_schema(score: Score, columns: Sequence[str], file: object = None) -> None:
    """Raise where a table of applications has no column that the model was trained on.

    Raises
    ------
    ModelError : naming the columns.
    """
    wanted = [column_of(feature.name) for feature in score.model.features]
    wanted += [_time(score, columns)] if any(item.kind == AGE for item in score.model.features) else []
    without = [name for name in wanted if name not in columns]
    if without:
        words = expected("the columns that the model was trained on", f"a table without {', '.join(without)}")
        raise ModelError(words, file=file, field=without[0])


def scored(use: ScoreInUse, frame: pl.DataFrame) -> ScoredColumns:
    """Return the score of N applications.

    Of what training never showed it does not speak: a value missing that never was, a text never seen.

    Raises
    ------
    ModelError : a column of another kind than in training.
    """
    rows, problems = len(frame), Problems.none(len(frame))
    none = np.full(rows, np.nan)
    if use.refused is not None or use.score is None:
        code, words = use.refused or ("model-failed", "the model cannot be read")
        said = problems.add(np.ones(rows, dtype=bool), code, words)
        return ScoredColumns(np.empty((rows, 0)), none, none, none, said)
    score = use.score
    features: tuple[Feature, ...] = score.model.features
    values = np.empty((rows, len(features)))
    for at, feature in enumerate(features):
        name = column_of(feature.name)
        column = frame[name] if name in frame.columns else pl.Series(name, [None] * rows, dtype=pl.Null)
        values[:, at], strange = _read(feature, column, frame, score)
        if feature.missing == 0.0:
            gone = np.isnan(values[:, at])
            problems = problems.add(
                gone, "model-value-missing", f"{name} is missing, which the model never saw"
            )
        words = f"{name} has a value that the model never saw"
        problems = problems.add(strange, "model-value-unseen", words)
    log_odds = np.asarray(KINDS[score.kind].log_odds(score.model, values), dtype=float)
    problems = problems.add(~np.isfinite(log_odds), "model-failed", "the model gives no number")
    log_odds = np.where(problems.there, np.nan, log_odds)
    return ScoredColumns(values, log_odds, points(score, log_odds), expit(log_odds), problems)


def points(score: Score, log_odds: Floats) -> Floats:
    """Return log-odds of bad as points (N,), more is better: on a scorecard's own scale, or its default."""
    scale = getattr(score.model, "scale", None) or Scale()
    return np.asarray(scale.base - scale.double / np.log(2.0) * (log_odds + np.log(scale.odds)))


def _read(feature: Feature, column: pl.Series, frame: pl.DataFrame, score: Score) -> tuple[Floats, Flags]:
    """Return a column as the model reads it (N,), and where it holds what training never showed."""
    if feature.kind == CATEGORY:
        return _codes(feature, column)
    if feature.kind == AGE:
        time = _time(score, frame.columns)
        if time not in frame.columns:
            return np.full(len(frame), np.nan), np.zeros(len(frame), dtype=bool)
        days = (_days(frame[time]) - _days(column)).astype("timedelta64[D]")
        made = np.where(np.isnat(days), np.nan, days.astype(float))
        return made, np.zeros(len(made), dtype=bool)
    if not (column.dtype.is_numeric() or column.dtype == pl.Null):
        raise ModelError(expected("numbers, as in training", str(column.dtype)), field=column.name)
    made = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.where(np.isinf(made), np.nan, made), np.isinf(made)


def _codes(feature: Feature, column: pl.Series) -> tuple[Floats, Flags]:
    if column.dtype == pl.Null:
        return np.full(len(column), np.nan), np.zeros(len(column), dtype=bool)
    text = column.cast(pl.String)
    if column.dtype.is_float():  # training read whole numbers without a point
        text = text.str.strip_suffix(".0")
    text = text.str.strip_chars()
    gone = (text.is_null() | text.str.to_lowercase().is_in(NOTHING)).fill_null(True).to_numpy()
    other = float(len(feature.levels))
    places = {level: float(place) for place, level in enumerate(feature.levels)}
    known = places | dict.fromkeys(feature.rare, other)
    made = text.replace_strict(known, default=-1.0, return_dtype=pl.Float64).fill_null(-1.0).to_numpy()
    strange = (made < 0.0) & ~gone
    return np.where(gone, np.nan, np.where(strange, other, made)), strange


def _time(score: Score, columns: Sequence[str]) -> str:
    """Return the field that holds the time of a case."""
    own = column_of(score.time) if score.time else TIME
    return own if own in columns else TIME


def _days(column: pl.Series) -> Array:
    made = column if column.dtype == pl.Date else column.cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    if made.null_count() > column.null_count():
        raise ModelError(expected("days as YYYY-MM-DD, as in training", "another text"), field=column.name)
    return made.to_numpy().astype("datetime64[D]")
