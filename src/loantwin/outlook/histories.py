"""A twin's loans simulated one by one, month by month: rows of a panel, by parts of the book.

States are drawn from the model's rows on one path of the economy and the period effects; balances run off by
contract and scatter as history's did (`models.balances`). A loan that is late has not paid: its balance stands.
After a default it stays in default by months until its end comes by the lags of loss given default: charged off
with the probability that history's defaults were, in number, else settled.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from loantwin import months as calendar
from loantwin.arrays import Flags, Floats, Integers, Words
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.montecarlo.histories import loan_histories
from loantwin.engine.montecarlo.loans import Population
from loantwin.engine.randomness import LOAN_BALANCES, LOAN_ENDS, monthly_words
from loantwin.engine.runoff import loan_tables
from loantwin.models.balances import LINE, classes_of, drawn_moves, fill_band, last_band
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.workout import share_charged_off
from loantwin.products.registry import PRODUCTS

PART = 25_000
"""Loans simulated together: memory is that of a part, whatever the book."""
IN_DEFAULT = ("default_0_3", "default_3_6", "default_6_9", "default_9_12", "default_12_plus")
BY_DAYS = {"current": 0, "dpd_1_29": 1, "dpd_30_59": 30, "dpd_60_89": 60}
"""Least days past due in a state; in default 90 and 30 more a month."""
WORD = 2.0**32


def simulated_parts(outlook: Outlook, economy: Economy, months: int, seed: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of the live loans by parts, in the order of the book; columns those of the panel table.

    economy : of one path. A row is one loan and month, up to the month in which it leaves.
    """
    shocks = outlook.drawn(economy, 1, seed)[0]
    index = None if economy.index is None else np.ascontiguousarray(economy.index[0, :months])
    names = outlook.live_ids
    for start in range(0, len(names), PART):
        rows = slice(start, start + PART)
        part = take(outlook.columns, rows)
        number = np.arange(start, start + len(part.principal))
        yield _part(outlook, part, names[rows], number, shocks, index, seed)


def _part(
    outlook: Outlook, part: LoanColumns, names: pl.Series, number: Integers, shocks: Floats,
    index: Floats | None, seed: int,
) -> pl.DataFrame:  # fmt: skip
    model, months = outlook.twin.model, len(shocks)
    parameters, runoff = model.parameters, outlook.runoff
    population = Population(part.segment, part.age, part.state, number)
    state = loan_histories(parameters, population, shocks, seed).astype(np.int64)
    tables = loan_tables(part, months, runoff, index)
    before = np.concatenate([part.state[:, None], state[:, :-1]], axis=1)
    ends = first_true(state >= parameters.live)
    over = first_true(tables.loans[:, 1:] == 0.0)
    matured = over < ends  # the contract ended with the loan live
    left = np.minimum(ends, over)
    words = monthly_words(seed, 0, number.astype(np.uint32), months, LOAN_BALANCES)
    balance = _balances(outlook, part, tables.balance, before, state, left, words)
    defaulted = (
        (state[np.arange(len(ends)), np.minimum(ends, months - 1)] == parameters.default_state)
        & (ends < months)
        & ~matured
    )
    workout = _workouts(outlook, part, number, ends, defaulted, months, seed)
    return _rows(
        outlook, part, names, state, balance, tables.interest, left, matured, defaulted, workout, months
    )


def first_true(flags: Flags) -> Integers:
    """Return the first month (place) of each row that is true, the number of months where none is, (N,)."""
    return np.asarray(np.where(flags.any(axis=1), flags.argmax(axis=1), flags.shape[1]), dtype=np.int64)


