"""Columns of groups: kept to measure by, no feature of a model unless that is asked for by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.errors import ModelError, UsageError, expected
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.leaks import find_leaks
from loantwin.models.scoring.sample import LEAST_ROWS, Sample, column_of

MOST_LABELS = 20
"""Values of a group's column beyond which no stand-ins are looked for."""
WHY = "a group: to measure by, not to train on"


@dataclass(frozen=True)
class Protected:
    """A sample without its groups as features, the groups' columns, and what must be said."""

    sample: Sample
    groups: tuple[str, ...]
    notes: tuple[str, ...]


def without_groups(
    sample: Sample, groups: Sequence[str], *, train_on: bool = False, time: str | None = None, seed: int = 0
) -> Protected:
    """Return a sample whose groups are no features; with `train_on` they stay, which is said.

    Columns that are left and nearly say who is of a group (by the rules of `find_leaks`, the group in the
    outcome's place) are named: a model that reads them reads the group.

    Raises
    ------
    UsageError : no such column, or `train_on` without a group. ModelError : no feature is left.
    """
    named = tuple(column_of(sample.table, name, "groups") for name in groups)
    if train_on and not named:
        raise UsageError(expected("groups to train on", "none named"), field="groups")
    if not named:
        return Protected(sample, (), ())
    if train_on:
        return Protected(sample, named, (f"trained on groups, as asked: {', '.join(named)}",))
    names = tuple(name for name in sample.names if name not in named)
    if not names:
        raise ModelError(expected("a feature that is no group", "none"), field="groups")
    left = replace(sample, names=names, left_out={**sample.left_out, **dict.fromkeys(named, WHY)})
    return Protected(left, named, _stand_ins(left, named, time, seed))


def _stand_ins(sample: Sample, groups: Sequence[str], time: str | None, seed: int) -> tuple[str, ...]:
    features = learn_features(sample.table, sample.names, time)
    values = encode(features, sample.table, time).values
    said = []
    for group in groups:
        texts = sample.table.raw[group]
        found: dict[str, list[str]] = {}
        labels = sorted({text for text in texts if text is not None})
        for label in labels if len(labels) <= MOST_LABELS else ():
            belongs = np.array([text == label for text in texts], dtype=bool)
            if min(belongs.sum(), (~belongs).sum()) >= LEAST_ROWS:
                for suspect in find_leaks(features, values, belongs, seed=seed):
                    found.setdefault(suspect.column, []).append(label)
        said += [
            f"{column} nearly says who is of {group} ({', '.join(told)}): name it in groups, or leave it out"
            for column, told in found.items()
        ]
    return tuple(said)
