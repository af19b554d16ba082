"""The latent level: planted persistence, size and macro effect are found, at the rate their intervals
promise.
"""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.models.additive import fit_additive
from loantwin.models.counts import EventCounts
from loantwin.models.latent import (
    LatentProcess,
    LevelPrior,
    choose_process,
    expected_level,
    level_design,
    level_of,
    process_covariance,
    simulate_level,
)
from loantwin.models.regression import independent_prior

MONTHS = 240
WIDE = LevelPrior(
    half_life=20.0, half_life_spread=1.0, deviation=0.4, deviation_spread=1.0, noise=0.1, noise_spread=1.0
)


def planted(
    seed: int, phi: float, sigma: float, beta: float, events: float = 200.0
) -> tuple[EventCounts, np.ndarray, np.ndarray]:
    """Return counts whose level and macro series are both slow, so that each could be taken for the other."""
    random = np.random.default_rng(seed)
    start = sigma / np.sqrt(1 - phi**2) * random.standard_normal()
    process = LatentProcess("credit", phi, sigma, 0.0, 0.0, 0.0, 0)
    level = simulate_level(process, np.array([start]), MONTHS, random)[0][0]
    macro = simulate_level(
        LatentProcess("macro", 0.95, np.sqrt(1 - 0.95**2), 0.0, 0.0, 0.0, 0), np.zeros(1), MONTHS, random
    )[0][0]
    trials = np.full(MONTHS, events / 0.01)
    counts = random.poisson(trials * 0.01 * np.exp(level + beta * macro)).astype(float)
    zero = np.zeros(MONTHS, dtype=np.int64)
    return EventCounts(zero, zero, np.arange(MONTHS), trials, counts), macro[:, None], level


def test_macro_effect_lies_in_its_interval_as_often_as_promised() -> None:
    prior = independent_prior(np.zeros(1), np.full(1, 1.0))
    inside = wide = 0
    for seed in range(30):
        cells, macro, _ = planted(seed, 0.95, 0.1, 0.3)
        fit = fit_additive(
            cells,
            level_design(0, macro, prior, -4.6, 3.0),
            process_covariance(MONTHS, 0.95, 0.32, 1e-3),
            "poisson",
        )
        direction = np.zeros((1, len(fit.coefficients)))
        direction[0, fit.place("month")] = 1.0
        deviation = float(np.sqrt(fit.covariance_of(direction)[0, 0]))
        inside += abs(float(fit.part("month")[0]) - 0.3) < 1.645 * deviation
        plain = fit_additive(cells, level_design(0, macro, prior, -4.6, 3.0), None, "poisson")
        wide += deviation > 3.0 * float(np.sqrt(plain.covariance_of(np.array([[0.0, 1.0]]))[0, 0]))
    assert 23 <= inside <= 30, "90 % of 30, less three standard errors"
    assert wide == 30, "a static fit would claim far too much"


@pytest.mark.slow
@pytest.mark.parametrize(("phi", "sigma"), [(0.9, 0.15), (0.97, 0.08)])
def test_persistence_and_size_are_found(phi: float, sigma: float) -> None:
    prior = independent_prior(np.zeros(1), np.full(1, 1.0))
    found = []
    for seed in range(5):
        cells, macro, _ = planted(seed, phi, sigma, 0.2)
        got, deviation, noise = choose_process(cells, level_design(0, macro, prior, -4.6, 3.0), WIDE)
        found.append((got, deviation * np.sqrt(1 - got**2), noise))
    middle = np.median(np.array(found), axis=0)
    assert np.log(0.5) / np.log(middle[0]) == pytest.approx(np.log(0.5) / np.log(phi), rel=0.6)
    assert middle[1] == pytest.approx(sigma, rel=0.25)
    assert middle[2] < 0.08


def test_single_month_noise_is_told_from_the_level() -> None:
    random = np.random.default_rng(0)
    cells, macro, _ = planted(5, 0.95, 0.08, 0.0, events=400.0)
    noisy = EventCounts(cells.segment, cells.age, cells.month, cells.trials, random.poisson(cells.events * np.exp(0.25 * random.standard_normal(MONTHS))).astype(float))  # fmt: skip  # noqa: E501
    prior = independent_prior(np.zeros(1), np.full(1, 1.0))
    _, _, noise = choose_process(noisy, level_design(0, macro, prior, -4.6, 3.0), WIDE)
    assert noise == pytest.approx(0.25, rel=0.25)


def test_smoothed_level_follows_the_truth_and_the_filter_ends_where_it_ends() -> None:
    cells, macro, level = planted(2, 0.95, 0.1, 0.0)
    prior = independent_prior(np.zeros(1), np.full(1, 0.01))
    fit = fit_additive(
        cells,
        level_design(0, macro, prior, -4.605, 0.01),
        process_covariance(MONTHS, 0.95, 0.32, 0.05),
        "poisson",
    )
    history, last = level_of(fit, 0.95, 0.32, 0.05, 0)
    assert np.sqrt(np.mean((history.smoothed - level) ** 2)) < 0.07
    inside = np.abs(history.smoothed - level) < 1.645 * np.sqrt(history.smoothed_variance)
    assert 0.80 < inside.mean() < 0.99
    assert history.filtered[-1] == pytest.approx(history.smoothed[-1], abs=0.02)
    assert history.filtered_variance[-1] == pytest.approx(history.smoothed_variance[-1], rel=0.1)
    assert last @ fit.part("level") == pytest.approx(history.smoothed[-1])
    assert (history.filtered_variance >= history.smoothed_variance - 1e-6).mean() > 0.95


def test_expected_level_is_the_mean_of_simulated_ones() -> None:
    process = LatentProcess("credit", 0.9, 0.2, 0.15, 0.8, 0.04, 100)
    random = np.random.default_rng(1)
    paths, _ = simulate_level(process, process.mean + 0.2 * random.standard_normal(200_000), 24, random)
    mean, variance = expected_level(process, 24)
    np.testing.assert_allclose(paths.mean(axis=0), mean, atol=0.01)
    np.testing.assert_allclose(paths.var(axis=0), variance, rtol=0.02)


def test_a_level_alone_is_as_large_and_as_forgetful_as_level_and_macro_together() -> None:
    """By hand: variance 0.25 + (0.3^2 + 0.4^2) = 0.5; over a year 0.25 * 0.5^0.3 of it is left, 40.61 %."""
    made = LevelPrior(half_life=40.0, deviation=0.5).carrying([(0.3, 0.4)])
    assert made.deviation == pytest.approx(0.5**0.5)
    assert made.half_life == pytest.approx(9.2304, rel=1e-4)
    assert LevelPrior().carrying([]) == LevelPrior()