def _balances(
    outlook: Outlook, part: LoanColumns, contract: Floats, before: Integers, state: Integers, left: Integers,
    words: Words,
) -> Floats:  # fmt: skip
    """Return each loan's balance, (N, T + 1), while it lives; what happens in its last month is not in it."""
    moves, live = outlook.twin.model.balances, outlook.twin.model.parameters.live
    line = part.product == PRODUCTS.index(LINE)
    made = np.empty_like(contract)
    made[:, 0] = part.principal
    size = np.maximum(part.principal + part.undrawn, 1e-9)
    last = np.full(len(line), np.nan)
    # Trap: moves of one kind of loan lent to another. A kind that history does not tell follows its contract.
    known = {} if moves is None else moves.quantiles
    for t in range(state.shape[1]):
        opening, after = made[:, t], np.minimum(state[:, t], live - 1)
        ratio = np.divide(
            contract[:, t + 1], contract[:, t], out=np.zeros(len(line)), where=contract[:, t] > 0
        )
        late = (after > 0) & (after >= before[:, t])
        closing = opening * np.where(late & (ratio <= 1.0), 1.0, ratio)
        moved = np.zeros(len(line))
        for kind, mine in (("line", line), ("loan", ~line)):
            if kind not in known or not mine.any():
                continue
            base = opening[mine] if kind == "line" else closing[mine]
            scale = size[mine] if kind == "line" else opening[mine]
            cell = (
                classes_of(np.minimum(before[mine, t], live - 1), after[mine]),
                fill_band(opening[mine] / size[mine]),
                last_band(last[mine]),
            )
            moved[mine] = drawn_moves(known[kind], cell, words[mine, t] / WORD)
            # the last month of a contract repays what is left, whatever the moves before it
            ending = contract[mine, t + 1] <= 0.0
            closing[mine] = np.where(
                ending & (kind == "loan"), 0.0, np.maximum(base + moved[mine] * scale, 0.0)
            )
        made[:, t + 1] = np.where(t < left, closing, opening)
        last = moved
    return made


def _workouts(
    outlook: Outlook,
    part: LoanColumns,
    number: Integers,
    ends: Integers,
    defaulted: Flags,
    months: int,
    seed: int,
) -> tuple[Integers, Flags, Integers, Floats, Floats]:
    """Return month of the end, whether charged off, month of recovery, shares charged off and recovered, (N,)."""
    lgd, count = outlook.twin.model.lgd, len(ends)
    luck = monthly_words(seed, 0, number.astype(np.uint32), 4, LOAN_ENDS) / WORD
    age = np.minimum(part.age + np.minimum(ends, months - 1) + 1, lgd.charged_off.shape[1] - 1)
    share, back = lgd.charged_off[part.segment, age], lgd.recovered[part.segment, age]
    chance = np.maximum(share, share_charged_off(outlook) or 0.0)
    lost = defaulted & (luck[:, 0] < chance)
    wait = np.searchsorted(np.cumsum(lgd.charge_off_lag), luck[:, 1], side="right")
    resolved = np.where(defaulted, ends + np.minimum(wait, len(lgd.charge_off_lag) - 1), months)
    later = np.searchsorted(np.cumsum(lgd.recovery_lag), luck[:, 2], side="right")
    paid = np.maximum(ends + np.minimum(later, len(lgd.recovery_lag) - 1), resolved)
    part_lost = np.divide(share, chance, out=np.zeros(count), where=chance > 0)
    part_back = np.divide(back, chance, out=np.zeros(count), where=chance > 0)
    return resolved, lost, np.where(lost & (back > 0), paid, months), part_lost, part_back


