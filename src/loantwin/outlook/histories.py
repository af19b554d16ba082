"""A twin's loans simulated one by one, month by month: rows of a panel, by parts of the book.

States are drawn from the model's rows on one path of the economy and the period effects; balances run off by
contract and scatter as history's did (`models.balances`). A loan that is late has not paid: its balance
stands. After a default it stays in default by months until its end comes by the lags of loss given default:
charged off with the probability that history's defaults were, in number, else settled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import months as calendar
from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.montecarlo.histories import loan_histories
from loantwin.engine.montecarlo.loans import Population
from loantwin.engine.randomness import LOAN_BALANCES, LOAN_ENDS, monthly_words
from loantwin.engine.runoff import LoanTables, loan_tables
from loantwin.models.balances import LINE, classes_of, drawn_moves, fill_band, last_band
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.workout import share_charged_off
from loantwin.products.registry import PRODUCTS

PART = 25_000
"""Loans simulated together: memory is that of a part, whatever the book."""
DAYS = {"current": 0, "dpd_1_29": 1, "dpd_30_59": 30, "dpd_60_89": 60}
"""Least days past due of a live state; in default it is 90 and 30 more a month."""
IN_DEFAULT = ("default_0_3", "default_3_6", "default_6_9", "default_9_12", "default_12_plus")
WORDS = (*DAYS, *IN_DEFAULT, "charged_off", "settled", "prepaid", "matured")
CHARGED_OFF, SETTLED, PREPAID, MATURED = range(len(DAYS) + len(IN_DEFAULT), len(WORDS))
WORD = 2.0**32


@dataclass(frozen=True)
class Part:
    """N loans of a part: what they are, and the run-off of their contracts. number : (N,) in the draws."""

    loans: LoanColumns
    names: pl.Series
    number: Integers
    tables: LoanTables


@dataclass(frozen=True)
class Course:
    """What became of N loans over T months; a month is its place, T one beyond the last.

    state : (N, T) of the model at each month's end. left : (N,) month in which the loan left the live book.
    matured, defaulted : (N,) whether by its contract's end, by a default (else a payoff, or not at all).
    balance : (N, T + 1) while it lives, and held from then on.
    resolved, paid : (N,) month of a default's end, of its recovery. lost : (N,) whether it was charged off.
    share, back : (N,) charged off and recovered, decimals of the balance at default.
    """

    state: Integers
    left: Integers
    matured: Flags
    defaulted: Flags
    balance: Floats
    resolved: Integers
    paid: Integers
    lost: Flags
    share: Floats
    back: Floats


def simulated_parts(
    outlook: Outlook, economy: Economy, months: int, seed: int, period: str = "expected"
) -> Iterator[pl.DataFrame]:
    """Yield the rows of the live loans by parts, in the order of the book; columns those of the panel table.

    economy : of one path. period : "expected" takes the period effects and coefficients that the fit expects,
    so that loans' luck alone is drawn; "drawn" draws them too, as one path of a forecast does. A row is one
    loan and month, up to the month in which it leaves.
    """
    shocks = outlook.drawn(economy, 1, seed)[0] if period == "drawn" else outlook.expected(economy)[0]
    index = None if economy.index is None else np.ascontiguousarray(economy.index[0, :months])
    names = outlook.live_ids
    for start in range(0, len(names), PART):
        rows = slice(start, start + PART)
        loans = take(outlook.columns, rows)
        number = np.arange(start, start + len(loans.principal))
        part = Part(loans, names[rows], number, loan_tables(loans, months, outlook.runoff, index))
        yield rows_of(outlook, part, course_of(outlook, part, shocks, seed))


def course_of(outlook: Outlook, part: Part, shocks: Floats, seed: int) -> Course:
    """Return what becomes of a part's loans on one path of shocks (T, R)."""
    model, months = outlook.twin.model, len(shocks)
    parameters, loans = model.parameters, part.loans
    population = Population(loans.segment, loans.age, loans.state, part.number)
    state = loan_histories(parameters, population, shocks, seed).astype(np.int64)
    ends, over = first_true(state >= parameters.live), first_true(part.tables.loans[:, 1:] == 0.0)
    matured = over < ends
    final = state[np.arange(len(ends)), np.minimum(ends, months - 1)]
    defaulted = (final == parameters.default_state) & (ends < months) & ~matured
    left = np.minimum(ends, over)
    balance = _balances(outlook, part, state, left, seed)
    lgd, luck = model.lgd, monthly_words(seed, 0, part.number.astype(np.uint32), 4, LOAN_ENDS) / WORD
    age = np.minimum(loans.age + np.minimum(ends, months - 1) + 1, lgd.charged_off.shape[1] - 1)
    share, back = lgd.charged_off[loans.segment, age], lgd.recovered[loans.segment, age]
    chance = np.maximum(share, share_charged_off(outlook) or 0.0)
    lost = defaulted & (luck[:, 0] < chance)
    resolved = np.where(defaulted, ends + _waited(lgd.charge_off_lag, luck[:, 1]), months)
    paid = np.maximum(ends + _waited(lgd.recovery_lag, luck[:, 2]), resolved)
    some = np.where(chance > 0.0, chance, 1.0)
    paid = np.where(lost & (back > 0.0), paid, months)
    return Course(state, left, matured, defaulted, balance, resolved, paid, lost, share / some, back / some)


