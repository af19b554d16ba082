"""Macro factors by month: one named path (`Scenario`), the past (`MacroHistory`), many (`MacroPaths`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected

FACTORS: dict[str, tuple[str, str]] = {
    # name: (how it moves, meaning); rates are decimals (4.1 % is 0.041)
    "real_gdp_growth": ("growth", "Real GDP growth, annualised"),
    "nominal_gdp_growth": ("growth", "Nominal GDP growth, annualised"),
    "real_income_growth": ("growth", "Real disposable income growth, annualised"),
    "nominal_income_growth": ("growth", "Nominal disposable income growth, annualised"),
    "unemployment_rate": ("rate", "Unemployment rate"),
    "inflation": ("growth", "CPI inflation, annualised"),
    "treasury_3m": ("yield", "3-month Treasury rate"),
    "treasury_5y": ("yield", "5-year Treasury yield"),
    "treasury_10y": ("yield", "10-year Treasury yield"),
    "bbb_yield": ("yield", "BBB corporate yield"),
    "mortgage_rate": ("yield", "Mortgage rate"),
    "prime_rate": ("yield", "Prime rate"),
    "stock_index": ("index", "Dow Jones Total Stock Market Index"),
    "house_price_index": ("index", "House price index"),
    "commercial_property_index": ("index", "Commercial real estate price index"),
    "vix": ("index", "Market volatility index"),
}
"""The Fed's domestic factors under our names; a user's own needs a kind: growth, rate, yield or index."""


@dataclass(frozen=True)
class Scenario:
    """One path of the economy. `values[i, j]` is factor `factors[j]` in month `first + i`.

    values : (T, F) float64; rates and growth as decimals, indices as levels; NaN only where a factor was
    dropped or not yet published, which every user must check with `require`.
    kinds : (F,) one of growth, rate, yield, index.
    """

    name: str
    first: int
    factors: tuple[str, ...]
    kinds: tuple[str, ...]
    values: Floats
    source: str = ""

    @property
    def last(self) -> int:
        """Return the number of the last month."""
        return self.first + len(self.values) - 1

    def require(self, factor: str, first: int, last: int) -> Floats:
        """Return a factor over months `first` to `last`, both included.

        Raises
        ------
        ScenarioError : a factor that is not there, or a month that is not covered or has no value.
        """
        if factor not in self.factors:
            raise ScenarioError(
                expected("one of " + ", ".join(self.factors), factor), file=self.source or None, field=factor
            )
        column = self.values[:, self.factors.index(factor)]
        for month in (first, last):
            if not self.first <= month <= self.last:
                raise ScenarioError(
                    expected(
                        f"scenario {self.name} to cover {months.label(first)} to {months.label(last)}",
                        f"{months.label(self.first)} to {months.label(self.last)}",
                    ),
                    file=self.source or None,
                    field=factor,
                )
        chosen = column[first - self.first : last - self.first + 1]
        gaps = np.flatnonzero(~np.isfinite(chosen))
        if gaps.size:
            raise ScenarioError(
                expected(f"a value in scenario {self.name}", f"none in {months.label(first + int(gaps[0]))}"),
                file=self.source or None,
                field=factor,
            )
        return chosen


@dataclass(frozen=True)
class MacroPaths:
    """Many equally likely paths. values : (P, T, F), month `first + t`; other fields as in `Scenario`."""

    first: int
    factors: tuple[str, ...]
    kinds: tuple[str, ...]
    values: Floats
