"""A twin as pricing reads it: lives from its model, contracts at its funding, economics of kinds of loans."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.decisions.pricing.capital import risk_weights
from loantwin.decisions.pricing.contracts import Contracts, contracts
from loantwin.decisions.pricing.costs import Costs, costs_of
from loantwin.decisions.pricing.kinds import Kinds
from loantwin.decisions.pricing.lives import Lives, lives
from loantwin.decisions.pricing.parts import Parts, Units, parts, severity, units
from loantwin.decisions.pricing.roots import roots
from loantwin.engine.rows import base_segments
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import GENERATED_PATHS
from loantwin.products.funding import FundingCurve, curve_of

YEAR = 12
HIGHEST_RATE = 3.0
"""Decimal a year up to which a break-even rate is looked for."""
FARTHEST = 8.0
"""Log-odds to each side of the twin's own, within which a break-even PD is looked for."""


@dataclass(frozen=True)
class Valued:
    """Kinds of loans valued, (..., K) each but `annual_pd`, (..., K) too: expected, or by path (P, K)."""

    unit: Units
    parts: Parts
    annual_pd: Floats
    risk_weight: Floats


@dataclass(frozen=True)
class Pricer:
    """A twin as pricing reads it. horizon : months, the longest term. paths : of the expectation."""

    outlook: Outlook
    horizon: int
    paths: int = GENERATED_PATHS

    @cached_property
    def curve(self) -> FundingCurve:
        """Return what money costs by tenor, as the settings say.

        Raises
        ------
        ConfigError : a curve of another form.
        """
        config = self.outlook.twin.config
        return curve_of(config.funding.curve, config.funding.spread, config.economics.funding_annual_rate)

    @cached_property
    def costs(self) -> Costs:
        """Return what the settings count beside interest and risk."""
        return costs_of(self.outlook.twin.config)

    @cached_property
    def _shocks(self) -> Floats:
        seed = self.outlook.twin.config.run.seed
        return self.outlook.expected(self.outlook.simulated(max(self.horizon, YEAR), self.paths, seed))

    @cached_property
    def reference_rates(self) -> Floats:
        """Return the rate that loans of each label's segment pay on the book, (G,) decimal a year.

        By balance; a segment without a loan on the book reads the whole book's. It is the rate at which the
        twin's risk, and take-up, are as they are without an effect of price.
        """
        columns, labels = self.outlook.columns, self.outlook.twin.model.parameters.segments
        base = base_segments(labels)
        own = base[columns.segment]
        weight = columns.weight * columns.principal
        owed = np.bincount(own, weight, minlength=len(labels))
        paid = np.bincount(own, weight * columns.annual_rate, minlength=len(labels))
        whole = paid.sum() / owed.sum() if owed.sum() > 0.0 else 0.0
        rate = np.divide(paid, owed, out=np.full(len(labels), whole), where=owed > 0.0)
        return np.asarray(rate[base])

    def lives(self, segment: Integers, shift: Floats) -> Lives:
        """Return expected lives, (L, T): the mean over generated paths, as `applied` takes them."""
        model = self.outlook.twin.model
        pairs, place = np.unique(np.column_stack([segment, shift]), axis=0, return_inverse=True)
        once = lives(
            model.parameters, model.lgd, pairs[:, 0].astype(np.int64), pairs[:, 1],
            np.ascontiguousarray(self._shocks), averaged=True,
        )  # fmt: skip
        return once.take(place.reshape(-1))

    def contracts(self, kinds: Kinds, annual_rate: Floats | None = None) -> Contracts:
        """Return the kinds' contracts, at another rate where one is given."""
        return contracts(
            kinds.product, kinds.pattern, kinds.term,
            kinds.annual_rate if annual_rate is None else annual_rate,
            max(self.horizon, YEAR), self.outlook.runoff, self.curve,
        )  # fmt: skip

    def valued(
        self, kinds: Kinds, own: Lives | None = None, made: Contracts | None = None,
        weight: Floats | None = None,
    ) -> Valued:  # fmt: skip
        """Return what the kinds come to; `own` and `made` where their lives and contracts are known.

        weight : (K,) risk weights, where they are not those of these lives: equity is held by what is
        expected, whatever path comes.
        """
        lived = self.lives(kinds.segment, kinds.shift) if own is None else own
        bound = self.contracts(kinds) if made is None else made
        unit = units(lived, bound)
        pd = lived.annual_pd
        if weight is None:
            weight = risk_weights(
                self.costs.pricing.capital_rule, kinds.asset_class, kinds.weight, pd, severity(unit),
                bound.maturity,
            )  # fmt: skip
        return Valued(unit, parts(unit, kinds.amount, weight, self.costs), pd, weight)

    def break_even_rates(self, kinds: Kinds) -> Floats:
        """Return the rate at which economic profit is 0, (K,) decimal a year; NaN where there is none.

        The borrower's risk is held: it is that of the rate asked for.
        """
        lived = self.lives(kinds.segment, kinds.shift)

        def left(rate: Floats) -> Floats:
            made = self.valued(kinds, lived, self.contracts(kinds, rate))
            return np.asarray(made.parts.economic_profit / kinds.amount)

        low, high = np.zeros(len(kinds)), np.full(len(kinds), HIGHEST_RATE)
        return roots(left, low, high, tolerance=1e-9)

    def break_even_pds(self, kinds: Kinds) -> Floats:
        """Return the PD within 12 months at which economic profit is 0, (K,); NaN where there is none.

        Defaults rise by the log-odds of entry into arrears in every month; capital rises with them.
        """
        bound = self.contracts(kinds)

        def lived(shift: Floats) -> Lives:
            return self.lives(kinds.segment, kinds.shift + shift)

        def left(shift: Floats) -> Floats:
            made = self.valued(kinds, lived(shift), bound)
            return np.asarray(made.parts.economic_profit / kinds.amount)

        ends = np.full(len(kinds), FARTHEST)
        found = roots(left, -ends, ends, tolerance=1e-7)
        there = np.isfinite(found)
        return np.where(there, lived(np.where(there, found, 0.0)).annual_pd, np.nan)

    def at_shift(self, kinds: Kinds, added: float) -> Kinds:
        """Return kinds with other log-odds of entry."""
        return replace(kinds, shift=kinds.shift + added)