def first_true(flags: Flags) -> Integers:
    """Return the first month (place) of each row that is true, the number of months where none is, (N,)."""
    return np.asarray(np.where(flags.any(axis=1), flags.argmax(axis=1), flags.shape[1]), dtype=np.int64)


def _waited(lag: Floats, luck: Floats) -> Integers:
    """Return the months after default that a lag's probabilities give at levels `luck` in [0, 1)."""
    return np.asarray(np.minimum(np.searchsorted(np.cumsum(lag), luck, side="right"), len(lag) - 1))


def _balances(outlook: Outlook, part: Part, state: Integers, left: Integers, seed: int) -> Floats:
    """Return each loan's balance, (N, T + 1), while it lives; what happens in its last month is not in it."""
    moves, live = outlook.twin.model.balances, outlook.twin.model.parameters.live
    loans, contract, months = part.loans, part.tables.balance, state.shape[1]
    words = monthly_words(seed, 0, part.number.astype(np.uint32), months, LOAN_BALANCES)
    line = loans.product == PRODUCTS.index(LINE)
    size = np.maximum(loans.principal + loans.undrawn, 1e-9)
    before = np.concatenate([loans.state[:, None], state[:, :-1]], axis=1)
    made = np.empty_like(contract)
    made[:, 0], last = loans.principal, np.full(len(line), np.nan)
    known = {} if moves is None else moves.quantiles
    for t in range(months):
        opening, was, now = made[:, t], np.minimum(before[:, t], live - 1), np.minimum(state[:, t], live - 1)
        due = contract[:, t]
        ratio = np.divide(contract[:, t + 1], due, out=np.zeros(len(line)), where=due > 0.0)
        stands = line | ((now > 0) & (now >= was) & (ratio <= 1.0))
        closing = opening * np.where(stands, np.where(line, np.maximum(ratio, 1.0), 1.0), ratio)
        moved = np.zeros(len(line))
        for kind, mine in (("line", line), ("loan", ~line)):
            if kind in known and mine.any():
                cell = (
                    classes_of(was[mine], now[mine]),
                    fill_band(opening[mine] / size[mine]),
                    last_band(last[mine]),
                )
                moved[mine] = drawn_moves(known[kind], cell, words[mine, t] / WORD)
        closing = np.maximum(closing + moved * np.where(line, size, opening), 0.0)
        # the last month of a contract repays what is left, whatever the moves before it
        closing = np.where(contract[:, t + 1] <= 0.0, 0.0, closing)
        made[:, t + 1] = np.where(t < left, closing, opening)
        last = moved
    return made


