"""Age curves: partition of unity, exact penalties on known functions, flat beyond the data."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import ModelError
from loantwin.models.spline import age_basis, stretch


def test_rows_sum_to_one_and_ages_beyond_the_data_are_flat() -> None:
    where = np.zeros(121)
    where[6:61] = 1.0
    basis = age_basis(121, where)
    assert basis.support == (6, 60)
    np.testing.assert_allclose(basis.values.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(
        basis.values[:6], np.broadcast_to(basis.values[6], (6, basis.values.shape[1])), atol=1e-12
    )
    np.testing.assert_allclose(
        basis.values[61:], np.broadcast_to(basis.values[60], (60, basis.values.shape[1])), atol=1e-12
    )


def test_penalties_are_the_integrals_of_a_parabola() -> None:
    # a cubic spline holds x^2 exactly: f' = 2x, f'' = 2
    basis = age_basis(200, np.ones(200))
    x = stretch(np.arange(200.0))
    coefficients = np.linalg.lstsq(basis.values, x**2, rcond=None)[0]
    np.testing.assert_allclose(basis.values @ coefficients, x**2, atol=1e-9)
    end = x[-1]
    assert coefficients @ basis.bend @ coefficients == pytest.approx(4.0 * end, rel=1e-9)
    assert coefficients @ basis.slope @ coefficients == pytest.approx(4.0 * end**3 / 3.0, rel=1e-9)


def test_a_flat_curve_costs_nothing() -> None:
    basis = age_basis(100, np.ones(100))
    one = np.ones(basis.values.shape[1])
    assert one @ basis.bend @ one == pytest.approx(0.0, abs=1e-9)
    assert one @ basis.slope @ one == pytest.approx(0.0, abs=1e-9)


def test_events_at_one_age_only_still_make_a_basis() -> None:
    where = np.zeros(50)
    where[10] = 3.0
    np.testing.assert_allclose(age_basis(50, where).values.sum(axis=1), 1.0)


def test_no_counts_are_an_error() -> None:
    with pytest.raises(ModelError, match="age"):
        age_basis(50, np.zeros(50))
