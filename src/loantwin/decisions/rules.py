"""The parts of a written policy: conditions, portfolio rules, application rules and terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Outcome = Literal["declined", "referred"]

COMPARISONS: dict[str, Callable[..., object]] = {
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "<": np.less,
    ">": np.greater,
    "==": np.equal,
    "!=": np.not_equal,
}


@dataclass(frozen=True)
class RuleCondition:
    """`figure comparison value`, for instance `default_rate > 0.04` or `product == revolving`."""

    figure: str
    comparison: str
    value: float | str

    def holds(self, figure: object) -> object:
        """Return whether the condition holds for a figure, or for each element of an array of figures."""
        return COMPARISONS[self.comparison](figure, self.value)

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{self.figure} {self.comparison} {value}"


@dataclass(frozen=True)
class PortfolioRule:
    """Where all conditions hold, `add` (5,) is added to the levers."""

    when: tuple[RuleCondition, ...]
    add: tuple[float, ...]
    reason: str


@dataclass(frozen=True)
class ApplicationRule:
    """Where all conditions hold, the application is declined or referred."""

    when: tuple[RuleCondition, ...]
    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class ApplicationTerms:
    """Limits and prices of applications; None switches a limit off. The lever named in [] moves it.

    decline_annual_pd, refer_annual_pd : decline, refer above this 12-month default probability [cut_off].
    decline_score, refer_score : decline, refer below this score [cut_off].
    max_amount : most that is granted; max_instalment_share : most of the monthly income that the instalment
        may take [limit].
    base_annual_rate : rate without risk; the offer adds annual_pd x loss_given_default, and the price add-on
        [price_add_on].
    max_annual_rate : a dearer offer is declined.
    cut_off_pd, cut_off_points : at lever 1 default limits are multiplied by exp(-cut_off_pd), score limits
        raised by the points.
    price_add_on : rate added at lever 1. limit_scale : at lever 1 limits are multiplied by exp(limit_scale).
    """

    decline_annual_pd: float | None = None
    refer_annual_pd: float | None = None
    decline_score: float | None = None
    refer_score: float | None = None
    max_amount: float | None = None
    max_instalment_share: float | None = None
    base_annual_rate: float = 0.06
    loss_given_default: float = 0.6
    max_annual_rate: float = 0.36
    cut_off_pd: float = 0.5
    cut_off_points: float = 25.0
    price_add_on: float = 0.02
    limit_scale: float = 0.25
