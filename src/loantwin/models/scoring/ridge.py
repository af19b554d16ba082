"""Logistic regression with a quadratic penalty, by Newton's method; the penalty by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.folds import Inner

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Tried by inner splits, weakest first, until two in a row are worse; columns have a deviation near one."""
MOST_STEPS, CLOSE = 50, 1e-9
FLOOR = 1e-12


def fit_ridge(
    columns: Floats,
    bad: Flags,
    penalty: float,
    weights: Floats | None = None,
    *,
    positive: bool = False,
    start: tuple[float, Floats] | None = None,
) -> tuple[float, Floats]:
    """Return intercept and coefficients (K,) that minimise -log likelihood + penalty / 2 x sum(b^2).

    Parameters
    ----------
    columns : (N, K). weights : (K,) of each column's penalty, one where not given. positive : coefficients
        that would be below zero are held at zero (columns that point the wrong way leave). start : intercept
        and coefficients to begin from; what is found is the same.
    """
    inside = np.ones(columns.shape[1], dtype=bool)
    made = np.zeros(columns.shape[1]) if start is None else np.array(start[1])
    intercept = None if start is None else start[0]
    while True:
        intercept, found = _newton(
            columns[:, inside],
            bad,
            penalty,
            None if weights is None else weights[inside],
            None if intercept is None else np.concatenate([[intercept], made[inside]]),
        )
        made = np.zeros(columns.shape[1])
        made[inside] = found
        if not positive or (found >= 0).all():
            return intercept, made
        places = np.flatnonzero(inside)
        inside[places[int(np.argmin(found))]] = False


def _newton(
    columns: Floats, bad: Flags, penalty: float, weights: Floats | None, start: Floats | None
) -> tuple[float, Floats]:
    rows = np.column_stack([np.ones(len(columns)), columns])
    held = np.full(rows.shape[1], penalty) if weights is None else penalty * np.concatenate([[0.0], weights])
    held[0] = 0.0
    target = bad.astype(float)
    rate = np.clip(target.mean(), 1e-6, 1 - 1e-6)
    beta = np.zeros(rows.shape[1])
    beta[0] = np.log(rate / (1 - rate))
    if start is not None:
        beta = start
    worth = _worth(rows, target, beta, held)
    for _ in range(MOST_STEPS):
        p = expit(rows @ beta)
        slope = rows.T @ (p - target) + held * beta
        bend = (rows * (p * (1 - p) + FLOOR)[:, None]).T @ rows
        bend[np.diag_indices_from(bend)] += held + FLOOR
        step = np.linalg.solve(bend, slope)
        size = 1.0
        while (tried := _worth(rows, target, beta - size * step, held)) > worth + 1e-12 and size > 1e-6:
            size /= 2
        beta, before, worth = beta - size * step, worth, tried
        if abs(before - worth) <= CLOSE * (abs(worth) + 1):
            break
    return float(beta[0]), beta[1:]


def _worth(rows: Floats, target: Floats, beta: Floats, held: Floats) -> float:
    eta = rows @ beta
    return float(np.logaddexp(0.0, eta).sum() - target @ eta + 0.5 * (held * beta * beta).sum())


def log_loss(bad: Flags, log_odds: Floats) -> float:
    """Return the mean negative log likelihood of log-odds."""
    return float(log_losses(bad, log_odds).mean())


def log_losses(bad: Flags, log_odds: Floats) -> Floats:
    """Return the negative log likelihood of log-odds, of each case, in nats."""
    return np.asarray(np.logaddexp(0.0, log_odds) - bad * log_odds)


def choose_penalty(
    columns: Floats, bad: Flags, inner: Inner, penalties: Sequence[float] = PENALTIES
) -> tuple[float, Floats]:
    """Return the penalty of least held-out log loss, and those log-odds (N,), NaN where never held out."""
    best, least, kept, worse = penalties[0], np.inf, np.full(len(bad), np.nan), 0
    last: list[tuple[float, Floats] | None] = [None] * len(inner.pairs)
    for penalty in penalties:
        found = np.full(len(bad), np.nan)
        for place, (near, far) in enumerate(inner.pairs):
            last[place] = intercept, beta = fit_ridge(columns[near], bad[near], penalty, start=last[place])
            found[far] = intercept + columns[far] @ beta
        judged = ~np.isnan(found)
        loss = log_loss(bad[judged], found[judged])
        if loss < least:
            best, least, kept, worse = penalty, loss, found, 0
        elif (worse := worse + 1) == 2:
            break
    return best, kept


def later_line(inner: Inner, bad: Flags, held_out: Floats) -> tuple[float, float]:
    """Return shift and slope that calibrate held-out log-odds; 0 and 1 where they are of random folds.

    A regression chosen by random folds is calibrated to rows like its own. Out of time it is too sure of what
    did not carry over: the line, its slope at zero or above, takes that back.
    """
    judged = ~np.isnan(held_out)
    if not inner.later or not 0 < int(bad[judged].sum()) < int(judged.sum()):
        return 0.0, 1.0
    shift, slope = fit_ridge(held_out[judged, None], bad[judged], 0.0, positive=True)
    return shift, float(slope[0])
