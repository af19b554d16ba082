import csv
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from loantwin.errors import RiskError
from loantwin.migrations.reading import read_matrices
from loantwin.migrations.shift import conditional_matrix
from loantwin.risk.loss.credit_metrics import (
    bivariate_normal,
    forward_values,
    joint_probabilities,
    migration_losses,
    moments,
    value_quantile,
)
from loantwin.risk.loss.tail import vasicek_quantile

PRINTED = np.array([109.37, 109.19, 108.66, 107.55, 102.02, 98.10, 83.64, 51.13])
"""The document's values of the BBB bond in one year by rating (table 1.2)."""
RECOVERY, SPREAD = 0.5113, 25.45
"""Senior unsecured, mean and standard deviation (table 1.1)."""


@pytest.fixture(scope="module")
def cycle(data: Path) -> np.ndarray:
    return read_matrices(data / "ratings/creditmetrics_sp_1996_one_year.csv")[0].values


@pytest.fixture(scope="module")
def curves(data: Path) -> np.ndarray:
    rows = list(csv.reader((data / "ratings/creditmetrics_forward_zero_rates.csv").open(encoding="utf-8")))
    return np.array([[float(cell) / 100 for cell in row[1:]] for row in rows[1:]])


def test_the_bbb_bond_from_the_documents_values(cycle: np.ndarray) -> None:
    mean, deviation = moments(PRINTED, cycle[3])
    assert round(mean, 2) == 107.09
    assert round(deviation, 2) == 2.99
    within = np.append(np.zeros(7), SPREAD)
    assert round(moments(PRINTED, cycle[3], within)[1], 2) == 3.18  # recovery counted as uncertain
    assert value_quantile(PRINTED, cycle[3], 0.01) == 98.10
    assert round(mean - 98.10, 2) == 8.99


def test_the_bbb_bond_from_the_documents_curves(cycle: np.ndarray, curves: np.ndarray) -> None:
    """The curves are printed to a hundredth of a percent: half of that moves a bond of 3.6 years by 0.02."""
    values = forward_values(0.06, 5, curves, recovery=RECOVERY)
    np.testing.assert_allclose(values, PRINTED, atol=0.021)
    mean, deviation = moments(values, cycle[3])
    assert mean == pytest.approx(107.09, abs=0.021)
    assert round(deviation, 2) == 2.99
    assert value_quantile(values, cycle[3], 0.01) == pytest.approx(98.10, abs=0.021)


def test_the_a_bond_by_hand(curves: np.ndarray) -> None:
    values = forward_values(0.05, 3, curves, recovery=RECOVERY)
    assert values[2] == pytest.approx(5 + 5 / 1.0372 + 105 / 1.0432**2)
    np.testing.assert_allclose(
        values, [106.59, 106.49, 106.30, 105.64, 103.15, 101.39, 88.71, 51.13], atol=0.006
    )
    assert forward_values(0.05, 1, curves, recovery=0.4).tolist() == [105] * 7 + [40]


def test_joint_migration_of_the_two_bonds(cycle: np.ndarray, curves: np.ndarray) -> None:
    """The document's table of joint moves of a BBB and an A obligor whose assets correlate by 30 %."""
    joint = joint_probabilities(cycle[3], cycle[2], 0.3)
    assert joint.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(joint.sum(axis=1), cycle[3], atol=1e-12)
    np.testing.assert_allclose(joint.sum(axis=0), cycle[2], atol=1e-12)
    np.testing.assert_allclose(100 * joint[3], [0.07, 1.81, 79.69, 4.55, 0.57, 0.19, 0.01, 0.04], atol=0.011)
    np.testing.assert_allclose(
        joint_probabilities(cycle[3], cycle[2], 0.0), np.outer(cycle[3], cycle[2]), atol=1e-14
    )
    one, other = PRINTED, forward_values(0.05, 3, curves, recovery=RECOVERY)
    both = one[:, None] + other[None, :]
    assert value_quantile(both, joint, 0.01) == pytest.approx(204.4, abs=0.01)


