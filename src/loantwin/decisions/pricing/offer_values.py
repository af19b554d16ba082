"""What offers come to: every amount, rate, term and pattern of a grid for every applicant, over arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from loantwin.arrays import Codes, Flags, Floats, Integers
from loantwin.decisions.pricing.effects import PriceEffects
from loantwin.decisions.pricing.offer_grid import OfferGrid

ALLOWED, MORE, LAW, MISSING, PAYMENT, BORROWER, RETURN, LOSS, POLICY, UNMET = range(10)
WHY = (
    "allowed",
    "more than is asked for",
    "above the legal cap of the all-in rate",
    "income is missing, which the payment limit reads",
    "payments above the share of income",
    "more than one borrower may owe",
    "return below the least",
    "economic profit below the least",
    "the policy does not approve it",
    "a rule of law asks to know what is missing",
)
"""Why an offer is not made, by code: the first that holds."""


@dataclass(frozen=True)
class OfferTable:
    """What a unit of money comes to by life and contract, D keys x K contracts.

    earned : (D, K) economic profit of a unit. fixed : (D, K) cost of a loan whatever its amount, money.
    equity_years : (D, K) equity x time it is held, of a unit. loss, annual_pd : (D, K). payment, all_in,
    term, rate : (K,) first month's payment of a unit, rate with the fee in it, months, decimal a year.
    pattern : (K,) place in the grid's.
    """

    earned: Floats
    fixed: Floats
    equity_years: Floats
    loss: Floats
    annual_pd: Floats
    payment: Floats
    all_in: Floats
    term: Integers
    rate: Floats
    pattern: Integers


@dataclass(frozen=True)
class Applicants:
    """N applicants as a grid reads them.

    amount : (N, A) offered, NaN where none. label : (N, A) of the twin's model. key : (N, A) row of the
    table. asked : (N,) money. reference : (N,) decimal a year, the rate at which take-up is what the settings
    say. usual : (N,) payment a month of what is asked for, at the reference rate. income, debt : (N,) money a
    month, income NaN where unknown. owed : (N,) by the borrower already. segment : (N,) place in the budgets,
    -1 for none. cap : (N, A) decimal a year, lowest legal cap on the all-in rate that binds, inf for none.
    unmet : (N, A) whether a rule of law asks to know what the application does not say.
    """

    amount: Floats
    label: Integers
    key: Integers
    asked: Floats
    reference: Floats
    usual: Floats
    income: Floats
    debt: Floats
    owed: Floats
    segment: Integers
    cap: Floats
    unmet: Flags

    def __len__(self) -> int:
        return len(self.asked)

    def take(self, rows: Integers | slice) -> Applicants:
        """Return some of them."""
        return Applicants(*(getattr(self, name)[rows] for name in Applicants.__dataclass_fields__))


@dataclass(frozen=True)
class TakeUp:
    """What moves take-up. base : share at the reference; short, heavy : `take_up_amount`, `take_up_payment`.

    offer_cost : money an offer.
    """

    effects: PriceEffects
    base: float
    short: float
    heavy: float
    offer_cost: float


@dataclass(frozen=True)
class OfferValues:
    """Offers of N applicants, (N, O) in the order of the grid: amount, term, pattern, rate.

    profit : economic profit of one taken up. take_up : decimal. lent : money, if taken up. value : of an
    offer made, take-up in it; -inf where it is not made. why : code of `WHY`.
    """

    profit: Floats
    take_up: Floats
    lent: Floats
    value: Floats
    why: Codes


def offer_values(
    applicants: Applicants, table: OfferTable, grid: OfferGrid, take_up: TakeUp, hurdle: float
) -> OfferValues:
    """Return what every offer comes to, and which limits it breaks; a policy is asked afterwards.

    Parameters
    ----------
    hurdle : return that equity asks for, decimal a year.
    """
    effects, key = take_up.effects, applicants.key
    amount = applicants.amount[:, :, None]
    added = (table.rate[None] - applicants.reference[:, None])[:, None, :]
    size = effects.size(added)
    payment = amount * table.payment
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = -take_up.short * np.log(applicants.asked[:, None, None] / amount)
        moved = moved - take_up.heavy * np.log(payment / applicants.usual[:, None, None])
    base = np.asarray(take_up.base)
    slope = effects.take_up_slope[0] / (1.0 - take_up.base)
    chance = 1.0 / (1.0 + np.exp(-(logit(base) + slope * added + moved)))
    lent = amount * size
    profit = lent * table.earned[key] - table.fixed[key]
    why = _why(applicants, table, grid, payment, lent, profit, hurdle)
    value = np.where(why == ALLOWED, chance * profit - take_up.offer_cost, -np.inf)
    shape = (len(applicants), grid.count)
    return OfferValues(
        profit.reshape(shape), chance.reshape(shape), lent.reshape(shape), value.reshape(shape),
        why.reshape(shape),
    )  # fmt: skip


def _why(
    applicants: Applicants, table: OfferTable, grid: OfferGrid, payment: Floats, lent: Floats, profit: Floats,
    hurdle: float,
) -> Codes:  # fmt: skip
    limits, amount = grid.limits, applicants.amount[:, :, None]
    why = np.zeros(profit.shape, dtype=np.int8)

    def refuse(where: np.ndarray, code: int) -> None:
        why[np.broadcast_to(where, why.shape) & (why == ALLOWED)] = code

    refuse(np.isnan(amount), MORE)
    if limits.rate is not None:
        refuse((table.all_in > limits.rate + 1e-12)[None, None], LAW)
    refuse(table.all_in > applicants.cap[:, :, None] + 1e-12, LAW)
    refuse(applicants.unmet[:, :, None], UNMET)
    if limits.payment_share is not None:
        refuse(np.isnan(applicants.income)[:, None, None], MISSING)
        with np.errstate(invalid="ignore"):
            whole = applicants.debt[:, None, None] + payment
            refuse(whole > limits.payment_share * applicants.income[:, None, None] + 1e-9, PAYMENT)
    if limits.borrower is not None:
        refuse(applicants.owed[:, None, None] + amount > limits.borrower + 1e-9, BORROWER)
    if limits.least_raroc is not None:
        equity = lent * table.equity_years[applicants.key]
        with np.errstate(divide="ignore", invalid="ignore"):
            made = np.where(equity > 0.0, profit / equity + hurdle, np.inf)
        refuse(made < limits.least_raroc, RETURN)
    if limits.least_profit is not None:
        refuse(profit < limits.least_profit, LOSS)
    return why
