"""A twin's loans simulated one by one, month by month: rows of a panel, by parts of the book.

States are drawn from the model's rows on one path of the economy and the period effects; balances run off by
contract and scatter as history's did (`models.balances`). Where moves are known a loan that is late has not
paid: its balance stands. After a default a loan stays in default by months until its end comes by the lags of
loss given default: charged off with the probability that history's defaults were, in number, else settled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantwin import months as calendar
from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.engine.columns import LoanColumns, contract_terms, take
from loantwin.engine.montecarlo.histories import loan_histories
from loantwin.engine.montecarlo.loans import Population
from loantwin.engine.randomness import LOAN_BALANCES, LOAN_ENDS, monthly_words
from loantwin.engine.rows import published_state
from loantwin.models.balances import FILL, KINDS, LAST, LINE, QUANTILES
from loantwin.models.counts import PANEL_LIVE
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.workout import share_charged_off
from loantwin.products.contract import Schedule, schedule
from loantwin.products.registry import PRODUCTS

PART = 25_000
"""Loans simulated together: memory is that of a part, whatever the book."""
IN_DEFAULT = ("default_0_3", "default_3_6", "default_6_9", "default_9_12", "default_12_plus")
WORDS = (*PANEL_LIVE, *IN_DEFAULT, "charged_off", "settled", "prepaid", "matured")
"""States of the rows, in the places that `kernels.history_rows` gives them."""
MONEY = (
    "principal", "scheduled_principal", "prepaid", "drawn", "interest", "charged_off", "recovered", "undrawn",
)  # fmt: skip
TERMS = (
    "product", "origination_date", "maturity_date", "term_months", "approved_amount", "originated_amount",
    "balloon_share", "interest_only_months",
)  # fmt: skip
"""Columns of the loan table that each row repeats, so that a file is a tape by itself."""
WORD = 2.0**32


@dataclass(frozen=True)
class Ends:
    """How each loan leaves, (N,): month (the horizon where it stays), exit (0 default, 1 prepaid, 2 matured,
    3 other), months of the workout's end and of the recovery, shares of the exposure charged off and
    recovered; a negative share charged off is a default that is settled.
    """

    month: Integers
    exit: Integers
    workout: Integers
    shares: Floats


def simulated_parts(
    outlook: Outlook, economy: Economy, months: int, seed: int, paths: int = 1, period: str = "expected"
) -> Iterator[pl.DataFrame]:
    """Yield the rows of the live loans by parts of the book: by path in each, then by loan, then by month.

    economy : of as many paths, or a given one. period : "expected" takes the period effects and coefficients
    that the fit expects, so that loans' luck alone is drawn; "drawn" draws them too, as `forecast` does.
    A row is one loan and month, up to the month in which it leaves, with the columns of `schema`. Paths after
    the first have their own economy and luck.
    """
    shocks = outlook.drawn(economy, paths, seed) if period == "drawn" else outlook.expected(economy)
    names, terms = outlook.live_ids, terms_of(outlook)
    for start in range(0, len(names), PART):
        rows = slice(start, start + PART)
        part, table = take(outlook.columns, rows), None
        number = np.arange(start, start + len(part.principal))
        for path in range(paths):
            given = (
                None if economy.index is None else economy.index[min(path, len(economy.index) - 1), :months]
            )
            table = _contracts(outlook, part, months, given, table)
            shock = np.ascontiguousarray(shocks[min(path, len(shocks) - 1)])
            made = _part(outlook, part, number, shock, table, seed, path)
            yield _table(outlook, names[rows], terms[rows], made, path if paths > 1 else None)


def _contracts(
    outlook: Outlook, part: LoanColumns, months: int, index: Floats | None, before: Schedule | None
) -> Schedule:
    """Return the contracts' run-off; of another path's (`before`) only what an index moves is made anew."""
    given = None if index is None else np.ascontiguousarray(index)
    partial = outlook.runoff.partial_monthly[part.product]
    if before is None:
        return schedule(contract_terms(part), months, index_path=given, partial_monthly=partial)
    moved = np.flatnonzero(part.floating)
    if given is None or not len(moved):
        return before
    made = schedule(
        contract_terms(take(part, moved)), months, index_path=given, partial_monthly=partial[moved]
    )
    for item in fields(made):
        getattr(before, item.name)[moved] = getattr(made, item.name)
    return before


def terms_of(outlook: Outlook) -> pl.DataFrame:
    """Return the terms of the live loans, in the order of `live_ids`; a column the book lacks is null."""
    loans = outlook.book.loans
    absent = [pl.lit(None, pl.Float64).alias(name) for name in TERMS if name not in loans.columns]
    wanted = pl.DataFrame({"loan_id": outlook.live_ids})
    return wanted.join(loans.with_columns(absent), on="loan_id", how="left", maintain_order="left").select(
        TERMS
    )


def _part(
    outlook: Outlook, part: LoanColumns, number: Integers, shocks: Floats, table: Schedule, seed: int,
    path: int,
) -> tuple[Array, Floats, Floats]:  # fmt: skip
    """Return the whole numbers (4, rows) and money (8, rows) of a part's rows, as `kernels.history_rows`, and
    each row's annual rate.
    """
    from loantwin.kernels import in_shares
    from loantwin.outlook import kernels

    months, count = len(shocks), len(number)
    model = outlook.twin.model
    place = places(model.parameters.states, model.parameters.live)
    state = loan_histories(
        model.parameters, Population(part.segment, part.age, part.state, number), shocks, seed, path
    )
    ratio, due = _shares(table)
    ends = _ends(outlook, part, number, state, seed, path)
    kind, moves = _moves(outlook, part)
    balance = np.zeros((count, months + 1))
    balance[:, 0] = np.round(part.principal, 2)
    size = np.maximum(part.principal + part.undrawn, 1e-9)
    words = monthly_words(seed, path, number.astype(np.uint32), months, LOAN_BALANCES)
    in_shares(
        kernels.balance_paths, count, state, part.state, place, ends.month, ratio, due, kind, size, moves,
        np.array(FILL), np.array(LAST), words, balance,
    )  # fmt: skip
    rows = np.zeros(count, np.int64)
    in_shares(
        kernels.row_counts, count, ends.month, ends.exit == 0, ends.shares[0] >= 0.0, ends.workout[0],
        ends.workout[1], months, rows,
    )  # fmt: skip
    offset = np.cumsum(rows) - rows
    whole, money = np.empty((4, rows.sum()), np.int32), np.empty((len(MONEY), rows.sum()))
    limit = np.where(part.undrawn > 0.0, part.principal + part.undrawn, 0.0)
    in_shares(
        kernels.history_rows, count, state, place, balance, ends.month, ends.exit, due,
        table.annual_rate / 12.0, limit, ends.workout, ends.shares, offset, whole, money,
    )  # fmt: skip
    return whole, money, table.annual_rate[whole[0], whole[1]]


def places(states: tuple[str, ...], live: int) -> Integers:
    """Return the place of each state's published name in order of arrears; 0 for those that are not live."""
    published = [PANEL_LIVE.index(published_state(name)) for name in states[:live]]
    return np.array([*published, *([0] * (len(states) - live))])


