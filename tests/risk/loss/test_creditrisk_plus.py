"""CreditRisk+ against the published portfolio, a stable recursion, closed-form moments and a simulated
Poisson mixture.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loantwin.errors import RiskError
from loantwin.risk import credit_risk_plus


@pytest.fixture(scope="module")
def published(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.genfromtxt(
        data / "creditrisk_plus/portfolio25.csv", delimiter=",", skip_header=1, usecols=(1, 3, 4)
    )
    return table[:, 0], table[:, 1], table[:, 2]


def recursion(
    units: np.ndarray, rate: np.ndarray, labels: np.ndarray, variance: dict[int, float], points: int
) -> np.ndarray:
    """Return the probabilities by exp and log of power series with coefficients of one sign (Haaf, Reiss,
    Schoenmakers 2003).
    """
    logarithm = np.zeros(points)
    for label, spread in variance.items():
        own = labels == label
        series = np.bincount(units[own], rate[own], points)[:points]
        mean = rate[own].sum()
        scale = 1 + spread * mean
        b = (
            spread * series / scale
        )  # 1 - V (P - mu) = scale (1 - b(z)); -log(1 - b) has coefficients of at least 0
        made = np.zeros(points)
        for n in range(1, points):
            k = np.arange(1, n)
            made[n] = b[n] + (k / n * made[k]) @ b[n - k]
        made[0] = -math.log(scale)
        logarithm += made / spread
    probability = np.zeros(points)
    probability[0] = math.exp(logarithm[0])
    k = np.arange(points)
    for n in range(1, points):
        probability[n] = (k[1 : n + 1] / n * logarithm[1 : n + 1]) @ probability[n - k[1 : n + 1]]
    return probability


@pytest.mark.data
def test_published_portfolio(published: tuple[np.ndarray, ...]) -> None:
    exposure, pd, volatility = published
    made = credit_risk_plus(exposure, pd, volatility)
    assert made.expected_loss == pytest.approx(14_221_863, abs=1)
    assert made.loss_unit <= exposure.sum() / 10_000
    # one sector: volatility is half of the rate for every obligor
    variance = (exposure**2 @ pd) + 0.25 * (exposure @ pd) ** 2
    assert made.standard_deviation == pytest.approx(math.sqrt(variance), rel=1e-12)
    losses, probability = made.losses, made.probabilities
    assert probability @ losses == pytest.approx(made.expected_loss, rel=1e-9)
    assert math.sqrt(probability @ (losses - made.expected_loss) ** 2) == pytest.approx(
        made.standard_deviation, rel=1e-5
    )
    # the document's 99 % loss, read off between bands of 100,000
    assert made.quantile(0.99) == pytest.approx(55_311_503, rel=0.002)
    assert credit_risk_plus(exposure, pd, volatility, loss_unit=100_000).quantile(0.99) == pytest.approx(
        55_311_503, rel=0.003
    )


@pytest.mark.data
def test_the_whole_curve_meets_the_stable_recursion(published: tuple[np.ndarray, ...]) -> None:
    exposure, pd, volatility = published
    unit = 200_000.0
    labels = np.where(np.arange(25) % 3 == 0, 1, 0)
    made = credit_risk_plus(exposure, pd, volatility, sector=labels, loss_unit=unit)
    units = np.maximum(np.rint(exposure / unit), 1).astype(int)
    rate = pd * exposure / (units * unit)
    exact = recursion(units, rate, labels, {0: 0.25, 1: 0.25}, 700)
    assert made.probabilities[:700] == pytest.approx(exact, rel=1e-9, abs=1e-16)


@pytest.mark.data
def test_simulated_mixture_of_two_sectors(published: tuple[np.ndarray, ...]) -> None:
    exposure, pd, volatility = published
    share = np.stack([np.linspace(0.1, 0.9, 25), 1 - np.linspace(0.1, 0.9, 25)], axis=1)
    made = credit_risk_plus(exposure, pd, volatility, sector=share)
    draw, paths = np.random.Generator(np.random.Philox(key=5)), 200_000
    factor = np.stack([draw.gamma(1 / v, v, paths) for v in made.sectors.variance], axis=1)
    total = draw.poisson(factor @ (share * pd[:, None]).T) @ exposure
    for q in (0.5, 0.9, 0.99, 0.999):
        below = np.mean(total <= made.quantile(q) + 0.5 * made.loss_unit)
        assert below == pytest.approx(q, abs=4.5 * math.sqrt(q * (1 - q) / paths) + 2e-4), q
    excess = np.sort(total)[-2000:]
    assert made.expected_shortfall(0.99) == pytest.approx(
        excess.mean(), abs=4.5 * excess.std() / math.sqrt(2000) * 1.5
    )


def test_equal_exposures_are_negative_binomial() -> None:
    # one sector, equal exposures: the number of defaults is negative binomial with shape 1 / V
    pd, count, ratio = 0.02, 300, 0.6
    made = credit_risk_plus(
        np.full(count, 5.0), np.full(count, pd), np.full(count, pd * ratio), loss_unit=5.0
    )
    shape, mean = 1 / ratio**2, pd * count
    exact = stats.nbinom.pmf(np.arange(60), shape, shape / (shape + mean))
    assert made.probabilities[:60] == pytest.approx(exact, rel=1e-10)
    assert made.quantile(0.99) == 5 * stats.nbinom.ppf(0.99, shape, shape / (shape + mean))


def test_a_unit_far_above_the_exposures_does_not_wrap_around() -> None:
    """5,000 loans of 1 in units of 50: 2 defaults of a unit expected, with a tail beyond what the exposures
    themselves reach.
    """
    made = credit_risk_plus(np.ones(5_000), np.full(5_000, 0.02), np.zeros(5_000), loss_unit=50.0)
    assert made.probabilities[:20] == pytest.approx(stats.poisson(2.0).pmf(np.arange(20)), rel=1e-9)
    assert made.quantile(0.999) == 50.0 * stats.poisson(2.0).ppf(0.999)
    assert made.expected_loss == pytest.approx(100.0)


def test_no_volatility_and_the_specific_sector_are_poisson() -> None:
    exposure, pd = np.full(50, 2.0), np.full(50, 0.03)
    poisson = stats.poisson.pmf(np.arange(20), 1.5)
    assert credit_risk_plus(exposure, pd, 0 * pd, loss_unit=2.0).probabilities[:20] == pytest.approx(
        poisson, rel=1e-9
    )
    own = credit_risk_plus(exposure, pd, pd, sector=np.full(50, "own"), loss_unit=2.0, specific="own")
    assert own.probabilities[:20] == pytest.approx(poisson, rel=1e-9)
    halves = np.full((50, 2), 0.5)
    mixed = credit_risk_plus(exposure, pd, pd, sector=halves, loss_unit=2.0, specific=1)
    assert mixed.standard_deviation == pytest.approx(
        math.sqrt(50 * 0.03 * 4 + (0.5 * 50 * 0.03 * 2) ** 2), rel=1e-12
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 60),
    sectors=st.integers(1, 4),
    ratio=st.floats(0.0, 2.0),
    q=st.floats(0.01, 0.9999),
)
def test_contributions_sum_and_moments_hold(
    seed: int, count: int, sectors: int, ratio: float, q: float
) -> None:
    draw = np.random.Generator(np.random.Philox(key=seed))
    exposure, pd = draw.lognormal(3, 1.5, count), draw.uniform(0, 0.2, count)
    made = credit_risk_plus(
        exposure, pd, ratio * pd, sector=draw.integers(0, sectors, count), loss_unit=exposure.sum() / 3000
    )
    assert made.probabilities.min() >= 0
    assert made.probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert made.probabilities @ made.losses == pytest.approx(made.expected_loss, rel=1e-6)
    shortfall, var = made.expected_shortfall(q), made.quantile(q)
    assert shortfall >= var
    assert made.shortfall_contributions(q).sum() == pytest.approx(shortfall, rel=1e-12)
    assert made.quantile_contributions(q).sum() == pytest.approx(var, rel=1e-12, abs=1e-9)
    assert made.standard_deviation_contributions().sum() == pytest.approx(made.standard_deviation, rel=1e-12)
    assert (made.shortfall_contributions(q) >= 0).all()


@pytest.mark.data
def test_shortfall_contributions_are_the_derivative(published: tuple[np.ndarray, ...]) -> None:
    # Euler: the change of the shortfall with the size of a position, by finite differences on a fine grid
    exposure, pd, volatility = published
    unit = exposure.sum() / 60_000
    part = credit_risk_plus(exposure, pd, volatility, loss_unit=unit).shortfall_contributions(0.95)
    for i in (2, 13, 24):
        step = np.zeros(25)
        step[i] = 0.01 * exposure[i]
        up, down = (
            credit_risk_plus(exposure + s, pd, volatility, loss_unit=unit).expected_shortfall(0.95)
            for s in (step, -step)
        )
        assert part[i] == pytest.approx((up - down) / 0.02, rel=0.01)


def test_many_obligors_and_tiny_rates() -> None:
    draw = np.random.Generator(np.random.Philox(key=3))
    exposure, pd = draw.lognormal(9, 1, 100_000), 10 ** draw.uniform(-12, -1.5, 100_000)
    made = credit_risk_plus(exposure, pd, 0.5 * pd, sector=draw.integers(0, 5, 100_000))
    assert made.probabilities.min() >= 0
    assert made.probabilities.sum() == pytest.approx(1, abs=1e-12)
    losses = made.losses
    assert made.probabilities @ losses == pytest.approx(made.expected_loss, rel=1e-8)
    assert math.sqrt(made.probabilities @ (losses - made.expected_loss) ** 2) == pytest.approx(
        made.standard_deviation, rel=1e-4
    )
    tiny = credit_risk_plus([100.0, 50.0], [1e-14, 1e-13], [1e-15, 0.0])
    assert tiny.quantile(0.999) == 0.0
    assert tiny.expected_loss == pytest.approx(6e-12)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("exposure", {"exposure": [-1.0, 2.0]}),
        ("exposure", {"exposure": [math.nan, 2.0]}),
        ("exposure", {"exposure": []}),
        ("pd", {"pd": [0.1, 1.1]}),
        ("pd", {"pd": [0.1]}),
        ("pd_volatility", {"pd_volatility": [0.1, -0.1]}),
        ("pd_volatility", {"pd": [0.0, 0.1]}),
        ("sector", {"sector": ["a"]}),
        ("sector", {"sector": [[0.5, 0.4], [1.0, 0.0]]}),
        ("sector", {"sector": [[1.5, -0.5], [1.0, 0.0]]}),
        ("loss_unit", {"loss_unit": 0.0}),
        ("loss_unit", {"loss_unit": 1e-9}),
        ("specific", {"specific": "b"}),
    ],
)
def test_bad_input_is_named(field: str, change: dict[str, object]) -> None:
    good: dict[str, object] = {"exposure": [1.0, 2.0], "pd": [0.1, 0.2], "pd_volatility": [0.05, 0.1]}
    with pytest.raises(RiskError) as caught:
        credit_risk_plus(**{**good, **change})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("q", [0.0, 1.0, 1 - 1e-12, math.nan, -1.0])
def test_a_quantile_beyond_what_is_known_is_refused(q: float) -> None:
    with pytest.raises(RiskError, match="at most 1 - 1e-9"):
        credit_risk_plus([1.0], [0.1], [0.05]).quantile(q)


def test_a_book_without_risk_has_no_loss() -> None:
    made = credit_risk_plus([10.0, 0.0], [0.0, 0.5], [0.0, 0.1])
    assert (
        made.expected_loss
        == made.quantile(0.999)
        == made.expected_shortfall(0.99)
        == made.standard_deviation
        == 0.0
    )
