"""Approval given other facts of the case: an odds ratio by group from a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import qr
from scipy.special import expit

from loantwin.arrays import Array, Flags, Floats
from loantwin.decisions.fairness.figures import Bounded, on_log_scale
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.ridge import fit_ridge
from loantwin.models.scoring.table import Table
from loantwin.models.scoring.terms import columns_of, learn_terms

ALONE = 1e-6
"""Share of a group's mark that the given columns must leave open."""
RUNAWAY = 10.0
"""Log-odds ratio, or its standard error, beyond which the cases are taken to be told apart by a column."""


def given_columns(table: Table, names: Sequence[str]) -> Floats:
    """Return what is given as columns (N, K): lines of numbers, a step a text, a step for missing.

    Columns that others already say are left out.
    """
    features = learn_features(table, names)
    values = encode(features, table).values
    columns, _ = columns_of(features, learn_terms(features, values, bent=False), values)
    if not columns.shape[1]:
        return columns
    _, weights, order = qr(columns - columns.mean(axis=0), mode="economic", pivoting=True)
    size = np.abs(np.diag(weights))
    return np.asarray(columns[:, np.sort(order[: len(size)][size > 1e-8 * max(size[0], 1e-300)])])


def adjusted_odds_ratios(
    approved: Flags, groups: Array, names: Sequence[str], given: Floats
) -> dict[str, Bounded | str]:
    """Return for each group its odds ratio of approval against the reference at equal given columns.

    Maximum likelihood, the interval is Wald's on the log scale.

    Parameters
    ----------
    approved : (N,). groups : (N,) labels. names : groups compared, the reference not among them; cases of
        other groups are left out. given : (N, K).

    Returns
    -------
    name -> the odds ratio, or in words why it has none.
    """
    dummies = np.column_stack([(groups == name).astype(float) for name in names])
    columns = np.column_stack([dummies, given])
    why: dict[str, Bounded | str] = {}
    for place, name in enumerate(names):
        others = np.column_stack([np.ones(len(columns)), np.delete(columns, place, axis=1)])
        mark = dummies[:, place]
        left = mark - others @ np.linalg.lstsq(others, mark, rcond=None)[0]
        if (left**2).sum() <= ALONE * max(mark.sum(), 1.0):
            why[name] = "the given columns say who is of the group"
    intercept, beta = fit_ridge(columns, approved, 0.0)
    p = expit(intercept + columns @ beta)
    rows = np.column_stack([np.ones(len(columns)), columns])
    spread = np.linalg.pinv((rows * (p * (1 - p))[:, None]).T @ rows, hermitian=True)
    for place, name in enumerate(names):
        error = float(np.sqrt(max(spread[place + 1, place + 1], 0.0)))
        if name in why:
            continue
        if abs(beta[place]) > RUNAWAY or not 0 < error < RUNAWAY:
            why[name] = "the cases of the group are told apart without error"
        else:
            why[name] = on_log_scale(float(np.exp(beta[place])), error)
    return why
