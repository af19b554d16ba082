"""A vector autoregression by ridge, shrunk to each factor's own, on series of unequal length."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Flags, Floats, Integers

LARGEST_ROOT = 0.985
"""Largest modulus of the fitted dynamics' eigenvalues, a quarter: shocks halve in at most 46 quarters."""

EXTREME = 0.25
"""A quarter of a lower weight is extreme."""

_DEGREES = 6.0
_ROUNDS = 9
_PENALTIES = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_FOLDS = 5


@dataclass(frozen=True)
class Autoregression:
    """z[t] - mean = sum over l of coefficients[l] (z[t-l-1] - mean) + residual.

    mean : (F,). coefficients : (L, F, F). residuals : (n, F), centred, scaled for the degrees of freedom
        spent.
    weights : (n,), low for quarters that the rest of history calls extreme.
    penalty : ridge per observation, chosen by cross-validation. root, fitted_root : largest eigenvalue
    modulus, as used and before it was brought below LARGEST_ROOT.
    """

    mean: Floats
    coefficients: Floats
    residuals: Floats
    weights: Floats
    penalty: float
    root: float
    fitted_root: float


@dataclass(frozen=True)
class _Sample:
    """Standardised data.

    response : (n, F), NaN before a series starts. lagged : (n, L F), its missing cells at the mean, 0.
    usable : (n, F), whether a row has the factor and all its own lags.
    """

    response: Floats
    lagged: Floats
    usable: Flags
    weights: Floats
    limits: Floats
    lags: int

    def part(self, rows: Integers) -> _Sample:
        return _Sample(
            self.response[rows],
            self.lagged[rows],
            self.usable[rows],
            self.weights[rows],
            self.limits,
            self.lags,
        )


def fit_autoregression(
    states: Floats, lags: int, centre: Floats | None = None, limits: Floats | None = None
) -> Autoregression:
    """Fit on states (n + lags, F); a series may start late (NaN before it), but not break off.

    `centre` (n + lags, F) is what each state tends to at each time, its mean over all where None; `mean` is
    its last row. `limits` (F,) is the largest root of each factor's own autoregression, LARGEST_ROOT where
    None.

    Coefficients minimise weighted squares plus a ridge on the distance to each factor's own autoregression
    (cross effects shrink to zero, the second lag harder: Litterman, J. Business & Economic Statistics 4
    (1986)); the ridge is the best of a grid in five-fold cross-validation over stretches of time. Weights are
    those of a t likelihood with 6 degrees of freedom, so that one quarter such as 2020 Q2 does not set the
    dynamics, while its shock stays among the residuals; quarters after an extreme one lose weight too, for a
    single far point among the lags could turn the coefficients by itself. Each equation uses all quarters of
    its own factor. A residual from before a series starts is the one expected given that quarter's other
    residuals plus the surprise of the most similar quarter that has all.
    """
    centre = np.broadcast_to(np.nanmean(states, axis=0), states.shape) if centre is None else centre
    scale, mean = np.nanstd(states - centre, axis=0), centre[-1].copy()
    scaled = (states - centre) / scale
    limits = np.full(states.shape[1], LARGEST_ROOT) if limits is None else limits
    sample = _design(scaled, lags, limits)
    response, lagged = sample.response, sample.lagged
    penalty, weights = _PENALTIES[0], np.ones(len(response))
    for turn in range(_ROUNDS):
        penalty = penalty if turn % 4 else _best_penalty(sample)
        solved = _solve(sample, penalty)
        weights = _t_weights(response - lagged @ solved)
        sample = replace(sample, weights=weights * _trust(weights, lags))
    matrices = solved.T.reshape(states.shape[1], lags, states.shape[1]).transpose(1, 0, 2)
    fitted_root = largest_root(matrices)
    matrices = _damped(matrices, LARGEST_ROOT)
    errors = response - lagged @ matrices.transpose(0, 2, 1).reshape(lags * states.shape[1], states.shape[1])
    errors = _completed(errors - np.nanmean(errors, axis=0), weights)
    spent = min(_spent(sample, penalty) + 1.0, 0.5 * len(response))
    errors = (errors - errors.mean(axis=0)) * np.sqrt(len(response) / (len(response) - spent))
    coefficients = matrices * scale[None, :, None] / scale[None, None, :]
    return Autoregression(
        mean, coefficients, errors * scale, weights, penalty, largest_root(matrices), fitted_root
    )


def largest_root(coefficients: Floats) -> float:
    """Return the largest eigenvalue modulus of the companion matrix of coefficients (L, F, F)."""
    lags, size, _ = coefficients.shape
    companion = np.zeros((lags * size, lags * size))
    companion[:size] = coefficients.transpose(1, 0, 2).reshape(size, lags * size)
    companion[size:, : (lags - 1) * size] = np.eye((lags - 1) * size)
    return float(np.abs(np.linalg.eigvals(companion)).max())


def _damped(coefficients: Floats, limit: float) -> Floats:
    """Return coefficients (L, F, F) whose largest root is at most `limit`."""
    root = largest_root(coefficients)
    shrink = min(1.0, limit / root) if root > 0.0 else 1.0
    # Multiplying lag l by shrink**l multiplies every eigenvalue of the companion matrix by shrink.
    return np.asarray(coefficients * (shrink ** np.arange(1.0, len(coefficients) + 1.0))[:, None, None])


def conditional(covariance: Floats, known: Flags) -> Floats:
    """Return the regression (known, unknown) of the unknown shocks on the known ones."""
    among = covariance[np.ix_(known, known)]
    among = among + 1e-6 * np.diag(np.diag(among))
    return np.asarray(np.linalg.solve(among, covariance[np.ix_(known, ~known)]))


