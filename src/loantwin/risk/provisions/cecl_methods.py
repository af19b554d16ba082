"""CECL's methods side by side: PD x LGD, discounted cash flow, vintage, remaining maturity, roll rate.

ASC 326-20-30-3 asks for no particular method and names discounted cash flow, loss-rate, roll-rate,
probability-of-default and aging-schedule methods; 326-20-55-6 and 55-7 leave the choice to judgement. Each
function says what it reads and what it leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.columns import LoanColumns
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import Exposures, totals


@dataclass(frozen=True)
class Method:
    """A method in words: formula, source and what it needs."""

    formula: str
    source: str
    needs: str


METHODS: dict[str, Method] = {
    "pd-lgd": Method(
        "sum over months of default probability x loss given default x exposure, not discounted",
        "ASC 326-20-30-3",
        "a fitted model and scenarios",
    ),
    "dcf": Method(
        "amortised cost less the present value of expected cash flows at the effective rate: PD x LGD x "
        "exposure discounted, recoveries from their own month",
        "ASC 326-20-30-4, 30-5",
        "a fitted model, scenarios, effective rates",
    ),
    "vintage": Method(
        "originated amount x sum over the months of age still ahead of the historical loss rate of that age",
        "ASC 326-20-55-28 to 55-31 (example 3)",
        "dated originations and charge-offs, loans that have left the book included",
    ),
    "warm": Method(
        "historical annual net charge-off rate x balance x weighted-average remaining maturity",
        "ASC 326-20-30-8; FASB Staff Q&A Topic 326 No. 1 (2019)",
        "charge-offs and balances of past years",
    ),
    "roll-rate": Method(
        "balance by state of delinquency x share of it that ends charged off by the average monthly roll "
        "rates, less recoveries",
        "ASC 326-20-30-3",
        "a history of states by loan and month (a panel)",
    ),
}
"""Every method by its name on the command line."""


@dataclass(frozen=True)
class LossHistory:
    """What the past tells, or None: M months of history, A ages in months, S states of delinquency.

    charge_off_rate : annual net charge-offs / average balance; recoveries known by the as-of date are taken
        off.
    pool_rates : the same by pool with enough charge-offs, others absent.
    vintage_loss : (A,) net loss in the month of that age / amount originated of all loans seen at that age.
    ahead : name of pool -> (amount originated, its part net of guarantees) by age, (2, A), of loans whose
        term runs on.
    roll : (S, S + 2) share of a balance that moves in a month to each state, is charged off, is paid. S as in
        `states`.
    recovered : share of what is charged off that comes back. state : (N,) row of `roll` of each loan, -1 for
        none.
    words : what was read, printed.
    charge_offs : known ones with a loss. years, roll_months : of history behind annual and roll rates.
    beyond : share of the amount x months ahead of ages never seen. year_ahead : (A,) amount originated that
        stands at each age within the next twelve months, loans in default included, None without vintages.
    """

    charge_off_rate: float | None = None
    pool_rates: Mapping[str, float] = field(default_factory=dict)
    vintage_loss: Floats | None = None
    ahead: Mapping[str, Floats] = field(default_factory=dict)
    roll: Floats | None = None
    recovered: float = 0.0
    state: Integers | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    charge_offs: int = 0
    years: int = 0
    roll_months: int = 0
    beyond: float = 0.0
    year_ahead: Floats | None = None

    def __post_init__(self) -> None:
        check.finite(
            **check.given(
                charge_off_rate=self.charge_off_rate,
                vintage_loss=self.vintage_loss,
                roll=self.roll,
                year_ahead=self.year_ahead,
            ),
            recovered=self.recovered,
            beyond=self.beyond,
        )


@dataclass(frozen=True)
class PooledBook:
    """N loans: exposures, pools, those in default with the loss still to come, currency of one loan."""

    exposures: Exposures
    pool: Integers
    pools: tuple[str, ...]
    in_default: Flags
    individual: Floats
    columns: LoanColumns

    def __post_init__(self) -> None:
        check.finite(individual=self.individual)


@dataclass(frozen=True)
class MethodAllowance:
    """The allowance by one method, net and gross of guarantees, total and by pool; null where untold.

    individually assessed loans (in default) are in the total. missing : why there is no figure, empty where
        there is one.
    """

    allowance: float | None
    allowance_gross: float | None
    by_pool: Mapping[str, float]
    formula: str
    source: str
    needs: str
    read: str
    missing: str


def by_loan(
    method: str, book: PooledBook, loss: Floats, read: str = "model and scenarios"
) -> MethodAllowance:
    """Return the allowance from each loan's loss, (N,) currency; loans in default at their own."""
    check.kind(PooledBook, book=book)
    check.finite(loss=loss)
    check.word(read=read)
    check.one_of(METHODS, method=method)
    check.shaped(book.pool.shape, loss=loss)
    own = np.where(book.in_default, book.individual, loss)
    weight, kept = book.exposures.weight, 1.0 - book.exposures.guaranteed
    pooled = totals([own * weight * kept], book.pool, len(book.pools))[0]
    net, gross = (figure[0] for figure in totals([own * weight * kept, own * weight]))
    return _made(method, net, gross, dict(zip(book.pools, pooled, strict=True)), read)


