"""Synthetic books: loans, links, panel and economy from a known truth, the same bits in any blocks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from loantwin import months as calendar
from loantwin.arrays import Floats
from loantwin.book.mapping import TapeFormat, from_dict
from loantwin.errors import UsageError, expected
from loantwin.macro.covariates import evaluate
from loantwin.macro.scenario import Scenario
from loantwin.synthesis.default_truth import default_truth
from loantwin.synthesis.economy import latent_path, simulate_economy
from loantwin.synthesis.history import simulate
from loantwin.synthesis.lender_tape import plain_mapping
from loantwin.synthesis.origination import originate
from loantwin.synthesis.tables import SyntheticTables, make_tables
from loantwin.synthesis.truth import Truth

START = date(2020, 1, 1)
"""First month of a synthetic panel where none is given: a label, not a claim about that year."""

CURRENCY = "USD"

BLOCK = 25_000
"""Loans simulated at once: about 200 MB at 60 months."""


@dataclass(frozen=True)
class SynthesisPlan:
    """What fixes a book's every bit but its loans; covariates (T, F), latent (T, L) of the panel's months."""

    seed: int
    first_month: int
    months: int
    truth: Truth
    economy: Scenario
    covariates: Floats
    latent: Floats


@dataclass(frozen=True)
class SyntheticBook:
    """A lender's books as one would find them at the panel's end, and the truth behind them.

    loans : LOANS schema, as they stand at the panel's end, closed ones included. panel : PANEL schema, one
        row a loan and
        month from origination to the end, sorted by loan and month. parties, collateral, guarantees : the
            link tables.
    macro : the economy, "Actual", from 20 years before the panel's first month to its last.
    latent : (T, L) the period effects that macro does not explain, by month of the panel, in the truth's
        order.
    """

    loans: pl.DataFrame
    panel: pl.DataFrame
    parties: pl.DataFrame
    collateral: pl.DataFrame
    guarantees: pl.DataFrame
    macro: Scenario
    latent: Floats
    truth: Truth
    seed: int
    first_month: int
    months: int

    @property
    def as_of(self) -> date:
        """Return the last day of the panel's last month."""
        return calendar.end_of(self.first_month + self.months - 1)

    @property
    def mapping(self) -> TapeFormat:
        """Return `loans` and `panel`'s joint format: a panel of published columns, by product and grade."""
        return from_dict(tomllib.loads(plain_mapping("synthetic", CURRENCY, "panel")))


def generate(
    loans: int = 100_000,
    months: int = 60,
    seed: int = 1,
    *,
    start: date = START,
    truth: Truth | None = None,
    macro: Scenario | None = None,
) -> SyntheticBook:
    """Return a synthetic book with its monthly history.

    Parameters
    ----------
    loans, months : number of loans; of calendar months, in which the loans are made evenly.
    seed : of every draw; the same arguments give the same bytes.
    start : any day of the panel's first month.
    truth : what the history is drawn from; default `default_truth()`.
    macro : the economy, monthly, reaching a year and the largest lag back from `start`; default a simulated
        one.

    Raises
    ------
    UsageError : no loans, fewer than two months, a negative seed. ScenarioError : an economy that does not
        cover the months.
    """
    plan = make_plan(months, seed, start=start, truth=truth, macro=macro)
    parts = list(blocks(plan, loans, BLOCK))

    return SyntheticBook(
        loans=pl.concat([part.loans for part in parts]),
        panel=pl.concat([part.panel for part in parts]),
        parties=pl.concat([part.parties for part in parts]),
        collateral=pl.concat([part.collateral for part in parts]),
        guarantees=pl.concat([part.guarantees for part in parts]),
        macro=plan.economy,
        latent=plan.latent,
        truth=plan.truth,
        seed=seed,
        first_month=plan.first_month,
        months=months,
    )


def make_plan(
    months: int, seed: int, *, start: date = START, truth: Truth | None = None, macro: Scenario | None = None
) -> SynthesisPlan:
    """Return what every block of loans shares: the economy, its covariates and the latent path.

    Raises
    ------
    UsageError : fewer than 2 months, or a seed outside 0 to 2**63 - 1.
    """
    if months < 2:
        raise UsageError(expected("at least 2 months", months), field="months")
    if not 0 <= seed < 2**63:
        raise UsageError(expected("a seed from 0 to 2**63 - 1", seed), field="seed")
    chosen = default_truth() if truth is None else truth
    first = calendar.month_of(start)
    economy = simulate_economy(first, months, seed) if macro is None else macro
    return SynthesisPlan(
        seed=seed,
        first_month=first,
        months=months,
        truth=chosen,
        economy=economy,
        covariates=evaluate(chosen.covariates, economy, first, first + months - 1),
        latent=latent_path(chosen.persistence, chosen.innovation, months, seed),
    )


def blocks(plan: SynthesisPlan, loans: int, block: int) -> Iterator[SyntheticTables]:
    """Iterate over the tables of loans 1 ... `loans` by blocks, on whose size no row depends.

    Raises
    ------
    UsageError : fewer than one loan, in all or a block.
    """
    if loans < 1 or block < 1:
        raise UsageError(expected("at least 1 loan", min(loans, block)), field="loans")
    return _simulated(plan, loans, block)


def _simulated(plan: SynthesisPlan, loans: int, block: int) -> Iterator[SyntheticTables]:
    grade_pd = np.round(plan.truth.annual_default_rate(), 6)
    for first in range(0, loans, block):
        count = min(block, loans - first)
        made = originate(plan.truth, plan.economy, plan.first_month, plan.months, plan.seed, first, count)
        history = simulate(
            plan.truth, made, plan.economy, plan.covariates, plan.latent, plan.first_month, plan.seed
        )
        yield make_tables(plan.truth, made, history, plan.first_month, grade_pd)
