"""What the rules' tests read of a twin, each made once and only where a test asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

import loantwin as lt
from loantwin.arrays import Floats, Integers
from loantwin.events.verify import LogVerification
from loantwin.interfaces.compliance.law import DecisionKept, contacts_kept, decisions_kept
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import economies, portfolio
from loantwin.outlook.remade import Remade, remade
from loantwin.outlook.yearly_pd import THROUGH
from loantwin.performance.backtest.record import Record, read_record
from loantwin.risk.capital.amounts import Amounts, CapitalLoans, irb_amounts
from loantwin.risk.capital.assumptions import CapitalAssumptions
from loantwin.risk.capital.options import load_options
from loantwin.risk.capital.results import CapitalResult
from loantwin.risk.provisions.cecl import CeclResult, reversion_of, reverted_shocks
from loantwin.risk.provisions.five_level import AssetFacts, classify, load_rules
from loantwin.risk.provisions.ifrs9 import Ifrs9Result
from loantwin.risk.provisions.measurement import expected_losses
from loantwin.risk.provisions.provisions import (
    Portfolio,
    Staged,
    WeightedScenario,
    lifetime_months,
    loss_in_default,
    measured_lives,
    staged,
    undiscounted,
)
from loantwin.twin import Twin
from loantwin.verbs.capital.basis import capital_basis
from loantwin.verbs.forecast import Forecast

MONTHS, PATHS = 12, 50
"""Of the forecast whose identity is tested."""


@dataclass
class Evidence:
    """A twin and what follows from it; arrays are of the N loans on the book, in its order."""

    twin: Twin

    @cached_property
    def outlook(self) -> Outlook:
        """The twin looked at forward."""
        return Outlook(self.twin)

    @cached_property
    def names(self) -> list[str]:
        """Loans' numbers, N."""
        return [str(name) for name in self.outlook.book.loans["loan_id"]]

    @cached_property
    def book(self) -> Portfolio:
        """The book over the lives that IFRS 9 measures."""
        return measured_lives(portfolio(self.outlook), self.twin.config)

    @cached_property
    def scenarios(self) -> list[WeightedScenario]:
        """Generated paths over the remaining life."""
        return economies(self.outlook, (), lifetime_months(self.book.columns))[0]

    @cached_property
    def staged(self) -> Staged:
        """Losses by scenario and stages."""
        return staged(self.book, self.scenarios, self.twin.config)

    @cached_property
    def undiscounted_lifetime(self) -> Floats:
        """Lifetime loss without discount, (N,)."""
        weights = np.array([item.weight for item in self.scenarios])
        return np.asarray(expected_losses(undiscounted(self.book), self.scenarios)[0][:, :, 1] @ weights)

    @cached_property
    def lifetime(self) -> Floats:
        """Lifetime loss, weighted over scenarios, (N,)."""
        return np.asarray(self.staged.losses.lifetime @ np.array([item.weight for item in self.scenarios]))

    @cached_property
    def twelve_month(self) -> Floats:
        """Loss of defaults within 12 months, weighted over scenarios, (N,)."""
        return np.asarray(
            self.staged.losses.twelve_month @ np.array([item.weight for item in self.scenarios])
        )

    @cached_property
    def ifrs9(self) -> Ifrs9Result:
        """The allowance under IFRS 9, on generated paths."""
        made = lt.provisions(self.twin, "ifrs9")
        assert isinstance(made, Ifrs9Result)  # the standard's own
        return made

    @cached_property
    def cecl(self) -> CeclResult:
        """The allowance under CECL, on generated paths."""
        made = lt.provisions(self.twin, "cecl")
        assert isinstance(made, CeclResult)  # the standard's own
        return made

    @cached_property
    def after_reversion(self) -> tuple[Floats, Floats]:
        """CECL's month part of the odds in the last month of the longest life, (P, R), and history's, (R,).

        Over at least as many months as the supported period and the reversion take.
        """
        used = reversion_of(self.twin.config)
        months = max(lifetime_months(self.book.columns), used.supported_months + used.months + 1)
        scenario = economies(self.outlook, (), months)[0][0]
        found = [reverted_shocks(path, self.book.historical, months, used)[-1] for path in scenario.shocks]
        return np.stack(found), self.book.historical

    @cached_property
    def grades(self) -> tuple[Integers, tuple[str, ...]]:
        """China's class of each loan, (N,), and the classes' names, best first."""
        state, rules = self.book.standing, load_rules()
        share = np.where(state.defaulted, loss_in_default(self.book)[1], np.nan)
        facts = AssetFacts(state.days_past_due, state.defaulted, state.forborne, state.watch, share)
        return classify(facts, rules), rules.classes

    @cached_property
    def internal(self) -> tuple[CapitalLoans, Amounts]:
        """The book as capital rules read it, and its amounts under the foundation approach of Basel."""
        rules = load_options("basel")
        loans = capital_basis(self.twin, rules, CapitalAssumptions(), THROUGH, any_date=True).loans
        return loans, irb_amounts(loans, rules, foundation=True)

    @cached_property
    def capital(self) -> CapitalResult:
        """Capital under Basel's standardised approach."""
        return lt.capital(self.twin, approach="standardised", any_date=True)

    @cached_property
    def forecast(self) -> Forecast:
        """A year ahead."""
        return lt.forecast(self.twin, months=MONTHS, paths=PATHS)

    @cached_property
    def remade(self) -> tuple[Remade, ...]:
        """Figures made twice."""
        return remade(self.outlook, MONTHS)

    @cached_property
    def log(self) -> LogVerification:
        """The log, verified."""
        return self.twin.home.verify()

    @cached_property
    def record(self) -> Record | None:
        """What a backtest found of this model's intervals."""
        return read_record(self.twin.home.folder, self.twin.fitted.data["model_blob"])

    @cached_property
    def decisions(self) -> tuple[DecisionKept, ...]:
        """Recorded decisions."""
        return decisions_kept(self.twin.home)

    @cached_property
    def contacts(self) -> pl.DataFrame:
        """Contacts of collections: case and day, a row each."""
        return contacts_kept(self.twin.home)

    @cached_property
    def known(self) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """Loans and panel as every reader sees them at the as-of date."""
        return self.twin.known_loans, self.twin.known_panel
