"""The tail beside what a supervisor holds for it: Basel's correlations, capital, and the worst year seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import portfolio
from loantwin.outlook.yearly_pd import THROUGH, yearly_pd
from loantwin.risk.capital.amounts import standardised_amounts
from loantwin.risk.capital.assumptions import CapitalAssumptions
from loantwin.risk.capital.classes import table
from loantwin.risk.capital.from_book import Estimates, capital_loans
from loantwin.risk.capital.mapping import place
from loantwin.risk.capital.options import load_options
from loantwin.risk.facts import standing
from loantwin.risk.loss.loss import LossResult, Supervisory
from loantwin.risk.loss.tail import vasicek_quantile
from loantwin.risk.provisions.provisions import loss_in_default
from loantwin.twin import Twin

LEVEL = 0.999
"""The confidence of the Basel risk weight functions (CRE31.5)."""
LEAST_LOANS = 100
"""Loans under contract at a year's start from which its rate is worth stating."""


def supervisory(outlook: Outlook, made: LossResult, correlation: Sequence[float] = ()) -> Supervisory:
    """Return what stands beside a loss distribution; `correlation` : of the model's sectors, if any."""
    twin, rules, assumed = outlook.twin, load_options("basel"), CapitalAssumptions()
    book, loans = portfolio(outlook), outlook.book.loans
    columns, lgd = book.columns, loss_in_default(book)[1]
    found = standing(
        loans,
        twin.mapping.observes,
        states_decide=twin.mapping.defines_default,
        assumed=tuple(outlook.book.assumed),
    )
    owed = columns.principal + columns.accrued_interest + columns.undrawn
    placed = place(loans, owed, rules, assumed)
    pd = yearly_pd(outlook, book, THROUGH)
    estimates = Estimates(pd, lgd, book.runoff.conversion_factor)
    given = capital_loans(loans, columns, found.defaulted, placed, estimates, rules, assumed)
    rwa = float((standardised_amounts(given, rules).rwa * given.weight).sum())
    live = ~found.defaulted
    row = table()[placed.asset_class[live]]  # high, fall, decay, ...
    rate = np.clip(pd[live], 0.0, 1.0)
    rho = row[:, 0] - row[:, 1] * (1 - np.exp(-row[:, 2] * rate))
    amount = columns.principal + columns.accrued_interest + book.runoff.conversion_factor * columns.undrawn
    severe = (amount * columns.weight * np.minimum(lgd, 1.0) * (1 - columns.guaranteed))[live]
    stress = np.asarray(vasicek_quantile(rate, rho, LEVEL))
    return _beside(
        made, severe, rate, rho, stress, rwa, rules.minimum["total"], worst_year(twin), correlation
    )


def _beside(
    made: LossResult, severe: Floats, pd: Floats, rho: Floats, stress: Floats, rwa: float, minimum: float,
    worst: tuple[int, float, int] | None, correlation: Sequence[float],
) -> Supervisory:  # fmt: skip
    total = max(float(severe.sum()), 1e-300)
    tail = float(severe @ stress)
    mean = float(severe @ rho) / total
    expected = made.expected_loss.value
    low, high = (min(correlation), max(correlation)) if len(correlation) else (None, None)
    words = [
        f"the {100 * made.confidence:g} % loss is {made.var.value / expected:.1f} times the expected loss"
        if expected > 0
        else "no loss is expected"
    ]
    if low is not None and high is not None:
        words.append(
            f"asset correlations are {100 * low:.1f} to {100 * high:.1f} %, those of the risk weight "
            f"functions {100 * mean:.1f} % on average: the twin's paths hold the history it has seen, the "
            "supervisor's the crises of many lenders; `correlation_floor` sets a least one"
        )
    if worst is not None:
        share = made.var.value / total
        side = "below" if share < worst[1] else "above"
        words.append(
            f"it is {100 * share:.1f} % of all that can be lost, {side} the worst of {worst[2]} years: in "
            f"{worst[0]} {100 * worst[1]:.1f} % of loans under contract were charged off"
        )
    return Supervisory(
        LEVEL, float(severe @ pd), tail, mean, low, high, rwa, minimum * rwa,
        None if worst is None else worst[0], None if worst is None else worst[1],
        0 if worst is None else worst[2], tuple(words),
    )  # fmt: skip


def worst_year(twin: Twin) -> tuple[int, float, int] | None:
    """Return the year of the highest charge-off rate, the rate by number, and the years known.

    Loans under contract at a year's start: begun before, within term, not yet charged off; loans paid off
    early stay in, so that a rate is a floor. None without charge-offs.
    """
    loans = twin.known_loans
    gone = loans["charge_off_date"]
    if not gone.drop_nulls().len():
        return None
    start, term = loans["origination_date"].dt.year().cast(pl.Float64), loans["term_months"].cast(pl.Float64)
    begun = start.fill_null(9e9).to_numpy()
    end = np.where(term.is_null().to_numpy(), np.inf, begun + term.fill_null(0.0).to_numpy() / 12)
    lost = gone.dt.year().cast(pl.Float64).fill_null(np.inf).to_numpy()
    weight = loans["weight"].to_numpy()
    rates = {}
    for year in range(int(begun.min()) + 1, twin.as_of.year + (twin.as_of.month == 12)):
        at = (begun < year) & (end >= year) & (lost >= year)
        if at.sum() >= LEAST_LOANS:
            rates[year] = float(weight[at & (lost == year)].sum() / weight[at].sum())
    if not rates:
        return None
    worst = max(rates, key=lambda year: rates[year])
    return worst, rates[worst], len(rates)
