"""What would have changed a score: the fewest and smallest changes, within policy, that reach a cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.boosting import Boosting
from loantwin.models.scoring.features import AGE, Feature
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.logistic import Logistic
from loantwin.models.scoring.reasons_file import ChangeRule
from loantwin.models.scoring.scorecard import Scorecard
from loantwin.models.scoring.stack import Stack
from loantwin.models.scoring.store import Score
from loantwin.models.scoring.trees import read_trees

MOST_CHANGED = 3
"""Features changed at once, at most."""
MOST_VALUES = 2_000
"""Values a feature may take at most; a larger step is asked for beyond."""
MOST_TRIED = 60_000
"""Cases scored at most for each number of features, where a model's terms cannot be taken apart."""
STEPS = 1_000
"""Without a step it is the power of ten at or below the range of training over this, 1 at least of whole
numbers."""
ROUNDING = 1e-9
"""Log-odds by which a sum of terms may differ from the model's own."""


@dataclass(frozen=True)
class Choices:
    """What one feature may become, least effort first. at : its place. values, efforts : (K,)."""

    at: int
    values: Floats
    efforts: Floats


@dataclass(frozen=True)
class Changed:
    """Features changed together, their places and new values, what that weighs, and the log-odds then."""

    at: tuple[int, ...]
    values: tuple[float, ...]
    effort: float
    log_odds: float


@dataclass(frozen=True)
class Search:
    """What would have changed a score.

    found : one for each set of features that does it, least effort first, all of the fewest features that
    can. complete : whether everything that policy allows was tried.
    """

    found: tuple[Changed, ...]
    complete: bool


def choices_of(
    features: Sequence[Feature], row: Floats, rules: Sequence[ChangeRule], groups: Sequence[str] = ()
) -> tuple[Choices, ...]:
    """Return what the features of some rules may become in a case (F,); one that is missing stays so.

    A number moves by whole steps within its bounds, which end where training did. groups : columns of
    protected groups.

    Raises
    ------
    ModelError : a rule for a column that the model does not know, for a date or a group, for a level that it
        does not know; more than 2,000 values.
    """
    places = {item.name: at for at, item in enumerate(features)}
    made = []
    for rule in rules:
        if rule.feature not in places:
            raise ModelError(expected("a column that the model reads", rule.feature), field="change")
        at = places[rule.feature]
        if features[at].kind == AGE or rule.feature in groups:
            why = "a past date" if features[at].kind == AGE else "a group"
            raise ModelError(expected("what a person can change", why), field=rule.feature)
        found = (_levels if features[at].is_category else _numbers)(features[at], at, float(row[at]), rule)
        if len(found.values):
            made.append(found)
    return tuple(made)


def _levels(feature: Feature, at: int, now: float, rule: ChangeRule) -> Choices:
    if strange := set(rule.levels) - set(feature.levels):
        there = ", ".join(feature.levels)
        raise ModelError(expected(f"levels of {feature.name} ({there})", ", ".join(sorted(strange))))
    allowed = rule.levels or feature.levels
    codes = [float(code) for code, level in enumerate(feature.levels) if level in allowed and code != now]
    return Choices(at, np.array(codes), np.full(len(codes), rule.effort))


def _numbers(feature: Feature, at: int, now: float, rule: ChangeRule) -> Choices:
    if np.isnan(now):
        return Choices(at, np.empty(0), np.empty(0))
    span = feature.high - feature.low
    step = rule.step or _step(feature, now)
    low = max(feature.low, -np.inf if rule.low is None else rule.low)
    high = min(feature.high, np.inf if rule.high is None else rule.high)
    down = 0 if rule.direction == "up" else max(0, int(np.floor((now - low) / step + ROUNDING)))
    up = 0 if rule.direction == "down" else max(0, int(np.floor((high - now) / step + ROUNDING)))
    if down + up > MOST_VALUES:
        words = expected(f"at most {MOST_VALUES:,} values between low and high by step", f"{down + up:,}")
        raise ModelError(words, field=feature.name)
    counts = np.concatenate([-np.arange(1, down + 1), np.arange(1, up + 1)]).astype(float)
    values = np.round(now + counts * step, 10)
    inside = (values >= low - ROUNDING) & (values <= high + ROUNDING)
    counts, values = counts[inside], values[inside]
    order = np.argsort(np.abs(counts), kind="stable")
    efforts = np.abs(counts) * step / span * rule.effort if span > 0 else np.abs(counts)
    return Choices(at, values[order], efforts[order])


def _step(feature: Feature, now: float) -> float:
    span = feature.high - feature.low
    step = float(10.0 ** np.floor(np.log10(span / STEPS))) if span > 0 else 1.0
    whole = all(float(value).is_integer() for value in (feature.low, feature.high, now))
    step = max(step, 1.0) if whole else step
    while span / step > MOST_VALUES / 2:
        step *= 10
    return step


def find_changes(
    score: Score, row: Floats, choices: Sequence[Choices], target: float, most: int = MOST_CHANGED
) -> Search:
    """Return the changes of the fewest features, and of least effort, whose log-odds are at most `target`.

    Scorecards and regressions are sums of terms: all combinations are gone through exactly. Trees change only
    at their splits: of each span between two the nearest value is tried, all together where they are few.

    Parameters
    ----------
    row : (F,) the case as the model read it. choices : what may change. target : log-odds of the cut-off.
    most : features at once.
    """
    kept, complete = _cells(score.model, choices), True
    for size in range(1, min(most, len(kept)) + 1):
        if _separable(score.model):
            found = _summed(score, row, kept, target, size)
        else:
            found, every = _tried(score, row, kept, target, size)
            complete = complete and every
        if found:
            return Search(tuple(sorted(found, key=lambda item: (item.effort, item.at))), complete)
    return Search((), complete)


