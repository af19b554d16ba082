"""Severity under an economy: collateral follows prices, loans without any do not, losses tie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.engine.cells import parted
from loantwin.engine.expectation import conditional_flows
from loantwin.models.collateral import severity_at_prices
from loantwin.models.forecasting import mean_shocks
from loantwin.outlook import comparison
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.paths import projected
from loantwin.outlook.portfolio import lifetime_economy, portfolio, weighted
from loantwin.outlook.rivals import on_book
from loantwin.outlook.severity import _kinds, severity_moves
from loantwin.outlook.workout import stock_in_default
from loantwin.performance.outcomes import CHARGE_OFFS, DEFAULTS, LOANS, MONEY
from loantwin.risk.provisions.explain import explained
from loantwin.risk.provisions.measurement import expected_losses, lifetime_months
from loantwin.verbs.backtest.origin import _predicted
from loantwin.verbs.stress.bands import nine_quarters
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
    severity = (lgd.charged_off - lgd.recovered)[columns.segment, age]
    weight = columns.weight * columns.principal
    for segment in np.unique(columns.segment):
        own = columns.segment == segment
        share = float(np.average(secured[own], weights=weight[own]))
        level = float(np.average(severity[own], weights=weight[own]))
        more = 1.0 + round(share, 1) * (float(severity_at_prices(np.array(level), np.log(0.67))) - 1.0)
        wanted = (1.0 - level * more) / (1.0 - level)  # what comes back of what came back
        assert by_segment[segment] == pytest.approx(wanted, abs=0.01)  # levels to a percent of exposure
        assert (share == 0.0 or level < 0.005) == (by_segment[segment] == 1.0)
    assert severity_moves(outlook, flat(outlook, 1.0)) is None


def test_generated_prices_leave_the_mean_of_severity(outlook: Outlook) -> None:
    drawn = outlook.simulated(HORIZON, 400, 3)
    moves = severity_moves(outlook, drawn)
    assert moves is not None
    assert moves.factor.std(axis=0)[:, -1].max() > 0.02
    severity = _kinds(outlook).severity[:, None]  # type: ignore[union-attr]
    tables, whole = parted(moves.factor)
    assert (tables * severity + whole).mean(axis=0) == pytest.approx(severity + 0.0 * whole[0], abs=1e-9)


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


def test_nine_quarters_lose_what_the_prices_make_of_each_segment(outlook: Outlook) -> None:
    """Losses counted at default: the tables' of each segment times its factor, added up."""
    from types import SimpleNamespace

    at_once, months = np.ones(1), 27
    still = np.tile(outlook.twin.model.today, (1, 39, 1))
    economy = replace(
        outlook.simulated(39, 1, 1),
        covariates=still,
        prices=np.full((1, 39), np.log(0.67)),
        index=None,
        drawn=False,
    )
    test = SimpleNamespace(outlook=outlook)
    run = SimpleNamespace(economy=economy, cells=outlook.cells(economy, 39))
    found = nine_quarters(test, run)  # type: ignore[arg-type]  # what it reads
    model = outlook.twin.model
    by_segment = replace(outlook.columns, group=outlook.columns.segment)
    cells = outlook.cells(economy, months, by_segment)
    lgd = replace(model.lgd, charge_off_lag=at_once, recovery_lag=at_once)
    shocks = np.ascontiguousarray(mean_shocks(model, still[:, :months]))
    flows = conditional_flows(model.parameters, cells, lgd, shocks, groups=len(model.parameters.segments))
    moves = severity_moves(outlook, replace(economy, prices=economy.prices[:, :months]), shocks)
    assert moves is not None
    lost = (flows.charged_off - flows.recovered)[0]
    owed = flows.defaulted[0]
    wanted = owed - (owed - lost) * moves.factor[0, moves.kind]
    assert found.lost == pytest.approx(wanted.sum(axis=0), rel=1e-9)
    assert found.lost.sum() > 1.3 * lost.sum()  # what the tables alone make of it


def test_a_backtest_scores_the_charge_offs_that_a_forecast_prints(
    outlook: Outlook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third off prices moves both by the same factor: the forecast, and what is held to what came."""
    windows, key = (HORIZON,), (CHARGE_OFFS, MONEY)
    book, band = on_book(outlook)
    by_level = []
    for level in (1.0, 0.67):
        economy = flat(outlook, level)
        none = np.zeros((HORIZON, len(outlook.twin.model.parameters.origin)))
        made, _, _ = _predicted(
            outlook, economy, book, band, [(DEFAULTS, LOANS), key], windows, 1.0, 20, 1, none
        )
        stock = stock_in_default(outlook, HORIZON)[0].sum()
        backtest = made.mean[key].sum() - stock
        forecast = projected(outlook, economy, HORIZON, 20, 1).expected["charged_off"].sum() / 20
        monkeypatch.setattr(comparison, "PATHS", 20)
        beside = comparison._flows(outlook, np.zeros_like(band), 1, economy, HORIZON, comparison.CHARGE_OFFS)[
            0
        ]
        by_level.append((forecast, backtest, beside.charged_off.sum() / 20))
    factors = [bad / calm for calm, bad in zip(*by_level, strict=True)]
    assert factors[0] > 1.15
    assert factors[1:] == pytest.approx([factors[0]] * 2, rel=0.01)
