"""The parts of a price: what a loan of one contract and one life earns and costs, worth on its first day."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.pricing.contracts import Contracts
from loantwin.decisions.pricing.costs import Costs
from loantwin.decisions.pricing.lives import Lives


@dataclass(frozen=True)
class Units:
    """Expected sums over the life of one unit of money lent, any one shape; worth on the first day.

    interest : received. balance_years : balance x time it stands. months : months that the loan is live.
    early : repaid early. loss : of defaults, net of what comes back. defaulted : exposure of defaults.
    lifetime_pd : defaults before the contract ends. transfer_rate : decimal a year.
    """

    interest: Floats
    balance_years: Floats
    months: Floats
    early: Floats
    loss: Floats
    defaulted: Floats
    lifetime_pd: Floats
    transfer_rate: Floats


def units(lives: Lives, made: Contracts) -> Units:
    """Return the sums of K pairs of a life and a contract, (..., K): row k of either.

    Parameters
    ----------
    lives : (..., K, T), or (..., 1, T) for one life under all contracts.
    """
    worth = made.worth
    share = lives.charged_off - made.recovery_worth(lives.recovery_lag)[:, None] * lives.recovered
    owed = made.exposure * worth

    def summed(chance: Floats, amounts: Floats) -> Floats:
        return np.asarray((chance * amounts).sum(axis=-1))

    return Units(
        summed(lives.paying, made.interest * worth),
        summed(lives.live, made.start * worth) / 12.0,
        summed(lives.live, made.running * worth),
        summed(lives.stay, made.partial * worth) + summed(lives.prepaid, made.early * worth),
        summed(lives.default, owed * share),
        summed(lives.default, owed),
        summed(lives.default, made.running),
        np.broadcast_to(made.transfer_rate, (*lives.live.shape[:-2], len(worth))),
    )


@dataclass(frozen=True)
class Parts:
    """What loans earn and cost over their lives, any one shape; currency, worth on the first day.

    profit = interest + fee + capital_benefit - funding - operating - acquisition - prepayment -
    expected_loss, before tax. capital_years : equity x time it is held. capital_cost : hurdle x
    capital_years. economic_profit : profit after tax - capital_cost. raroc : profit after tax /
    capital_years, decimal a year.
    """

    interest: Floats
    fee: Floats
    funding: Floats
    capital_benefit: Floats
    operating: Floats
    acquisition: Floats
    prepayment: Floats
    expected_loss: Floats
    profit: Floats
    tax: Floats
    capital_years: Floats
    capital_cost: Floats
    raroc: Floats
    economic_profit: Floats


def parts(unit: Units, amount: Floats, risk_weight: Floats, costs: Costs) -> Parts:
    """Return the parts of loans of `amount`, whose shapes broadcast.

    Equity of capital_ratio x risk weight stands beside the balance as long as that stands. The whole balance
    is charged for funding at the transfer rate, and equity is credited with it (`capital_benefit`): it is
    money that nobody had to borrow.
    """
    own = costs.pricing
    interest, fee = amount * unit.interest, amount * own.origination_fee + 0.0 * unit.interest
    years = amount * unit.balance_years
    capital = own.capital_ratio * risk_weight * years
    funding, benefit = unit.transfer_rate * years, unit.transfer_rate * capital
    operating = costs.servicing * years + own.monthly_cost * unit.months
    acquisition = own.acquisition_rate * amount + own.acquisition_cost + 0.0 * unit.interest
    prepayment, loss = own.prepayment_cost * amount * unit.early, amount * unit.loss
    profit = interest + fee + benefit - funding - operating - acquisition - prepayment - loss
    tax, cost = own.tax_rate * profit, own.hurdle_rate * capital
    with np.errstate(divide="ignore", invalid="ignore"):
        raroc = np.where(capital > 0.0, (profit - tax) / capital, np.nan)
    return Parts(
        interest, fee, funding, benefit, operating, acquisition, prepayment, loss, profit, tax, capital, cost,
        raroc, profit - tax - cost,
    )  # fmt: skip


def linear(unit: Units, risk_weight: Floats, costs: Costs) -> tuple[Floats, Floats]:
    """Return economic profit as what a unit of money earns, and what a loan costs whatever its amount.

    economic profit = amount x first - second, in the shape of `unit`.
    """
    own, kept = costs.pricing, costs.kept
    capital = own.capital_ratio * risk_weight * unit.balance_years
    rate = (
        unit.interest + own.origination_fee + unit.transfer_rate * (capital - unit.balance_years)
        - costs.servicing * unit.balance_years - own.acquisition_rate - own.prepayment_cost * unit.early
        - unit.loss
    )  # fmt: skip
    fixed = kept * (own.monthly_cost * unit.months + own.acquisition_cost)
    return kept * rate - own.hurdle_rate * capital, fixed


def severity(unit: Units) -> Floats:
    """Return the loss of a default, share of what is owed, shape of `unit`; 0 where nothing defaults."""
    there = unit.defaulted > 0.0
    made = np.divide(unit.loss, unit.defaulted, out=np.zeros_like(unit.loss), where=there)
    return np.clip(made, 0.0, 1.0)


def names() -> tuple[str, ...]:
    """Return the names of the parts."""
    return tuple(item.name for item in fields(Parts))
