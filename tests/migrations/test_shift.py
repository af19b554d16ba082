from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from loantwin.errors import RiskError
from loantwin.migrations.matrices import check_matrix
from loantwin.migrations.reading import read_matrices
from loantwin.migrations.shift import conditional_matrix, estimate_factor, thresholds
from loantwin.risk.loss.tail import vasicek_quantile

STARTS = np.array([200, 600, 1200, 1000, 600, 700, 80, 0])


@pytest.fixture(scope="module")
def cycle(data: Path) -> np.ndarray:
    return read_matrices(data / "ratings/creditmetrics_sp_1996_one_year.csv")[0].values


def test_the_average_over_the_factor_is_the_matrix_through_the_cycle(cycle: np.ndarray) -> None:
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    given = conditional_matrix(cycle, 0.2, node)
    np.testing.assert_allclose(np.einsum("m,mij->ij", weight / weight.sum(), given), cycle, atol=1e-12)
    for one in given:
        check_matrix(one, tolerance=1e-9)


def test_default_given_the_factor_is_vasiceks(cycle: np.ndarray) -> None:
    found = conditional_matrix(cycle, 0.15, -3.0902323061678132)
    np.testing.assert_allclose(found[1:7, 7][1:], vasicek_quantile(cycle[2:7, 7], 0.15, 0.999), rtol=1e-9)


def test_no_correlation_and_a_good_year(cycle: np.ndarray) -> None:
    np.testing.assert_allclose(conditional_matrix(cycle, 0.0, 2.0), cycle, atol=1e-12)
    good, bad = conditional_matrix(cycle, 0.1, np.array([1.5, -1.5]), default=7)
    assert (good[2:7, 7] < cycle[2:7, 7]).all()
    assert (bad[2:7, 7] > cycle[2:7, 7]).all()
    assert good[7].tolist() == bad[7].tolist() == cycle[7].tolist()


def test_thresholds_are_creditmetrics(cycle: np.ndarray) -> None:
    """The technical document's thresholds of a BB obligor (table 8.4): -2.30 default, -2.04, -1.23, 1.37,
    2.39, 2.93, 3.43.
    """
    found = thresholds(cycle)[4, :7]
    np.testing.assert_allclose(found, [3.43, 2.93, 2.39, 1.37, -1.23, -2.04, -2.30], atol=0.01)


@pytest.mark.parametrize("truth", [0.03, 0.12])
def test_planted_factor_and_correlation_are_recovered(cycle: np.ndarray, truth: float) -> None:
    draws = np.random.default_rng(5)
    z = draws.standard_normal(30)
    given = conditional_matrix(cycle, truth, z, default=7)
    counts = np.array(
        [[draws.multinomial(STARTS[i], one[i] / one[i].sum()) for i in range(8)] for one in given],
        dtype=float,
    )
    found = estimate_factor(cycle, counts, default=7)
    assert found.low <= truth <= found.high
    assert found.high - found.low < 0.6 * truth
    apart = (found.z - z) / found.error
    assert np.abs(apart).max() < 4
    assert 0.6 < apart.std() < 1.5


def test_without_customers_the_factor_is_its_prior(cycle: np.ndarray) -> None:
    counts = np.zeros((2, 8, 8))
    counts[0] = np.diag(np.full(8, 1e-6))
    found = estimate_factor(cycle, counts, default=7, rho=0.1)
    np.testing.assert_allclose(found.z, 0, atol=1e-3)
    np.testing.assert_allclose(found.error, 1, atol=1e-3)


def test_two_customers_move_together_as_a_bivariate_normal(cycle: np.ndarray) -> None:
    """P(both default) from the factor is the bivariate normal of their thresholds."""
    node, weight = np.polynomial.hermite_e.hermegauss(120)
    given = conditional_matrix(cycle, 0.3, node)
    both = float((weight / weight.sum()) @ (given[:, 5, 7] * given[:, 4, 7]))
    cut = thresholds(cycle)[[5, 4], 6]
    assert both == pytest.approx(multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]]).cdf(cut), rel=1e-5)


def test_errors(cycle: np.ndarray) -> None:
    with pytest.raises(RiskError, match="correlation"):
        conditional_matrix(cycle, 1.0, 0.0)
    with pytest.raises(RiskError, match="years x 8 x 8"):
        estimate_factor(cycle, np.zeros((3, 7, 7)), default=7)
    with pytest.raises(RiskError, match="moved or stayed"):
        estimate_factor(cycle, np.zeros((3, 8, 8)), default=7)
