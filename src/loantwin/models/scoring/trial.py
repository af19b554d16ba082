"""Scores tried on rows that they were not trained on: what is judged, on which rows, with which log-odds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.models.scoring.features import Encoded, Feature, encode, learn_features
from loantwin.models.scoring.folds import out_of_time
from loantwin.models.scoring.judge import Judged, cross_validate, judge_folds, judge_later
from loantwin.models.scoring.kinds import KINDS, train_kinds
from loantwin.models.scoring.sample import Sample
from loantwin.models.scoring.table import take

Told = Callable[[float], None]


@dataclass(frozen=True)
class Before:
    """The training rows of a trial out of time.

    log_odds : model -> (B,). near : the rows as the models read them; far : the judged rows likewise.
    """

    features: tuple[Feature, ...]
    log_odds: Mapping[str, Floats]
    near: Encoded
    far: Encoded


@dataclass(frozen=True)
class Trial:
    """What models said of rows they had not seen.

    rows : (M,) places of the judged rows in the sample, all of them in folds. bad : (M,). log_odds : model ->
    (R, M), a row for each repeat. judged : model -> figures. when : (M,) days, None of folds. before : the
    training rows, None of folds. words : what was judged on.
    """

    rows: Integers
    bad: Flags
    log_odds: Mapping[str, Floats]
    judged: Mapping[str, Judged]
    words: str
    when: Array | None = None
    before: Before | None = None


def try_by_folds(
    sample: Sample,
    columns: Sequence[str],
    names: Sequence[str],
    *,
    repeats: int,
    folds: int,
    seed: int,
    told: Told | None = None,
) -> Trial:
    """Return models judged by repeated folds; columns : those they read.

    Raises
    ------
    ModelError : fewer rows of a class than folds.
    """
    features = learn_features(sample.table, columns)
    values = encode(features, sample.table).values
    found = cross_validate(
        names, features, values, sample.bad, repeats=repeats, folds=folds, seed=seed, told=told
    )
    times = "" if repeats == 1 else f", {repeats} times anew"
    return Trial(
        np.arange(len(sample.bad)),
        sample.bad,
        {name: item.log_odds for name, item in found.items()},
        {name: judge_folds(item, sample.bad, seed) for name, item in found.items()},
        f"{folds} folds{times}",
    )


def try_out_of_time(
    sample: Sample, columns: Sequence[str], names: Sequence[str], time: str, *, seed: int
) -> Trial:
    """Return models trained on the earlier rows and judged on the latest 30 %; inside, settings likewise.

    Raises
    ------
    ModelError : one time alone, or a class that is missing on one side.
    """
    days = sample.table.dates[time]
    before, after, cut = out_of_time(days, sample.bad)
    early, late = take(sample.table, before), take(sample.table, after)
    features = learn_features(early, columns, time)
    near, far = encode(features, early, time), encode(features, late, time)
    models = train_kinds(names, features, near.values, sample.bad[before], seed=seed, when=days[before])
    trained = {name: KINDS[name].log_odds(model, near.values) for name, model in models.items()}
    found = {name: KINDS[name].log_odds(model, far.values) for name, model in models.items()}
    bad = sample.bad[after]
    judged = {name: judge_later(found[name], bad, trained[name], seed) for name in models}
    rates = [f"{len(rows):,} rows, {sample.bad[rows].mean():.1%} bad" for rows in (before, after)]
    words = f"rows after {cut} ({rates[1]}), trained on those until then ({rates[0]})"
    told = Before(features, trained, near, far)
    scores = {name: row[None, :] for name, row in found.items()}
    return Trial(after, bad, scores, judged, words, days[after], told)
