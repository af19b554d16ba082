"""Why cases have their scores: what each feature adds, exactly as the model sums it, and in words.

All of it is over columns: no case is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.reasons_file import ReasonRule, ReasonsFile
from loantwin.models.scoring.scorecard import Scorecard
from loantwin.models.scoring.stack import Stack
from loantwin.models.scoring.store import Score, predict
from loantwin.models.scoring.table import Table

MOST = 4
"""Reasons a case is given at most."""
BLOCK = 8_192
"""Cases gone through at once: their contributions stay in the processor's cache."""
LANGUAGES = ("en", "zh")
OTHER = "other"
"""What levels that training showed rarely, or never, are called together."""


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


@dataclass(frozen=True)
class Parts:
    """What each feature adds to the log-odds of bad, against the average case of training.

    log_odds : (N, F). base : (N,) the average case's; with it rows sum to the case's own log-odds.
    """

    log_odds: Floats
    base: Floats


@dataclass(frozen=True)
class Reasons:
    """The reasons of many cases, strongest first.

    codes, texts, columns : (C,) of each code: its name, its text by language, the features it sums. place :
    (N, M) which code, -1 where there is none. log_odds : (N, M) what its features add together, above 0; NaN
    where there is none.
    """

    codes: tuple[str, ...]
    texts: Mapping[str, tuple[str, ...]]
    columns: tuple[tuple[str, ...], ...]
    place: Integers
    log_odds: Floats


def parts_of(score: Score, values: Floats) -> Parts:
    """Return the contributions of values (N, F) as the model read them (`predict(...).encoded.values`).

    Of a scorecard they are its points, of a regression its terms, of trees their Shapley values; each less
    what the average case of training has, so that zero is average for every kind.
    """
    made = KINDS[score.kind].contributions(score.model, values)
    mean = _average(score.model)
    return Parts(made[:, :-1] - mean, made[:, -1] + mean.sum())


def _average(model: Any) -> Floats:
    """Return the mean contribution (F,) of the training rows; zero where they are centred already."""
    if isinstance(model, Scorecard):
        weights = [np.array([*item.weights, item.missing]) for item in model.bins]
        counts = [np.array(item.counts, dtype=float) for item in model.bins]
        means = [float(w @ c / c.sum()) if c.sum() else 0.0 for w, c in zip(weights, counts, strict=True)]
        return np.asarray(np.array(means) * np.array(model.coefficients))
    made = np.zeros(len(model.features))
    if isinstance(model, Stack):
        for (_, member), weight in zip(model.members, model.weights, strict=True):
            made += weight * _average(member)
    return made


def reasons_by_code(
    score: Score, values: Floats, file: ReasonsFile | None = None, most: int = MOST
) -> Reasons:
    """Return the codes that raise each case's risk most, strongest first, never one that does not.

    Parameters
    ----------
    values : (N, F) as the model read them. file : codes and texts; a feature without a rule that fits has its
        own name for a code and a plain text. most : codes a case.

    Raises
    ------
    ModelError : a rule for a column or level that the model does not know; with `covered`, a feature whose
        values are not all covered by rules.
    """
    features = score.model.features
    rules = (file or ReasonsFile()).reasons
    _check(features, file or ReasonsFile())
    codes = list(dict.fromkeys([*(rule.code for rule in rules), *(item.name for item in features)]))
    place = {code: number for number, code in enumerate(codes)}
    found = [
        _largest(_summed(score, values[start : start + BLOCK], rules, place), most)
        for start in range(0, max(len(values), 1), BLOCK)
    ]
    top, worth = (np.concatenate(part) for part in zip(*found, strict=True))
    texts = {language: tuple(_text(code, rules, language) for code in codes) for language in LANGUAGES}
    columns = tuple(_columns(code, rules, features) for code in codes)
    return Reasons(tuple(codes), texts, columns, top, worth)


def _summed(score: Score, values: Floats, rules: Sequence[ReasonRule], place: Mapping[str, int]) -> Floats:
    """Return what the features of each code add together (N, C)."""
    parts = parts_of(score, values).log_odds
    summed, rows = np.zeros((len(values), len(place))), np.arange(len(values))
    for at, feature in enumerate(score.model.features):
        own = [rule for rule in rules if feature.name in rule.features]
        if not own or own[0].of_any:
            summed[:, place[own[0].code if own else feature.name]] += parts[:, at]
            continue
        which = np.full(len(values), place[feature.name])
        for rule in reversed(own):
            which[_fits(rule, feature, values[:, at])] = place[rule.code]
        summed[rows, which] += parts[:, at]
    return summed


