"""The one-factor quantile on arrays: closed values, edges, and bad input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from loantwin.errors import RiskError
from loantwin.risk import irb_capital, vasicek_quantile


def test_it_is_the_conditional_pd_of_the_mortgage_function() -> None:
    pd = np.array([0.0005, 0.01, 0.2])
    assert 0.4 * (vasicek_quantile(pd, 0.15, 0.999) - pd) == pytest.approx(
        irb_capital(pd, 0.4, asset_class="retail_mortgage")
    )


def test_arguments_broadcast_and_numbers_give_a_number() -> None:
    assert isinstance(vasicek_quantile(0.01, 0.15, 0.999), float)
    made = vasicek_quantile(np.array([[0.01], [0.02]]), np.array([0.1, 0.2]), 0.99)
    assert made.shape == (2, 2)
    assert made[1, 0] == vasicek_quantile(0.02, 0.1, 0.99)


def test_the_median_at_half_and_no_spread_without_correlation() -> None:
    assert vasicek_quantile(0.5, 0.3, 0.5) == pytest.approx(0.5)
    assert vasicek_quantile(0.02, 0.0, np.array([0.0, 0.5, 1.0])) == pytest.approx(0.02)


def test_ends() -> None:
    assert vasicek_quantile(0.02, 0.2, np.array([0.0, 1.0])) == pytest.approx([0.0, 1.0])
    assert vasicek_quantile(np.array([0.0, 1.0]), 0.2, 0.999) == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((1.5, 0.2, 0.9), "pd"),
        ((math.nan, 0.2, 0.9), "pd"),
        ((0.1, 1.0, 0.9), "rho"),
        ((0.1, -0.1, 0.9), "rho"),
        ((0.1, 0.2, 1.1), "q"),
        (([0.1, 0.2], [0.1, 0.2, 0.3], 0.9), "pd"),
    ],
)
def test_bad_input_names_its_field(arguments: tuple[Any, ...], field: str) -> None:
    with pytest.raises(RiskError, match=f"field {field}: expected"):
        vasicek_quantile(*arguments)
