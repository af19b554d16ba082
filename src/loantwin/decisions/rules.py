"""The parts of a written policy: conditions and portfolio rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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
    """`figure comparison value`, for instance `default_rate > 0.04`."""

    figure: str
    comparison: str
    value: float

    def holds(self, figure: object) -> object:
        """Return whether the condition holds for a figure, or for each element of an array of figures."""
        return COMPARISONS[self.comparison](figure, self.value)

    def __str__(self) -> str:
        return f"{self.figure} {self.comparison} {self.value:g}"


@dataclass(frozen=True)
class PortfolioRule:
    """Where all conditions hold, `add` (5,) is added to the levers."""

    when: tuple[RuleCondition, ...]
    add: tuple[float, ...]
    reason: str
