"""Contributions over equally likely paths, against cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import RiskError
from loantwin.risk.loss import tail
from loantwin.risk.loss.loss import curve_of


def test_normal_parts_have_closed_contributions() -> None:
    # X ~ N(0, 1) and Y ~ N(0, 4) with correlation 0.5: Cov(X, X + Y) = 2, Cov(Y, X + Y) = 5, of a variance of
    # 7
    random = np.random.Generator(np.random.Philox(key=1))
    parts = 50 + random.standard_normal((200_000, 2)) @ np.array([[1.0, 1.0], [0.0, np.sqrt(3)]])
    total = parts.sum(axis=1)
    for found, whole in (
        (tail.shortfall_shares(total, parts, 0.99), tail.expected_shortfall(total, 0.99).value),
        (tail.quantile_shares(total, parts, 0.99), tail.value_at_risk(total, 0.99).value),
    ):
        assert found.sum() == pytest.approx(whole, rel=1e-12)
        beyond = whole - 100
        assert found - 50 == pytest.approx([beyond * 2 / 7, beyond * 5 / 7], abs=0.2)


def test_the_atom_at_the_quantile_counts_with_its_share() -> None:
    # losses 0 (900 of 1000), 10 (80), 30 (20); 95 %: half of the worst 50 are the 20 at 30, the rest from the
    # atom at 10
    losses = np.repeat([0.0, 10.0, 30.0], [900, 80, 20])
    parts = np.stack([np.where(losses == 30, 30.0, 0.0), np.where(losses == 10, 10.0, 0.0)], axis=1)
    assert tail.shortfall_shares(losses, parts, 0.95) == pytest.approx([30 * 20 / 50, 10 * 30 / 50])
    assert tail.quantile_shares(losses, parts, 0.95) == pytest.approx([0.0, 10.0], abs=1e-6)


def test_curve_falls_and_holds_the_quantile() -> None:
    losses = np.arange(1, 10_001, dtype=np.float64)
    curve = curve_of(losses)
    chance = np.array([point.probability for point in curve])
    amount = np.array([point.loss for point in curve])
    assert (np.diff(chance) < 0).all()
    assert chance == pytest.approx((10_001 - amount) / 10_000)  # of at least this loss


def test_too_few_paths_are_refused() -> None:
    with pytest.raises(RiskError, match="at least 20000 paths"):
        tail.shortfall_shares(np.ones(100), np.ones((100, 2)), 0.999)


def test_a_rank_is_not_pushed_up_by_rounding() -> None:
    """0.55 x 100 is 55.00000000000001 in binary: the quantile of 100 losses is still the 55th."""
    for paths in (100, 1000, 4000):
        losses = np.arange(1.0, paths + 1.0)
        for rank in range(paths // 2, paths - 20):
            assert tail.value_at_risk(losses, rank / paths).value == rank