@settings(deadline=None, max_examples=60)
@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(-0.98, 0.98))
def test_bivariate_normal_agrees_with_scipy(h: float, k: float, rho: float) -> None:
    other = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([h, k])
    assert float(bivariate_normal(h, k, rho)) == pytest.approx(other, abs=1e-6)


def test_bivariate_normal_at_zero() -> None:
    assert float(bivariate_normal(0, 0, 0.5)) == pytest.approx(1 / 4 + np.arcsin(0.5) / (2 * np.pi))
    assert float(bivariate_normal(0, -1.3, 0.2)) == pytest.approx(
        multivariate_normal([0, 0], [[1, 0.2], [0.2, 1]]).cdf([0, -1.3]), abs=1e-6
    )
    assert float(bivariate_normal(np.inf, 1.0, 0.4)) == pytest.approx(0.8413447460685429)


def test_two_loans_by_simulation_and_in_closed_form(cycle: np.ndarray, curves: np.ndarray) -> None:
    worth = np.stack(
        [
            forward_values(0.06, 5, curves, recovery=RECOVERY),
            forward_values(0.05, 3, curves, recovery=RECOVERY),
        ]
    )
    found = migration_losses(worth, np.array([3, 2]), cycle, 0.3, reference="mean", paths=100_000, seed=4)
    joint, both = joint_probabilities(cycle[3], cycle[2], 0.3), worth[0][:, None] + worth[1][None, :]
    mean, deviation = moments(both.ravel(), joint.ravel())
    assert found.mean.value == pytest.approx(0, abs=1e-9)
    assert found.standard_deviation.value == pytest.approx(deviation, rel=1e-9)
    for level in (0.95, 0.99):
        # rounding puts the same loss in several last digits
        assert found.quantile(level).value == pytest.approx(
            mean - value_quantile(both, joint, 1 - level), abs=0.02
        )


def test_three_loans_exactly(cycle: np.ndarray) -> None:
    """All 512 end states of three loans, given the factor on a fine grid."""
    worth = np.array(
        [
            [105, 104, 103, 102, 98, 95, 80, 50.0],
            [210, 209, 207, 203, 200, 190, 170, 90.0],
            [52, 51, 50, 49, 48, 46, 40, 10.0],
        ]
    )
    rating = np.array([3, 4, 5])
    found = migration_losses(worth, rating, cycle, np.array([0.2, 0.1, 0.4]), paths=60_000, seed=9)
    node, weight = np.polynomial.hermite_e.hermegauss(100)
    given = [
        conditional_matrix(cycle, rho, node)[:, row] for rho, row in zip((0.2, 0.1, 0.4), rating, strict=True)
    ]
    loss = worth[np.arange(3), rating][:, None] - worth
    states, share = list(product(range(8), repeat=3)), weight / weight.sum()
    lost = [sum(loss[n, k] for n, k in enumerate(state)) for state in states]
    chance = [share @ np.prod([given[n][:, k] for n, k in enumerate(state)], axis=0) for state in states]
    values, probabilities = np.array(lost), np.array(chance)
    mean, deviation = moments(values, probabilities)
    assert found.mean.value == pytest.approx(mean)
    assert found.standard_deviation.value == pytest.approx(deviation, rel=1e-6)
    assert found.losses.mean() == pytest.approx(mean, abs=4 * deviation / np.sqrt(60_000))
    exact = value_quantile(values, probabilities, 0.99)
    assert np.mean(found.losses < exact - 1e-9) <= 0.9915
    assert np.mean(found.losses <= exact + 1e-9) >= 0.9885


def test_a_large_pool_of_two_states_is_vasiceks() -> None:
    """Only default counts and loans are many: the quantile is the large pool's."""
    pd, rho = 0.02, 0.15
    matrix = np.array([[1 - pd, pd], [0, 1]])
    found = migration_losses(
        np.array([[1.0, 0.0]]), np.array([0]), matrix, rho, weight=np.array([1e7]), paths=100_000, seed=3
    )
    var = found.quantile(0.99)
    assert var.value / 1e7 == pytest.approx(vasicek_quantile(pd, rho, 0.99), abs=4 * var.standard_error / 1e7)
    assert found.mean.value == pytest.approx(pd * 1e7)


