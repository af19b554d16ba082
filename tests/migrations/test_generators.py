from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, logm
from scipy.optimize import minimize

from loantwin.errors import RiskError
from loantwin.migrations.generators import (
    METHODS,
    at_horizon,
    check_generator,
    diagonal_adjusted,
    embeddability,
    generator,
    logarithm,
    quasi_optimised,
    single_step,
    weighted_adjusted,
)
from loantwin.migrations.matrices import check_matrix, without_withdrawn
from loantwin.migrations.reading import read_matrices

PUBLISHED = ("JLT.csv", "creditmetrics_sp_1996_one_year.csv", "sp_1981-2016.csv")


def rates(seed: int, size: int, scale: float = 0.3) -> np.ndarray:
    """A generator with random rates whose last state absorbs."""
    made = np.random.default_rng(seed).exponential(scale, (size, size))
    np.fill_diagonal(made, 0)
    made[-1] = 0
    return np.asarray(made - np.diag(made.sum(axis=1)))


def published(data: Path, name: str) -> np.ndarray:
    return without_withdrawn(read_matrices(data / "ratings" / name)[0]).values


def test_adjustments_by_hand() -> None:
    """One row (-0.5, 0.6, -0.1): Israel, Rosenthal and Wei's formulas worked by hand."""
    row = np.array([[-0.5, 0.6, -0.1], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(diagonal_adjusted(row)[0], [-0.6, 0.6, 0.0])
    # G = 0.5 + 0.6 = 1.1, B = 0.1
    np.testing.assert_allclose(weighted_adjusted(row)[0], [-0.5 - 0.05 / 1.1, 0.6 - 0.06 / 1.1, 0.0])
    # the nearest point of {q2, q3 >= 0, sum 0}: q3 = 0, and (-a, a) nearest to (-0.5, 0.6) is a = 0.55
    np.testing.assert_allclose(quasi_optimised(row)[0], [-0.55, 0.55, 0.0])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(3, 6))
def test_quasi_optimisation_is_the_nearest_generator(seed: int, size: int) -> None:
    found = np.random.default_rng(seed).normal(0, 1, (size, size))
    made = quasi_optimised(found)
    check_generator(made)
    for row in range(size):
        others = np.delete(np.arange(size), row)

        def distance(x: np.ndarray, row: int = row, others: np.ndarray = others) -> float:
            return float(((found[row, others] - x) ** 2).sum() + (found[row, row] + x.sum()) ** 2)

        best = minimize(
            distance, np.ones(size - 1), bounds=[(0, None)] * (size - 1), method="L-BFGS-B", tol=1e-14
        )
        assert distance(made[row, others]) <= best.fun + 1e-7


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000), st.integers(2, 6), st.sampled_from(["quasi-optimisation", "weighted", "diagonal"])
)
def test_a_matrix_with_a_generator_gives_it_back(seed: int, size: int, method: str) -> None:
    truth = rates(seed, size, 0.2)
    found = generator(expm(truth), method=method)
    np.testing.assert_allclose(found.values, truth, atol=1e-8)
    assert found.distance < 1e-9
    assert embeddability(expm(truth)).embeddable is True


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("method", METHODS)
def test_published_matrices(data: Path, name: str, method: str) -> None:
    values = published(data, name)
    made = generator(values, method=method)
    check_generator(made.values)
    check_matrix(at_horizon(made.values, 0.5), tolerance=1e-9)
    assert made.distance < (0.05 if method == "single-step" else 0.001)
    np.testing.assert_allclose(
        np.abs(expm(made.values) - values).sum(axis=1).max(), made.distance, atol=1e-12
    )


def test_quasi_optimisation_is_nearest_to_the_logarithm(data: Path) -> None:
    values = published(data, "JLT.csv")
    log = logm(values).real
    apart = {name: ((generator(values, method=name).values - log) ** 2).sum() for name in METHODS}
    assert apart["quasi-optimisation"] == min(apart.values())
    assert apart["single-step"] == max(apart.values())


