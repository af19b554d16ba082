"""What columns are worth: one kind of score on the same folds with and without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loantwin.arrays import Floats
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.judge import Judged, ScoreCompared, compare, cross_validate, judge_folds
from loantwin.models.scoring.sample import sample_of
from loantwin.models.scoring.table import Table


@dataclass(frozen=True)
class Worth:
    """Figures of one kind of score by set of columns, and the sets beside each other on the same cases."""

    model: str
    sets: Mapping[str, Judged]
    compared: tuple[ScoreCompared, ...]


def worth_of(
    table: Table, target: str, good: str, sets: Mapping[str, Sequence[str]],
    pairs: Sequence[tuple[str, str]], *, model: str, repeats: int, folds: int, seed: int,
    told: Callable[[float], None] | None = None,
) -> Worth:  # fmt: skip
    """Return the figures of a score on each set of columns; all sets are judged on the same folds.

    Parameters
    ----------
    sets : name -> columns; those that cannot be features are left out. pairs : sets set beside each other,
        the first less the second. model : a key of `KINDS`.

    Raises
    ------
    UsageError : no such column or value. ModelError : one class, too few rows, or a set without a feature.
    """
    sample = sample_of(table, target, good)
    judged: dict[str, Judged] = {}
    log_odds: dict[str, Floats] = {}
    for place, (name, columns) in enumerate(sets.items()):
        names = [column for column in sample.names if column in set(columns)]
        features = learn_features(sample.table, names)
        values = encode(features, sample.table).values
        found = cross_validate(
            [model], features, values, sample.bad, repeats=repeats, folds=folds, seed=seed
        )[model]
        judged[name] = judge_folds(found, sample.bad, seed)
        log_odds[name] = found.log_odds
        if told is not None:
            told((place + 1) / len(sets))
    return Worth(
        model, judged, tuple(compare(one, other, judged, log_odds, sample.bad, seed) for one, other in pairs)
    )