def rows_of(outlook: Outlook, part: Part, course: Course) -> pl.DataFrame:
    """Return a part's rows as the panel table has them."""
    loans, months = part.loans, course.state.shape[1]
    step = np.arange(months)[None]
    paid = np.where(course.paid < months, course.paid, 0)
    last = np.where(course.defaulted, np.maximum(course.resolved, paid), course.left)
    shown = step <= last[:, None]
    shown &= ~(course.lost[:, None] & (step > course.resolved[:, None]) & (step != course.paid[:, None]))
    at = np.nonzero(shown)
    loan, month = at
    code, opening, closing = (table[at] for table in _shown(outlook, course))
    alive, owed = code < len(DAYS), course.balance[:, -1][loan]
    in_default = ~alive & (code < CHARGED_OFF)
    days = np.array([*DAYS.values(), *([0] * (len(WORDS) - len(DAYS)))])[code]
    days = np.where(in_default, 90 + 30 * (month - course.left[loan]), days)
    repaid = np.where(alive, np.maximum(opening - closing, 0.0), np.where(code == MATURED, opening, 0.0))
    # interest of a balance that has scattered is the contract's share of it
    contract = part.tables.balance[:, :-1]
    share = np.divide(part.tables.interest, contract, out=np.zeros_like(contract), where=contract > 0.0)
    pays = alive | (code == PREPAID) | (code == MATURED)
    charged = (code == CHARGED_OFF) & (month == course.resolved[loan])
    back = course.lost[loan] & (month == course.paid[loan])
    line = alive & (loans.undrawn[loan] > 0.0)
    room = np.maximum((loans.principal + loans.undrawn)[loan] - closing, 0.0)
    ends = [calendar.end_of(outlook.month0 + 1 + t, outlook.anchor) for t in range(months)]
    money = {
        "scheduled_principal": repaid,
        "prepaid": np.where(code == PREPAID, opening, 0.0),
        "interest": np.where(pays, share[at] * opening, 0.0),
        "charged_off": np.where(charged, owed * course.share[loan], 0.0),
        "recovered": np.where(back, owed * course.back[loan], 0.0),
        "undrawn": np.where(line, room, 0.0),
    }
    return pl.DataFrame(
        {
            "loan_id": part.names.gather(loan),
            "report_date": pl.Series(ends, dtype=pl.Date).gather(month),
            "state": pl.Series(WORDS, dtype=pl.String).gather(code),
            "days_past_due": pl.Series(days, dtype=pl.Int32),
            "principal": np.round(closing, 2),
            "annual_rate": loans.annual_rate[loan],
            **{name: np.round(values, 2) for name, values in money.items()},
        }
    )


def _shown(outlook: Outlook, course: Course) -> tuple[Integers, Floats, Floats]:
    """Return each month's state as a place in `WORDS`, and the balances at its start and end, (N, T) each."""
    parameters = outlook.twin.model.parameters
    step = np.arange(course.state.shape[1])[None]
    live = [list(DAYS).index(name) for name in parameters.states[: parameters.live]]
    code = np.array([*live, *([0] * (len(parameters.states) - parameters.live))])[course.state]
    left, resolved = course.left[:, None], course.resolved[:, None]
    defaulted, gone = course.defaulted[:, None], step >= left
    since = np.clip((step - left) // 3, 0, len(IN_DEFAULT) - 1)
    after = np.where(defaulted, len(DAYS) + since, np.where(course.matured[:, None], MATURED, PREPAID))
    over = defaulted & (step >= resolved)
    after = np.where(over, np.where(course.lost[:, None], CHARGED_OFF, SETTLED), after)
    held = defaulted & (step < resolved)
    start = np.where(gone & (step > left) & ~(defaulted & (step <= resolved)), 0.0, course.balance[:, :-1])
    end = np.where(gone & ~held, 0.0, course.balance[:, 1:])
    return np.where(gone, after, code), start, end