def _rows(
    outlook: Outlook, part: LoanColumns, names: pl.Series, state: Integers, balance: Floats, interest: Floats,
    left: Integers, matured: Flags, defaulted: Flags, workout: tuple[Integers, Flags, Integers, Floats, Floats],
    months: int,
) -> pl.DataFrame:  # fmt: skip
    """Return a part's rows as the panel table has them."""
    resolved, lost, paid, share, back = workout
    last = np.where(defaulted, np.maximum(resolved, np.where(paid < months, paid, 0)), left)
    step = np.arange(months)[None]
    shown = step <= last[:, None]
    shown &= ~(lost[:, None] & (step > resolved[:, None]) & (step != paid[:, None]))
    loan, month = np.nonzero(shown)
    code, opening, closing = _codes(outlook, state, left, matured, defaulted, resolved, lost, balance)
    at = (loan, month)
    kind, start, end = code[at], opening[at], closing[at]
    words = np.array([*BY_DAYS, *IN_DEFAULT, "charged_off", "settled", "prepaid", "matured"])
    exposure = balance[np.arange(len(left)), np.minimum(left, months)]
    alive = kind < len(BY_DAYS)
    fall = np.where(alive, start - end, 0.0)
    names_of = {name: place for place, name in enumerate(words)}
    base = np.divide(
        interest, np.maximum(balance[:, :-1], 1e-12), out=np.zeros_like(interest), where=balance[:, :-1] > 0
    )
    charged = np.where(
        (kind == names_of["charged_off"]) & (month == resolved[loan]), (exposure * share)[loan], 0.0
    )
    recovered = np.where(lost[loan] & (month == paid[loan]), (exposure * back)[loan], 0.0)
    paying = alive | (kind == names_of["prepaid"]) | (kind == names_of["matured"])
    since = month - left[loan]
    days = np.where(alive, np.array(list(BY_DAYS.values()))[np.minimum(kind, len(BY_DAYS) - 1)], 0)
    days = np.where((kind >= len(BY_DAYS)) & (kind < len(BY_DAYS) + len(IN_DEFAULT)), 90 + 30 * since, days)
    dates = pl.Series(
        [calendar.end_of(outlook.month0 + 1 + t, outlook.anchor) for t in range(months)], dtype=pl.Date
    )
    contractual = np.minimum(np.maximum(fall, 0.0), start)
    prepaid = np.where(kind == names_of["prepaid"], start, 0.0)
    scheduled = np.where(kind == names_of["matured"], start, np.where(alive, contractual, 0.0))
    return pl.DataFrame(
        {
            "loan_id": names.gather(loan),
            "report_date": dates.gather(month),
            "state": pl.Series(words.tolist(), dtype=pl.String).gather(kind),
            "days_past_due": pl.Series(days, dtype=pl.Int32),
            "principal": np.round(end, 2),
            "annual_rate": part.annual_rate[loan],
            "scheduled_principal": np.round(scheduled, 2),
            "prepaid": np.round(prepaid, 2),
            "interest": np.round(
                np.where(
                    paying,
                    (interest if outlook.twin.model.balances is None else base * balance[:, :-1])[at],
                    0.0,
                ),
                2,
            ),
            "charged_off": np.round(charged, 2),
            "recovered": np.round(recovered, 2),
            "undrawn": np.round(
                np.where(
                    alive,
                    np.maximum((part.principal + part.undrawn)[loan] - end, 0.0) * (part.undrawn[loan] > 0),
                    0.0,
                ),
                2,
            ),
        }
    )


def _codes(
    outlook: Outlook, state: Integers, left: Integers, matured: Flags, defaulted: Flags, resolved: Integers,
    lost: Flags, balance: Floats,
) -> tuple[Integers, Floats, Floats]:  # fmt: skip
    """Return each month's state as a place in the words of `_rows`, and the balances at its start and end."""
    parameters, months = outlook.twin.model.parameters, state.shape[1]
    step = np.arange(months)[None]
    published = [list(BY_DAYS).index(name) for name in parameters.states[: parameters.live]]
    code = np.array([*published, *([0] * (len(parameters.states) - parameters.live))])[state]
    first = len(BY_DAYS)
    charged, settled, prepaid, ended = (first + len(IN_DEFAULT) + place for place in range(4))
    gone = step >= left[:, None]
    since = np.clip((step - left[:, None]) // 3, 0, len(IN_DEFAULT) - 1)
    after = np.where(defaulted[:, None], first + since, prepaid)
    after = np.where(matured[:, None], ended, after)
    final = np.where(lost, charged, settled)[:, None]
    after = np.where(defaulted[:, None] & (step >= resolved[:, None]), final, after)
    exposure = balance[np.arange(len(left)), np.minimum(left, months)][:, None]
    start = np.where(gone, exposure, balance[:, :-1])
    held = defaulted[:, None] & (step < resolved[:, None])
    end = np.where(gone, np.where(held, exposure, 0.0), balance[:, 1:])
    return np.where(gone, after, code), start, end
