"""Severity under an economy: collateral follows prices, loans without any do not, losses tie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.models.collateral import severity_at_prices
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import lifetime_economy, portfolio, weighted
from loantwin.outlook.severity import severity_moves
from loantwin.risk.provisions.explain import explained
from loantwin.risk.provisions.measurement import expected_losses, lifetime_months
from loantwin.verbs.stress.flows import twin_flows

HORIZON = 24


@pytest.fixture(scope="module")
def outlook(panel_home: Path) -> Outlook:
    return Outlook(lt.open(panel_home))


def flat(outlook: Outlook, prices: float):  # type: ignore[no-untyped-def]
    """Return an economy whose covariates stand still and whose prices stand at a level beyond the trend."""
    still = np.tile(outlook.twin.model.today, (1, HORIZON, 1))
    made = outlook.simulated(HORIZON, 1, 1)
    return replace(made, covariates=still, prices=np.full((1, HORIZON), np.log(prices)), drawn=False)


def test_collateral_moves_what_it_secures_and_nothing_else(outlook: Outlook) -> None:
    assert outlook.price_factor == "house_price_index"
    columns, secured = outlook.all_columns, outlook.secured
    assert 0 < secured.sum() < len(secured)
    moves = severity_moves(outlook, flat(outlook, 0.67))
    assert moves is not None
    by_segment = moves.factor[0, moves.kind, 0]
    lgd = outlook.twin.model.lgd
    age = np.minimum(columns.age, lgd.charged_off.shape[1] - 1)
    severity = lgd.charged_off[columns.segment, age]
    weight = columns.weight * columns.principal
    for segment in np.unique(columns.segment):
        own = columns.segment == segment
        share = float(np.average(secured[own], weights=weight[own]))
        level = float(np.average(severity[own], weights=weight[own]))
        wanted = 1.0 + round(share, 1) * (float(severity_at_prices(np.array(level), np.log(0.67))) - 1.0)
        assert by_segment[segment] == pytest.approx(wanted, rel=0.04)  # levels to a percent of exposure
        assert (share == 0.0) == (by_segment[segment] == 1.0)
    assert severity_moves(outlook, flat(outlook, 1.0)) is None


def test_generated_prices_leave_the_mean_of_severity(outlook: Outlook) -> None:
    drawn = outlook.simulated(HORIZON, 400, 3)
    moves = severity_moves(outlook, drawn)
    assert moves is not None
    assert moves.factor.std(axis=0)[:, -1].max() > 0.05
    assert moves.factor.mean(axis=0) == pytest.approx(1.0, abs=0.02)  # a few paths lose all that is owed


def test_a_third_off_prices_is_seen_in_what_is_charged_off(outlook: Outlook) -> None:
    calm, bad = (twin_flows(outlook, flat(outlook, level), HORIZON) for level in (1.0, 0.67))
    assert bad.defaulted == pytest.approx(calm.defaulted, rel=1e-12)
    before, after = (one.charged_off.sum() / one.defaulted.sum() for one in (calm, bad))
    assert after > 1.15 * before


def test_prices_of_a_scenario_are_measured_against_their_trend(outlook: Outlook, lender: Path) -> None:
    from loantwin.outlook.outlook import read_scenarios

    given = read_scenarios(outlook.twin, f"{lender / 'scenarios.csv'}#Severe", "start")[0]
    economy = outlook.given(given.scenario, HORIZON)
    index = given.scenario.require("house_price_index", outlook.month0 + 1, outlook.month0 + HORIZON)
    past = outlook.history.values[:, outlook.history.factors.index("house_price_index")]
    past = past[np.isfinite(past)]
    trend = np.log(past[-1] / past[0]) / (len(past) - 1)
    wanted = np.log(index / past[-1]) - trend * np.arange(1, HORIZON + 1)
    assert economy.prices is not None
    assert economy.prices[0] == pytest.approx(wanted, abs=1e-12)
    assert economy.prices.min() < -0.1


def test_the_months_of_an_explanation_hold_the_move(outlook: Outlook, lender: Path) -> None:
    """The explained months of a secured loan add up to its measured loss, without a remainder before term."""
    from loantwin.outlook.outlook import read_scenarios

    given = read_scenarios(outlook.twin, f"{lender / 'scenarios.csv'}#Severe", "start")[0]
    book = portfolio(outlook)
    economy = lifetime_economy(outlook, given, lifetime_months(outlook.all_columns))
    scenario = weighted(outlook, "Severe", 1.0, economy)
    assert scenario.severity is not None
    loss, _ = expected_losses(book, [scenario])
    plain, _ = expected_losses(book, [replace(scenario, severity=None)])
    live = ~book.standing.defaulted & (book.columns.remaining_months > 24)
    row = int(np.flatnonzero(live & outlook.secured)[0])
    assert loss[row, 0, 0] > 1.02 * plain[row, 0, 0]
    other = int(np.flatnonzero(live & ~outlook.secured)[0])
    kept = scenario.severity.factor[0, scenario.severity.kind[book.columns.segment[other]]]
    assert (kept == 1.0).all() == (loss[other, 0, 1] == plain[other, 0, 1])
    found = explained("ifrs9", book, [scenario], outlook.twin.config, row)
    if found.stage == "1":
        counted = sum(month.loss for month in found.months if month.counted)
        assert counted == pytest.approx(loss[row, 0, 0], rel=1e-9)
        assert all(month.date is not None for month in found.months if month.counted)
