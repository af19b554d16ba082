"""A request for a loan, and the answer to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from loantwin.errors import UsageError, expected
from loantwin.types import Result

OUTCOMES = ("approved", "declined", "referred")


@dataclass(frozen=True)
class Application:
    """A request for a loan. None means missing; a policy that needs a missing field refers the application.

    amount : money, > 0. term_months : whole number >= 1. annual_income : money a year, >= 0.
    annual_pd : probability of default within 12 months, [0, 1]. annual_rate : the rate asked for, decimal a
        year.

    Raises
    ------
    UsageError : a value out of range, naming the field.
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
    """The answer to one application; `limit`, the amount granted, and rate are None unless approved."""

    SCHEMA: ClassVar[str] = "loantwin.decision/1"

    outcome: Literal["approved", "declined", "referred"]
    limit: float | None
    annual_rate: float | None
    reasons: tuple[str, ...]
    policy: str
