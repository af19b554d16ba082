"""Logistic regression with a quadratic penalty, by Newton's method; the penalty by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from loantwin.arrays import Flags, Floats, Integers
from loantwin.models.scoring.folds import splits

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Tried by cross-validation; on columns with a standard deviation near one."""
MOST_STEPS, CLOSE = 50, 1e-9
FLOOR = 1e-12


def fit_ridge(
    columns: Floats, bad: Flags, penalty: float, weights: Floats | None = None, *, positive: bool = False
) -> tuple[float, Floats]:
    """Return intercept and coefficients (K,) that minimise -log likelihood + penalty / 2 x sum(b^2).

    Parameters
    ----------
    columns : (N, K). weights : (K,) of each column's penalty, one where not given. positive : coefficients
        that would be below zero are held at zero (columns that point the wrong way leave).
    """
    inside = np.ones(columns.shape[1], dtype=bool)
    while True:
        intercept, found = _newton(
            columns[:, inside], bad, penalty, None if weights is None else weights[inside]
        )
        if not positive or (found >= 0).all():
            made = np.zeros(columns.shape[1])
            made[inside] = found
            return intercept, made
        places = np.flatnonzero(inside)
        inside[places[int(np.argmin(found))]] = False


def _newton(columns: Floats, bad: Flags, penalty: float, weights: Floats | None) -> tuple[float, Floats]:
    rows = np.column_stack([np.ones(len(columns)), columns])
    held = np.full(rows.shape[1], penalty) if weights is None else penalty * np.concatenate([[0.0], weights])
    held[0] = 0.0
    target = bad.astype(float)
    rate = np.clip(target.mean(), 1e-6, 1 - 1e-6)
    beta = np.zeros(rows.shape[1])
    beta[0] = np.log(rate / (1 - rate))
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
    return float((np.logaddexp(0.0, log_odds) - bad * log_odds).mean())


def choose_penalty(
    columns: Floats, bad: Flags, fold: Integers, penalties: Sequence[float] = PENALTIES
) -> tuple[float, Floats]:
    """Return the penalty of least out-of-fold log loss, and its out-of-fold log-odds (N,)."""
    best, least, kept = penalties[0], np.inf, np.zeros(len(bad))
    for penalty in penalties:
        found = np.zeros(len(bad))
        for inner, outer in splits(fold):
            intercept, beta = fit_ridge(columns[inner], bad[inner], penalty)
            found[outer] = intercept + columns[outer] @ beta
        loss = log_loss(bad, found)
        if loss < least:
            best, least, kept = penalty, loss, found
    return best, kept
