"""How often an economy comes that costs as much, in worlds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from loantwin.macro.distance import Innovations
from loantwin.macro.generator import MacroGenerator
from loantwin.macro.windows import surprises
from loantwin.months import parse_label
from loantwin.risk.stress.rarity import fitted_tail, least_distances, share_interval, windows_cost
from loantwin.risk.stress.reverse import FARTHEST, frontier, mildest, normal_tail


def linear(weights, level=7.0):
    return lambda z: (level + float(z @ weights), weights)


def random(key):
    return np.random.Generator(np.random.Philox(key=key))


def test_a_linear_figure_of_normal_shocks_has_a_closed_form():
    """Cost 7 + a z, z normal: the mildest path lies (cost - 7) / |a| away, its chance is 1 - Phi of that."""
    a = np.array([3.0, 0.0, -4.0])
    radii, figures = frontier(linear(a), 3, 7.0 + 5.0 * 4.2)
    np.testing.assert_allclose(figures, 7.0 + 5.0 * radii)
    assert radii[-1] == 4.5
    costs = 7.0 + random(1).standard_normal((4000, 3)) @ a
    far = least_distances(radii, figures, costs)
    np.testing.assert_allclose(far, np.maximum((costs - 7.0) / 5.0, 0.0), atol=1e-9)
    truth = stats.norm.sf(2.0)
    tail = fitted_tail(far, float(len(far)), 2.0)
    assert tail is not None
    assert tail.low <= truth <= tail.high
    assert tail.chance == pytest.approx(truth, rel=0.15)
    assert tail.spread == pytest.approx(1.0, abs=0.05)
    assert tail.averaged == pytest.approx(truth, rel=0.15)
    assert tail.equivalent_distance == pytest.approx(2.0, abs=0.1)
    assert not tail.fatter
    assert tail.factor is None  # not shown
    counted = windows_cost(costs, far, np.arange(len(costs)), float(len(costs)), 7.0 + 5.0 * 2.0)
    assert counted.low <= truth <= counted.high
    assert counted.worst_cost == costs.max()


def test_where_shocks_have_a_t_the_fitted_chance_is_nearer_the_truth_than_the_normal():
    """Shocks of a t with three degrees and variance 1, as which a normal generator would take them."""
    for key in range(3):
        shocks = stats.t.rvs(3, size=600, random_state=random(key)) / np.sqrt(3.0)
        truth = stats.t.sf(4.0 * np.sqrt(3.0), 3)
        tail = fitted_tail(np.maximum(shocks, 0.0), 600.0, 4.0)
        assert tail is not None
        assert abs(np.log(tail.chance / truth)) < 0.5 * abs(np.log(normal_tail(4.0) / truth))
        assert tail.fatter
        assert tail.factor == pytest.approx(tail.chance / stats.norm.sf(4.0))
        assert tail.degrees_of_freedom is not None
        assert 2.0 <= tail.degrees_of_freedom < 8.0


def test_averaged_over_what_fits_a_short_history_of_fat_tails_is_told_within_a_factor_of_three():
    """Two hundred quarters of a t with three degrees in windows of four; the normal is 60 times too low."""

    def windows(count, key):
        shocks = stats.t.rvs(3, size=count, random_state=random(key)) / np.sqrt(3.0)
        sums = np.concatenate([[0.0], np.cumsum(shocks)])
        return (sums[4:] - sums[:-4]) / 2.0

    truth = float((windows(1_000_000, 1) > 4.0).mean())
    assert truth > 50.0 * normal_tail(4.0)
    tails = [fitted_tail(np.maximum(windows(200, 200 + key), 0.0), 50.0, 4.0) for key in range(30)]
    gaps = [abs(np.log10(tail.averaged / truth)) for tail in tails if tail is not None]
    assert len(gaps) == 30
    assert np.mean(gaps) < np.log10(3.0)
    assert np.mean(gaps) < 0.5 * np.mean([abs(np.log10(tail.chance / truth)) for tail in tails])


def test_normal_shocks_are_seldom_called_fat_and_the_interval_holds_the_truth():
    """Overlapping windows of nine quarters in 200, as in half a century: 1 - Phi(3) is the truth."""
    held, fat = 0, 0
    for key in range(40):
        sums = np.concatenate([[0.0], np.cumsum(random(100 + key).standard_normal(200))])
        far = np.maximum((sums[9:] - sums[:-9]) / 3.0, 0.0)
        tail = fitted_tail(far, 200 / 9, 3.0)
        if tail is not None:
            held += tail.low <= stats.norm.sf(3.0) <= tail.high
            fat += tail.fatter
    assert held >= 36
    assert fat <= 4


def test_the_fit_is_that_of_an_independent_optimiser():
    shocks = np.abs(stats.t.rvs(4, size=300, random_state=random(9)))
    tail = fitted_tail(shocks, 300.0, 3.0)

    def loss(at):
        return -stats.t.logpdf(shocks, np.exp(at[0]), 0.0, np.exp(at[1])).sum()

    theirs = np.exp(minimize(loss, [1.0, 0.0], method="Nelder-Mead").x)
    assert tail is not None
    assert 1.0 / tail.degrees_of_freedom == pytest.approx(1.0 / theirs[0], abs=0.006)  # the grid's half step
    assert tail.spread == pytest.approx(theirs[1], rel=0.02)
    assert tail.chance == pytest.approx(stats.t.sf(3.0 / theirs[1], theirs[0]), rel=0.05)


def test_fewer_windows_side_by_side_tell_less():
    shocks = np.maximum(random(4).standard_normal(300), 0.0)
    many, few = fitted_tail(shocks, 300.0, 3.0), fitted_tail(shocks, 12.0, 3.0)
    assert many.chance == few.chance
    assert few.low < many.low < many.high < few.high
    assert fitted_tail(shocks, 4.9, 3.0) is None
    assert fitted_tail(np.array([0.0] * 50 + [1.0] * 4), 54.0, 3.0) is None


def test_a_share_has_the_exact_interval_of_its_independent_trials():
    theirs = stats.binomtest(3, 20).proportion_ci(0.9, method="exact")
    assert share_interval(0.15, 20.0) == pytest.approx((theirs.low, theirs.high))
    assert share_interval(0.0, 10.0) == pytest.approx((0.0, 1.0 - 0.05**0.1))  # (1 - p)^10 = 5 %
    low, high = share_interval(0.15, 7.5)
    assert low < theirs.low
    assert high > theirs.high


def test_a_frontier_ends_where_it_is_told_to():
    still = frontier(lambda z: (1.0, np.zeros(2)), 2, 5.0)
    np.testing.assert_array_equal(still[1], [1.0])
    radii, _ = frontier(linear(np.array([1.0])), 1, 1e6)
    assert radii[-1] == FARTHEST


def test_between_the_points_of_a_frontier_distances_are_those_of_the_search():
    a, b = np.array([1.0, -0.5, 0.2]), np.array([0.3, 0.8, -0.1])

    def figure(z):
        return np.exp(0.3 * z @ a) + 0.4 * np.log1p(np.exp(z @ b))

    def slopes(z):
        steps = 1e-5 * np.eye(3)
        return float(figure(z[None])[0]), (figure(z + steps) - figure(z[None])[0]) / 1e-5

    radii, figures = frontier(slopes, 3, 4.0)
    for target in (1.6, 2.3, 3.7):
        exact = mildest(slopes, figure, np.zeros(3), target).distance
        assert least_distances(radii, figures, np.array([target]))[0] == pytest.approx(exact, abs=0.02)


def test_surprises_of_a_planted_generator_are_as_far_as_its_shocks_say():
    """Growth with memory 0.6; what costs is its fall in the sixth month, a sum of two shocks."""
    last, memory, size = parse_label("2020-12"), 0.6, 2e-3
    shocks = size * random(7).standard_normal(400)
    shocks *= size / np.sqrt((shocks**2).mean())
    generator = MacroGenerator(
        ("real_gdp_growth",), ("growth",), ("growth",), last, np.full((2, 1), 0.02), np.zeros((0, 1)),
        np.array([0.02]), np.array([[[memory]]]), shocks[:, None], np.ones(400), 1.0, 0.0, memory, memory,
        (last - 1200, last), {},
    )  # fmt: skip
    innovations = Innovations(generator, last + 1, 6)

    def cost(paths):
        return -paths.values[:, 5, 0]  # falling growth hurts

    def slopes(z):
        found = cost(innovations.paths(np.vstack([z, z + np.eye(len(z))])))
        return float(found[0]), found[1:] - found[0]

    found = surprises(innovations)
    radii, figures = frontier(slopes, innovations.size, float(cost(found.paths).max()))
    far = least_distances(radii, figures, cost(found.paths))
    known = -(shocks[1:] + memory * shocks[:-1]) / (size * np.sqrt(1.0 + memory**2))
    np.testing.assert_allclose(far, np.maximum(known, 0.0), atol=1e-6)
    tail = fitted_tail(far, found.apart, 2.5)
    assert tail is not None
    assert tail.low <= stats.norm.sf(2.5) <= tail.high
