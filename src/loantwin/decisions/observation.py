"""What a policy sees, and what it answers: one form for a portfolio, one for an application."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import UsageError, expected
from loantwin.types import LEVERS, Result

FIGURES = (
    "month",
    "balance_ratio",
    "delinquent_share",
    "late_share",
    "default_rate",
    "charge_off_rate",
    "prepayment_rate",
    "new_lending_rate",
    "interest_rate",
    "profit_rate",
)
"""Names of the portfolio figures a policy may ask for; macro covariates are asked for as `macro.NAME`."""


@dataclass(frozen=True)
class PortfolioObservation:
    """A book at the end of a month, as a lender's report shows it. Nothing in it looks ahead or at the latent
    effect.

    month : months since the start.
    balance_ratio : live balance / live balance at the start.
    delinquent_share, late_share : share of the live balance past due at all, and in the worst live state;
        decimals.
    default_rate, charge_off_rate : exposure that entered default, principal charged off, over the last three
        months, as a share of the balance, decimals a year.
    prepayment_rate, new_lending_rate, interest_rate, profit_rate : last month's figure / balance, decimals a
        year.
    macro : covariates in the units the transition model was fitted on (standardised), by name.
    """

    month: int = 0
    balance_ratio: float = 1.0
    delinquent_share: float = 0.0
    late_share: float = 0.0
    default_rate: float = 0.0
    charge_off_rate: float = 0.0
    prepayment_rate: float = 0.0
    new_lending_rate: float = 0.0
    interest_rate: float = 0.0
    profit_rate: float = 0.0
    macro: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.figures().items():
            if not math.isfinite(value):
                raise UsageError(expected("a finite number", value), field=name)

    def figures(self) -> dict[str, float]:
        """Return every figure by name, macro covariates as `macro.NAME`."""
        own = {name: float(getattr(self, name)) for name in FIGURES}
        return own | {f"macro.{name}": float(value) for name, value in self.macro.items()}


@dataclass(frozen=True)
class Levers:
    """A setting of the lender's levers, in the order of `loantwin.types.LEVERS`, each in [-1, 1], 0 the
    reference plan.
    """

    values: tuple[float, ...]
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.values) != len(LEVERS):
            raise UsageError(
                expected(f"{len(LEVERS)} levers ({', '.join(LEVERS)})", len(self.values)), field="levers"
            )
        for name, value in zip(LEVERS, self.values, strict=True):
            if not -1 <= value <= 1:
                raise UsageError(expected("a lever from -1 to 1", value), field=name)

    @property
    def array(self) -> Floats:
        """Return the values, (5,)."""
        return np.array(self.values, dtype=np.float64)

    def __getitem__(self, name: str) -> float:
        return self.values[LEVERS.index(name)]


NEUTRAL = Levers((0.0,) * len(LEVERS))


@dataclass(frozen=True)
class Application:
    """A request for a loan. None means missing; a policy that needs a missing field refers the application.

    amount : money, > 0. term_months : whole number >= 1. annual_income : money a year, >= 0.
    annual_pd : probability of default within 12 months, [0, 1]. annual_rate : the rate asked for, decimal a
        year.
    """

    amount: float
    term_months: int
    annual_income: float | None = None
    score: float | None = None
    grade: str | None = None
    annual_pd: float | None = None
    product: str | None = None
    segment: str | None = None
    annual_rate: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amount) and self.amount > 0):
            raise UsageError(expected("an amount above 0", self.amount), field="amount")
        if (
            isinstance(self.term_months, bool)
            or not isinstance(self.term_months, int)
            or self.term_months < 1
        ):
            raise UsageError(
                expected("a whole number of months, at least 1", self.term_months), field="term_months"
            )
        bounds = {
            "annual_income": (0.0, math.inf),
            "score": (-math.inf, math.inf),
            "annual_pd": (0.0, 1.0),
            "annual_rate": (0.0, 10.0),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise UsageError(
                    expected(f"a finite number from {low:g} to {high:g}, or none", value), field=name
                )


@dataclass(frozen=True)
class Decision(Result):
    """The answer to one application. `limit` is the amount granted; limit and rate are None unless
    approved.
    """

    SCHEMA: ClassVar[str] = "loantwin.decision/1"

    outcome: Literal["approved", "declined", "referred"]
    limit: float | None
    annual_rate: float | None
    reasons: tuple[str, ...]
    policy: str
