"""Hazards in months: a proportional-hazards regression of grouped times with a quadratic penalty.

The hazard of loan i at age a is 1 - exp(-exp(x_i . gamma + z[o_i, a] . beta)): Cox's model with continuous
time seen by months (Prentice and Gloeckler 1978), with a baseline of few terms. Columns of a loan do not
change inside its span, and those of age and month are the same for all loans of one origin, so that a month
at risk costs no exponential of its own: sums over months are differences of cumulated ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ModelError, expected

MOST_STEPS, CLOSE, FLOOR, HIGHEST = 60, 1e-9, 1e-9, 30.0


@dataclass(frozen=True)
class Risk:
    """Spans as a fit reads them.

    x : (N, K) columns of loans. cell : (N,) place of the origin in `z`. first, last : (N,) months at risk
    without the event, both included, none where last < first. event : (N,) whether age `at` ended in it.
    at : (N,) that age. z : (O, A, J) columns by origin and age.
    """

    x: Floats
    cell: Integers
    first: Integers
    last: Integers
    event: Flags
    at: Integers
    z: Floats


def fit(risk: Risk, weights: Floats) -> Floats:
    """Return coefficients (1 + K + J,) of least -log likelihood + sum(weights x b^2) / 2, intercept first.

    Parameters
    ----------
    weights : (K + J,) penalty of each.

    Raises
    ------
    ModelError : no event, or a search that does not come to rest.
    """
    events = int(risk.event.sum())
    if not events:
        raise ModelError(expected("at least one event", "none"))
    held = np.concatenate([[0.0], weights])
    months = np.maximum(risk.last - risk.first + 1, 0).sum() + events
    beta = np.zeros(len(held))
    beta[0] = np.log(events / months)
    worth, slope, bend = _likelihood(risk, beta, held)
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(bend, slope)
        size = 1.0
        while (found := _likelihood(risk, beta - size * step, held))[0] > worth + 1e-12 and size > 1e-8:
            size /= 2
        beta = beta - size * step
        before, (worth, slope, bend) = worth, found
        if abs(before - worth) <= CLOSE * (abs(worth) + 1):
            return beta
    raise ModelError(expected("a fit that comes to rest", f"none after {MOST_STEPS} steps"))


def evidence(risk: Risk, beta: Floats, weights: Floats) -> float:
    """Return the logarithm of how likely spans are under the penalty's belief, but for a constant.

    The penalty is the belief that coefficients are normal with variance 1 / weight; the likelihood is
    integrated over them by Laplace's rule at the fit (MacKay 1992). Of two penalties the better has more.
    """
    held = np.concatenate([[0.0], weights])
    worth, _, bend = _likelihood(risk, beta, held)
    return float(-worth + 0.5 * np.log(weights).sum() - 0.5 * np.linalg.slogdet(bend)[1])


def losses(risk: Risk, beta: Floats) -> Floats:
    """Return the -log likelihood of each span, (N,)."""
    terms = risk.z.shape[2]
    own, base = beta[1 : len(beta) - terms], beta[len(beta) - terms :]
    each = np.exp(np.minimum(risk.x @ own + beta[0], HIGHEST))
    grid = np.exp(np.minimum(risk.z @ base, HIGHEST))
    quiet = risk.last >= risk.first
    upper, lower = np.where(quiet, risk.last + 1, 0), np.where(quiet, risk.first, 0)
    made = _between(grid[:, :, None], risk.cell, lower, upper)[:, 0] * each
    rows = np.flatnonzero(risk.event)
    mean = each[rows] * grid[risk.cell[rows], risk.at[rows]]
    made[rows] -= np.log(np.maximum(-np.expm1(-mean), 1e-300))
    return np.asarray(made)


def _likelihood(risk: Risk, beta: Floats, held: Floats) -> tuple[float, Floats, Floats]:
    """Return -log likelihood with penalty, its gradient and its second derivatives."""
    size, ages, terms = risk.z.shape
    own, base = beta[1 : len(beta) - terms], beta[len(beta) - terms :]
    each = np.exp(np.minimum(risk.x @ own + beta[0], HIGHEST))
    grid = np.exp(np.minimum(risk.z @ base, HIGHEST))
    quiet = risk.last >= risk.first
    upper, lower = np.where(quiet, risk.last + 1, 0), np.where(quiet, risk.first, 0)
    total = _between(grid[:, :, None], risk.cell, lower, upper)[:, 0] * each
    cross = _between(grid[:, :, None] * risk.z, risk.cell, lower, upper) * each[:, None]
    at_risk = np.zeros((size, ages + 1))
    np.add.at(at_risk, (risk.cell, lower), each)
    np.add.at(at_risk, (risk.cell, upper), -each)
    mass = np.cumsum(at_risk, axis=1)[:, :ages] * grid
    rows = np.flatnonzero(risk.event)
    shown = risk.z[risk.cell[rows], risk.at[rows]]
    mean = each[rows] * grid[risk.cell[rows], risk.at[rows]]
    share = np.maximum(-np.expm1(-mean), 1e-300)
    pull = mean * np.exp(-mean) / share
    curve = pull * (mean / share - 1)
    worth = float(total.sum() - np.log(share).sum() + 0.5 * (held * beta * beta).sum())
    x = np.column_stack([np.ones(len(risk.x)), risk.x])
    width = x.shape[1]
    slope = held * beta
    slope[:width] += x.T @ total - pull @ x[rows]
    slope[width:] += np.einsum("oa,oaj->j", mass, risk.z) - pull @ shown
    weight = total.copy()
    weight[rows] += curve
    bend = np.diag(held + FLOOR)
    bend[:width, :width] += (x * weight[:, None]).T @ x
    cross[rows] += curve[:, None] * shown
    bend[:width, width:] += x.T @ cross
    bend[width:, :width] = bend[:width, width:].T
    flat = risk.z.reshape(-1, terms)
    bend[width:, width:] += (flat * mass.reshape(-1, 1)).T @ flat + (shown * curve[:, None]).T @ shown
    return worth, slope, bend


def _between(cells: Floats, origin: Integers, lower: Integers, upper: Integers) -> Floats:
    """Return sums over ages lower to upper - 1 of cells (O, A, J) of each row's origin, (N, J)."""
    sums = np.concatenate([np.zeros((len(cells), 1, cells.shape[2])), np.cumsum(cells, axis=1)], axis=1)
    return np.asarray(sums[origin, upper] - sums[origin, lower])
