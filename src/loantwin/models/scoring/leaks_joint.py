"""Columns that know the outcome only together: the AUC of all falls off a cliff as they are taken away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import splits, stratified
from loantwin.models.scoring.measures import auc, auc_interval, auc_variance
from loantwin.models.scoring.table import MANY
from loantwin.models.scoring.terms import columns_of, learn_terms

FOLDS, PENALTY, MOST_ROWS = 5, 3.0, 5_000
"""Folds, penalty of the regression, rows that are looked at."""
TOGETHER, FALLEN = 0.95, 0.85
"""AUC of all columns, at its lower end, from which the search begins; AUC below which it ends."""
HEAVY, BACK = 0.1, 0.5
"""Share of the greatest weight from which a column may be taken away; share of the fall to bring back."""
MOST_SHARE = 0.5
"""Share of the columns that may be taken away before the search gives up: all are strong, and none leaks."""
EQUAL, EQUAL_ROWS, LEAST_FILLED, LEAST_ROWS = 1e-3, 0.95, 0.005, 50
"""A sum holds where it is met to a thousandth in this share of the rows with an amount, of which there are so
many; each part is not zero in this share of them."""


def find_together(
    features: Sequence[Feature], values: Floats, bad: Flags, *, seed: int = 0
) -> dict[str, str]:
    """Return columns that know the outcome together with others: name -> why.

    A regression on straight lines is read out of fold; while its AUC is at FALLEN or more, of the columns
    that weigh in it the one that tells most alone is taken away (an amount lent beside the amount repaid
    tells nothing alone). One taken away is named if with it the others rise by half of the fall again: an
    honest column beside a leak does not bring it back. Ratios that no sum of columns tells are not found.

    Parameters
    ----------
    features, values, bad : (F,), (N, F), (N,), without what is suspected already.
    """
    if not features or min(int(bad.sum()), int((~bad).sum())) < FOLDS:
        return {}
    rows = stratified(bad, max(2, -(-len(bad) // MOST_ROWS)), seed) == 0 if len(bad) > MOST_ROWS else None
    near, ends = (values, bad) if rows is None else (values[rows], bad[rows])
    if min(int(ends.sum()), int((~ends).sum())) < FOLDS:
        return {}
    whole, kept = _Joint(features, near, ends, seed), list(range(len(features)))
    gone: list[int] = []
    start, weights = whole.read(kept)
    area = start
    if auc_interval(start, whole.variance(kept))[0] < TOGETHER:
        return {}
    alone = np.array([whole.read([at])[0] for at in kept])
    while area >= FALLEN:
        if len(gone) >= MOST_SHARE * len(features) or len(kept) < 2:
            return {}
        heavy = [at for at, weight in zip(kept, weights, strict=True) if weight >= HEAVY * weights.max()]
        gone.append(max(heavy, key=lambda at: alone[at]))
        kept.remove(gone[-1])
        area, weights = whole.read(kept)
    made = {}
    for at in gone:
        back = whole.read([*kept, at])[0]
        if back - area >= BACK * (start - area):
            made[features[at].name] = (
                f"with other columns it orders cases with an AUC of {back:.3f}, without it and its like they "
                f"reach {area:.3f}"
            )
    return made


class _Joint:
    """A regression of all columns, out of fold, with some of them; what folds share is summed once.

    Least squares on the outcome orders cases nearly as a logistic regression does and needs one solution.
    """

    def __init__(self, features: Sequence[Feature], values: Floats, bad: Flags, seed: int) -> None:
        terms = learn_terms(features, values, bent=False)
        self.columns, self.owner = columns_of(features, terms, values)
        self.bad, self.folds = bad, list(splits(stratified(bad, FOLDS, seed)))
        self.squares = [self.columns[near].T @ self.columns[near] for near, _ in self.folds]
        self.means = [self.columns[near].mean(axis=0) for near, _ in self.folds]
        self.products = [self.columns[near].T @ (bad[near] - bad[near].mean()) for near, _ in self.folds]

    def _scores(self, kept: Sequence[int]) -> tuple[Floats, Floats]:
        inside = np.flatnonzero(np.isin(self.owner, kept))
        owner, found, beta = self.owner[inside], np.zeros(len(self.bad)), np.zeros(len(inside))
        for (near, far), squares, mean, product in zip(
            self.folds, self.squares, self.means, self.products, strict=True
        ):
            about = squares[np.ix_(inside, inside)] - len(near) * np.outer(mean[inside], mean[inside])
            about[np.diag_indices_from(about)] += PENALTY
            slope = np.linalg.solve(about, product[inside])
            found[far] = (self.columns[far][:, inside] - mean[inside]) @ slope
            beta += slope / len(self.folds)
        weights = [(self.columns[:, inside[owner == at]] @ beta[owner == at]).std() for at in kept]
        return found, np.array(weights)

    def read(self, kept: Sequence[int]) -> tuple[float, Floats]:
        """Return the out-of-fold AUC of some columns, and how much each moves the score."""
        found, weights = self._scores(kept)
        return auc(self.bad, found), weights

    def variance(self, kept: Sequence[int]) -> float:
        """Return DeLong's variance of that AUC."""
        return auc_variance(self.bad, self._scores(kept)[0])


def find_parts(features: Sequence[Feature], values: Floats, suspects: Sequence[str]) -> dict[str, str]:
    """Return columns that sum to a suspected amount with others: name -> why. What is missing counts as zero.

    Parameters
    ----------
    features, values : all columns, (F,) and (N, F). suspects : names among them.
    """
    places = [at for at, item in enumerate(features) if not item.is_category]
    numbers = np.nan_to_num(values[:MOST_ROWS, places])
    names = [features[at].name for at in places]
    filled = (numbers != 0).mean(axis=0) >= LEAST_FILLED
    made: dict[str, str] = {}
    for total in suspects:
        if total not in names:
            continue
        at = names.index(total)
        others = np.flatnonzero(filled & (np.arange(len(names)) != at))
        others = others[[not np.array_equal(numbers[:, other], numbers[:, at]) for other in others]]
        parts = _parts(numbers[:, others], numbers[:, at])
        if len(parts) > 1:
            told = [names[others[part]] for part in parts]
            for name in told:
                if name not in suspects:
                    made.setdefault(
                        name, f"with {_listed(told, name)} it sums to {total}, which is suspected"
                    )
    return made


def _parts(columns: Floats, total: Floats) -> list[int]:
    """Return the columns whose plain sum is the total; none where there is no such sum."""
    there = total != 0
    if there.sum() < LEAST_ROWS or len(np.unique(total)) <= MANY:
        return []
    columns, total = columns[there], total[there]
    below = np.flatnonzero((columns <= total[:, None] * (1 + EQUAL) + 0.01).mean(axis=0) >= EQUAL_ROWS)
    if not len(below):
        return []
    scale = np.abs(total).max()
    found, _ = nnls(columns[:, below] / scale, total / scale, maxiter=50 * len(below) + 50)
    parts = [int(below[place]) for place in np.flatnonzero(found > 0.5)]
    met = np.abs(columns[:, parts].sum(axis=1) - total) <= EQUAL * np.abs(total) + 0.01
    used = (columns[:, parts] != 0).mean(axis=0) >= LEAST_FILLED
    return parts if met.mean() >= EQUAL_ROWS and used.all() else []


def _listed(names: Sequence[str], but: str) -> str:
    return ", ".join(name for name in names if name != but)
