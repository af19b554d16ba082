"""Severity at prices of collateral: against quadrature, by hand, and the slope that is believed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.integrate import quad

from loantwin.book.mapping import load_mapping
from loantwin.models.collateral import SPREAD, implied_cover, severity_at_prices, shortfall
from loantwin.models.model import believing
from loantwin.models.priors.beliefs import beliefs_for
from loantwin.models.priors.table import product_prior
from loantwin.models.secured import price_factor, secured_loans, with_class, without_severity
from loantwin.models.settings import FitSettings


def by_quadrature(cover: float) -> float:
    """Return E[max(0, 1 - cover Y)] of a lognormal Y with mean 1."""

    def missing(z: float) -> float:
        worth = cover * math.exp(SPREAD * z - SPREAD**2 / 2.0)
        return max(0.0, 1.0 - worth) * math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)

    edge = (SPREAD**2 / 2.0 - math.log(cover)) / SPREAD  # beyond it the sale covers what is owed
    return float(quad(missing, -12.0, edge)[0])


@pytest.mark.parametrize("cover", [0.2, 0.7, 1.0, 1.4])
def test_shortfall_is_the_integral(cover: float) -> None:
    assert shortfall(np.array(cover)) == pytest.approx(by_quadrature(cover), rel=1e-9)


def test_a_severity_and_its_cover() -> None:
    severity = np.array([0.02, 0.1, 0.3, 0.5, 0.9])
    assert shortfall(implied_cover(severity)) == pytest.approx(severity, rel=1e-9)
    # a loss of nine tenths is sure: the sale brings a tenth
    assert implied_cover(np.array([0.9])) == pytest.approx([0.1], rel=1e-9)


@pytest.mark.parametrize("severity", [0.1, 0.2, 0.3, 0.4, 0.5])
def test_a_tenth_off_prices_costs_what_is_believed(severity: float) -> None:
    """0.05 to 0.08 of exposure for a fall of 10 %, mortgages (assumed, docs/priors.md)."""
    moved = severity * severity_at_prices(np.array(severity), np.log(0.9))
    assert 0.0495 < moved - severity < 0.08


def test_moves_rise_as_prices_fall_and_no_loan_loses_more_than_it_owes() -> None:
    prices = np.log(np.array([1.5, 1.2, 1.0, 0.8, 0.5, 0.05]))
    for severity in (0.05, 0.4, 0.95):
        lost = severity * severity_at_prices(np.array(severity), prices)
        assert (np.diff(lost) > 0.0).all()
        assert lost[2] == pytest.approx(severity, rel=1e-9)
        assert (lost < 1.0).all()


class Tape:
    """What of a tape's format is read here."""

    def __init__(self, product_class: str = "", lending: str = "") -> None:
        self.product_class, self.lending = product_class, lending


LOANS = pl.DataFrame(
    {
        "loan_id": ["a", "b", "c", "d"],
        "approved_amount": [100.0, 300.0, 400.0, 200.0],
        "weight": [1.0, 1.0, 1.0, 1.0],
        "collateral_value": [80.0, None, 0.0, 150.0],
    }
)


def test_which_loans_are_secured() -> None:
    valued = pl.DataFrame({"loan_id": ["c", "b"], "value": [10.0, None]})
    assert secured_loans(LOANS, Tape()).tolist() == [True, False, False, True]  # type: ignore[arg-type]
    assert secured_loans(LOANS, Tape(), valued).tolist() == [True, False, True, True]  # type: ignore[arg-type]
    assert secured_loans(LOANS, Tape("mortgage")).all()  # type: ignore[arg-type]
    assert not secured_loans(LOANS, Tape("auto")).any()  # type: ignore[arg-type]


def test_which_price_they_follow() -> None:
    known = ("house_price_index", "commercial_property_index")
    assert price_factor(Tape(), known) == "house_price_index"  # type: ignore[arg-type]
    assert price_factor(Tape("commercial-real-estate"), known) == known[1]  # type: ignore[arg-type]
    assert price_factor(Tape("commercial-real-estate"), known[:1]) == known[0]  # type: ignore[arg-type]
    assert price_factor(Tape("auto"), known) is None  # type: ignore[arg-type]
    assert price_factor(Tape(), ("prime_rate",)) is None  # type: ignore[arg-type]


def test_an_elasticity_of_charge_offs_is_not_counted_twice() -> None:
    """30 % of what was lent is secured: seven tenths of the belief are left for the default rate."""
    whole = beliefs_for("small-business")
    left = without_severity(whole, LOANS, Tape("small-business")).house_prices  # type: ignore[arg-type]
    assert whole.elasticity_of == "charge-offs"
    assert left.value == pytest.approx(0.7 * whole.house_prices.value)
    assert left.low == pytest.approx(0.7 * whole.house_prices.low)
    homes = beliefs_for("mortgage")
    assert homes.elasticity_of == "defaults"
    assert without_severity(homes, LOANS, Tape("mortgage")) is homes  # type: ignore[arg-type]


def test_a_stated_prior_s_elasticity_is_not_counted_twice_either() -> None:
    """A format that tells no class is of its prior's: mortgages are secured, charge-offs count in part."""
    tape = replace(load_mapping("sba"), product_class="")
    homes = with_class(tape, "mortgage")
    assert secured_loans(LOANS, homes).all()
    assert price_factor(homes, ("house_price_index",)) == "house_price_index"
    assert with_class(homes, "card") is homes  # what the tape tells stands
    prior = product_prior("small-business")
    believed = believing(FitSettings(prior=prior), tape, LOANS).beliefs
    assert believed is not None
    assert believed.house_prices.value == pytest.approx(0.7 * prior.house_prices.value)