def warm(book: PooledBook, balances: Floats, history: LossHistory | None) -> MethodAllowance:
    """Return the allowance by weighted-average remaining maturity.

    balances : (G, T + 1) expected live balance of each pool at the end of months 0..T: its sum / 12 / today's
    balance is the remaining maturity in years. A pool's own charge-off rate is read where it has one, the
    book's elsewhere.
    """
    check.kind(PooledBook, book=book)
    check.finite(balances=balances)
    check.kind(LossHistory, **check.given(history=history))
    check.shaped((len(book.pools), None), balances=balances)
    if history is None or history.charge_off_rate is None:
        return _missing("warm", "no year of charge-offs and balances before the as-of date")
    rates = np.array([history.pool_rates.get(name, history.charge_off_rate) for name in book.pools])
    years = (
        balances[:, :-1].sum(axis=1) / 12.0
    )  # balance-years: a month's losses arise on what stands at its start
    return _with_individual("warm", book, years * rates, _kept(book), history.words.get("warm", ""))


def vintage(book: PooledBook, history: LossHistory | None) -> MethodAllowance:
    """Return the allowance by vintage: what a loan of that age still loses, on amounts originated."""
    check.kind(PooledBook, book=book)
    check.kind(LossHistory, **check.given(history=history))
    if history is None or history.vintage_loss is None:
        return _missing(
            "vintage", "the source holds no loans that have left the book, or no dated charge-off"
        )
    gross = np.array(
        [
            (history.ahead[name][0] @ history.vintage_loss) if name in history.ahead else 0.0
            for name in book.pools
        ]
    )
    net = np.array(
        [
            (history.ahead[name][1] @ history.vintage_loss) if name in history.ahead else 0.0
            for name in book.pools
        ]
    )
    kept = np.divide(net, gross, out=np.ones_like(gross), where=gross > 0.0)
    return _with_individual("vintage", book, gross, kept, history.words.get("vintage", ""))


def roll_rate(book: PooledBook, history: LossHistory | None) -> MethodAllowance:
    """Return the allowance by roll rates; loans in default roll like the others."""
    check.kind(PooledBook, book=book)
    check.kind(LossHistory, **check.given(history=history))
    if history is None or history.roll is None or history.state is None:
        return _missing("roll-rate", "the source has no history of states by loan and month")
    shares = loss_shares(history.roll, int(book.columns.remaining_months.max(initial=1))) * (
        1.0 - history.recovered
    )
    left, state = book.columns.remaining_months, history.state
    share = np.where(state >= 0, shares[np.minimum(left, shares.shape[0] - 1), np.maximum(state, 0)], 0.0)
    whole = PooledBook(
        book.exposures,
        book.pool,
        book.pools,
        np.zeros_like(book.in_default),
        np.zeros_like(book.individual),
        book.columns,
    )
    return by_loan("roll-rate", whole, share * book.exposures.exposure, history.words.get("roll-rate", ""))


def loss_shares(roll: Floats, months: int) -> Floats:
    """Return the share of a balance charged off within t months by state, (T + 1, S).

    Parameters
    ----------
    roll : (S, S + 2) monthly roll rates to each state, to charge-off and to payment; rows sum to 1.

    Raises
    ------
    RiskError : rows that are no probabilities.
    """
    check.finite(roll=roll)
    check.count(1, months=months)
    states = len(roll)
    if roll.shape != (states, states + 2) or not ((roll >= 0.0).all() and np.allclose(roll.sum(axis=1), 1.0)):
        raise RiskError(
            expected("rows of roll rates that sum to 1", roll.sum(axis=1) if roll.ndim == 2 else roll.shape),
            field="roll",
        )
    made = np.zeros((months + 1, states))
    for month in range(months):
        made[month + 1] = roll[:, states] + roll[:, :states] @ made[month]
    return made


def _kept(book: PooledBook) -> Floats:
    """Return the loss's part that guarantors do not bear, by pool, exposure-weighted, live, (G,)."""
    amount = np.where(book.in_default, 0.0, book.exposures.exposure * book.exposures.weight)
    whole, net = totals([amount, amount * (1.0 - book.exposures.guaranteed)], book.pool, len(book.pools))
    return np.divide(net, whole, out=np.ones(len(book.pools)), where=np.array(whole) > 0.0)


def _with_individual(
    method: str, book: PooledBook, gross: Floats, kept: Floats, read: str
) -> MethodAllowance:
    """Return pooled losses (G,) with loans in default added at their own loss."""
    own = book.individual * book.exposures.weight
    alone, alone_net = totals([own, own * (1.0 - book.exposures.guaranteed)], book.pool, len(book.pools))
    net_by_pool = gross * kept + np.array(alone_net)
    by_pool = dict(zip(book.pools, net_by_pool.tolist(), strict=True))
    return _made(method, float(net_by_pool.sum()), float(gross.sum() + sum(alone)), by_pool, read)


def _made(method: str, net: float, gross: float, by_pool: Mapping[str, float], read: str) -> MethodAllowance:
    words = METHODS[method]
    return MethodAllowance(net, gross, dict(by_pool), words.formula, words.source, words.needs, read, "")


def _missing(method: str, why: str) -> MethodAllowance:
    words = METHODS[method]
    return MethodAllowance(None, None, {}, words.formula, words.source, words.needs, "", why)
