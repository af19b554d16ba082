"""A figure of the book as a function of the economy's innovations: what reverse stress searches in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.macro.covariates import evaluate
from loantwin.macro.distance import Innovations, directions, slopes
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.outlook.collateral import prices_beyond_trend
from loantwin.outlook.outlook import Economy, GivenScenario
from loantwin.outlook.workout import stock_in_default
from loantwin.verbs.stress.actions import lowest_ratio
from loantwin.verbs.stress.flows import flows_of_cells, grouped_cells, twin_flows
from loantwin.verbs.stress.funding import economy_under, funding_rates
from loantwin.verbs.stress.parts import figures_of
from loantwin.verbs.stress.run import StressTest, ran, run_figure
from loantwin.verbs.stress.scenarios import model_factors

SLOW = ("allowance", "coverage", "cet1")
"""Figures too dear for gradients: a loss, or a loss less income, stands in for them in a search."""


@dataclass(frozen=True)
class Search:
    """A figure computed from flows, as a function of innovations. span : months of flows that count."""

    test: StressTest
    figure: str
    innovations: Innovations
    span: int

    @cached_property
    def cells(self) -> Cells:
        """Return the book's cells, floating balances on the expected path."""
        economy = self.economy(self.innovations.paths(np.zeros((1, self.innovations.size))))
        return grouped_cells(self.test.outlook, economy, self.test.horizon)

    @cached_property
    def stock(self) -> float:
        """Return what the stock in default adds whatever the path."""
        return (
            float(stock_in_default(self.test.outlook, self.test.horizon)[0].sum())
            if self.figure == "charged_off"
            else 0.0
        )

    def economy(self, paths: MacroPaths) -> Economy:
        """Return macro paths as the model reads them; those that begin after the as-of date follow history
        carried on to it, as a scenario does.
        """
        outlook, horizon = self.test.outlook, self.test.horizon
        twin, first = outlook.twin, outlook.month0 + 1
        past = outlook.history if paths.first == first else twin.history
        covariates = evaluate(twin.model.covariates, paths, first, first + horizon - 1, past)
        return Economy(
            None,
            covariates,
            outlook.index_of(paths, horizon),
            funding=funding_rates(outlook, paths, horizon),
            prices=self._prices(paths, past),
        )

    def _prices(self, paths: MacroPaths, past: Scenario) -> Floats | None:
        """Return prices of collateral by path, (P, T); None if none follows them."""
        factor, first = self.test.outlook.price_factor, self.test.outlook.month0 + 1
        if factor is None or factor not in paths.factors:
            return None
        return prices_beyond_trend(factor, paths, first, first + self.test.horizon - 1, past)

    def of_paths(self, paths: MacroPaths) -> Floats:
        """Return the figure on each path, (P,), rising with harm; in place of capital, loss less income."""
        test, economy = self.test, self.economy(paths)
        economy = Economy(
            None,
            economy.covariates[:, : self.span],
            None if economy.index is None else economy.index[:, : self.span],
            funding=economy.funding,
            prices=None if economy.prices is None else economy.prices[:, : self.span],
        )
        flows = (
            flows_of_cells(test.outlook, economy, self.cells, self.span)
            if test.run is twin_flows
            else test.run(test.outlook, economy, self.span)
        )
        found = {
            name: values.sum(axis=1) for name, values in figures_of(test.outlook, flows, economy).items()
        }
        if self.figure == "cet1":
            return np.asarray(found["loss"] - found["net_interest_income"])
        return np.asarray(found["loss" if self.figure in SLOW else self.figure] + self.stock)

    @cached_property
    def basis(self) -> Floats:
        """Return the innovations that move the book, (D, r): the search's own dimensions y, z = basis @ y."""
        return directions(self.innovations, model_factors(self.test.outlook))

    def values(self, y: Floats) -> Floats:
        """Return the figure at each point (P, r)."""
        return self.of_paths(self.innovations.paths(y @ self.basis.T))

    def slopes(self, y: Floats) -> tuple[float, Floats]:
        """Return the figure and its gradient at a point (r,)."""
        value, slope = slopes(lambda points: self.values(points)[:, None], y)
        return float(value[0]), slope[0]


def measure_of(search: Search) -> str:
    """Return in words what `Search.of_paths` gives."""
    if search.figure not in SLOW:
        return search.figure
    return "loss less net interest income" if search.figure == "cet1" else f"loss of {search.span} months"


def figure_under(search: Search, item: GivenScenario) -> float:
    """Return the figure as a scenario gives it, balances on its own index path."""
    test = search.test
    if search.figure in SLOW:
        run = ran(test.outlook, test.run, item, test.horizon, test.capital)
        ratio = lowest_ratio(test, run, test.lending) if _lends(test, search.figure) else None
        return run_figure(test, run, search.figure) if ratio is None else ratio
    economy = economy_under(test.outlook, item.scenario, test.horizon)
    flows = test.run(test.outlook, economy, test.horizon)
    return float(figures_of(test.outlook, flows, economy)[search.figure].sum()) + search.stock


def _lends(test: StressTest, figure: str) -> bool:
    return figure == "cet1" and test.lending != "none"
