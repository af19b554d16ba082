"""Migration drawn in the tail: the same figures as plain paths, with a smaller error at the same work."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from loantwin.risk.loss.credit_metrics import migration_losses, tail_contributions
from loantwin.risk.loss.tail import vasicek_quantile

ROW = np.array([[0.90, 0.08, 0.02]])
LEVEL = 0.999


def _worth(loans: int) -> np.ndarray:
    return np.tile([0.0, -0.1, -1.0], (loans, 1))


def test_a_fine_pool_has_vasiceks_quantile() -> None:
    row = np.array([[0.98, 0.02]])
    worth = np.tile([0.0, -1.0], (1, 1))
    found = migration_losses(
        worth, np.array([0]), row, 0.15, reference=np.zeros(1), weight=np.array([1e6]), paths=6_000,
        seed=3, importance=LEVEL,
    )  # fmt: skip
    made = found.quantile(LEVEL)
    wanted = 1e6 * float(vasicek_quantile(0.02, 0.15, LEVEL))
    assert abs(made.value - wanted) < 4 * made.standard_error
    assert made.standard_error < 0.03 * wanted


def test_weights_undo_the_shift() -> None:
    row = np.array([[0.95, 0.05]])
    found = migration_losses(
        np.tile([0.0, -1.0], (50, 1)), np.zeros(50, dtype=np.int64), row, 0.0, reference=np.zeros(50),
        paths=40_000, seed=1, importance=0.99,
    )  # fmt: skip
    assert found.weight is not None
    assert found.weight.mean() == pytest.approx(1.0, abs=0.02)
    # without correlation losses are binomial, whatever was shifted
    assert found.quantile(0.99).value == binom.ppf(0.99, 50, 0.05)
    mean = float((found.weight * found.losses).mean())
    assert mean == pytest.approx(50 * 0.05, rel=0.02)


@pytest.mark.slow
def test_errors_are_smaller_than_those_of_plain_paths_and_the_mean_is_the_same() -> None:
    rng = np.random.default_rng(4)
    loans, size = 400, rng.lognormal(0, 0.8, 400)
    given = {"reference": np.zeros(loans), "sector": np.arange(loans) % 2,
                 "sector_correlation": np.array([[1.0, 0.7], [0.7, 1.0]])}  # fmt: skip
    args = (_worth(loans) * size[:, None], np.zeros(loans, dtype=np.int64), ROW, 0.2)
    many = migration_losses(*args, paths=200_000, seed=9, **given)
    plain = [migration_losses(*args, paths=20_000, seed=seed, **given) for seed in range(12)]
    moved = [
        migration_losses(*args, paths=20_000, seed=seed, importance=LEVEL, **given) for seed in range(12)
    ]
    for figure in ("quantile", "expected_shortfall"):
        one, two = ([getattr(made, figure)(LEVEL) for made in sample] for sample in (plain, moved))
        brute = getattr(many, figure)(LEVEL)
        values = np.array([made.value for made in two])
        error = np.hypot(values.std(ddof=1) / np.sqrt(12), brute.standard_error)
        assert abs(values.mean() - brute.value) < 4 * error
        assert values.std(ddof=1) < 0.5 * np.std([made.value for made in one], ddof=1)
        stated = np.mean([made.standard_error for made in two])
        assert 0.5 < values.std(ddof=1) / stated < 1.6
    spread = np.mean([made.standard_deviation.value for made in moved])
    assert spread == pytest.approx(many.standard_deviation.value, rel=0.02)


def test_contributions_of_shifted_paths_sum() -> None:
    worth, none = _worth(30), np.zeros(30)
    made = migration_losses(
        worth, np.zeros(30, dtype=np.int64), ROW, 0.2, reference=none, paths=5_000, importance=LEVEL
    )
    rows, rho = np.repeat(ROW, 30, axis=0), np.full(30, 0.2)
    at, beyond = tail_contributions(made, LEVEL, worth, rows, rho, np.zeros(30, dtype=np.int64), none)
    assert at.sum() == pytest.approx(made.quantile(LEVEL).value)
    assert beyond.sum() == pytest.approx(made.expected_shortfall(LEVEL).value)
    # loans are alike, so that each adds the same
    assert np.ptp(beyond) < 1e-9 * beyond.sum()
    assert made.quantile(LEVEL).value <= 30.0