def test_drawn_names_and_moments_agree(cycle: np.ndarray) -> None:
    """The same 150 loans drawn one by one, and as rows of a weight that is never drawn."""
    rating = np.tile(np.arange(1, 7), 25)
    worth = np.tile(PRINTED, (150, 1))
    one = migration_losses(worth, rating, cycle, 0.2, paths=20_000, seed=1)
    other = migration_losses(worth[:6], rating[:6], cycle, 0.2, weight=np.full(6, 25.0), paths=20_000, seed=2)
    assert one.mean.value == pytest.approx(other.mean.value)
    assert one.standard_deviation.value == pytest.approx(other.standard_deviation.value, rel=1e-9)
    assert one.losses.std() == pytest.approx(other.losses.std(), rel=0.03)
    a, b = one.quantile(0.99), other.quantile(0.99)
    assert a.value == pytest.approx(b.value, rel=0.06)


def test_uncertain_recovery_widens_by_its_own_variance(cycle: np.ndarray) -> None:
    worth, rating = np.tile(PRINTED, (40, 1)), np.full(40, 6)
    sure = migration_losses(worth, rating, cycle, 0.1, paths=20_000, seed=5)
    found = migration_losses(
        worth,
        rating,
        cycle,
        0.1,
        default_deviation=np.full(40, SPREAD),
        face=np.full(40, 100.0),
        paths=20_000,
        seed=5,
    )
    gain = found.standard_deviation.value**2 - sure.standard_deviation.value**2
    assert gain == pytest.approx(40 * cycle[6, 7] * SPREAD**2, rel=1e-9)
    assert found.losses.std() == pytest.approx(found.standard_deviation.value, rel=0.03)


def test_more_correlation_or_one_sector_costs_more(cycle: np.ndarray) -> None:
    worth, rating = np.tile(PRINTED, (60, 1)), np.tile(np.arange(3, 6), 20)
    low, high = (
        migration_losses(worth, rating, cycle, rho, paths=4000).standard_deviation.value for rho in (0.1, 0.4)
    )
    assert low < high
    sector = np.arange(60) % 2
    apart, near = (
        migration_losses(
            worth,
            rating,
            cycle,
            0.4,
            sector=sector,
            sector_correlation=np.array([[1, c], [c, 1]]),
            paths=20_000,
        )
        for c in (0.0, 1.0)
    )
    assert near.standard_deviation.value == pytest.approx(high, rel=0.05)
    assert apart.standard_deviation.value < near.standard_deviation.value
    assert apart.mean == near.mean
    np.testing.assert_allclose(apart.by_state.sum(), apart.mean.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ratings": np.array([9])}, "ratings"),
        ({"values": np.full((1, 8), np.nan)}, "values"),
        ({"correlation": 1.0}, "correlation"),
        ({"weight": np.array([-1.0])}, "weight"),
        ({"reference": "par"}, "unchanged, mean"),
        ({"default_deviation": np.array([10.0])}, "face"),
        ({"default_deviation": np.array([60.0]), "face": np.array([100.0])}, "variance"),
        ({"sector_correlation": np.array([[1, 2.0], [2.0, 1]])}, "semi-definite"),
        ({"sector": np.array([3])}, "sector"),
    ],
)
def test_bad_input(cycle: np.ndarray, change: dict, words: str) -> None:
    given = {"values": PRINTED[None], "ratings": np.array([3]), "matrix": cycle, "correlation": 0.2, **change}
    with pytest.raises(RiskError, match=words):
        migration_losses(
            given.pop("values"), given.pop("ratings"), given.pop("matrix"), given.pop("correlation"), **given
        )


def test_bad_bonds(curves: np.ndarray) -> None:
    with pytest.raises(RiskError, match="forward rates"):
        forward_values(0.05, 9, curves)
    with pytest.raises(RiskError, match="recovery"):
        forward_values(0.05, 3, curves, recovery=1.2)
    with pytest.raises(RiskError, match="level"):
        value_quantile(PRINTED, PRINTED, 1.0)
    with pytest.raises(RiskError, match="between -1 and 1"):
        bivariate_normal(0, 0, 1.0)
