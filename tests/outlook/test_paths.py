import numpy as np
import pytest

from loantwin.outlook.paths import name_factor, noisy_paths


def test_name_noise_keeps_the_mean_and_follows_the_defaults():
    numbers, amount = np.full((4000, 2), 5.0), np.full((4000, 2), 500.0)
    factor, count = name_factor(numbers, amount, 150.0, seed=1)
    assert count.mean() == pytest.approx(5.0, abs=0.1)
    assert factor.mean() == pytest.approx(1.0, abs=0.03)
    # compound Poisson: variance of the amount = number x mean x (sum of squares / sum) = 5 x 100 x 150
    assert (factor * 500.0).var() == pytest.approx(5 * 100 * 150, rel=0.1)
    given = {
        name: np.zeros((4000, 2)) for name in ("scheduled_principal", "prepaid", "interest", "recovered")
    }
    given |= {"balance": np.full((4000, 2), 1e5), "defaulted": amount, "charged_off": amount * [0.0, 0.5]}
    made = noisy_paths(1e5, given, numbers, 150.0, np.array([0.0, 1.0]), seed=1)
    assert made.simulated["charged_off"][:, 1] == pytest.approx(made.simulated["defaulted"][:, 0] / 2)
