"""Every rate of flows: polynomials with planted roots, closed forms, and what has none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.products.internal_rates.roots import internal_rate

RATES = st.lists(st.integers(-60, 200), min_size=1, max_size=4, unique=True).map(
    lambda found: sorted(rate / 100 for rate in found)
)


@given(planted=RATES, scale=st.floats(0.01, 1e6), spacing=st.floats(0.1, 3))
@settings(max_examples=150)
def test_every_planted_root_is_found(planted, scale, spacing) -> None:
    """A product of (x - 1 / (1 + r)) is worth nothing at each r, and nowhere else."""
    flows = scale * np.poly([1 / (1 + rate) for rate in planted])[::-1]
    found = internal_rate(flows, spacing * np.arange(len(flows)))
    wanted = [(1 + rate) ** (1 / spacing) - 1 for rate in planted]
    np.testing.assert_allclose(np.log1p(found.roots), np.log1p(wanted), rtol=1e-6, atol=1e-9)
    assert found.status == ("solved" if len(planted) == 1 else "several_roots")
    assert math.isnan(found.rate) == (len(planted) > 1)


def test_days_and_years_are_one_rate() -> None:
    flows = [-1000, 400, 700]
    yearly, daily = internal_rate(flows, [0, 0.5, 1]).rate, internal_rate(flows, [0, 182.5, 365]).rate
    assert yearly == pytest.approx((1 + daily) ** 365 - 1, rel=1e-12)


def test_closed_forms() -> None:
    assert internal_rate([-100, 121], [0, 2]).rate == pytest.approx(0.1, abs=1e-14)
    assert internal_rate([100, -10], [0, 1]).rate == pytest.approx(-0.9, abs=1e-14)
    # 30 % a day, and a loss of nine tenths a day, as rates a year
    assert internal_rate([-100, 130], [0, 1 / 365]).rate == pytest.approx(1.3**365 - 1, rel=1e-12)
    assert internal_rate([-100, 10], [0, 1 / 365]).rate == pytest.approx(-1.0, abs=1e-15)


def test_a_root_where_worth_only_touches_nothing() -> None:
    # (1 - x)^2: worth is nothing at 0 % and positive on both sides
    assert internal_rate([1, -2, 1], [0, 1, 2]).roots == (0.0,)


def test_flows_without_a_rate() -> None:
    found = internal_rate([1, -1, 1], [0, 1, 2])
    assert (found.status, found.roots) == ("no_root", ())
    assert math.isnan(found.rate)


def test_order_and_days_in_common_do_not_matter() -> None:
    plain = internal_rate([-1000, 600, 600], [0, 1, 2])
    mixed = internal_rate([250, -1000, 600, 350, 0], [1, 0, 2, 1, 7])
    assert mixed.rate == pytest.approx(plain.rate, abs=1e-15)


@pytest.mark.parametrize(
    ("flows", "times"),
    [
        ([-1.0], [0]),
        ([1.0, 2.0], [0, 1]),
        ([1.0, -1.0], [1, 1]),
        ([1.0, -1.0, 1.0], [0, 1]),
        ([1.0, math.nan], [0, 1]),
        ([-1.0, 1.0], [0, math.inf]),
        (["a", "b"], [0, 1]),
    ],
)
def test_what_has_no_rate_is_refused(flows, times) -> None:
    with pytest.raises(RiskError):
        internal_rate(flows, times)