def test_jarrow_lando_turnbull(data: Path) -> None:
    """The first rows of the generator that Jarrow, Lando and Turnbull (1997) print for their matrix."""
    found = single_step(published(data, "JLT.csv"))
    np.testing.assert_allclose(found[0, :5], [-0.1154, 0.1019, 0.0083, 0.0020, 0.0031], atol=1.5e-4)
    np.testing.assert_allclose(found[1, :6], [0.0091, -0.1043, 0.0787, 0.0105, 0.0030, 0.0030], atol=1.5e-4)


@pytest.mark.parametrize("name", PUBLISHED)
def test_logarithm_agrees_with_a_second_library(oracle: Any, data: Path, name: str) -> None:
    values = published(data, name)
    theirs = oracle("creditriskengine.models.pd.transition_matrix").generator_matrix(values)
    np.testing.assert_allclose(logarithm(values), theirs, atol=1e-10)


def conditions(values: np.ndarray) -> dict[str, bool]:
    return {item.name: item.holds for item in embeddability(values).conditions}


def test_which_conditions_fail(data: Path) -> None:
    found = embeddability(
        published(data, "JLT.csv"), without_withdrawn(read_matrices(data / "ratings/JLT.csv")[0]).states
    )
    assert found.embeddable is False
    failed = {item.name: item.words for item in found.conditions if not item.holds}
    assert set(failed) == {"no zero on a path", "principal logarithm is a generator"}
    assert "AAA to D" in failed["no zero on a path"]
    swap = np.array([[0.2, 0.8], [0.8, 0.2]])  # det < 0: no generator (Kingman)
    assert conditions(swap)["positive determinant"] is False
    assert embeddability(swap).embeddable is False
    cycle = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]])
    assert conditions(cycle)["determinant within the diagonal's product"] is False
    assert conditions(cycle)["no zero on a path"] is False


@pytest.mark.parametrize("size", [8, 17, 18, 20, 22])
def test_a_zero_on_a_path_is_found_in_matrices_of_many_notches(size: int) -> None:
    """The number of paths passes 2^63 from 17 states on."""
    values = np.ones((size, size)) + size * np.eye(size)
    values[0, -1] = values[-1, :-1] = 0.0
    values /= values.sum(axis=1, keepdims=True)
    assert conditions(values)["no zero on a path"] is False
    assert conditions(at_horizon(rates(1, size), 1.0))["no zero on a path"] is True


def test_two_states_have_a_generator_if_and_only_if_the_trace_exceeds_one() -> None:
    """Kingman's theorem for two states."""
    for stay, other in ((0.9, 0.3), (0.6, 0.5), (0.55, 0.4), (0.3, 0.2)):
        values = np.array([[stay, 1 - stay], [1 - other, other]])
        assert embeddability(values).embeddable is (stay + other > 1)


def test_errors() -> None:
    with pytest.raises(RiskError, match="negative eigenvalue"):
        logarithm(np.array([[0.2, 0.8], [0.8, 0.2]]))
    with pytest.raises(RiskError, match="eigenvalue of 0"):
        logarithm(np.array([[0.5, 0.5], [0.5, 0.5]]))
    with pytest.raises(RiskError, match="row 0"):
        check_generator(np.array([[0.1, -0.1], [0, 0]]))
    with pytest.raises(RiskError, match="sums to zero"):
        check_generator(np.array([[-0.1, 0.2], [0, 0]]))
    with pytest.raises(RiskError, match=r"years.*at least 0"):
        at_horizon(np.zeros((2, 2)), -1)
    with pytest.raises(RiskError, match="one of"):
        generator(np.eye(2), method="other")  # type: ignore[arg-type]
    with pytest.raises(RiskError, match="diagonal"):
        single_step(np.array([[0.0, 1.0], [0.0, 1.0]]))