def _separable(model: Any) -> bool:
    if isinstance(model, Stack):
        return all(_separable(member) for _, member in model.members)
    return isinstance(model, Logistic | Scorecard)


def log_odds_with(score: Score, row: Floats, at: Sequence[int], values: Floats) -> Floats:
    """Return the log-odds (K,) of a case with features `at` at values (K, M)."""
    many = np.tile(row, (len(values), 1))
    many[:, list(at)] = values
    return np.asarray(KINDS[score.kind].log_odds(score.model, many))


def _summed(score: Score, row: Floats, choices: Sequence[Choices], target: float, size: int) -> list[Changed]:
    """Return the best change of each `size` features of a model that is a sum of terms."""
    now = float(KINDS[score.kind].log_odds(score.model, row[None, :])[0])
    fronts = [_front(score, row, item, now) for item in choices]
    made = []
    for chosen in combinations([front for front in fronts if len(front[1])], size):
        some = sorted(chosen, key=lambda front: len(front[1]))  # the longest is searched, not gone through
        gain, effort = np.zeros(1), np.zeros(1)
        for _, gains, efforts in some[:-1]:
            gain, effort = np.add.outer(gain, gains).ravel(), np.add.outer(effort, efforts).ravel()
        _, gains, efforts = some[-1]
        last = np.searchsorted(gains, now - target - gain - ROUNDING)
        reach = last < len(gains)
        if not reach.any():
            continue
        total = np.where(reach, effort + efforts[np.minimum(last, len(gains) - 1)], np.inf)
        best = int(total.argmin())
        sizes = [len(part[1]) for part in some[:-1]]
        before = np.unravel_index(best, sizes) if sizes else ()
        places = [*map(int, before), int(last[best])]
        values = [float(part[0].values[place]) for part, place in zip(some, places, strict=True)]
        made.append(_changed(score, row, [part[0].at for part in some], values, float(total[best])))
    return [item for item in made if item.log_odds <= target + ROUNDING]


def _front(score: Score, row: Floats, choices: Choices, now: float) -> tuple[Choices, Floats, Floats]:
    """Return the choices of which none gains as much for less effort, with gains (K,) that rise."""
    gains = now - log_odds_with(score, row, (choices.at,), choices.values[:, None])
    order = np.lexsort((-gains, choices.efforts))
    before = np.concatenate([[0.0], np.maximum.accumulate(gains[order])[:-1]])
    kept = order[gains[order] > before]
    front = Choices(choices.at, choices.values[kept], choices.efforts[kept])
    return front, gains[kept], choices.efforts[kept]


def _tried(
    score: Score, row: Floats, choices: Sequence[Choices], target: float, size: int
) -> tuple[list[Changed], bool]:
    """Return the best change of each `size` features by scoring them, and whether all were scored."""
    groups = list(combinations(choices, size))
    room = max(2, int((MOST_TRIED / len(groups)) ** (1 / size)))
    every, made = True, []
    for some in groups:
        few = list(some)
        if np.prod([float(len(item.values)) for item in some]) > MOST_TRIED / len(groups):
            few = [_thinned(item, room) for item in some]
            every = every and all(len(a.values) == len(b.values) for a, b in zip(few, some, strict=True))
        grid = np.stack(np.meshgrid(*(item.values for item in few), indexing="ij"), axis=-1).reshape(-1, size)
        effort = np.zeros(1)
        for item in few:
            effort = np.add.outer(effort, item.efforts).ravel()
        found = log_odds_with(score, row, [item.at for item in few], grid)
        total = np.where(found <= target + ROUNDING, effort, np.inf)
        best = int(total.argmin())
        if np.isfinite(total[best]):
            places = [item.at for item in few]
            made.append(_changed(score, row, places, grid[best].tolist(), float(total[best])))
    return made, every


def _thinned(choices: Choices, room: int) -> Choices:
    """Return at most `room` of the choices, evenly by effort, the first and the last among them."""
    kept = np.unique(np.linspace(0, len(choices.values) - 1, min(room, len(choices.values))).astype(int))
    return Choices(choices.at, choices.values[kept], choices.efforts[kept])


def _changed(score: Score, row: Floats, at: Sequence[int], values: list[float], effort: float) -> Changed:
    found = float(log_odds_with(score, row, at, np.array([values]))[0])
    places, new = zip(*sorted(zip(at, values, strict=True)), strict=True)
    return Changed(places, new, effort, found)


def _cells(model: Any, choices: Sequence[Choices]) -> list[Choices]:
    """Return the choices, of trees alone the nearest of each span between two splits."""
    if not isinstance(model, Boosting):
        return list(choices)
    trees = read_trees(model.texts)
    made = []
    for item in choices:
        if model.features[item.at].is_category:
            made.append(item)
            continue
        own = (trees.feature == item.at) & (trees.kind & 1 == 0)
        cell = np.searchsorted(np.unique(trees.threshold[own]), item.values, side="left")
        _, first = np.unique(cell, return_index=True)  # values come nearest first
        kept = np.sort(first)
        made.append(Choices(item.at, item.values[kept], item.efforts[kept]))
    return made
