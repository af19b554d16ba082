from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, gamma, nbinom, norm

from loantwin.errors import RiskError
from loantwin.risk.concentration import (
    by_name,
    by_sector,
    gini,
    granularity_adjustment,
    granularity_delta,
    herfindahl,
    merged,
    name_intervals,
    normal_granularity,
    top_shares,
)
from loantwin.risk.loss.tail import vasicek_quantile

OTHER = "creditriskengine.models.concentration.concentration"
EXPOSURES = arrays(np.float64, st.integers(1, 60), elements=st.floats(0.01, 1e9))


def test_four_names_by_hand() -> None:
    """Exposures 10, 20, 30, 40: shares 0.1 to 0.4."""
    found = by_name(np.array([10.0, 40.0, 20.0, 30.0]))
    assert found.herfindahl == pytest.approx(0.01 + 0.04 + 0.09 + 0.16)
    assert found.effective_number == pytest.approx(1 / 0.3)
    # sum over pairs |x - y| / (2 n^2 mean) = 2 (10+20+30+10+20+10) / (2 * 16 * 25) = 0.25
    assert found.gini == pytest.approx(0.25)
    assert found.top["1"] == pytest.approx(0.4)
    assert found.top["5"] == found.top["100"] == pytest.approx(1)
    assert found.largest == 40


@given(EXPOSURES)
def test_agrees_with_a_second_library(oracle: Any, exposure: np.ndarray) -> None:
    found, other = by_name(exposure), oracle(OTHER).single_name_concentration(exposure)
    assert found.herfindahl == pytest.approx(other["hhi"])
    for top in (1, 5, 10):
        assert found.top[str(top)] == pytest.approx(other[f"top_{top}_share"])


@given(EXPOSURES, st.integers(2, 5))
def test_a_weight_is_as_many_names(exposure: np.ndarray, times: int) -> None:
    one, other = by_name(exposure, np.full(len(exposure), float(times))), by_name(np.repeat(exposure, times))
    assert one.herfindahl == pytest.approx(other.herfindahl)
    assert one.gini == pytest.approx(other.gini, abs=1e-9)
    assert one.top == pytest.approx(other.top)


@given(EXPOSURES)
def test_bounds(exposure: np.ndarray) -> None:
    index = herfindahl(exposure)
    assert 1 / len(exposure) - 1e-12 <= index <= 1 + 1e-12
    assert -1e-9 <= gini(exposure) < 1
    assert list(top_shares(exposure).values()) == sorted(top_shares(exposure).values())


def test_equal_names() -> None:
    found = by_name(np.full(50, 7.0))
    assert found.effective_number == pytest.approx(50)
    assert found.gini == pytest.approx(0, abs=1e-12)
    assert found.top["10"] == pytest.approx(0.2)


def test_sectors() -> None:
    found = by_sector(["b", "a", "b"], np.array([1.0, 6.0, 1.0]), np.array([1.0, 1.0, 3.0]))
    assert list(found.sectors) == ["a", "b"]
    assert found.sectors["b"].exposure == 4
    assert found.sectors["b"].loans == 4
    assert found.herfindahl == pytest.approx(0.36 + 0.16)


def test_members_of_a_group_are_one_name() -> None:
    exposure, weight = merged(
        np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, 3.0, 2.0])
    )
    assert exposure.tolist() == [6, 4]
    assert weight @ exposure == pytest.approx(1 + 2 + 9 + 8)


def test_delta_is_the_published_one() -> None:
    """Gordy and Luetkebohmert (2013): at 99.9 % and xi = 0.25, delta = 4.83."""
    assert granularity_delta() == pytest.approx(4.83, abs=0.005)


