"""Income, cash and capital along a path, worked by hand; and files of capital that are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loantwin.config import Economics
from loantwin.errors import UsageError
from loantwin.risk.stress.paths import CapitalPlan, MonthlyFlows, quarter_ends, read_capital, stress_path

NONE = np.zeros(4)
FLOWS = MonthlyFlows(
    opening=np.array([1000.0, 900.0, 800.0, 700.0]),
    balance=np.array([900.0, 800.0, 700.0, 600.0]),
    scheduled_principal=np.full(4, 80.0),
    prepaid=np.full(4, 15.0),
    interest=np.full(4, 10.0),
    draws=NONE,
    drawn_at_default=np.full(4, 1.0),
    defaulted=np.full(4, 6.0),
    charged_off=np.full(4, 3.0),
    recovered=np.full(4, 1.0),
    new_lending=NONE,
    sale_proceeds=NONE,
    sale_loss=NONE,
    net_charge_offs=np.full(4, 2.0),
)
ECONOMICS = Economics(funding_annual_rate=0.036, servicing_annual_rate=0.012)
LABELS = ("2020-12", "2021-01", "2021-02", "2021-03", "2021-04")
ALLOWANCE = np.array([50.0, 40.0, 38.0])  # at the as-of date, after three months, after four


def test_income_cash_and_credit_loss_by_hand():
    path = stress_path(FLOWS, ALLOWANCE, 30.0, ECONOMICS, LABELS)
    assert quarter_ends(4) == [0, 3, 4]
    assert path.quarters == ("2020-12", "2021-03", "2021-04")
    assert path.net_interest_income == pytest.approx(
        (6.0, 6.4, 6.8, 7.2)
    )  # 10 - 0.4 % of the opening balance
    assert path.credit_loss == pytest.approx((20.0, -10.0 + 6.0, -2.0 + 2.0))
    received, paid = 80.0 + 15.0 + 10.0 + 1.0, 1.0
    assert path.cash_gap[0] == pytest.approx(received - paid - 4.0)
    assert path.cash_gap[-1] == pytest.approx(4 * (received - paid) - 0.004 * 3400.0)
    assert set(path.cash_in) == {"scheduled_principal", "prepaid", "interest", "recovered"}
    assert set(path.cash_out) == {"funding_cost", "servicing_cost", "drawn_at_default"}


def test_capital_by_hand():
    plan = CapitalPlan(
        cet1=100.0, risk_weight=0.5, other_rwa=100.0, operating_cost_annual=12.0, tax_rate=0.25
    )
    points = stress_path(FLOWS, ALLOWANCE, 30.0, ECONOMICS, LABELS, plan).capital
    assert [point.month for point in points] == ["2020-12", "2021-03", "2021-04"]
    assert (points[0].cet1, points[0].risk_weighted_assets, points[0].ratio) == (
        100.0,
        600.0,
        pytest.approx(1 / 6),
    )
    # first quarter: income 19.2 - 3 of costs, credit loss -4 and the 20 that the scenario added at the start;
    # a loss: no tax
    assert points[1].income == pytest.approx(16.2)
    assert points[1].credit_loss == pytest.approx(16.0)
    assert points[1].cet1 == pytest.approx(100.0 + 0.2 * 0.75)
    # one more month: income 7.2 - 1, no credit loss, a quarter of it tax
    assert points[2].cet1 == pytest.approx(points[1].cet1 + 6.2 * 0.75)
    assert points[2].ratio == pytest.approx(points[2].cet1 / (0.5 * 600.0 + 100.0))


def test_a_loss_gives_no_tax_back():
    plan = CapitalPlan(cet1=100.0, risk_weight=0.5, tax_rate=0.25)
    points = stress_path(FLOWS, np.array([90.0, 90.0, 90.0]), 30.0, ECONOMICS, LABELS, plan).capital
    assert points[1].cet1 == pytest.approx(100.0 + 19.2 - 66.0)


def test_a_sale_is_cash_and_its_loss_is_charged():
    sold = replace(FLOWS, sale_proceeds=np.array([0, 190.0, 0, 0]), sale_loss=np.array([0, 10.0, 0, 0]))
    before, after = (stress_path(flows, ALLOWANCE, 50.0, ECONOMICS, LABELS) for flows in (FLOWS, sold))
    assert after.cash_gap[-1] - before.cash_gap[-1] == pytest.approx(190.0)
    assert sum(after.credit_loss) - sum(before.credit_loss) == pytest.approx(10.0)


def test_no_assets_have_no_ratio():
    plan = CapitalPlan(cet1=1.0, risk_weight=0.0)
    assert stress_path(FLOWS, ALLOWANCE, 50.0, ECONOMICS, LABELS, plan).capital[0].ratio is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("risk_weight = 0.5", "cet1"),
        ("cet1 = 1", "risk_weight"),
        ("cet1 = -1\nrisk_weight = 1", "cet1"),
        ("cet1 = nan\nrisk_weight = 1", "cet1"),
        ("cet1 = 1\nrisk_weight = 'x'", "risk_weight"),
        ("cet1 = 1\nrisk_weight = 1\ntax_rate = 1.0", "tax_rate"),
        ("cet1 = 1\nrisk_weight = 1\napproach = 'best'", "approach"),
        ("cet1 = 1\napproach = 'irb'\nasset_class = 'gold'", "asset_class"),
        ("cet1 = 1\nrisk_weights = 1", "risk_weights"),
        ("cet1 = ", "capital"),
    ],
)
def test_a_wrong_file_names_its_field(tmp_path, text, field):
    file = tmp_path / "capital.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_capital(file)
    assert (caught.value.field, caught.value.file) == (field, str(file))


def test_a_file_is_read(tmp_path):
    file = tmp_path / "capital.toml"
    file.write_text('cet1 = 5_000_000\napproach = "irb"\nasset_class = "corporate"\nminimum = 0.08')
    assert read_capital(file) == CapitalPlan(cet1=5e6, approach="irb", asset_class="corporate", minimum=0.08)
