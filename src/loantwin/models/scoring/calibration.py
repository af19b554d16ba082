"""From a raw score to log-odds of bad: Platt's line, or rising steps joined, whichever loses less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.folds import INNER, splits, stratified
from loantwin.models.scoring.ridge import fit_ridge, log_loss

PLATT, ISOTONIC = "platt", "isotonic"
CELL_ROWS, MOST_CELLS = 20, 50
"""Rows of a cell, at least, and cells, at most, that the steps are made of."""


@dataclass(frozen=True)
class Calibration:
    """How raw scores become log-odds of bad.

    shift, slope : Platt's line. knots, values : (K,) of the isotonic form, raw scores and their log-odds,
    both rising; straight between them, beyond them it goes on with `slope`. Empty: the line alone.
    """

    kind: str
    shift: float
    slope: float
    knots: tuple[float, ...] = ()
    values: tuple[float, ...] = ()


def calibrate(bad: Flags, raw: Floats, seed: int) -> Calibration:
    """Return the calibration of held-out raw scores (N,) of less log loss by five folds; of equals the line.

    Both never fall, so that what is constrained to be monotone stays so.

    References: Platt (1999); Zadrozny, Elkan (2002) for the isotonic form, whose blocks lines join here.
    """
    line = _platt(bad, raw)
    if min(int(bad.sum()), int((~bad).sum())) < INNER * 2 or len(bad) < 2 * CELL_ROWS * INNER:
        return line
    losses = dict.fromkeys((PLATT, ISOTONIC), 0.0)
    for near, far in splits(stratified(bad, INNER, seed, part=1)):
        for kind, learn in ((PLATT, _platt), (ISOTONIC, _isotonic)):
            losses[kind] += len(far) * log_loss(bad[far], calibrated(learn(bad[near], raw[near]), raw[far]))
    return _isotonic(bad, raw) if losses[ISOTONIC] < losses[PLATT] else line


def calibrated(how: Calibration, raw: Floats) -> Floats:
    """Return the log-odds (N,) of raw scores (N,)."""
    if not how.knots:
        return np.asarray(how.shift + how.slope * raw)
    beyond = raw - np.clip(raw, how.knots[0], how.knots[-1])
    return np.asarray(np.interp(raw, how.knots, how.values) + how.slope * beyond)


def shared_out(how: Calibration, parts: Floats) -> Floats:
    """Return contributions to the log-odds (N, F + 1) of contributions to the raw score, the base last.

    Rows sum to the calibrated log-odds. Of the line each part is its own times the slope; of the isotonic
    form the way from the base to the case is shared in proportion to the parts.
    """
    if not how.knots:
        made = how.slope * parts
        made[:, -1] += how.shift
        return np.asarray(made)
    base, raw = parts[:, -1], parts.sum(axis=1)
    start, end, way = calibrated(how, base), calibrated(how, raw), raw - base
    rate = np.divide(end - start, way, out=np.zeros(len(way)), where=way != 0)
    return np.column_stack([parts[:, :-1] * rate[:, None], start])


def _platt(bad: Flags, raw: Floats) -> Calibration:
    shift, slope = fit_ridge(raw[:, None], bad, 0.0, positive=True)
    return Calibration(PLATT, shift, float(slope[0]))


def _isotonic(bad: Flags, raw: Floats) -> Calibration:
    order = np.argsort(raw, kind="stable")
    cells = np.array_split(order, int(np.clip(len(raw) // CELL_ROWS, 1, MOST_CELLS)))
    size = np.array([len(rows) for rows in cells], dtype=float)
    rate, base = np.array([bad[rows].mean() for rows in cells]), float(bad.mean())
    steps = isotonic_regression(rate, weights=size)
    knots, values = [], []
    for first, last in zip(steps.blocks[:-1], steps.blocks[1:], strict=True):
        rows = np.concatenate(cells[first:last])
        share = (float(bad[rows].sum()) + base) / (len(rows) + 1)  # one row at the mean rate: finite log-odds
        knots.append(float(raw[rows].mean()))
        values.append(float(np.log(share / (1 - share))))
    line = _platt(bad, raw)
    rising = np.maximum.accumulate(values)
    return Calibration(ISOTONIC, line.shift, line.slope, tuple(knots), tuple(rising.tolist()))
