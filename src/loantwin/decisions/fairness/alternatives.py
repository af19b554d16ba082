"""Models that could take the present one's place: what each leaves out, and what it says of cases unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.fairness.penalised import log_odds_held_together
from loantwin.models.scoring.binning import learn_bins
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import INNER, splits
from loantwin.models.scoring.kinds import KINDS
from loantwin.types import Progress, silent

MOST_DROPPED = 6
"""Features, the most telling of the group first, that are left out one by one and together."""
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 1.0)
"""By which a model is held to equal mean scores, a case, where it may train on groups; assumed."""
PRESENT = "present"


@dataclass(frozen=True)
class Candidate:
    """A model to be tried. left_out : features. strength : of the hold on mean scores, 0: none."""

    name: str
    model: str
    left_out: tuple[str, ...] = ()
    strength: float = 0.0


def candidates(
    models: Sequence[str],
    features: Sequence[Feature],
    values: Floats,
    of_group: Flags,
    compared: Flags,
    train_on_groups: bool,
) -> tuple[Candidate, ...]:
    """Return the models to try: the present one first.

    Other kinds; the present kind without each of the features that tell the group best (information value of
    their bins about it), and without the first two, three, ... of them; with `train_on_groups` also logistic
    regressions held to equal mean scores.

    Parameters
    ----------
    models : kinds, the present one first. of_group, compared : (N,) the group's cases; those of group and
        reference.
    """
    first = models[0]
    made = [Candidate(PRESENT, first)]
    made += [Candidate(name, name) for name in models[1:]]
    rows = np.flatnonzero(compared)
    told = [
        (-learn_bins(feature, values[rows, at], of_group[rows]).information, feature.name)
        for at, feature in enumerate(features)
    ]
    ranked = [name for telling, name in sorted(told) if telling < 0][: min(MOST_DROPPED, len(features) - 1)]
    made += [Candidate(f"without {name}", first, (name,)) for name in ranked]
    made += [
        Candidate(f"without the {many} most telling", first, tuple(ranked[:many]))
        for many in range(2, len(ranked) + 1)
    ]
    if train_on_groups:
        made += [
            Candidate(f"held together, {strength:g}", "logistic", (), strength) for strength in STRENGTHS
        ]
    return tuple(made)


def out_of_fold(
    tried: Sequence[Candidate],
    features: Sequence[Feature],
    values: Floats,
    bad: Flags,
    of_group: Flags,
    compared: Flags,
    fold: Integers,
    seed: int,
    progress: Progress = silent,
) -> Iterator[Floats]:
    """Yield each candidate's log-odds of bad of cases that it was not trained on (N,), folds the
    same for all.
    """
    for place, item in enumerate(tried):
        progress(place / len(tried), item.name)
        kept = np.array([at for at, feature in enumerate(features) if feature.name not in item.left_out])
        own = [features[at] for at in kept]
        made = np.zeros(len(bad))
        for inner, outer in splits(fold):
            near, far = values[np.ix_(inner, kept)], values[np.ix_(outer, kept)]
            if item.strength:
                sides = of_group[inner], compared[inner]
                made[outer] = log_odds_held_together(
                    own, near, bad[inner], sides, far, item.strength, INNER, seed
                )
            else:
                model = KINDS[item.model].train(own, near, bad[inner], seed=seed)
                made[outer] = KINDS[item.model].log_odds(model, far)
        yield made