def _shares(table: Schedule) -> tuple[Floats, Floats]:
    """Return closing / opening, and what is due net of what a line draws again / opening, (N, T)."""
    opening = np.asarray(table.opening, dtype=float)
    some = opening > 0.0
    ratio = np.divide(table.closing, opening, out=np.zeros_like(opening), where=some)
    paid = np.asarray(table.scheduled, dtype=float) - np.asarray(table.draw, dtype=float)
    due = np.divide(paid, opening, out=np.zeros_like(ratio), where=some)
    return ratio, due


def _moves(outlook: Outlook, part: LoanColumns) -> tuple[Integers, Floats]:
    """Return the row of the table of moves that each loan reads, -1 for its contract, and the table."""
    # Moves of one kind are not lent to another: a kind that history does not tell follows its contract.
    moves = outlook.twin.model.balances
    known = {} if moves is None else moves.quantiles
    line = part.product == PRODUCTS.index(LINE)
    kind = np.where(line, 0 if "line" in known else -1, 1 if "loan" in known else -1)
    if not known:
        return kind, np.zeros((1, 1, 1, 1, QUANTILES))
    empty = np.zeros_like(next(iter(known.values())))
    return kind, np.stack([known.get(name, empty) for name in KINDS])


def first_true(flags: Flags) -> Integers:
    """Return the first month (place) of each row that is true, the number of months where none is, (N,)."""
    return np.asarray(np.where(flags.any(axis=1), flags.argmax(axis=1), flags.shape[1]), dtype=np.int64)