def _largest(summed: Floats, most: int) -> tuple[Integers, Floats]:
    """Return the largest values above zero of each row and their columns, the first of equals first."""
    left, rows = summed.copy(), np.arange(len(summed))
    place = np.full((len(summed), most), -1, dtype=np.int64)
    worth = np.full((len(summed), most), np.nan)
    for number in range(min(most, summed.shape[1])):
        best = left.argmax(axis=1)
        value = left[rows, best]
        there = value > 0
        place[there, number], worth[there, number] = best[there], value[there]
        left[rows, best] = -np.inf
    return place, worth


def _fits(rule: ReasonRule, feature: Feature, column: Floats) -> Flags:
    """Return which values (N,) a rule is for."""
    gone = np.isnan(column)
    if rule.of_any:
        return np.ones(len(column), dtype=bool)
    if rule.missing:
        return gone
    if feature.is_category:
        names = (*feature.levels, OTHER)
        return np.isin(column, [names.index(level) for level in rule.levels])
    with np.errstate(invalid="ignore"):
        low = -np.inf if rule.above is None else rule.above
        high = np.inf if rule.below is None else rule.below
        return (column >= low) & (column < high) & ~gone


def _check(features: Sequence[Feature], file: ReasonsFile) -> None:
    known = {item.name: item for item in features}
    for rule in file.reasons:
        for name in rule.features:
            if name not in known:
                raise ModelError(expected("columns that the model reads", name), field=f"reason {rule.code}")
            numbers = rule.above is not None or rule.below is not None
            if numbers and known[name].is_category:
                words = expected(f"levels for {name}, which is a text", "above or below")
                raise ModelError(words, field=f"reason {rule.code}")
            strange = (
                set(rule.levels) - {*known[name].levels, OTHER} if known[name].is_category else rule.levels
            )
            if strange:
                there = ", ".join([*known[name].levels, OTHER]) if known[name].is_category else "numbers"
                words = expected(f"levels of {name} ({there})", ", ".join(sorted(strange)))
                raise ModelError(words, field=f"reason {rule.code}")
    for name in known if file.covered else ():
        if not any(rule.of_any and name in rule.features for rule in file.reasons):
            words = expected(
                "a reason for any value of each column, as denials are covered", f"none of {name}"
            )
            raise ModelError(words, field="covered")


def _text(code: str, rules: Sequence[ReasonRule], language: str) -> str:
    for rule in rules:
        if rule.code == code:
            return (rule.zh if language == "zh" else rule.en) or rule.en
    words = code.replace("_", " ")
    return f"{words}的取值" if language == "zh" else f"The value of {words}"


def _columns(code: str, rules: Sequence[ReasonRule], features: Sequence[Feature]) -> tuple[str, ...]:
    named = {name for rule in rules if rule.code == code for name in rule.features}
    return tuple(item.name for item in features if item.name in (named or {code}))


def reasons(score: Score, table: Table, most: int = MOST) -> tuple[tuple[Reason, ...], ...]:
    """Return for each case the features that raise its risk most, strongest first; none that lower it.

    Contributions are exact: with the average case's log-odds they sum to the case's own, to rounding.

    Raises
    ------
    ModelError : a column that the model knows is not there, or is of another kind.
    """
    values = predict(score, table).encoded.values
    top, worth = _largest(parts_of(score, values).log_odds, most)
    features = score.model.features
    return tuple(
        tuple(
            Reason(features[at].name, in_words(features[at], row[at]), float(part))
            for at, part in zip(places, parts, strict=True)
            if at >= 0
        )
        for row, places, parts in zip(values, top, worth, strict=True)
    )


def in_words(feature: Feature, value: float) -> str:
    """Return a value as the model read it, in words."""
    if np.isnan(value):
        return "missing"
    if feature.is_category:
        return feature.levels[int(value)] if int(value) < len(feature.levels) else OTHER
    return f"{value:.10g}"
