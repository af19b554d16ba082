"""What a legal rate is: the figure, how it is shown and under which name; the flows that it is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Literal

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.products.internal_rates.roots import Status

Compounding = Literal["nominal", "effective", "simple"]
Flow = tuple[date, Any]
"""Date and amount: int, Decimal or float of any unit, positive to the lender."""


@dataclass(frozen=True)
class LegalRate:
    """A yearly rate of a loan's costs.

    annual_rate : decimal a year, not rounded; NaN unless solved.
    shown : percent as the rule rounds it; None unless solved.
    rule : the law and its equation. compounding : `nominal` (a rate a period times the periods of a year),
    `effective` (compounded yearly) or `simple`. time : how time is counted.
    status : `solved`, `no_root` or `several_roots` (`products.internal_rates.roots`).
    """

    annual_rate: float
    shown: Decimal | None
    rule: str
    compounding: Compounding
    time: str
    status: Status

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON."""
        solved = math.isfinite(self.annual_rate)
        return {
            "annual_rate": self.annual_rate if solved else None,
            "shown": None if self.shown is None else str(self.shown),
            "rule": self.rule,
            "compounding": self.compounding,
            "time": self.time,
            "status": self.status,
        }


def as_percent(rate: float, decimals: int) -> Decimal | None:
    """Return a rate as percent with some decimals: a figure of 5 or more raises the one before it."""
    if not math.isfinite(rate):
        return None
    # 15 figures: half of a last decimal that binary numbers miss by a hair counts as half
    with localcontext(prec=400):  # a loan of one day that costs half of itself has a rate of 77 figures
        percent = Decimal(f"{100 * rate:.15g}")
        return percent.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def parted_flows(flows: Sequence[Flow]) -> tuple[list[date], Floats]:
    """Return dates and amounts, in order of dates; flows of one day stay apart.

    Raises
    ------
    RiskError : a flow that is no date and number, one that is not finite, fewer than two, or all of one sign.
    """
    days: list[date] = []
    amounts: list[float] = []
    for place, flow in enumerate(flows):
        try:
            day, amount = flow
            days.append(_date(day))
            amounts.append(float(amount))
        except (TypeError, ValueError) as error:
            raise RiskError(
                expected("a date and an amount", repr(flow)), row=place + 1, field="flows"
            ) from error
    made = np.array(amounts, dtype=np.float64)
    if len(made) < 2 or not np.isfinite(made).all():
        raise RiskError(expected("two or more flows, each finite", str(amounts[:3])), field="flows")
    if not ((made > 0).any() and (made < 0).any()):
        raise RiskError(expected("flows of both signs, paid out and paid in", "one sign"), field="flows")
    order = sorted(range(len(days)), key=days.__getitem__)
    return [days[place] for place in order], made[order]


def _date(day: object) -> date:
    if not isinstance(day, date):
        raise TypeError
    return day
