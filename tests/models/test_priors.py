"""Prior models: what the table must say of itself, published curves, chains recomputed by plain matrices."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from loantwin.errors import UsageError
from loantwin.models.counts import PANEL_LIVE
from loantwin.models.priors.curves import by_age, default_hazard, prepayment_hazard, prior_edges
from loantwin.models.priors.table import Belief, Curve, ProductPrior, Swing, priors, product_prior

AGES = 361
ALL = sorted(priors())
BASES = {"published", "derived", "estimated", "assumed"}


def test_six_products_of_lending_have_a_prior() -> None:
    assert {"mortgage", "personal", "card", "auto", "small-business", "corporate"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_each_number_has_a_basis_a_source_and_a_range_about_it(name: str) -> None:
    prior = product_prior(name)
    for item in fields(ProductPrior):
        value = getattr(prior, item.name)
        if isinstance(value, Belief | Curve | Swing):
            assert value.basis in BASES, item.name
            assert value.source.strip(), item.name
        if isinstance(value, Belief):
            assert value.low <= value.value <= value.high, item.name
            if value.basis == "assumed" and value.value:
                assert value.low < value.high, item.name


@pytest.mark.parametrize("name", ALL)
def test_the_default_rate_is_the_mean_of_its_range(name: str) -> None:
    """A log-normal of 5 % and 95 % points low and high has the mean sqrt(low high) exp(s^2 / 2)."""
    rate = product_prior(name).default_rate
    deviation = np.log(rate.high / rate.low) / (2 * 1.6448536)
    mean = np.sqrt(rate.low * rate.high) * np.exp(deviation**2 / 2)
    assert rate.value == pytest.approx(mean, rel=0.05)


def test_mortgages_prepay_at_100_psa() -> None:
    """100 PSA: 0.2 % a year in the first month, 0.2 more each month, 6 % from month 30 on (published)."""
    yearly = by_age(product_prior("mortgage").prepayment, 60)
    assert yearly[[0, 9, 29, 59]] == pytest.approx([0.2, 2.0, 6.0, 6.0])
    # SMM = 1 - (1 - CPR)^(1/12): 9 CPR, at 150 PSA, is 0.783 % a month
    assert product_prior("mortgage").prepayment_range.value == 1.5
    assert prepayment_hazard(product_prior("mortgage"), 60)[40] == pytest.approx(0.00783, abs=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_a_book_that_lends_evenly_defaults_at_the_stated_rate(name: str) -> None:
    """Add up loan by loan of a book that lends the same each month: yearly defaults over what stands."""
    prior = product_prior(name)
    hazard, payoff = default_hazard(prior, AGES), prepayment_hazard(prior, AGES)
    standing = lost = 0.0
    alive = 1.0
    for age in range(min(prior.typical_term, AGES)):
        balance = alive * (1.0 if prior.revolving else 1.0 - age / prior.typical_term)
        standing += balance
        lost += balance * -np.log(1.0 - hazard[age])
        alive *= 1.0 - payoff[age]
    assert 12 * 100 * lost / standing == pytest.approx(prior.default_rate.value, rel=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_the_chain_of_arrears_lets_as_many_through_as_default_on_average(name: str) -> None:
    """Draw every roll and cure about its belief, odds of mean 1; iterate each chain until it is steady."""
    prior = product_prior(name)
    edges = prior_edges(prior, PANEL_LIVE, "default", AGES, 0.0).edges
    at, draws = 40, 3000
    random = np.random.default_rng(4)
    names = (*PANEL_LIVE, "default", "prepaid")
    odds = np.zeros((draws, 4, 6))
    for (origin, target), edge in edges.items():
        spread = edge.spread if origin != "current" else 0.0
        error = np.exp(spread * random.standard_normal(draws) - 0.5 * spread**2)
        odds[:, names.index(origin), names.index(target)] = np.exp(edge.log_odds[at]) * error
    whole = 1.0 + odds.sum(axis=2)
    matrix = odds / whole[:, :, None]
    matrix[:, range(4), range(4)] = 1.0 / whole
    state = np.tile([1.0, 0.0, 0.0, 0.0], (draws, 1))
    for _ in range(150):
        through = state[:, 3] * matrix[:, 3, 4]
        state = np.einsum("ds,dse->de", state, matrix[:, :, :4])
        state /= state.sum(axis=1, keepdims=True)
    # of all that live, late or not; who defaults was up to date three months ago or more
    assert through.mean() == pytest.approx(default_hazard(prior, AGES)[at + 3], rel=0.06)


@pytest.mark.parametrize("name", ALL)
def test_parts_bring_no_more_than_half_of_the_default_rates_variance(name: str) -> None:
    prior = product_prior(name)
    edges = prior_edges(prior, PANEL_LIVE, "default", AGES, 0.0).edges
    random = np.random.default_rng(6)
    share = 1.0
    for state in PANEL_LIVE[1:]:
        drawn = [
            np.exp(edge.log_odds[40] + edge.spread * random.standard_normal(20_000))
            for (origin, _), edge in edges.items()
            if origin == state
        ]
        share = share * drawn[0] / (drawn[0] + drawn[1])
    whole = prior.default_rate.log_deviation**2
    assert np.log(share).var() <= 0.6 * whole
    entry = edges["current", "dpd_1_29"].spread
    assert entry**2 + np.log(share).var() == pytest.approx(whole, rel=0.15)


@pytest.mark.parametrize("name", ALL)
def test_reach_is_what_the_default_rate_moves_when_all_worsening_edges_do(name: str) -> None:
    prior = product_prior(name)
    believed = prior_edges(prior, PANEL_LIVE, "default", AGES, 0.0)

    def rate(shift: float) -> float:
        matrix = chain(believed.edges, 40, shift)
        late = np.eye(3) - matrix[1:4, 1:4]
        through = np.linalg.solve(late, matrix[1:4, 4])
        return float(matrix[0, 1] * through[0])

    step = 1e-4
    slope = (np.log(rate(step)) - np.log(rate(-step))) / (2 * step)
    assert believed.reach == pytest.approx(slope, rel=0.08)


def chain(edges: dict, at: int, shift: float = 0.0) -> np.ndarray:
    """Return the monthly matrix (6, 6) over current, three states of arrears, default, prepaid."""
    names = (*PANEL_LIVE, "default", "prepaid")
    matrix = np.eye(6)
    for start in range(4):
        odds = {}
        for (origin, target), edge in edges.items():
            if origin == names[start]:
                end = names.index(target)
                worse = start < end < 5
                odds[end] = np.exp(edge.log_odds[at] + (shift if worse else 0.0))
        whole = 1.0 + sum(odds.values())
        matrix[start, start] = 1.0 / whole
        for end, value in odds.items():
            matrix[start, end] = value / whole
    return matrix


def test_where_arrears_are_not_told_apart_loans_default_directly() -> None:
    prior = product_prior("card")
    edge = prior_edges(prior, ("current",), "charged_off", AGES, 0.0).edges["current", "charged_off"]
    odds = np.exp(edge.log_odds)
    payoff = prepayment_hazard(prior, AGES)
    assert odds / (1 + odds) * (1 - payoff) == pytest.approx(default_hazard(prior, AGES), rel=1e-3)
    assert edge.spread == pytest.approx(np.log(9 / 3) / (2 * 1.6448536), rel=1e-6)


def test_an_unknown_product_is_refused_with_a_near_name() -> None:
    with pytest.raises(UsageError, match="did you mean personal"):
        product_prior("persnal")
    assert product_prior("CARD").name == "card"
