import numpy as np
import pytest

from loantwin.outlook.paths import Paths, name_factor, noisy_paths, with_stock


def test_name_noise_keeps_the_mean_and_follows_the_defaults():
    numbers, amount = np.full((4000, 2), 5.0), np.full((4000, 2), 500.0)
    factor = name_factor(numbers, amount, 150.0, seed=1)
    assert factor.mean() == pytest.approx(1.0, abs=0.03)
    # compound Poisson: variance of the amount = number x mean x (sum of squares / sum) = 5 x 100 x 150
    assert (factor * 500.0).var() == pytest.approx(5 * 100 * 150, rel=0.1)
    given = {
        name: np.zeros((4000, 2)) for name in ("scheduled_principal", "prepaid", "interest", "recovered")
    }
    given |= {"balance": np.full((4000, 2), 1e5), "defaulted": amount, "charged_off": amount * [0.0, 0.5]}
    made = noisy_paths(1e5, given, numbers, 150.0, np.array([0.0, 1.0]), seed=1)
    assert made.simulated["charged_off"][:, 1] == pytest.approx(made.simulated["defaulted"][:, 0] / 2)


def test_the_stock_in_default_adds_to_what_follows():
    made = Paths(1.0, {"charged_off": np.zeros((2, 2))}, {"charged_off": np.ones((2, 2))}, np.zeros((2, 2)))
    added = with_stock(made, np.array([3.0, 4.0]), np.zeros(2))
    assert added.simulated["charged_off"].tolist() == [[3.0, 4.0]] * 2
    assert added.expected["charged_off"].tolist() == [[4.0, 5.0]] * 2
