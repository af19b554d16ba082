"""Prices on drawn paths: what economy, period effects, errors of estimation and of levers make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.decisions.pricing.effects import PriceEffects
from loantwin.decisions.pricing.kinds import Kinds
from loantwin.decisions.pricing.lives import lives
from loantwin.engine.columns import loan_columns
from loantwin.models.book_columns import exposure_of
from loantwin.models.forecasting import draw_shocks
from loantwin.outlook.priced import YEAR, Pricer, Valued

AT_ONCE = 64
"""Kinds that are looked at on all paths in one go: bounds the memory."""
STEP = 0.05
"""Log-odds over which the slope of a figure by the risk is taken."""
FIGURES = (
    "interest", "capital_benefit", "funding", "operating", "prepayment", "expected_loss", "tax",
    "capital_cost", "raroc", "economic_profit",
)  # fmt: skip
"""Parts that have an interval; beside them annual_pd and break_even_rate."""
ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class Drawn:
    """Paths of a twin's prices. paths, seed : of the draws; the same for every kind.

    effects : of price with as many draws as paths, whose errors are then in the intervals; `added` of a kind
    is its rate above the reference.
    """

    pricer: Pricer
    paths: int
    seed: int
    effects: PriceEffects | None = None

    @cached_property
    def _covariates(self) -> Floats:
        horizon = max(self.pricer.horizon, YEAR)
        covariates = self.pricer.outlook.simulated(horizon, self.paths, self.seed).covariates
        return np.broadcast_to(covariates, (self.paths, *covariates.shape[1:]))

    def shocks(self, label: int, kinds: Kinds) -> Floats:
        """Return the month part of the odds of one label's loans on every path, (P, T, R).

        Errors of estimation are those of where the label's own loans lie, up to the longest term.
        """
        model, horizon = self.pricer.outlook.twin.model, self._covariates.shape[1]
        probe = loan_columns(
            segment=np.array([label]), age=0, state=0, product=kinds.product[:1],
            remaining_months=int(kinds.term.max()), principal=np.ones(1), annual_rate=kinds.annual_rate[:1],
        )  # fmt: skip
        shocks = draw_shocks(model, self._covariates, self.seed, exposure=exposure_of(model, probe, horizon))
        return np.ascontiguousarray(shocks)

    def valued(self, label: int, kinds: Kinds, weight: Floats, shocks: Floats | None = None) -> Valued:
        """Return what kinds of one label come to, (P, K). weight : (K,) risk weights that are held."""
        model = self.pricer.outlook.twin.model
        shifts, place = np.unique(kinds.shift, return_inverse=True)
        lived = lives(
            model.parameters, model.lgd, np.full(len(shifts), label), shifts,
            self.shocks(label, kinds) if shocks is None else shocks,
        ).take(place.reshape(-1))  # fmt: skip
        return self.pricer.valued(kinds, lived, weight=weight)

    def figures(
        self, kinds: Kinds, weight: Floats, break_even: Floats, added: Floats
    ) -> Iterator[tuple[Integers, Mapping[str, Floats]]]:
        """Yield places of kinds (M,) and their figures by path, (P, M) each.

        Parameters
        ----------
        weight, break_even, added : (K,) risk weights, break-even rates (NaN: none), rates above the
            reference.
        """
        for label in np.unique(kinds.segment):
            own = np.flatnonzero(kinds.segment == label)
            shocks = self.shocks(int(label), kinds.take(own))
            for start in range(0, len(own), AT_ONCE):
                rows = own[start : start + AT_ONCE]
                yield (
                    rows,
                    self._some(
                        int(label), kinds.take(rows), weight[rows], break_even[rows], added[rows], shocks
                    ),
                )

    def _some(
        self, label: int, kinds: Kinds, weight: Floats, break_even: Floats, added: Floats, shocks: Floats
    ) -> dict[str, Floats]:
        made = _read(self.valued(label, kinds, weight, shocks))
        if self.effects is not None:
            beside = _read(self.valued(label, self.pricer.at_shift(kinds, STEP), weight, shocks))
            moved = (self.effects.odds_slope[1:] - self.effects.odds_slope[0])[:, None] * added[None]
            made = {name: value + moved * (beside[name] - value) / STEP for name, value in made.items()}
        made["break_even_rate"] = self._break_even(label, kinds, weight, break_even, shocks)
        return made

    def _break_even(
        self, label: int, kinds: Kinds, weight: Floats, break_even: Floats, shocks: Floats
    ) -> Floats:
        """Return break-even rates by path, along the straight line at the expected one."""
        there = np.isfinite(break_even)
        rate = np.where(there, break_even, kinds.annual_rate)
        step = 1e-3
        left, right = (
            self.valued(label, replace(kinds, annual_rate=value), weight, shocks).parts.economic_profit
            for value in (rate, rate + step)
        )
        slope = (right - left).mean(axis=0) / step
        return np.where(there, rate - left / slope, np.nan)


def _read(found: Valued) -> dict[str, Floats]:
    made = {name: np.asarray(getattr(found.parts, name)) for name in FIGURES}
    return {"annual_pd": found.annual_pd, **made}
