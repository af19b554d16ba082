"""The factor model read from default rates: a planted one is found again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr, ndtri

from loantwin.errors import RiskError
from loantwin.risk.loss.copula.implied import implied


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


@pytest.mark.parametrize(("pd", "rho"), [(0.02, 0.02), (0.2, 0.3), (0.05, 0.1)])
def test_equal_loans_have_the_textbook_variance(pd: float, rho: float) -> None:
    # two points with the mean and variance of the one-factor model
    both = stats.multivariate_normal.cdf([ndtri(pd)] * 2, cov=[[1, rho], [rho, 1]], abseps=1e-12)
    spread = math.sqrt((both - pd**2) * 999 / 1000)
    rates = pd + spread * np.where(np.arange(1000) < 500, 1.0, -1.0)[:, None]
    assert implied(rates).asset_correlation[0] == pytest.approx(rho, rel=1e-4)


def test_unlike_loans_ask_for_more_correlation() -> None:
    random = np.random.Generator(np.random.Philox(key=2))
    pds = [np.repeat([0.002, 0.9], [950, 50])]
    factor = random.standard_normal((100_000, 1))
    rates = ndtr((ndtri(pds[0][[0, -1]]) + math.sqrt(0.2) * factor) / math.sqrt(0.8)) @ np.array(
        [[0.95], [0.05]]
    )
    assert implied(rates, pds).asset_correlation[0] == pytest.approx(0.2, rel=0.02)
    assert implied(rates).asset_correlation[0] < 0.1


def test_a_sector_that_does_not_move_has_no_correlation() -> None:
    random = np.random.Generator(np.random.Philox(key=2))
    rates = np.stack(
        [np.full(1000, 0.03), 0.02 * np.exp(random.normal(0, 0.3, 1000)), np.zeros(1000)], axis=1
    )
    made = implied(rates)
    assert made.asset_correlation[[0, 2]] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert made.asset_correlation[1] > 0
    assert np.linalg.eigvalsh(made.correlation)[0] > -1e-9


@pytest.mark.parametrize(
    "rates", [np.full((50, 1), 0.1), np.full((200, 1), 1.1), np.full((200, 1), math.nan), np.full(200, 0.1)]
)
def test_bad_rates_are_refused(rates: np.ndarray) -> None:
    with pytest.raises(RiskError) as caught:
        implied(rates)
    assert caught.value.field == "rates"
