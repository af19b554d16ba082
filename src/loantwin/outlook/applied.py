"""What a loan that is asked for comes to over its life: default, loss, income, costs and profit.

Cash is what the twin's engine expects of a loan of that segment, size and score lent today: who defaults or
pays early pays no more interest. All is worth at the as-of date, discounted at the cost of funding, which is
each loan's transfer rate where the settings state a curve (`products.funding`), else one rate for all:

    profit = interest - (funding + servicing) x balance at the month's start - loss of the month's defaults

A loss is the exposure at default x (charged off - worth of what is recovered later). What it costs to win,
decide and set up a loan, capital, taxes and the funding of what is in default are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.path import Flows
from loantwin.engine.runoff import build_cells
from loantwin.outlook.applications import Applications
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import GENERATED_PATHS
from loantwin.products.funding import curve_of, transfer_rates

YEAR = 12
AT_ONCE = 128
"""Kinds of loan that are looked at in one go: bounds the memory of many paths."""


@dataclass(frozen=True)
class Economics:
    """Sums over the life of loans, any shape; money in the book's currency, worth at the as-of date.

    annual_pd, lifetime_pd : defaults (of loans, in number) within 12 months and before the contract ends.
    expected_loss : of defaults. interest : received. funding, servicing : costs of the balance.
    profit : interest less costs and loss. year_profit : the same of the first 12 months alone, with the whole
    loss of defaults in them: what a flag of default within 12 months sees.
    """

    annual_pd: Floats
    lifetime_pd: Floats
    expected_loss: Floats
    interest: Floats
    funding: Floats
    servicing: Floats
    profit: Floats
    year_profit: Floats


def funding_rates(outlook: Outlook, cells: Cells) -> Floats | float:
    """Return what money for loans costs, decimal a year: (B,) transfer rates of the cells, or the one rate.

    By matched maturity of what the contracts repay, where `funding.curve` is stated; else
    `economics.funding_annual_rate`.
    """
    config = outlook.twin.config
    curve = curve_of(config.funding.curve, config.funding.spread, config.economics.funding_annual_rate)
    if not curve.stated:
        return config.economics.funding_annual_rate
    return transfer_rates(np.maximum(cells.balance[:, :-1] - cells.balance[:, 1:], 0.0), curve)


def mean_funding_rate(outlook: Outlook, cells: Cells) -> float:
    """Return the one rate on many loans' balance that comes to what their own transfer rates ask for."""
    rates = funding_rates(outlook, cells)
    standing = cells.balance[:, :-1].sum(axis=1)
    if isinstance(rates, float) or not standing.sum() > 0.0:
        return float(np.mean(rates))
    return float((standing * np.nan_to_num(rates)).sum() / standing.sum())


def economics_of(flows: Flows, funding: Floats | float, servicing: float) -> Economics:
    """Return the sums of flows (..., T) over their months, (...).

    Parameters
    ----------
    flows : whose losses are discounted at `funding`. funding : decimal a year of the balance, one or in the
    shape of the sums. servicing : decimal a year of the balance.
    """
    months = flows.balance.shape[-1]
    rate = funding if isinstance(funding, float) else funding[..., None]
    worth = (1.0 + rate / 12.0) ** -np.arange(1.0, months + 1.0)
    opening = np.concatenate([flows.opening[..., None], flows.balance[..., :-1]], axis=-1)
    costs = {"funding": rate / 12.0 * opening * worth, "servicing": servicing / 12.0 * opening * worth}
    interest = flows.interest * worth
    profit = interest - costs["funding"] - costs["servicing"] - flows.loss_gross
    return Economics(
        flows.defaulted_number[..., :YEAR].sum(axis=-1),
        flows.defaulted_number.sum(axis=-1),
        flows.loss_gross.sum(axis=-1),
        interest.sum(axis=-1),
        costs["funding"].sum(axis=-1),
        costs["servicing"].sum(axis=-1),
        profit.sum(axis=-1),
        profit[..., :YEAR].sum(axis=-1),
    )


def applied(outlook: Outlook, applications: Applications, paths: int = GENERATED_PATHS) -> Economics:
    """Return what each application comes to, (N,), the mean over generated paths of the economy from today.

    Loans of one label, product, term and rate are looked at once, for one unit of money: cash is in
    proportion to the amount. A fixed rate, no guarantee, no draw after the first day.

    Parameters
    ----------
    paths : of the generator; the expected period effect on each.
    """
    keys = np.column_stack([applications.segment, applications.product, applications.term, applications.rate])
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    if not len(kinds):
        return Economics(*(np.zeros(0) for _ in fields(Economics)))
    units = Applications(
        kinds[:, 0].astype(np.int64), kinds[:, 1].astype(np.int64), np.ones(len(kinds)),
        kinds[:, 2].astype(np.int64), kinds[:, 3], np.zeros(len(kinds)),
    )  # fmt: skip
    horizon = int(units.term.max())
    shocks = outlook.expected(outlook.simulated(horizon, paths, outlook.twin.config.run.seed))
    return of_amounts(economics_of_units(outlook, units, shocks), kind.reshape(-1), applications.amount)


def economics_of_units(outlook: Outlook, units: Applications, shocks: Floats) -> Economics:
    """Return what each of K loans comes to, (K,), the mean over the paths of shocks (P, T, R).

    A loan comes to the same whichever others are asked about, to the bit.
    """
    twin, costs = outlook.twin, outlook.twin.config.economics
    parts = []
    for start in range(0, len(units), AT_ONCE):
        size = min(AT_ONCE, len(units) - start)
        columns = take(units.columns(costs.funding_annual_rate), slice(start, start + size))
        cells = applied_cells(outlook, columns, shocks.shape[1], np.arange(size))
        money = funding_rates(outlook, cells)
        if not isinstance(money, float):  # losses too are discounted at the loan's own rate
            cells = replace(cells, annual_rate=money)
            money = money[np.argsort(cells.group)]
        flows = conditional_flows(twin.model.parameters, cells, twin.model.lgd, shocks, groups=size)
        made = economics_of(flows, money, costs.servicing_annual_rate)
        parts.append([_mean(getattr(made, item.name)) for item in fields(Economics)])
    return Economics(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _mean(figures: Floats) -> Floats:
    """Return the mean over paths of (P, K), (K,).

    Trap: NumPy adds along the first axis in another order for one kind than for many, so that a loan alone
    would differ in its last bits.
    """
    return np.asarray(np.ascontiguousarray(figures.T).mean(axis=-1))


def applied_cells(
    outlook: Outlook, columns: LoanColumns, horizon: int, group: Integers | None = None
) -> Cells:
    """Return new loans as cells of the engine over months 1..horizon, run off as the twin's book is."""
    runoff = outlook.runoff
    return build_cells(
        columns if group is None else replace(columns, group=group.astype(np.int64)),
        horizon,
        partial_monthly=runoff.partial_monthly,
        arrears_months=runoff.arrears_months,
        conversion_factor=runoff.conversion_factor,
    )


def of_amounts(units: Economics, kind: Integers, amount: Floats) -> Economics:
    """Return figures of loans (N,) from those of one unit of each kind; probabilities know no amount."""
    made = {}
    for item in fields(Economics):
        by_kind = getattr(units, item.name)[kind]
        made[item.name] = by_kind if item.name.endswith("_pd") else by_kind * amount
    return Economics(**made)
