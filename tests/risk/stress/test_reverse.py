"""The search for the mildest point, held against figures whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from loantwin.errors import RiskError
from loantwin.risk.stress.reverse import FARTHEST, chi_square_tail, mildest, normal_tail, walked


def numeric(function):
    """Return slopes by differences, as the twin's search takes them."""

    def slopes(z):
        steps = 1e-5 * np.eye(len(z))
        now = function(z[None])[0]
        return float(now), (function(z + steps) - now) / 1e-5

    return slopes


@given(st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=6), st.floats(0.1, 5.0))
def test_a_linear_figure_has_a_closed_form(weights, distance):
    a = np.array(weights)
    size = float(np.linalg.norm(a))
    if size < 0.1:
        return
    found = mildest(
        numeric(lambda z: 7.0 + z @ a), lambda z: 7.0 + z @ a, np.zeros(len(a)), 7.0 + distance * size
    )
    assert found.distance == pytest.approx(distance, rel=1e-4)
    np.testing.assert_allclose(found.z, distance * a / size, atol=1e-3)


def test_a_curved_figure_agrees_with_an_independent_optimiser():
    a, b = np.array([1.0, -0.5, 0.2]), np.array([0.3, 0.8, -0.1])

    def figure(z):
        return np.exp(0.6 * z @ a) + 0.4 * np.log1p(np.exp(2.0 * z @ b))

    target = 6.0
    found = mildest(numeric(figure), figure, np.zeros(3), target)
    theirs = minimize(
        lambda z: 0.5 * z @ z,
        np.full(3, 0.5),
        constraints={"type": "eq", "fun": lambda z: figure(z[None])[0] - target},
        tol=1e-12,
    )
    assert found.value == pytest.approx(target, rel=1e-4)
    assert found.distance == pytest.approx(float(np.linalg.norm(theirs.x)), rel=1e-4)


def test_what_holds_already_needs_no_path():
    found = mildest(numeric(lambda z: z[:, 0]), lambda z: z[:, 0], np.zeros(2), -1.0)
    assert (found.distance, found.value) == (0.0, 0.0)


def test_a_target_beyond_reach_says_the_largest_found():
    def figure(z):
        return 5.0 * np.tanh(z[:, 0])

    with pytest.raises(RiskError, match=r"was 6; the largest found is (5|4\.99)") as caught:
        mildest(numeric(figure), figure, np.zeros(2), 6.0)
    assert caught.value.field == "reverse"
    with pytest.raises(RiskError, match="largest found is 3"):
        mildest(numeric(lambda z: np.full(len(z), 3.0)), lambda z: np.full(len(z), 3.0), np.zeros(2), 6.0)


def test_a_walk_ends_where_the_dear_figure_reaches_its_target():
    a = np.array([3.0, 4.0])
    found, reached = walked(
        numeric(lambda z: z @ a), lambda z: float(np.exp(0.2 * z @ a / 5.0)), 2, math.exp(0.5)
    )
    assert found.distance == pytest.approx(2.5, rel=5e-3)  # exp(0.2 x distance) = exp(0.5)
    assert reached == pytest.approx(math.exp(0.5), rel=1e-3)
    np.testing.assert_allclose(found.z, 0.5 * a, rtol=1e-2)


def test_a_figure_with_a_step_ends_beyond_the_step():
    found, reached = walked(numeric(lambda z: z[:, 0]), lambda z: 1.0 if z[0] < 1.7 else 2.0, 1, 1.5)
    assert reached == 2.0
    assert found.distance == pytest.approx(1.7, abs=2e-3)


def test_a_walk_beyond_reach_is_refused():
    with pytest.raises(RiskError, match=f"{FARTHEST:g} standard deviations"):
        walked(numeric(lambda z: z[:, 0]), lambda z: float(z[0]), 1, 9.0)


def test_probabilities_are_those_of_an_independent_library():
    for distance in (0.0, 1.3, 4.0):
        assert normal_tail(distance) == pytest.approx(stats.norm.sf(distance), rel=1e-12)
        assert chi_square_tail(distance, 7) == pytest.approx(stats.chi2.sf(distance**2, 7), rel=1e-9)
