"""Funding by matched maturity: by hand, strip by strip, and what the settings may say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import ConfigError
from loantwin.products.funding import (
    FundingCurve,
    curve_of,
    flat_curve,
    rates_at,
    read_curve,
    strip_interest,
    transfer_rates,
)

RISING = read_curve("1m 0.02, 12m 0.03, 5y 0.05", spread=0.01)


def test_two_payments_by_hand() -> None:
    """60 due after 1 month at 3 % and 40 after 12 at 4 %: (60 x 3 + 40 x 12 x 4) / (60 + 480) = 35 / 9 %."""
    principal = np.zeros((1, 12))
    principal[0, [0, 11]] = 60.0, 40.0
    assert transfer_rates(principal, RISING)[0] == pytest.approx(0.35 / 9, rel=1e-14)
    dues = strip_interest(principal, RISING)[0]
    assert dues[0] == pytest.approx(60 * 0.03 / 12 + 40 * 0.04 / 12)
    assert dues[1:] == pytest.approx(np.full(11, 40 * 0.04 / 12))


def test_a_bullet_costs_its_tenor_and_rates_lie_between_tenors() -> None:
    bullet = np.zeros((1, 36))
    bullet[0, 35] = 5_000.0
    # 3 % at 12 and 5 % at 60 months: 4 % at 36, and 1 % above
    assert transfer_rates(bullet, RISING)[0] == pytest.approx(0.05)
    assert rates_at(RISING, [0, 1, 12, 36, 60, 1200]).tolist() == pytest.approx(
        [0.03, 0.03, 0.04, 0.05, 0.06, 0.06]
    )


@given(
    st.lists(st.floats(0.0, 1e6), min_size=1, max_size=40),
    st.lists(
        st.tuples(st.integers(1, 60), st.floats(0.0, 0.5)), min_size=1, max_size=6, unique_by=lambda x: x[0]
    ),
)
def test_strips_made_one_by_one_ask_for_the_same(flows: list[float], points: list[tuple[int, float]]) -> None:
    """Each strip on its own, month by month, in plain Python."""
    points = sorted(points)
    curve = FundingCurve(tuple(p[0] for p in points), tuple(p[1] for p in points))

    def rate(month: int) -> float:
        if month <= points[0][0]:
            return points[0][1]
        for (a, low), (b, high) in pairwise(points):
            if month <= b:
                return low + (high - low) * (month - a) / (b - a)
        return points[-1][1]

    asked, standing = [0.0] * len(flows), 0.0
    for place, flow in enumerate(flows):
        for month in range(place + 1):
            asked[month] += flow * rate(place + 1) / 12
            standing += flow / 12
    made = transfer_rates(np.array([flows]), curve)[0]
    assert strip_interest(np.array([flows]), curve)[0] == pytest.approx(asked, rel=1e-9, abs=1e-9)
    if standing > 0.0:
        assert made * standing == pytest.approx(sum(asked), rel=1e-9)
    else:
        assert np.isnan(made)


def test_no_curve_is_one_rate_and_says_so() -> None:
    flat = curve_of("  ", 0.012, 0.03)
    assert flat == flat_curve(0.03)
    assert transfer_rates(np.array([[10.0, 0.0, 30.0]]), flat)[0] == pytest.approx(0.03)
    assert "no curve is stated" in flat.words
    stated = curve_of("3m 0.031, 1Y:0.034", 0.01, 0.03)
    assert (stated.months, stated.rates, stated.spread) == ((3, 12), (0.031, 0.034), 0.01)
    assert "3 months 3.10%, 12 months 3.40%; 1.00% above" in stated.words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3 months at 0.03", "expected tenors with their rates"),
        ("3m 0.0.3", "expected tenors with their rates"),
        ("1y 0.03, 3m 0.04", "expected tenors that rise, was '3 months after 12 months'"),
        ("1y 3.1", "expected a rate below 1: 3 % a year is 0.03, was 3.1"),
        ("0m 0.03", "expected a tenor of 1 to 1200 months, was 0"),
    ],
)
def test_another_text_is_refused_by_field(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"field funding\.curve") as caught:
        read_curve(text)
    assert words in str(caught.value)
