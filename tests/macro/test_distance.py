"""Distances under a Gaussian autoregression that is known: closed forms of nearest paths and conditional
expectations.
"""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import ScenarioError, UsageError
from loantwin.macro.distance import Innovations, directions, nearest
from loantwin.macro.generator import MacroGenerator, simulate
from loantwin.months import parse_label

LAST = parse_label("2020-12")
MEAN = np.array([0.02, 0.03])
SLOPE = np.array([[0.6, 0.2], [0.0, 0.5]])
SHOCKS = np.array([[4.0, 1.5], [1.5, 2.0]]) * 1e-6
NAMES = ("real_gdp_growth", "inflation")


def toy(ragged=None):
    """Two growth factors (their states are themselves), residuals with covariance SHOCKS exactly."""
    root = np.linalg.cholesky(SHOCKS)
    residuals = np.vstack([np.sqrt(2.0) * root.T, -np.sqrt(2.0) * root.T])
    return MacroGenerator(
        NAMES, ("growth", "growth"), ("growth", "growth"), LAST, np.tile(MEAN, (2, 1)),
        np.zeros((0, 2)) if ragged is None else ragged, MEAN,
        SLOPE[None], residuals, np.ones(len(residuals)), 1.0, 0.0, 0.6, 0.6, (LAST - 60, LAST), {},
    )  # fmt: skip


def spread(quarters):
    """Return the covariance of the state after some quarters."""
    powers = [np.linalg.matrix_power(SLOPE, lag) for lag in range(quarters)]
    return sum(power @ SHOCKS @ power.T for power in powers)


def test_no_innovations_is_the_expected_path():
    found = Innovations(toy(), LAST + 1, 12)
    path = found.path(np.zeros(found.size), "still")
    np.testing.assert_allclose(path.values, np.tile(MEAN, (12, 1)), atol=1e-15)


def test_random_innovations_have_the_generators_covariance():
    found = Innovations(toy(), LAST + 1, 9)
    z = np.random.Generator(np.random.Philox(key=1)).standard_normal((40_000, found.size))
    made = found.paths(z).values[:, 8]
    np.testing.assert_allclose(np.cov(made.T), spread(3), rtol=0.03)


@pytest.mark.parametrize("quarter", [1, 3])
def test_the_nearest_path_to_one_value_is_known_in_closed_form(quarter):
    found = Innovations(toy(), LAST + 1, 3 * quarter)
    move = 0.004
    z, conditions = nearest(found, {"real_gdp_growth": (LAST + 3 * quarter - 2, np.full(3, MEAN[0] + move))})
    whole = spread(quarter)
    assert conditions == 1
    assert np.linalg.norm(z) == pytest.approx(move / np.sqrt(whole[0, 0]), rel=1e-6)
    answer = found.path(z, "moved").values[-1]
    np.testing.assert_allclose(
        answer - MEAN, [move, move * whole[1, 0] / whole[0, 0]], rtol=1e-6
    )  # the conditional expectation


def test_a_path_of_values_has_the_distance_of_its_joint_law():
    found = Innovations(toy(), LAST + 1, 6)
    moves = np.array([0.003, -0.002])
    path = MEAN[0] + np.repeat(moves, 3)
    z, conditions = nearest(found, {"real_gdp_growth": (LAST + 1, path)})
    first, second = spread(1), spread(2)
    joint = np.array([[first[0, 0], (first @ SLOPE.T)[0, 0]], [(first @ SLOPE.T)[0, 0], second[0, 0]]])
    assert conditions == 2
    assert float(z @ z) == pytest.approx(moves @ np.linalg.solve(joint, moves), rel=1e-6)


def test_what_is_known_already_does_not_move_and_steers_the_rest():
    known = MEAN[0] + 0.002
    found = Innovations(toy(np.array([[known, np.nan]])), LAST + 1, 6)
    z = np.random.Generator(np.random.Philox(key=2)).standard_normal((50, found.size))
    np.testing.assert_allclose(found.paths(z).values[:, 2, 0], known, rtol=1e-12)
    still = found.path(np.zeros(found.size), "still")
    assert still.values[2, 1] - MEAN[1] == pytest.approx(0.002 * SHOCKS[1, 0] / SHOCKS[0, 0], rel=1e-4)
    rest = SHOCKS[1, 1] - SHOCKS[1, 0] ** 2 / SHOCKS[0, 0]
    z, _ = nearest(found, {"inflation": (LAST + 1, np.full(3, still.values[2, 1] + 0.001))})
    assert np.linalg.norm(z) == pytest.approx(0.001 / np.sqrt(rest), rel=1e-4)


def test_the_basis_is_orthonormal_and_holds_the_nearest_path():
    found = Innovations(toy(), LAST + 1, 9)
    basis = directions(found, ["inflation"])
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-12)
    assert basis.shape[1] == found.quarters  # inflation does not hear growth: one direction a quarter
    z, _ = nearest(found, {"inflation": (LAST + 7, np.full(3, 0.035))})
    np.testing.assert_allclose(basis @ (basis.T @ z), z, atol=1e-9)


def test_generated_paths_have_the_same_spread():
    drawn = simulate(toy(), LAST + 1, 9, 4000, 3).values[:, 8]
    np.testing.assert_allclose(np.cov(drawn.T), spread(3), rtol=0.15)


def test_what_cannot_be_followed_is_named():
    found = Innovations(toy(np.array([[0.05, np.nan]])), LAST + 1, 6)
    with pytest.raises(UsageError, match="simulates"):
        nearest(found, {"vix": (LAST + 1, np.ones(6))})
    with pytest.raises(ScenarioError, match="2021-03") as caught:
        nearest(found, {"real_gdp_growth": (LAST + 1, np.full(6, 0.02))})
    assert caught.value.field == "real_gdp_growth"
    with pytest.raises(UsageError, match="three"):
        nearest(found, {"inflation": (LAST + 1, np.ones(2))})
