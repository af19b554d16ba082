"""Scores trained on all rows of a sample: once when they are judged, and again from their record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loantwin.arrays import Flags, Floats
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.features import Feature, encode, learn_features
from loantwin.models.scoring.kinds import KINDS, train_kinds
from loantwin.models.scoring.sample import sample_of
from loantwin.models.scoring.store import Score
from loantwin.models.scoring.table import Table


@dataclass(frozen=True)
class Trained:
    """Scores by kind, with the features they read and these rows as they read them, (N, F)."""

    features: tuple[Feature, ...]
    values: Floats
    scores: Mapping[str, Score]


def train_scores(
    table: Table, columns: Sequence[str], bad: Flags, kinds: Sequence[str], *, time: str | None, seed: int
) -> Trained:
    """Return scores trained on all rows. bad : (N,). time : column of the day of each case, or None.

    With a time settings are chosen out of time inside the rows.
    """
    features = learn_features(table, columns, time)
    values = encode(features, table, time).values
    when = None if time is None else table.dates[time]
    made = train_kinds(kinds, features, values, bad, seed=seed, when=when)
    return Trained(features, values, {kind: Score(kind, model, time) for kind, model in made.items()})


def train_again(table: Table, settings: Mapping[str, Any], kind: str) -> Score:
    """Return a score trained as the settings of its record say.

    Raises
    ------
    ModelError : settings that lack something, or name a kind or column that is not there.
    """
    try:
        target, good, time = settings["target"], settings["good"], settings["time"]
        columns, seed = settings["columns"], settings["seed"]
    except KeyError as problem:
        raise ModelError(expected(f"settings with {problem.args[0]}", "none"), field="settings") from problem
    if kind not in KINDS:
        raise ModelError(expected("a score of the kinds " + ", ".join(KINDS), str(kind)), field="kind")
    there = [name for name in columns if name in table.names]
    sample = sample_of(table, target, good, time=time, keep=there)
    gone = [name for name in columns if name not in table.raw]
    if gone:
        raise ModelError(expected("the columns that the score was trained on", "none"), field=gone[0])
    return train_scores(sample.table, columns, sample.bad, [kind], time=time, seed=seed).scores[kind]
