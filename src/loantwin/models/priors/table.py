"""The table of prior models, `priors.toml`: one product's beliefs, each with its range, basis and source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from loantwin.errors import choice

Z90 = 1.6448536269514722
"""Standard deviations on each side of a 90 % range."""


@dataclass(frozen=True)
class Belief:
    """A number that is believed. value : the expected one. low, high : its 90 % range between lenders.

    basis : published, derived, estimated or assumed, as `priors.toml` explains. source : what states it.
    """

    value: float
    low: float
    high: float
    basis: str
    source: str

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the number."""
        return (self.high - self.low) / (2.0 * Z90)

    @property
    def log_deviation(self) -> float:
        """Return the standard deviation of its logarithm, for what is above 0; 0 where it is not."""
        return float(np.log(self.high / self.low)) / (2.0 * Z90) if self.low > 0.0 else 0.0

    @property
    def logit_deviation(self) -> float:
        """Return the standard deviation of its log-odds, for a probability strictly between 0 and 1."""
        low, high = (np.log(one / (1.0 - one)) for one in (self.low, self.high))
        return float(high - low) / (2.0 * Z90)


@dataclass(frozen=True)
class Curve:
    """A shape by age: `values` at `ages` in months, straight lines between, flat outside."""

    ages: tuple[float, ...]
    values: tuple[float, ...]
    basis: str
    source: str


@dataclass(frozen=True)
class Swing:
    """How far a rate swings about its long run. deviation : of its logarithm.

    quarterly_persistence : correlation of a quarter's level with the last one's, 0.93 where none is stated (a
        half-life of two years).
    """

    deviation: float
    basis: str
    source: str
    quarterly_persistence: float = 0.92

    @property
    def half_life(self) -> float:
        """Return the months after which half of a swing is forgotten."""
        return 3.0 * float(np.log(0.5) / np.log(self.quarterly_persistence))


@dataclass(frozen=True)
class ProductPrior:
    """What is believed of one product. Rates are percent a year, rolls and cures monthly probabilities.

    typical_term : months, of the book whose average default rate is `default_rate` (90 days past due).
    seasoning : the hazard of default by age, relative to its plateau.
    roll_1, roll_30, roll_60 : from 1 to 29 days late to 30, from 30 to 60, from 60 to 90. cure : back to
        current, of all that are late.
    prepayment : percent a year by age. prepayment_range : a factor on it.
    charged_off, recovered : shares of the exposure. charge_off_lag, recovery_lag : mean months after default.
    unemployment_change, unemployment_level : of the log default rate for one point of unemployment, by its
        change over 12 months and by its level. house_prices : for 10 % over 12 months.
    period : what the economy does not explain. cycle : the whole swing, where no economy explains any of it.
    multiple_cap : how many times its long-run level the economy alone can make the default rate.
    elasticity_of : defaults, or charge-offs, whose elasticity holds that of severity too.
    """

    name: str
    title: str
    typical_term: int
    revolving: bool
    default_rate: Belief
    seasoning: Curve
    roll_1: Belief
    roll_30: Belief
    roll_60: Belief
    cure: Belief
    prepayment: Curve
    prepayment_range: Belief
    charged_off: Belief
    recovered: Belief
    charge_off_lag: Belief
    recovery_lag: Belief
    unemployment_change: Belief
    unemployment_level: Belief
    house_prices: Belief
    period: Swing
    cycle: Swing
    multiple_cap: Belief = Belief(6.0, 4.0, 9.0, "assumed", "none was stated")
    elasticity_of: str = "charge-offs"

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> ProductPrior:
        """Return the prior that plain data state, as `dataclasses.asdict` gives them."""
        made: dict[str, Any] = {}
        for item in fields(cls):
            if item.name in LATER and item.name not in document:
                continue
            value = document[item.name]
            kind = _KINDS.get(str(item.type))
            made[item.name] = value if kind is None else kind(**_frozen(value))
        return cls(**made)


LATER = ("multiple_cap", "elasticity_of")
"""Keys that models fitted before they were stated lack."""
_KINDS = {"Belief": Belief, "Curve": Curve, "Swing": Swing}


def _frozen(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}


@cache
def priors() -> dict[str, ProductPrior]:
    """Return the prior models that ship with loantwin, by name."""
    table = tomllib.loads(files(__package__).joinpath("priors.toml").read_text(encoding="utf-8"))
    return {name: ProductPrior.from_dict({"name": name, **values}) for name, values in table.items()}


def product_prior(name: str, field: str = "prior") -> ProductPrior:
    """Return the prior model of a product by its name, in any case.

    Raises
    ------
    UsageError : no such product; a near name is offered.
    """
    return priors()[choice(name, priors(), field)]
