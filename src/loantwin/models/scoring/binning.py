"""Optimal binning: neighbouring cells joined so that risk is monotone and tells most; weight of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.models.scoring.features import Feature

CELLS = 20
"""Cells of equal rows that a number starts from."""
MOST_BINS = 6
LEAST_SHARE, LEAST_ROWS = 0.01, 25
"""Share of the rows, and rows, that each bin holds at least: a rare flag may tell much."""
SMOOTH = 0.5
"""Rows of either class, in the book's proportion, that each bin is given: no weight is infinite."""
COST = 1.0
"""What one more bin must add to the log likelihood: Akaike's price of a parameter."""


@dataclass(frozen=True)
class Bins:
    """The bins of one feature.

    edges : inner edges of a number's bins, a value at an edge lies in the bin above it. groups : codes of a
    category in each bin. weights : (B,) weight of evidence, log of the share of bads over the share of goods:
    positive is riskier. missing : weight of a missing value. counts, bads : rows of each bin, missing last.
    information : sum over bins of the difference of shares times weight.
    """

    edges: tuple[float, ...]
    groups: tuple[tuple[int, ...], ...]
    weights: tuple[float, ...]
    missing: float
    counts: tuple[int, ...]
    bads: tuple[int, ...]
    information: float


def learn_bins(feature: Feature, column: Floats, bad: Flags) -> Bins:
    """Return the bins of one feature (N,): monotone in a number, ordered by risk in a category."""
    there = ~np.isnan(column)
    cell, labels = _cells(feature, column[there], bad[there])
    count = np.asarray(np.bincount(cell, minlength=len(labels)), dtype=float)
    bads = np.asarray(np.bincount(cell, weights=bad[there], minlength=len(labels)), dtype=float)
    ends = _best(count, bads, len(bad), either=not feature.is_category) if len(labels) else []
    starts = [0, *ends[:-1]] if ends else []
    sizes = [int(count[a:b].sum()) for a, b in zip(starts, ends, strict=True)]
    hit = [int(bads[a:b].sum()) for a, b in zip(starts, ends, strict=True)]
    sizes.append(int((~there).sum()))
    hit.append(int(bad[~there].sum()))
    weights, information = _weights(np.array(sizes, float), np.array(hit, float))
    if feature.is_category:
        groups = tuple(tuple(int(c) for c in labels[a:b]) for a, b in zip(starts, ends, strict=True))
        edges: tuple[float, ...] = ()
    else:
        groups, edges = (), tuple(float(labels[b]) for b in ends[:-1])
    return Bins(
        edges, groups, tuple(weights[:-1].tolist()), float(weights[-1]), tuple(sizes), tuple(hit), information
    )


def _cells(feature: Feature, values: Floats, bad: Flags) -> tuple[Integers, Floats]:
    """Return the cell of each value and what names each cell: its lowest value, or a code."""
    if not len(values):
        return np.empty(0, dtype=np.int64), np.empty(0)
    if feature.is_category:
        codes, inverse = np.unique(values, return_inverse=True)
        count = np.bincount(inverse)
        rate = (np.bincount(inverse, weights=bad) + bad.mean() * 10) / (count + 10)
        order = np.lexsort((codes, rate))
        place = np.empty(len(codes), dtype=np.int64)
        place[order] = np.arange(len(codes))
        return place[inverse], codes[order]
    single = np.unique(values)
    if len(single) > CELLS:
        single = np.unique(np.quantile(values, np.arange(CELLS) / CELLS, method="higher"))
    return np.maximum(np.searchsorted(single, values, side="right") - 1, 0), single


