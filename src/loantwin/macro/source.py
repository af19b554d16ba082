"""What a macro file holds: tables at the frequency of publication, before anything is made monthly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.macro.interpolate import to_months
from loantwin.macro.scenario import Scenario

ACTUAL = "Actual"
"""The scenario name of history."""


@dataclass(frozen=True)
class NativeTable:
    """One scenario as published: `values[i, j]` of `factors[j]` in the period from month `first + step * i`.

    step : months in a period, 1 or 3.
    kinds : (F,) one of growth, rate, yield, index.
    values : (Q, F) float64; rates and growth as decimals, indices as levels; NaN is 'not published'.
    """

    name: str
    first: int
    step: int
    factors: tuple[str, ...]
    kinds: tuple[str, ...]
    values: Floats

    @property
    def months(self) -> Integers:
        """Return the number of each period's last month, (Q,)."""
        return self.first + self.step * np.arange(1, len(self.values) + 1) - 1

    def published(self, as_of: date, lag: int) -> NativeTable:
        """Return the periods known on `as_of`: those that ended at least `lag` months before it."""
        # Trap: a value before it was published. A quarter is known months after its end.
        ends = [months.end_of(int(month)) for month in self.months]
        return self.head(sum(months.add_months(end, lag) <= as_of for end in ends))

    def head(self, periods: int) -> NativeTable:
        """Return the first `periods` rows."""
        return replace(self, values=self.values[:periods])

    def monthly(self, source: str = "", before: Mapping[str, float] | None = None) -> Scenario:
        """Return the table by month; `before`, the values of the period before, opens the first quarter."""
        values = self.values
        if self.step == 3:
            opening = np.array([[(before or {}).get(factor, np.nan) for factor in self.factors]])
            values = to_months(np.concatenate([opening, values]), self.kinds)[3:]
        return Scenario(self.name, self.first, self.factors, self.kinds, values, source)


@dataclass(frozen=True)
class MacroSource:
    """A macro file that was read.

    path : as given. sha256 : of its bytes. form : "fed", "series" or "user". frequency : "quarterly" or
        "monthly".
    scenarios : name -> table. warnings : what a reader should know, such as a value that was never published.
    """

    path: str
    sha256: str
    form: str
    frequency: str
    scenarios: dict[str, NativeTable]
    warnings: tuple[str, ...] = ()

    def history(self) -> NativeTable | None:
        """Return the table named Actual, if the file holds one."""
        return self.scenarios.get(ACTUAL)
