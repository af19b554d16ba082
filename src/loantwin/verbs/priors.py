"""`priors`: what loantwin believes of a product before a lender has a history, number by number, and why."""

from __future__ import annotations

from dataclasses import dataclass

from loantwin.models.priors.curves import by_age
from loantwin.models.priors.table import Belief, Curve, ProductPrior, Swing, product_prior
from loantwin.models.priors.table import priors as shipped
from loantwin.types import Result

NAMES = {
    "roll_1": "roll, 1 to 30 days",
    "roll_30": "roll, 30 to 60 days",
    "roll_60": "roll, 60 to 90 days",
    "unemployment_change": "unemployment, change",
    "unemployment_level": "unemployment, level",
    "multiple_cap": "cap on what the economy does",
}
"""Of numbers whose field says too little."""
UNITS = {
    "default_rate": "% a year",
    "roll_1": "% a month",
    "roll_30": "% a month",
    "roll_60": "% a month",
    "cure": "% a month",
    "prepayment_range": "times",
    "charged_off": "% of exposure",
    "recovered": "% of exposure",
    "charge_off_lag": "months",
    "recovery_lag": "months",
    "unemployment_change": "log rate a point",
    "unemployment_level": "log rate a point",
    "house_prices": "log rate for 10 %",
    "multiple_cap": "times the long run",
}
"""Of each number as it is shown; shares and monthly probabilities as percentages."""
SHOWN_AGES = (3, 9, 15, 24, 36, 60, 120)
"""Months of age at which curves are shown."""


@dataclass(frozen=True)
class BelievedNumber:
    """A number, its 90 % range between lenders, and why. low and high are None where only a size is believed.

    basis : published, derived, estimated or assumed.
    """

    name: str
    unit: str
    value: float
    low: float | None
    high: float | None
    basis: str
    source: str


@dataclass(frozen=True)
class BelievedCurve:
    """A shape by age in months: seasoning (1 is the plateau), prepayment (% a year)."""

    name: str
    ages: tuple[int, ...]
    values: tuple[float, ...]
    basis: str
    source: str


@dataclass(frozen=True)
class BelievedProduct:
    """What is believed of one product."""

    name: str
    title: str
    numbers: tuple[BelievedNumber, ...]
    curves: tuple[BelievedCurve, ...]


@dataclass(frozen=True)
class PriorsResult(Result):
    """The prior models that ship, or one of them."""

    SCHEMA = "loantwin.priors/1"

    products: tuple[BelievedProduct, ...]


def priors(product: str | None = None) -> PriorsResult:
    """Return what `fit` with a `prior` starts from: every number with its range, basis and source.

    Parameters
    ----------
    product : one product's name; None returns all.

    Raises
    ------
    UsageError : no such product; a near name is offered.
    """
    chosen = shipped().values() if product is None else (product_prior(product, "product"),)
    return PriorsResult(tuple(_believed(prior) for prior in chosen))


def _believed(prior: ProductPrior) -> BelievedProduct:
    numbers = [_number(name, getattr(prior, name)) for name in UNITS]
    numbers += [_swing("period effect", prior.period), _swing("cycle without macro", prior.cycle)]
    curves = (_curve("seasoning", prior.seasoning), _curve("prepayment", prior.prepayment))
    return BelievedProduct(prior.name, prior.title, tuple(numbers), curves)


def _number(name: str, belief: Belief) -> BelievedNumber:
    unit = UNITS[name]
    scale = 100.0 if unit in {"% a month", "% of exposure"} else 1.0
    value, low, high = (scale * one for one in (belief.value, belief.low, belief.high))
    return BelievedNumber(
        NAMES.get(name, name.replace("_", " ")), unit, value, low, high, belief.basis, belief.source
    )


def _swing(name: str, swing: Swing) -> BelievedNumber:
    return BelievedNumber(name, "log rate, s.d.", swing.deviation, None, None, swing.basis, swing.source)


def _curve(name: str, curve: Curve) -> BelievedCurve:
    values = by_age(curve, SHOWN_AGES[-1] + 1)
    at = tuple(float(values[age]) for age in SHOWN_AGES)
    return BelievedCurve(name, SHOWN_AGES, at, curve.basis, curve.source)