def _ends(
    outlook: Outlook, part: LoanColumns, number: Integers, state: NDArray[np.int8], seed: int, path: int
) -> Ends:
    """Return how each loan leaves: by the state drawn, or with its contract's last month if earlier."""
    parameters, lgd = outlook.twin.model.parameters, outlook.twin.model.lgd
    count, months = state.shape
    left = first_true(state >= parameters.live)
    into = state[np.arange(count), np.minimum(left, months - 1)]
    kind = np.where(into == parameters.default_state, 0, np.where(into == parameters.prepaid_state, 1, 3))
    over = np.minimum(part.remaining_months - 1, months)
    kind = np.where((over < left) | (left == months), 2, kind)
    left = np.minimum(left, over)
    luck = monthly_words(seed, path, number.astype(np.uint32), 3, LOAN_ENDS) / WORD
    age = np.minimum(part.age + np.minimum(left, months - 1) + 1, lgd.charged_off.shape[1] - 1)
    share, back = lgd.charged_off[part.segment, age], lgd.recovered[part.segment, age]
    chance = np.minimum(np.maximum(share, share_charged_off(outlook) or 0.0), 1.0)
    lost = (kind == 0) & (luck[:, 0] < chance)
    resolved = left + _waited(lgd.charge_off_lag, luck[:, 1])
    paid = np.maximum(left + _waited(lgd.recovery_lag, luck[:, 2]), resolved)
    scale = np.divide(1.0, chance, out=np.zeros(count), where=chance > 0.0)
    shares = np.stack([np.where(lost, np.minimum(share * scale, 1.0), -1.0), back * scale])
    workout = np.stack([resolved, np.where(lost & (back > 0.0), paid, months)])
    return Ends(left, kind, workout, shares)


def _waited(lag: Floats, luck: Floats) -> Integers:
    """Return months waited, drawn from a lag's shares."""
    return np.minimum(np.searchsorted(np.cumsum(lag), luck, side="right"), len(lag) - 1)


def _table(
    outlook: Outlook, names: pl.Series, terms: pl.DataFrame, made: tuple[Integers, Floats, Floats],
    path: int | None,
) -> pl.DataFrame:  # fmt: skip
    """Return a part's rows as a table."""
    (loan, month, word, days), money, rate = made
    dates = pl.Series(
        [calendar.end_of(outlook.month0 + 1 + t, outlook.anchor) for t in range(int(month.max()) + 1)],
        dtype=pl.Date,
    )
    return pl.DataFrame(
        {
            "loan_id": names.gather(loan),
            **({} if path is None else {"path": pl.Series(np.full(len(loan), path + 1, np.int32))}),
            "report_date": dates.gather(month),
            "state": pl.Series(WORDS, dtype=pl.String).gather(word),
            "days_past_due": days,
            "annual_rate": rate,
            **dict(zip(MONEY, money, strict=True)),
            **{name: terms[name].gather(loan) for name in TERMS},
        }
    )
