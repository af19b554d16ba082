"""How rows are split: stratified folds, drawn anew for each repeat, and splits out of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from loantwin.arrays import Array, Flags, Integers
from loantwin.errors import ModelError, UsageError, expected
from loantwin.streams import Stream, generator

OUT_OF_TIME = 0.3
"""Share of the latest rows that a split out of time keeps for the judgement."""
INNER = 5
"""Folds by which settings are chosen inside the training rows."""
BLOCKS = (0.4, 0.6, 0.8, 1.0)
"""Where the training rows, in order of time, are cut: each later block is held against all before it."""


@dataclass(frozen=True)
class Inner:
    """How settings are chosen inside the training rows.

    pairs : rows to learn from, rows to hold against. later : whether the second lie after the first in time.
    """

    pairs: tuple[tuple[Integers, Integers], ...]
    later: bool


def read_folds(words: str) -> tuple[int, int]:
    """Return repeats and folds of `5x5` (repeats x folds); `5` alone is one repeat.

    Raises
    ------
    UsageError : another form, fewer than 2 folds or no repeat.
    """
    found = re.fullmatch(r"(?:(\d+)\s*x\s*)?(\d+)", words.strip())
    repeats, folds = (int(found[1] or 1), int(found[2])) if found else (0, 0)
    if not (1 <= repeats <= 100 and 2 <= folds <= 100):
        raise UsageError(expected("repeats x folds such as 5x5, up to 100x100", words), field="folds")
    return repeats, folds


def stratified(bad: Flags, folds: int, seed: int, part: int = 0) -> Integers:
    """Return the fold of each row (N,), from 0: each fold has its share of both classes.

    Raises
    ------
    ModelError : fewer rows of a class than folds.
    """
    fewest = min(int(bad.sum()), int((~bad).sum()))
    if fewest < folds:
        raise ModelError(expected(f"at least {folds} rows of each class for {folds} folds", fewest))
    random = generator(seed, Stream.FOLDS, part=part)
    made = np.empty(len(bad), dtype=np.int64)
    start = 0
    for rows in (np.flatnonzero(bad), np.flatnonzero(~bad)):
        mixed = random.permutation(rows)
        made[mixed] = (np.arange(len(rows)) + start) % folds
        start += len(rows)
    return made


def splits(fold: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Yield training and test rows of each fold."""
    for number in range(int(fold.max()) + 1):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def inner_folds(bad: Flags, seed: int, when: Array | None = None) -> Inner:
    """Return the inner splits of training rows: random folds, or, where times are known, out of time.

    Out of time the rows are cut at 40, 60 and 80 % of the times, rows of one time together, and each block is
    held against all before it: what does not carry over into a later time is found out inside. Rows without
    a time are the earliest. Where no block has both classes on both sides, folds are random.

    Parameters
    ----------
    bad : (N,). when : (N,) datetime64, NaT where not known; None for random folds.

    Raises
    ------
    ModelError : fewer rows of a class than folds.
    """
    if when is not None and (~np.isnat(when)).any():
        place = np.where(np.isnat(when), np.datetime64("0001-01-01"), when)
        ordered = np.sort(place)
        cuts = [ordered[int(share * (len(ordered) - 1))] for share in BLOCKS]
        pairs = []
        for low, high in pairwise(cuts):
            near, far = np.flatnonzero(place <= low), np.flatnonzero((place > low) & (place <= high))
            if all(0 < int(bad[rows].sum()) < len(rows) for rows in (near, far)):
                pairs.append((near, far))
        if pairs:
            return Inner(tuple(pairs), True)
    return Inner(tuple(splits(stratified(bad, INNER, seed))), False)


def out_of_time(when: Array, bad: Flags) -> tuple[Integers, Integers, Any]:
    """Return the earlier rows, the later rows, and the day from which rows are late.

    Rows of one day stay together; about 30 % of rows are late. Rows without a time are earlier ones.

    Raises
    ------
    ModelError : one time alone, or a class that is missing on one side.
    """
    known = np.sort(when[~np.isnat(when)])
    cut = known[int((1 - OUT_OF_TIME) * (len(known) - 1))] if len(known) else np.datetime64("NaT")
    late = ~np.isnat(when) & (when > cut)
    sides = [np.flatnonzero(~late), np.flatnonzero(late)]
    for rows, words in zip(sides, ("earlier", "later"), strict=True):
        if not 0 < int(bad[rows].sum()) < len(rows):
            raise ModelError(expected(f"both classes among the {words} rows", "one class or none"))
    return sides[0], sides[1], cut
