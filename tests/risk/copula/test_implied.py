"""The factor model read from default rates: a planted one is found again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr, ndtri

from loantwin.errors import RiskError
from loantwin.risk.copula.implied import both_below, implied


def test_a_planted_factor_model_is_found_again() -> None:
    random = np.random.Generator(np.random.Philox(key=2))
    matrix = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.7], [0.2, 0.7, 1.0]])
    rho, pd = np.array([0.1, 0.2, 0.05]), np.array([0.02, 0.05, 0.2])
    factor = random.standard_normal((200_000, 3)) @ np.linalg.cholesky(matrix).T
    made = implied(ndtr((ndtri(pd) + np.sqrt(rho) * factor) / np.sqrt(1 - rho)))
    assert made.mean == pytest.approx(pd, rel=0.01)
    assert made.asset_correlation == pytest.approx(rho, rel=0.02)
    assert made.correlation == pytest.approx(matrix, abs=0.01)
    assert made.notes == ()


@pytest.mark.parametrize("rho", [-0.95, -0.3, 0.0, 0.4, 0.9])
def test_both_below_is_the_bivariate_normal(rho: float) -> None:
    for a, b in ((-2.0, -2.0), (-2.5, 0.3), (1.0, -1.0)):
        exact = stats.multivariate_normal.cdf([a, b], cov=[[1, rho], [rho, 1]], abseps=1e-10)
        assert float(both_below(np.array(a), np.array(b), np.array(rho))) == pytest.approx(exact, abs=1e-7)


def test_a_sector_that_does_not_move_has_no_correlation() -> None:
    random = np.random.Generator(np.random.Philox(key=2))
    rates = np.stack([np.full(1000, 0.03), 0.02 * np.exp(random.normal(0, 0.3, 1000)), np.zeros(1000)], axis=1)
    made = implied(rates)
    assert made.asset_correlation[[0, 2]] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert made.asset_correlation[1] > 0
    assert np.linalg.eigvalsh(made.correlation)[0] > -1e-9


@pytest.mark.parametrize("rates", [np.full((50, 1), 0.1), np.full((200, 1), 1.1), np.full((200, 1), math.nan), np.full(200, 0.1)])
def test_bad_rates_are_refused(rates: np.ndarray) -> None:
    with pytest.raises(RiskError) as caught:
        implied(rates)
    assert caught.value.field == "rates"