def _gain(count: Floats, bads: Floats) -> Floats:
    """Return the log likelihood (C, C + 1) of joining cells a to b - 1 into one bin."""
    size = np.concatenate([[0.0], np.cumsum(count)])
    hit = np.concatenate([[0.0], np.cumsum(bads)])
    n, k = size[None, :] - size[:-1, None], hit[None, :] - hit[:-1, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        made = np.where(k > 0, k * np.log(k / n), 0.0) + np.where(n > k, (n - k) * np.log((n - k) / n), 0.0)
    return np.where(n > 0, made, -np.inf)


def _best(count: Floats, bads: Floats, rows: int, *, either: bool) -> list[int]:
    """Return where the bins of greatest likelihood end, among all joins that rise (or, `either`, fall)."""
    rising = _monotone(count, bads, rows)
    if not either:
        return rising[1]
    falling = _monotone(count, count - bads, rows)
    return max((rising, falling), key=lambda found: found[0])[1]


def _monotone(count: Floats, bads: Floats, rows: int) -> tuple[float, list[int]]:
    """Return value and ends of the best bins whose rate of bads rises, by dynamic programming.

    A state is the last bin (start, end); it may follow any bin that ends where it starts with a lower rate.
    """
    cells = len(count)
    least = min(max(LEAST_SHARE * rows, LEAST_ROWS), count.sum())
    gain = _gain(count, bads) - COST
    size = np.concatenate([[0.0], np.cumsum(count)])
    hit = np.concatenate([[0.0], np.cumsum(bads)])
    best: dict[tuple[int, int, int], tuple[float, int]] = {}
    for end in range(1, cells + 1):
        for start in range(end):
            if size[end] - size[start] < least:
                continue
            rate = (hit[end] - hit[start]) / (size[end] - size[start])
            if start == 0:
                best[0, end, 1] = (float(gain[0, end]), -1)
                continue
            for number in range(2, MOST_BINS + 1):
                found = (-np.inf, -1)
                for before in range(start):
                    earlier = best.get((before, start, number - 1))
                    if earlier is None or earlier[0] <= found[0]:
                        continue
                    if (hit[start] - hit[before]) / (size[start] - size[before]) < rate:
                        found = (earlier[0], before)
                if found[1] >= 0:
                    best[start, end, number] = (float(found[0] + gain[start, end]), found[1])
    last = [(value[0], key) for key, value in best.items() if key[1] == cells]
    if not last:
        return -np.inf, [cells]
    worth, key = max(last)
    ends: list[int] = []
    while key[0] >= 0 and key[2] >= 1:
        ends.append(key[1])
        before = best[key][1]
        if before < 0:
            break
        key = (before, key[0], key[2] - 1)
    return worth, ends[::-1]


def _weights(count: Floats, bads: Floats) -> tuple[Floats, float]:
    """Return the weight of evidence of bins, and their information value; an empty bin weighs nothing."""
    rate = bads.sum() / count.sum()
    hit = bads + SMOOTH * 2 * rate
    good = count - bads + SMOOTH * 2 * (1 - rate)
    weights = np.log(hit / good) - np.log(rate / (1 - rate))
    share = bads / bads.sum() - (count - bads) / (count - bads).sum()
    return np.where(count > 0, weights, 0.0), float((share * weights).sum())


def weigh(features: Sequence[Feature], bins: Sequence[Bins], values: Floats) -> Floats:
    """Return the weight of evidence (N, F) of values (N, F); a code that no bin holds weighs nothing."""
    return np.column_stack([
        np.append(item.weights, (0.0, item.missing))[place_of(feature, item, values[:, at])]
        for at, (feature, item) in enumerate(zip(features, bins, strict=True))
    ] or [np.empty((len(values), 0))])  # fmt: skip


def place_of(feature: Feature, bins: Bins, column: Floats) -> Integers:
    """Return the bin of each value (N,): from B on, B for a code of no bin, B + 1 for missing."""
    gone = np.isnan(column)
    if feature.is_category:
        table = np.full(len(feature.levels) + 2, len(bins.weights), dtype=np.int64)
        for place, codes in enumerate(bins.groups):
            table[list(codes)] = place
        made = table[np.where(gone, 0, column).astype(np.int64)]
    else:
        made = np.searchsorted(np.array(bins.edges), column, side="right")
        if not bins.weights:
            made = np.zeros(len(column), dtype=np.int64)
    return np.where(gone, len(bins.weights) + 1, made)