def test_full_and_simplified_by_hand() -> None:
    """Two names, worked out step by step: shares 0.75 and 0.25, lgd 0.45 and 0.6, V = 0.25 lgd (1 - lgd)."""
    found = granularity_adjustment(
        np.array([75.0, 25.0]),
        np.array([0.01, 0.05]),
        np.array([0.45, 0.6]),
        np.array([0.06, 0.15]),
        confidence=0.999,
    )
    d = granularity_delta()
    c = [(0.25 * 0.45 * 0.55 + 0.45**2) / 0.45, (0.25 * 0.6 * 0.4 + 0.36) / 0.6]  # 0.5875 and 0.7
    assert c == pytest.approx([0.5875, 0.7])
    whole, k_star = [0.06 + 0.0045, 0.15 + 0.03], 0.75 * 0.06 + 0.25 * 0.15
    assert k_star == pytest.approx(0.0825)
    simple = (0.5625 * c[0] * (d * whole[0] - 0.06) + 0.0625 * c[1] * (d * whole[1] - 0.15)) / (2 * k_star)
    assert found.simplified == pytest.approx(simple)
    v = [0.25 * 0.55 / 0.45, 0.25 * 0.4 / 0.6]
    terms = [
        d * (c[i] * whole[i] + whole[i] ** 2 * v[i]) - (0.06, 0.15)[i] * (c[i] + 2 * whole[i] * v[i])
        for i in (0, 1)
    ]
    assert found.adjustment == pytest.approx((0.5625 * terms[0] + 0.0625 * terms[1]) / (2 * k_star))
    assert found.adjustment > found.simplified
    assert found.fine == pytest.approx(0.0825 + 0.75 * 0.0045 + 0.25 * 0.03)


@pytest.mark.parametrize("names", [500, 2000])
def test_against_the_exact_negative_binomial(names: int) -> None:
    """In the model it comes from (gamma factor, Poisson names) the loss of n equal names is negative
    binomial.
    """
    pd, xi, level = 0.02, 0.25, 0.999
    quantile = gamma.ppf(level, xi, scale=1 / xi)
    found = granularity_adjustment(
        np.ones(names),
        np.full(names, pd),
        np.ones(names),
        np.full(names, pd * (quantile - 1)),
        confidence=level,
        severity=0.0,
    )
    success = xi / (xi + names * pd)
    count = np.arange(names)
    exact = float(np.interp(level, nbinom.cdf(count, xi, success), count + 0.5)) / names  # continuity
    assert found.fine == pytest.approx(pd * quantile)
    assert exact - found.fine == pytest.approx(found.adjustment, rel=0.06)


def binomial_quantile(names: int, pd: float, rho: float, level: float) -> float:
    """Quantile of the default rate of n equal names, the binomial mixed over the factor."""

    x = np.linspace(-8, 8, 3201)
    given = norm.cdf((norm.ppf(pd) - np.sqrt(rho) * x) / np.sqrt(1 - rho))
    density = norm.pdf(x) * (x[1] - x[0])  # the trapezoidal rule, exact to rounding for such a bell
    low = int(names * vasicek_quantile(pd, rho, level))
    count = np.arange(max(low - 12, 0), low + 30)
    cumulative = np.array([binom.cdf(k, names, given) @ density for k in count])
    return float(np.interp(level, cumulative, count + 0.5)) / names


@pytest.mark.parametrize(("names", "pd", "rho"), [(200, 0.02, 0.15), (500, 0.01, 0.12)])
def test_against_the_exact_binomial(names: int, pd: float, rho: float) -> None:
    exact = binomial_quantile(names, pd, rho, 0.99)
    found = normal_granularity(np.ones(names), np.full(names, pd), np.ones(names), rho, confidence=0.99)
    assert found.fine == pytest.approx(float(vasicek_quantile(pd, rho, 0.99)))
    assert exact - found.fine == pytest.approx(found.adjustment, rel=0.08)


