"""Columns that know the outcome: what a single column can tell is compared with what is plausible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import splits, stratified
from loantwin.models.scoring.measures import auc

FOLDS, CELLS, WEIGHT = 5, 20, 5.0
"""Folds, cells of a number, and rows at the mean rate that each cell is given."""
ALONE, AHEAD = 0.95, 0.05
"""A column is suspected whose own out-of-fold AUC reaches the first and is that far ahead of every other."""
STRONG, FAR_AHEAD = 0.85, 0.15
"""... or reaches this, and stands this far ahead of every column that is not suspected."""
REACH, PURER = 0.25, 20.0
"""... or marks a quarter of one class by values where the other class is twenty times rarer than in all rows,
at the upper end of its 95 % interval."""
CHANCE = 1e-6
"""... or is filled in less than half of the rows, all of one class, where chance would do that less often."""
FUTURE_SHARE = 0.01
"""... or is a date later than the time of the case in more than this share of rows."""


@dataclass(frozen=True)
class Suspect:
    """A column suspected to know the outcome. auc : of it alone, out of fold; None of dates."""

    column: str
    why: str
    auc: float | None


@dataclass(frozen=True)
class _Alone:
    """What one column tells by itself, out of fold: its AUC, and the reach of values that mark a class."""

    auc: float
    marks: tuple[float, float, str] | None
    filled: str | None
    """marks : share of a class marked, share of the other class among the marked, which class. filled : in
    words, where it has a value only in rows of one class."""


def find_leaks(
    features: Sequence[Feature], values: Floats, bad: Flags, *, seed: int = 0
) -> tuple[Suspect, ...]:
    """Return the columns that are suspected to know the outcome, the strongest first.

    Each column is read alone: rates of bads by cells (twentieths of a number, levels, missing), learnt on
    four folds and held against the fifth. Rules, each with its limits said in `docs/score-train.md`.

    Parameters
    ----------
    features, values, bad : as for models: (N, F) and (N,).
    """
    fold = stratified(bad, min(FOLDS, int(bad.sum()), int((~bad).sum())), seed)
    alone = [_read(feature, values[:, at], bad, fold) for at, feature in enumerate(features)]
    found: dict[int, str] = {}
    for at, item in enumerate(alone):
        if item.marks is not None:
            found[at] = _mark_words(*item.marks)
        elif item.filled is not None:
            found[at] = item.filled
    rest = max(
        (item.auc for at, item in enumerate(alone) if at not in found and item.auc < STRONG), default=0.5
    )
    for at, item in enumerate(alone):
        if at in found:
            continue
        if item.auc >= ALONE and item.auc - rest >= AHEAD:
            found[at] = (
                f"alone it orders cases with an AUC of {item.auc:.3f}, no other column passes {rest:.3f}"
            )
        elif item.auc >= STRONG and item.auc - rest >= FAR_AHEAD:
            found[at] = f"alone it reaches an AUC of {item.auc:.3f}, far ahead of every other ({rest:.3f})"
    order = sorted(found, key=lambda at: (-alone[at].auc, at))
    return tuple(Suspect(features[at].name, found[at], round(alone[at].auc, 6)) for at in order)


def find_future(dates: dict[str, Array], time: str) -> tuple[Suspect, ...]:
    """Return dates that lie after the time of their case: what they date was not known then."""
    made = []
    for name, values in dates.items():
        known = ~np.isnat(values) & ~np.isnat(dates[time])
        late = int((values[known] > dates[time][known]).sum())
        if name != time and known.any() and late > FUTURE_SHARE * known.sum():
            words = f"{late:,} of {int(known.sum()):,} dates are later than {time}: not known at that time"
            made.append(Suspect(name, words, None))
    return tuple(made)


def _read(feature: Feature, column: Floats, bad: Flags, fold: Integers) -> _Alone:
    cell, cells = _cells(feature, column)
    rate, base = np.zeros(len(bad)), bad.mean()
    marked = {True: np.zeros(len(bad), bool), False: np.zeros(len(bad), bool)}
    for inner, outer in splits(fold):
        count = np.bincount(cell[inner], minlength=cells)
        bads = np.bincount(cell[inner], weights=bad[inner], minlength=cells)
        rate[outer] = ((bads + WEIGHT * base) / (count + WEIGHT))[cell[outer]]
        marked[True][outer] = ((count > 0) & (count - bads <= count * (1 - base) / PURER))[cell[outer]]
        marked[False][outer] = ((count > 0) & (bads <= count * base / PURER))[cell[outer]]
    marks = [found for kind in (True, False) if (found := _marks(bad, marked[kind], kind)) is not None]
    return _Alone(auc(bad, rate), max(marks, default=None), _filled(column, bad))


def _filled(column: Floats, bad: Flags) -> str | None:
    """Return in words that a column has a value only in rows of one class, None where it may be chance."""
    there = ~np.isnan(column)
    count, hit = int(there.sum()), int(bad[there].sum())
    if not 0 < count < len(bad) / 2 or hit not in (0, count):
        return None
    share = bad.mean() if hit else 1 - bad.mean()
    kind = "bad" if hit else "good"
    return f"it has a value in {count:,} rows, all of them {kind}" if share**count < CHANCE else None


def _marks(bad: Flags, marked: Flags, kind: bool) -> tuple[float, float, str] | None:
    """Return how much of a class is marked, where the other is twenty times rarer there beyond doubt."""
    one = bad if kind else ~bad
    size, other = int(marked.sum()), int((marked & ~one).sum())
    reach = float((marked & one).sum() / one.sum())
    if reach < REACH:
        return None
    most = float(chi2.ppf(0.975, 2 * (other + 1)) / 2) / size  # Poisson, upper end
    return (reach, other / size, "bad" if kind else "good") if most <= (~one).mean() / PURER else None


def _mark_words(reach: float, other: float, kind: str) -> str:
    if reach == 1 and other == 0:
        return f"its values mark all {kind} cases and no other: the target under another name"
    against = "good" if kind == "bad" else "bad"
    few = "none" if other == 0 else f"{100 * other:.2g} %"
    return f"its values mark {100 * reach:.0f} % of the {kind} cases, and of those marked {few} are {against}"


def _cells(feature: Feature, column: Floats) -> tuple[Integers, int]:
    gone = np.isnan(column)
    if feature.is_category:
        last = len(feature.levels) + 1
        return np.where(gone, last, np.where(gone, 0, column)).astype(np.int64), last + 1
    known = column[~gone]
    single = np.unique(known)
    if len(single) > CELLS:
        single = np.unique(np.quantile(known, np.arange(CELLS) / CELLS, method="higher"))
    made = np.maximum(np.searchsorted(single, column, side="right") - 1, 0)
    return np.where(gone, len(single), made).astype(np.int64), len(single) + 1
