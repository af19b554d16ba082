"""Nine-quarter loss rates beside those of large banks: worked by hand, and the published ones."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.risk.stress.bands import BANDS, KINDS, NineQuarters, band_check

RESULTS = {
    "first lien mortgages": (1.3, 2.7, 2.3, 1.5),
    "commercial and industrial": (7.9, 6.7, 8.1, 9.0),
    "commercial real estate": (9.8, 8.8, 8.8, 8.8),
    "credit cards": (15.6, 17.4, 17.6, 17.1),
    "other consumer": (5.7, 5.4, 7.2, 7.3),
}
"""Dodd-Frank Act stress tests 2022, 2023, 2024, 2026, all banks, severely adverse, % of average balances."""


@pytest.mark.parametrize("kind", RESULTS)
def test_the_bands_hold_the_published_results(kind: str) -> None:
    low, high = BANDS[kind]
    assert all(low <= rate / 100 <= high for rate in RESULTS[kind])


def quarters(defaulted: float, lost: float, months: int = 27) -> NineQuarters:
    return NineQuarters(np.full(months, defaulted), np.full(months, lost), np.linspace(1000, 480, months))


def test_rate_by_hand() -> None:
    """27 months of 4 lost each over a mean balance of 740; the last twelve months of 10 start from 700."""
    found = quarters(10.0, 4.0)
    assert found.rate == pytest.approx(108 / 740)
    assert found.worst_year == pytest.approx(120 / (1000 - 20 * 15))


def test_only_nine_quarters_count() -> None:
    longer = NineQuarters(np.full(40, 10.0), np.full(40, 4.0), np.full(40, 1000.0))
    assert longer.rate == pytest.approx(0.108)


def test_inside_says_nothing_and_outside_says_why() -> None:
    base = quarters(2.0, 1.0)
    inside = band_check("corporate", quarters(4.0, 2.0), base, 8.0)
    assert inside.kind == "commercial and industrial"
    assert (inside.inside, inside.why) == (True, ())
    assert (inside.default_multiple, inside.severity) == (2.0, 0.5)
    outside = band_check("corporate", quarters(10.0, 5.0), base, 8.0)
    assert outside.inside is False
    # 18.2 % at five times the baseline's defaults: the band's 10 % asks for a baseline of 2.0 %
    assert "upper end 10% asks for a baseline of 2.00%" in outside.why[1]
    assert "multiply the long-run default rate by 8" in outside.why[2]
    low = band_check("card", quarters(1.0, 0.9), base, None)
    assert "lower end 13%" in low.why[1]


def test_without_a_product_there_is_no_band() -> None:
    found = band_check("", quarters(4.0, 2.0), quarters(2.0, 1.0), None)
    assert (found.kind, found.low, found.inside) == (None, None, None)
    assert found.rate > 0.0
    assert set(KINDS.values()) == set(BANDS)
