"""The level-and-macro model of a rate series: exact where it can be checked by hand, planted truths, and
simple rivals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from loantwin.errors import ModelError
from loantwin.models.latent import LevelPrior
from loantwin.performance.rate_series import (
    autoregression,
    last_years_mean,
    level_and_macro,
    lognormal,
    random_walk,
)

EFFECTS = [(0.2, 0.1)]


def planted(seed: int, size: int = 80) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    macro = np.cumsum(random.normal(0, 0.4, size + 4))
    macro = (macro - macro.mean()) / macro.std()
    phi = 0.5 ** (3 / 40)
    level = np.zeros(size + 4)
    for quarter in range(1, size + 4):
        level[quarter] = phi * level[quarter - 1] + 0.5 * np.sqrt(1 - phi**2) * random.normal()
    return -4.0 + 0.25 * macro + level + random.normal(0, 0.1, size + 4), macro[:, None]


def test_planted_truths_lie_in_the_intervals_as_often_as_they_promise() -> None:
    inside = []
    for seed in range(60):
        logs, macro = planted(seed, 60)
        made = level_and_macro(logs[:60], macro[:60], macro[60:], [1, 2, 3, 4], EFFECTS, LevelPrior())
        low, high = np.quantile(made.values(), (0.05, 0.95), axis=0)
        inside.append((np.exp(logs[60:]) >= low) & (np.exp(logs[60:]) <= high))
    assert 0.80 <= np.mean(inside) <= 0.98


def test_macro_moves_the_forecast_by_its_effect() -> None:
    logs, macro = planted(1)
    flat, up = (
        level_and_macro(logs[:80], macro[:80], macro[79:80] + step, [1], EFFECTS, LevelPrior())
        for step in (0.0, 1.0)
    )
    moved = np.log(up.expected[0] / flat.expected[0])
    assert 0.1 < moved < 0.4


def test_a_mixture_of_one_has_the_lognormal_mean_and_quantiles() -> None:
    made = lognormal(np.array([-4.0]), np.array([0.5]))
    assert made.expected[0] == pytest.approx(np.exp(-4 + 0.125))
    assert np.quantile(made.values(20_000)[:, 0], 0.95) == pytest.approx(
        np.exp(-4 + 0.5 * 1.6448536), rel=1e-3
    )


def test_rivals_hold_what_their_names_say() -> None:
    logs = np.log(np.linspace(0.01, 0.03, 30))
    assert np.exp(random_walk(logs, [5]).mean[0, 0]) == pytest.approx(0.03)
    assert last_years_mean(logs, [1, 5]).mean[0] == pytest.approx([logs[-4:].mean()] * 2)


def test_autoregression_is_least_squares(oracle: Any) -> None:
    least_squares = oracle("statsmodels.regression.linear_model").OLS
    random = np.random.default_rng(5)
    logs = np.zeros(100)
    for quarter in range(1, 100):
        logs[quarter] = -0.4 + 0.9 * logs[quarter - 1] + 0.1 * random.normal()
    fitted = least_squares(logs[1:], np.column_stack([np.ones(99), logs[:-1]])).fit()
    constant, slope = fitted.params
    made = autoregression(logs, [1, 2])
    assert made.mean[0, 0] == pytest.approx(constant + slope * logs[-1])
    assert made.mean[0, 1] == pytest.approx(constant + slope * (constant + slope * logs[-1]))
    assert made.deviation[0, 0] == pytest.approx(np.sqrt(fitted.mse_resid))


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(ModelError, match="12 known quarters"):
        level_and_macro(np.zeros(8), np.zeros((8, 0)), np.zeros((1, 0)), [1], [], LevelPrior())