def test_normal_adjustment_agrees_with_a_second_library(oracle: Any) -> None:
    """creditriskengine takes the derivative numerically and has no severity variance."""
    other_adjustment = oracle(OTHER).granularity_adjustment
    draws = np.random.default_rng(2)
    for _ in range(20):
        size = int(draws.integers(2, 40))
        exposure, pd, lgd = (
            draws.lognormal(0, 1, size),
            draws.uniform(0.001, 0.2, size),
            draws.uniform(0.1, 1, size),
        )
        rho = float(draws.uniform(0.02, 0.5))
        found = normal_granularity(exposure, pd, lgd, rho)
        assert found.adjustment == pytest.approx(other_adjustment(exposure, pd, lgd, rho), rel=1e-3, abs=1e-7)


def test_finer_books_need_less() -> None:
    found = [
        normal_granularity(
            np.ones(1), np.array([0.02]), np.array([0.45]), 0.15, weight=np.array([float(n)])
        ).adjustment
        for n in (50, 100, 200)
    ]
    assert found[0] == pytest.approx(2 * found[1])
    assert found[1] == pytest.approx(2 * found[2])
    plain = normal_granularity(np.ones(100), np.full(100, 0.02), np.full(100, 0.45), 0.15).adjustment
    assert plain == pytest.approx(found[1])


def test_defaulted_and_riskless_names_add_no_surprise() -> None:
    """A sure default or none has no variance of its own in the normal model where severity is certain."""
    found = normal_granularity(np.ones(3), np.array([0.0, 1.0, 0.02]), np.full(3, 1.0), 0.2)
    alone = normal_granularity(np.ones(1), np.array([0.02]), np.ones(1), 0.2)
    assert found.adjustment == pytest.approx(alone.adjustment / 3)


def test_intervals_only_where_something_is_estimated() -> None:
    exposure = np.random.default_rng(0).lognormal(0, 1, 300)
    ones = np.ones(300)
    assert name_intervals(exposure, ones, ones) is None
    doubt = name_intervals(exposure, ones, np.full(300, 0.7), seed=1)
    assert doubt is not None
    assert doubt["herfindahl"].p05 < doubt["herfindahl"].mean < doubt["herfindahl"].p95
    sample = name_intervals(exposure, np.full(300, 3.0), ones, seed=1)
    assert sample is not None
    assert sample["herfindahl"].mean == pytest.approx(by_name(exposure, np.full(300, 3.0)).herfindahl)


def test_intervals_of_presence_cover() -> None:
    """The book that is really there lies in the interval about nine times in ten."""
    draws, hits = np.random.default_rng(5), []
    exposure, presence = draws.lognormal(0, 1.0, 400), np.full(400, 0.6)
    found = name_intervals(exposure, np.ones(400), presence, resamples=600)
    for _ in range(300):
        really = by_name(exposure[draws.random(400) < presence]).herfindahl
        assert found is not None
        hits.append(found["herfindahl"].p05 <= really <= found["herfindahl"].p95)
    assert 0.83 <= np.mean(hits) <= 0.96


@pytest.mark.parametrize(
    ("exposure", "words"),
    [
        ([], "at least one loan"),
        ([1.0, -2.0], "row 2"),
        ([float("nan")], "row 1"),
        ([0.0, 0.0], "total exposure"),
    ],
)
def test_bad_exposures(exposure: list[float], words: str) -> None:
    for measure in (by_name, herfindahl, gini, top_shares):
        with pytest.raises(RiskError, match=words):
            measure(np.array(exposure))


def test_bad_rates() -> None:
    one = np.ones(1)
    with pytest.raises(RiskError, match="pd"):
        normal_granularity(one, np.array([1.2]), one, 0.1)
    with pytest.raises(RiskError, match="rho"):
        normal_granularity(one, one / 2, one, 0.0)
    with pytest.raises(RiskError, match="lgd"):
        granularity_adjustment(one, one / 2, np.zeros(1), one / 2)
    with pytest.raises(RiskError, match="capital"):
        granularity_adjustment(one, np.zeros(1), one, np.zeros(1))
    with pytest.raises(RiskError, match="labels"):
        by_sector(["a"], np.ones(2))
    with pytest.raises(RiskError, match="may default"):
        normal_granularity(one, np.zeros(1), one, 0.2)
