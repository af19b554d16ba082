"""Intervals of forecast figures and the noise of single names."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loantwin.errors import RiskError
from loantwin.risk.intervals import intervals, name_noise


def test_percentiles_by_hand() -> None:
    found = intervals(np.arange(101.0)[:, None] * np.array([1.0, 2.0]))
    assert [(item.mean, item.p05, item.p95) for item in found] == [(50.0, 5.0, 95.0), (100.0, 10.0, 190.0)]


def test_a_better_known_mean_is_kept() -> None:
    assert intervals(np.arange(101.0)[:, None], np.array([49.5]))[0].mean == 49.5


@pytest.mark.parametrize("flows", [np.zeros((0, 3)), np.zeros(3), np.array([[math.nan]])])
def test_bad_flows_are_refused(flows: np.ndarray) -> None:
    with pytest.raises(RiskError) as caught:
        intervals(flows)
    assert caught.value.field == "flows"


@pytest.mark.parametrize(("mean", "second"), [(40.0, 1600.0), (40.0, 5000.0), (1.0, 400.0)])
def test_noise_has_the_compound_poisson_moments(mean: float, second: float) -> None:
    numbers = np.full((100_000, 2), 0.0)
    numbers[:, 0], numbers[:, 1] = 0.7, 12.0
    noisy = name_noise(numbers, mean, second, seed=4)
    for month, rate in enumerate((0.7, 12.0)):
        assert noisy[:, month].mean() == pytest.approx(rate * mean, abs=4.5 * math.sqrt(rate * second / 1e5))
        # a sum of a Poisson number of gammas: the error of a sample variance is (fourth cumulant + 2
        # variance^2) / P
        scale = (second - mean**2) / mean
        fourth = mean * (mean + scale) * (mean + 2 * scale) * (mean + 3 * scale)
        error = math.sqrt((rate * fourth + 2 * (rate * second) ** 2) / 1e5)
        assert noisy[:, month].var() == pytest.approx(rate * second, abs=4.5 * error)


def test_equal_sizes_give_whole_numbers_of_events() -> None:
    noisy = name_noise(np.full((1000, 1), 2.0), 40.0, 1600.0, seed=4) / 40.0
    np.testing.assert_array_equal(noisy, np.round(noisy))


def test_streams_differ_and_seeds_repeat() -> None:
    numbers = np.full((50, 3), 2.0)
    np.testing.assert_array_equal(name_noise(numbers, 1.0, 2.0, 1), name_noise(numbers, 1.0, 2.0, 1))
    assert (name_noise(numbers, 1.0, 2.0, 1) != name_noise(numbers, 1.0, 2.0, 1, stream=1)).any()


def test_nothing_expected_gives_nothing() -> None:
    assert not name_noise(np.zeros((5, 2)), 0.0, 0.0, 1).any()


@pytest.mark.parametrize(
    ("numbers", "mean", "second"),
    [(-1.0, 1.0, 1.0), (1.0, 2.0, 3.9), (1.0, math.nan, 1.0), (math.nan, 1.0, 1.0)],
)
def test_impossible_moments_are_refused(numbers: float, mean: float, second: float) -> None:
    with pytest.raises(RiskError):
        name_noise(np.full((2, 2), numbers), mean, second, 1)