def weighted_covariance(residuals: Floats, weights: Floats) -> Floats:
    """Return the covariance (F, F) of residuals (n, F) in ordinary quarters, extreme ones weighted down."""
    return np.asarray((residuals * weights[:, None]).T @ residuals / len(residuals))


def _design(states: Floats, lags: int, limits: Floats) -> _Sample:
    count = len(states) - lags
    parts = [states[lags - 1 - lag : lags - 1 - lag + count] for lag in range(lags)]
    lagged = np.concatenate(parts, axis=1)
    usable = np.asarray(np.isfinite(np.stack([states[lags:], *parts])).all(axis=0))
    return _Sample(
        states[lags:], np.where(np.isfinite(lagged), lagged, 0.0), usable, np.ones(count), limits, lags
    )


def _solve(sample: _Sample, penalty: float) -> Floats:
    """Return coefficients (L F, F), one equation a column, on the rows that have its factor and own lags."""
    size = sample.response.shape[1]
    out = np.empty((sample.lags * size, size))
    for rows in np.unique(sample.usable, axis=1).T:
        columns = np.flatnonzero((sample.usable == rows[:, None]).all(axis=0))
        root = np.sqrt(sample.weights[rows])[:, None]
        lagged, response = root * sample.lagged[rows], root * sample.response[np.ix_(rows, columns)]
        prior = np.zeros((sample.lags * size, len(columns)))
        for place, column in enumerate(columns):
            own = column + size * np.arange(sample.lags)
            fitted = np.linalg.lstsq(lagged[:, own], response[:, place], rcond=None)[0]
            prior[own, place] = _damped(fitted[:, None, None], float(sample.limits[column]))[:, 0, 0]
        gram = lagged.T @ lagged + np.diag(penalty * len(lagged) * _ridge(size, sample.lags))
        out[:, columns] = prior + np.linalg.solve(gram, lagged.T @ (response - lagged @ prior))
    return out


def _ridge(size: int, lags: int) -> Floats:
    return np.asarray(np.repeat(np.arange(1, lags + 1, dtype=np.float64) ** 2, size))


def _best_penalty(sample: _Sample) -> float:
    everything = np.arange(len(sample.response))
    spread = np.nanvar(sample.response - sample.lagged @ _solve(sample, _PENALTIES[-1]), axis=0)
    scores = []
    for penalty in _PENALTIES:
        total = 0.0
        for fold in np.array_split(everything, _FOLDS):
            errors = sample.response[fold] - sample.lagged[fold] @ _solve(
                sample.part(np.setdiff1d(everything, fold)), penalty
            )
            total += float(np.nansum(sample.weights[fold, None] * errors * errors / spread))
        scores.append(total)
    return _PENALTIES[int(np.argmin(scores))]


def _t_weights(errors: Floats) -> Floats:
    """Return weights of a multivariate t likelihood, by its fixed point; a row counts by its factors."""
    weights = np.ones(len(errors))
    held = np.isfinite(errors)
    for _ in range(20):
        scatter = _pairwise(errors, weights)
        for pattern in np.unique(held, axis=0):
            rows = (held == pattern).all(axis=1)
            part = errors[np.ix_(rows, pattern)]
            distance = np.einsum("ti,ij,tj->t", part, np.linalg.inv(scatter[np.ix_(pattern, pattern)]), part)
            weights[rows] = (_DEGREES + pattern.sum()) / (_DEGREES + distance)
    return weights


def _trust(weights: Floats, lags: int) -> Floats:
    """Return what a row's weight is multiplied by: below 1 where one of its lags is an extreme quarter."""
    trust = np.ones(len(weights))
    for lag in range(1, lags + 1):
        trust[lag:] *= np.minimum(1.0, weights[:-lag] / EXTREME)
    return trust


def _pairwise(errors: Floats, weights: Floats) -> Floats:
    """Return a covariance from all pairs seen together, drawn to its diagonal, positive definite."""
    held = np.isfinite(errors).astype(np.float64)
    filled = np.where(held > 0.0, errors, 0.0)
    scatter = (filled * weights[:, None]).T @ filled / np.maximum(held.T @ held, 1.0)
    scatter = 0.9 * scatter + 0.1 * np.diag(np.diag(scatter))
    values, vectors = np.linalg.eigh(scatter)
    return np.asarray((vectors * np.maximum(values, 1e-3 * values.max())) @ vectors.T)


def _completed(errors: Floats, weights: Floats) -> Floats:
    """Return residuals with missing ones expected given the others, plus the nearest full row's surprise."""
    out = errors.copy()
    held = np.isfinite(errors)
    full = errors[held.all(axis=1)]
    scatter = _pairwise(errors, weights)
    for pattern in np.unique(held[~held.all(axis=1)], axis=0):
        rows = np.flatnonzero((held == pattern).all(axis=1))
        effect = conditional(scatter, pattern)
        surprise = full[:, ~pattern] - full[:, pattern] @ effect
        part = errors[np.ix_(rows, pattern)]
        gap = part[:, None, :] - full[None, :, pattern]
        distance = np.einsum("abi,ij,abj->ab", gap, np.linalg.inv(scatter[np.ix_(pattern, pattern)]), gap)
        out[np.ix_(rows, ~pattern)] = part @ effect + surprise[distance.argmin(axis=1)]
    return out


def _spent(sample: _Sample, penalty: float) -> float:
    """Return an equation's degrees of freedom: its own lags and what the ridge leaves of the others."""
    gram = (sample.lagged * sample.weights[:, None]).T @ sample.lagged
    ridge = penalty * len(sample.lagged) * _ridge(sample.response.shape[1], sample.lags)
    return float(sample.lags + np.trace(np.linalg.solve(gram + np.diag(ridge), gram)))
