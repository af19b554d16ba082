"""A policy asked about offers: each is an application for that amount, rate, term and pattern."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.deciding.judged import judged
from loantwin.decisions.graph_policy import GraphPolicy, nested
from loantwin.decisions.pricing.offer_grid import OfferGrid

FEW = 32
"""Offers that are asked about one by one, where zen-engine is there: columns have a start of their own."""


@dataclass(frozen=True)
class OfferPolicy:
    """A policy and the applicants it is asked about.

    frame : (N, fields) applications. amount : (N, A) offered. profit, annual_pd : (N, O) what the policy may
    read beside them, as `expected_profit` and `annual_pd`; points : (N,) as `score`, NaN where none.
    """

    policy: GraphPolicy
    grid: OfferGrid
    frame: pl.DataFrame
    amount: Floats
    profit: Floats
    annual_pd: Floats
    points: Floats
    on: date | None = None

    def approves(self, row: Integers, offer: Integers) -> Flags:
        """Return which offers the policy approves as they are: amount, rate and term, (M,)."""
        asked = self.applications(row, offer)
        amount, rate, term = (asked[name].to_numpy() for name in ("amount", "annual_rate", "term_months"))
        if len(asked) <= FEW and find_spec("zen") is not None:
            said = [self.policy.decide(nested(item), on=self.on) for item in asked.iter_rows(named=True)]
            outcome = np.array([item.outcome == "approve" for item in said])
            granted = [(item.amount, item.annual_rate, item.term_months) for item in said]
        else:
            made = judged(self.policy, asked, self.on)
            outcome = (made["outcome"] == "approve").to_numpy()
            granted = list(made.select("amount", "annual_rate", "term_months").iter_rows())
        given = np.array(granted, dtype=float).reshape(-1, 3)
        same = np.abs(given - np.column_stack([amount, rate, term])) <= np.array([0.005, 1e-9, 0.0])
        return np.asarray(outcome & same.all(axis=1))

    def applications(self, row: Integers, offer: Integers) -> pl.DataFrame:
        """Return offers as applications, (M, fields)."""
        amounts, terms, patterns, rates = np.unravel_index(offer, self.grid.shape)
        names = np.array(self.grid.patterns)[patterns]
        made = {
            "amount": self.amount[row, amounts], "annual_rate": np.array(self.grid.rates)[rates],
            "term_months": np.array(self.grid.terms)[terms], "expected_profit": self.profit[row, offer],
            "annual_pd": self.annual_pd[row, offer],
        }  # fmt: skip
        columns = [pl.Series(name, values) for name, values in made.items()]
        columns.append(pl.Series("pattern", names.tolist(), dtype=pl.String))
        if np.isfinite(self.points).any():
            columns.append(pl.Series("score", self.points[row]).fill_nan(None))
        return self.frame[row].with_columns(columns)
