"""What of a stress test follows the economy: the cost of funding, capital, distances, and what was seen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import loantwin as lt
from loantwin.config import Config, Funding
from loantwin.macro.scenario import Scenario
from loantwin.risk.stress.reverse import Plausibility
from loantwin.verbs.stress.funding import funding_rates
from loantwin.verbs.stress.reverse import outside
from loantwin.verbs.stress.scenarios import ranked

MONTH0 = 24
PAST = Scenario(
    "Actual",
    0,
    ("treasury_3m", "house_price_index"),
    ("yield", "index"),
    np.column_stack([np.full(25, 0.03), 100.0 * 1.002 ** np.arange(25)]),
)


def outlook(**funding):
    config = Config(funding=Funding(**funding))
    covariates = [SimpleNamespace(factor=name) for name in PAST.factors]
    twin = SimpleNamespace(config=config, model=SimpleNamespace(covariates=covariates))
    return SimpleNamespace(twin=twin, month0=MONTH0, history=PAST, index_factor=None, price_factor=None)


def path(rates, prices=None):
    prices = np.full(len(rates), 100.0) if prices is None else prices
    values = np.column_stack([rates, prices])
    return Scenario("Cut", MONTH0 + 1, PAST.factors, PAST.kinds, values)


def test_a_ladder_reprices_one_part_a_month():
    """Three parts at 3 %, the short rate falls to 0 at once: 3, 2, 1, 0 % above the spread of 1 %."""
    view = outlook(tenor_months=3, spread=0.01)
    found = funding_rates(view, path(np.zeros(4)), 4)
    np.testing.assert_allclose(found, [[0.03, 0.02, 0.01, 0.01]], atol=1e-15)
    found = funding_rates(outlook(tenor_months=1, spread=0.0), path([0.01, 0.02, 0.04, 0.0]), 4)
    np.testing.assert_allclose(found, [[0.01, 0.02, 0.04, 0.0]], atol=1e-15)


def test_without_a_short_rate_nothing_reprices():
    view = outlook(short_rate="federal_funds_rate")
    assert funding_rates(view, path(np.zeros(4)), 4) is None
    assert funding_rates(outlook(tenor_months=40), path(np.zeros(4)), 4) is None  # history is too short
    assert funding_rates(outlook(), path(np.zeros(3)), 4) is None


def test_what_was_never_seen_is_named_with_its_range():
    prices = (
        100.0 * 1.002**24 * 0.99 ** np.arange(1, 13)
    )  # a twelfth month 0.99^12 - 1 = -11.4 % on a year ago
    found = outside(outlook(), path(np.full(12, 0.03), prices), 12)
    assert set(found) == {"house_price_index"}
    item = found["house_price_index"]
    assert (item.measure, item.month) == ("growth_12m", "0003-01")
    assert item.value == pytest.approx(0.99**12 - 1.0)
    assert (item.low, item.high) == pytest.approx((1.002**12 - 1.0, 1.002**12 - 1.0))
    found = outside(
        outlook(), path(np.linspace(0.03, 0.005, 12), PAST.values[-1, 1] * 1.002 ** np.arange(1, 13)), 12
    )
    assert set(found) == {"treasury_3m"}
    assert found["treasury_3m"].value == pytest.approx(0.005)
    assert (found["treasury_3m"].low, found["treasury_3m"].high) == (0.03, 0.03)


def test_a_distance_is_ranked_among_crises_of_as_many_conditions():
    among = {
        "1990": Plausibility(5.0, 24, 0.1),
        "2001": Plausibility(11.0, 24, 0.1),
        "2008": Plausibility(9.0, 12, 0.1),
        "2020": Plausibility(None, 0, None, "none"),
    }
    item = ranked(Plausibility(8.0, 24, 0.5), among)
    assert (item.rank, item.ranked_among) == (2, ("1990", "2001"))
    assert ranked(Plausibility(12.0, 24, 0.5), among).rank == 1
    assert ranked(Plausibility(None, 0, None, "gap"), among).rank is None


@pytest.fixture(scope="module")
def capital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("capital") / "capital.toml"
    file.write_text("cet1 = 12_000_000\nrisk_weight = 0.75\n")
    return file


@pytest.mark.slow
def test_capital_stands_on_a_constant_balance_unless_run_off_is_asked_for(
    panel_home: Path, lender: Path, capital: Path
) -> None:
    scenarios = [f"{lender / 'scenarios.csv'}#{name}" for name in ("Baseline", "Severe")]
    made = lt.stress(panel_home, scenarios, align="start", months=24, capital=capital)
    still = lt.stress(panel_home, scenarios, align="start", months=24, capital=capital, new_lending="none")
    assert "constant balance" in made.capital_basis
    assert "run-off" in still.capital_basis
    assert "warning" in still.capital_basis
    for name, path_ in made.paths.items():
        assets = [point.risk_weighted_assets for point in path_.capital]
        np.testing.assert_allclose(assets, assets[0], rtol=1e-9)  # what runs off is lent anew
        off = [point.risk_weighted_assets for point in still.paths[name].capital]
        assert off[-1] < 0.7 * off[0]
        # own funds are the last ones, plus income, less what credit costs (no tax, no other cost here)
        for before, after in zip(path_.capital, path_.capital[1:], strict=False):
            assert after.cet1 == pytest.approx(before.cet1 + after.income - after.credit_loss, rel=1e-12)
        assert path_.balance == still.paths[name].balance  # all else is of the book in run-off
    lowest = {
        name: min(point.ratio for point in path_.capital if point.ratio is not None)
        for name, path_ in made.paths.items()
    }
    assert lowest["Severe"] < lowest["Baseline"]
    severe = made.paths["Severe"].capital
    assert severe[-1].ratio < still.paths["Severe"].capital[-1].ratio  # type: ignore[operator]


@pytest.mark.slow
def test_funding_follows_the_scenario_and_its_part_adds_up(panel_home: Path, lender: Path) -> None:
    """The severe short rate falls below the baseline's, and so does the cost of funding."""
    scenarios = [f"{lender / 'scenarios.csv'}#{name}" for name in ("Baseline", "Severe")]
    made = lt.stress(panel_home, scenarios, align="start", months=24)
    base, severe = (np.array(made.paths[name].funding_rate) for name in ("Baseline", "Severe"))
    assert (severe[1:] < base[1:]).all()
    path_ = made.paths["Severe"]
    opening = np.array(path_.funding_cost) * 12 / severe
    np.testing.assert_allclose(opening[1:], path_.balance[:-1], rtol=1e-9)
    parts = made.parts["Severe"]["net_interest_income"]
    assert "treasury_3m" in parts.by_factor
    assert sum(parts.by_factor.values()) == pytest.approx(parts.stressed - parts.baseline, rel=1e-9)
    saved = (np.array(path_.funding_cost) * (base / severe - 1.0)).sum()
    assert parts.by_factor["treasury_3m"] == pytest.approx(saved, rel=0.1)  # on balances of either path
