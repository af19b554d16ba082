"""What a price says of one application, and of all of them by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.types import Interval

EARNS, LOSES, UNSURE = "earns", "loses", "not shown"


@dataclass(frozen=True)
class Bounds:
    """A 90 % interval: 5th and 95th percentile."""

    p05: float
    p95: float


@dataclass(frozen=True)
class Price:
    """The price of one application; money over its life in the book's currency, worth on the first day.

    annual_rate : asked for, None where none is: then all but break-evens is None. transfer_rate : decimal a
    year, of funding by matched maturity. break_even_rate : at which economic profit is 0. annual_pd : default
    within 12 months; break_even_pd : at which economic profit is 0. profit : before tax = interest + fee +
    capital_benefit - funding - operating - acquisition - prepayment - expected_loss. raroc : profit after tax
    / equity held, decimal a year. economic_profit : profit - tax - capital_cost. take_up : share of such
    offers taken up; expected_profit : economic profit of an offer, take-up in it; None without levers.
    verdict : earns or loses where the 90 % interval of economic profit does not hold 0, else not shown.
    interval : by figure. problem : why it cannot be priced.
    """

    application_id: str
    amount: float
    term_months: int
    annual_rate: float | None
    break_even_rate: float | None
    transfer_rate: float | None
    annual_pd: float | None
    break_even_pd: float | None
    interest: float | None
    fee: float | None
    funding: float | None
    capital_benefit: float | None
    operating: float | None
    acquisition: float | None
    prepayment: float | None
    expected_loss: float | None
    profit: float | None
    tax: float | None
    capital_cost: float | None
    raroc: float | None
    economic_profit: float | None
    take_up: float | None
    expected_profit: float | None
    verdict: str | None
    interval: Mapping[str, Bounds]
    problem: str | None


@dataclass(frozen=True)
class PartLine:
    """A part of the price of all applications with a rate.

    sign : 1 where it is earned, -1 where it costs. amount : money. annual_rate : of the balance, decimal a
    year: what it takes of the rate.
    """

    part: str
    sign: int
    amount: Interval
    annual_rate: float


@dataclass(frozen=True)
class EffectLine:
    """An effect of price: change of a log, or of log-odds, by one percentage point of annual rate.

    basis : assumed, or fitted. low, high : 90 % of the posterior, None where it is assumed.
    """

    effect: str
    value: float
    low: float | None
    high: float | None
    basis: str


EARNED = ("interest", "fee", "capital_benefit")
COSTS = ("funding", "operating", "acquisition", "prepayment", "expected_loss", "tax", "capital_cost")
"""Parts in the order in which they are shown; what is left is economic_profit."""


def number(value: float) -> float | None:
    """Return a number, None where it is not one."""
    return float(value) if np.isfinite(value) else None


def verdict_of(low: float, high: float) -> str:
    """Return whether an interval of economic profit lies on one side of 0."""
    return EARNS if low > 0.0 else LOSES if high < 0.0 else UNSURE


def part_line(name: str, values: Floats, expected: float, years: float) -> PartLine:
    """Return a line from totals by path (P,), the expected one, and the balance x years it stands."""
    sign = 1 if name in (*EARNED, "economic_profit") else -1
    low, high = (float(value) for value in np.quantile(values, (0.05, 0.95)))
    return PartLine(name, sign, Interval(expected, low, high), expected / years if years > 0.0 else 0.0)
