import numpy as np
import pytest

from loantwin.outlook.workout import remaining_lag


def test_a_loan_in_default_follows_what_is_left_of_the_lag():
    made = remaining_lag(np.array([0.0, 0.5, 0.3, 0.2]), 3)
    assert made[0].tolist() == [0.5, 0.3, 0.2]  # just defaulted: next month is one month after
    assert made[1].tolist() == pytest.approx([0.6, 0.4, 0.0])
    assert made[4].tolist() == pytest.approx([1 / 12] * 3)  # outlived every lag: evenly over a year
