"""No quantile, shortfall or interval lies beyond the largest loss there can be, whatever the model.

The books are those on which series, normals and Poisson numbers go astray: a handful of names, one of them
most of the book, defaults that are likely, and a confidence of 99.99 %. The largest loss is worked out here:
the exposures that may default, times the worst severity.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.engine.cells import Cells, LossGivenDefault
from loantwin.risk.concentration import granularity_adjustment, normal_granularity
from loantwin.risk.intervals import intervals, name_noise
from loantwin.risk.loss.conditional import largest_loss
from loantwin.risk.loss.copula.distribution import copula_loss
from loantwin.risk.loss.copula.factors import factor_model, obligors
from loantwin.risk.loss.credit_metrics import migration_losses, tail_contributions
from loantwin.risk.loss.creditrisk_plus import credit_risk_plus
from loantwin.risk.loss.loss import ConditionalLosses, simulated
from loantwin.risk.loss.tail import expected_shortfall, value_at_risk, vasicek_quantile

HIGH = 0.9999
EXPOSURE = np.array([900.0, 60.0, 30.0, 10.0])
PD = np.array([0.3, 0.4, 0.5, 0.6])
LGD = np.array([0.9, 0.5, 0.7, 1.0])
CLOSE = 1 + 1e-12
"""Sums in another order round otherwise."""


def draw(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


@pytest.mark.parametrize("method", ["normal", "names"])
@pytest.mark.parametrize("degrees", [None, 3.0])
@pytest.mark.parametrize(("spread", "worst"), [(0.0, LGD), (0.25, LGD + 0.25 * (1 - LGD))])
def test_copulas(method: str, degrees: float | None, spread: float, worst: np.ndarray) -> None:
    model = factor_model([0.6], degrees_of_freedom=degrees, lgd_spread=spread)
    book = obligors(model, EXPOSURE, PD, LGD, segment=np.array([0, 0, 1, 1]), segments=["big", "small"])
    made = copula_loss(book, model, HIGH, paths=24_000, seed=3, method=method)
    most = float(EXPOSURE @ worst) * CLOSE
    assert made.var.value <= made.es.value <= most
    assert made.segments is not None
    for place, mine in enumerate((slice(0, 2), slice(2, 4))):
        alone = float(EXPOSURE[mine] @ worst[mine]) * CLOSE
        assert not made.segments.stand_alone_var[place] > alone
        assert not made.segments.stand_alone_es[place] > alone
    assert made.segments.var.sum() == pytest.approx(made.var.value)


def test_a_copula_whose_severity_moves_loses_no_more_than_is_owed() -> None:
    model = factor_model([0.8], lgd_model="frye-jacobs")
    book = obligors(model, EXPOSURE, PD, LGD)
    for method in ("normal", "names"):
        made = copula_loss(book, model, HIGH, paths=24_000, seed=3, method=method)
        assert made.es.value <= EXPOSURE.sum() * CLOSE


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 8), ratio=st.floats(0.05, 3.0))
def test_credit_risk_plus(seed: int, count: int, ratio: float) -> None:
    random = draw(seed)
    exposure, pd = random.lognormal(3, 2, count), random.uniform(0.05, 0.9, count)
    made = credit_risk_plus(exposure, pd, ratio * pd, loss_unit=exposure.sum() / 2000)
    for q in (0.5, 0.99, HIGH):
        assert made.quantile(q) <= made.expected_shortfall(q) * CLOSE
        assert made.expected_shortfall(q) <= exposure.sum() * CLOSE
        assert made.shortfall_contributions(q).sum() == pytest.approx(made.expected_shortfall(q))
        assert made.quantile_contributions(q).sum() == pytest.approx(made.quantile(q))


def test_the_twins_own_paths() -> None:
    number = np.full((200_000, 1), 2.0)
    losses = ConditionalLosses(
        number, 0.5 * number * 100, number * 100, np.array([1.5]), np.array([4.0]), largest=(200.0, 400.0)
    )
    net, gross = simulated(losses, 1)
    assert net.max() == 200.0  # four loans of gamma size, with a variation of 1.5, go far beyond
    assert expected_shortfall(net, HIGH).value <= 200.0
    assert value_at_risk(gross, HIGH).value <= expected_shortfall(gross, HIGH).value <= 400.0


def test_the_largest_loss_of_cells_by_hand() -> None:
    # two cells over two months: the worst month counts, at all of the exposure where severity is less
    ones = np.ones((2, 3))
    cells = Cells(
        segment=np.array([0, 1]), age=np.zeros(2, dtype=np.int64), state=np.zeros(2, dtype=np.int64),
        group=np.zeros(2, dtype=np.int64), loans=ones, balance=ones, partial=ones[:, :2], draws=ones[:, :2],
        interest=ones[:, :2], rate_sensitivity=ones[:, :2], exposure=np.array([[100.0, 90.0], [50.0, 60.0]]),
        squared=np.ones(2), guaranteed=np.array([0.0, 0.5]), annual_rate=np.zeros(2),
    )  # fmt: skip
    lgd = LossGivenDefault(
        charged_off=np.array([[0.4, 0.4, 0.4], [1.2, 1.2, 1.2]]), recovered=np.zeros((2, 3)),
        charge_off_lag=np.array([1.0]), recovery_lag=np.array([1.0]),
    )  # fmt: skip
    net, gross = largest_loss(cells, lgd)
    assert gross == pytest.approx(100 + 60 * 1.2)
    assert net == pytest.approx(100 + 60 * 1.2 * 0.5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 6), spread=st.sampled_from([0.0, 0.25]))
def test_granularity(seed: int, count: int, spread: float) -> None:
    random = draw(seed)
    exposure, pd = random.lognormal(0, 2, count), random.uniform(0.001, 0.4, count)
    lgd, rho = random.uniform(0.05, 1, count), random.uniform(0.01, 0.6, count)
    most = float(exposure @ (lgd if spread == 0 else np.ones(count))) / exposure.sum() * CLOSE
    made = normal_granularity(exposure, pd, lgd, rho, confidence=HIGH, severity=spread)
    capital = lgd * (vasicek_quantile(pd, rho, HIGH) - pd)
    other = granularity_adjustment(exposure, pd, lgd, capital, confidence=HIGH, severity=spread)
    for item in (made, other):
        assert item.quantile == pytest.approx(min(item.fine + item.adjustment, most))
        assert item.quantile <= most


def test_the_fine_book() -> None:
    assert np.all(np.asarray(vasicek_quantile(PD[:, None], np.linspace(0, 0.99, 12), HIGH)) <= 1.0)


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_migration(weight: float) -> None:
    matrix = np.array([[0.6, 0.2, 0.2], [0.2, 0.5, 0.3], [0.0, 0.0, 1.0]])
    values = EXPOSURE[:, None] * np.array([1.0, 0.9, 0.3])
    counts = np.full(4, weight)  # rows that stand for several loans enter as a normal
    made = migration_losses(
        values, np.array([0, 1, 0, 1]), matrix, 0.7, weight=counts, default_deviation=0.2 * EXPOSURE,
        face=EXPOSURE, paths=200_000, seed=1,
    )  # fmt: skip
    # worst: all default and nothing is left of them
    most = weight * float(values[[0, 1, 2, 3], [0, 1, 0, 1]].sum()) * CLOSE
    assert made.quantile(HIGH).value <= made.expected_shortfall(HIGH).value <= most
    assert made.losses.max() <= most
    rows = matrix[[0, 1, 0, 1]]
    reference = values[[0, 1, 2, 3], [0, 1, 0, 1]]
    at, beyond = tail_contributions(
        made, HIGH, values, rows, np.full(4, 0.7), np.zeros(4, dtype=np.int64), reference
    )
    assert at.sum() <= most
    assert beyond.sum() <= most


def test_noise_of_names() -> None:
    noisy = name_noise(np.full((100_000, 2), 1.5), 10.0, 400.0, seed=1, most=30.0)
    assert noisy.max() == 30.0
    assert all(item.p95 <= 30.0 for item in intervals(noisy))
