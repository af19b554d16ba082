"""Kernels of loan-level histories: balances that scatter, and the rows of a panel."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any


@compiled
def balance_paths(
    begin: int, end: int, state: Array, first: Array, place: Array, ends: Array, ratio: Array, due: Array,
    kind: Array, size: Array, table: Array, fill: Array, bands: Array, words: Array, balance: Array,
) -> None:  # fmt: skip
    """Fill balance (N, T + 1), whole cents, of loans `begin` to `end`; it stands still from then on.

    place : state of the model -> its place in order of arrears. ends : month in which the loan leaves.
    ratio : closing / opening by contract, due : share of the opening that is due, (N, T). kind : -1 follows
    its contract, else the row of `table` (kinds, classes, fills, bands, quantiles) that moves are drawn from.
    size : what a fill is a share of. words : (N, T) uint32.
    """
    months, levels = words.shape[1], table.shape[4] - 1
    for i in range(begin, end):
        before, last, known = place[first[i]], 0.0, False
        for t in range(months):
            opening = balance[i, t]
            if t >= ends[i]:
                balance[i, t + 1] = opening
                continue
            after = place[state[i, t]]
            closing = opening * ratio[i, t]
            if kind[i] >= 0:
                late = after > 0 and after >= before
                stays = 1.0 if late else 1.0 - due[i, t]
                group = 0
                if after > 0 or before > 0:
                    group = 1 if after > before else (2 if after == before else 3)
                # A contract that has nothing left at the month's end is repaid whatever the moves before it.
                if ratio[i, t] > 0.0 or kind[i] == 0:
                    f = np.searchsorted(fill, opening / size[i], side="right")
                    b = np.searchsorted(bands, last, side="right") if known else bands.shape[0] + 1
                    at = words[i, t] / 4294967296.0 * levels
                    low = min(int(at), levels - 1)
                    one = table[kind[i], group, f, b, low]
                    last = one + (at - low) * (table[kind[i], group, f, b, low + 1] - one)
                    known = True
                    scale = size[i] if kind[i] == 0 else opening
                    base = opening if kind[i] == 0 else opening * stays
                    closing = max(base + last * scale, 0.0)
            balance[i, t + 1] = np.floor(closing * 100.0 + 0.5) / 100.0
            before = after


@compiled
def row_counts(
    begin: int, end: int, ends: Array, defaulted: Array, lost: Array, resolved: Array, paid: Array,
    months: int, count: Array,
) -> None:  # fmt: skip
    """Fill count (N,) with each loan's rows: its months, those of its workout, and a later recovery."""
    for i in range(begin, end):
        last = resolved[i] if defaulted[i] else ends[i]
        count[i] = min(last + 1, months)
        if lost[i] and paid[i] > resolved[i] and paid[i] < months:
            count[i] += 1


@compiled
def history_rows(
    begin: int, end: int, state: Array, place: Array, balance: Array, ends: Array, exits: Array, due: Array,
    rate: Array, limit: Array, workout: Array, shares: Array, offset: Array, whole: Array, money: Array,
) -> None:  # fmt: skip
    """Fill the rows of loans `begin` to `end`, from `offset` on, in order of time.

    exits : 0 default, 1 prepaid, 2 matured, 3 settled, by loan. due, rate : (N, T), decimals a month of the
    opening. limit : of a line, else 0. workout : (2, N) month resolved and of recovery. shares : (2, N)
    charged off and recovered, of the exposure; a negative first one is a default that is settled. whole :
    (4, rows) loan, month, place of the state's word, days past due. money : (8, rows) principal, scheduled,
    prepaid, drawn, interest, charged off, recovered, undrawn. Every row: opening - scheduled - prepaid -
    charged off + drawn = principal, to the cent.
    """
    months = state.shape[1]
    days_of = np.array([0, 1, 30, 60])
    for i in range(begin, end):
        row, left, resolved, paid = offset[i], ends[i], workout[0, i], workout[1, i]
        lost = shares[0, i] >= 0.0
        exposure = balance[i, min(left, months)]
        last = resolved if exits[i] == 0 else left
        before = balance[i, 0]
        for t in range(months):
            again = exits[i] == 0 and lost and t == paid and t > resolved
            if t > last and not again:
                continue
            word, days, closing = 0, 0, 0.0
            scheduled, extra, drawn, interest, charged, back = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            if t < left:
                word = place[state[i, t]]
                days, closing = days_of[word], balance[i, t + 1]
                interest = before * rate[i, t]
                fall = before - closing
                scheduled = max(min(fall, np.floor(before * due[i, t] * 100.0 + 0.5) / 100.0), 0.0)
                extra, drawn = max(fall - scheduled, 0.0), max(-fall, 0.0)
            elif exits[i] == 0 and t < resolved:
                since = t - left
                word, days, closing = 4 + min(since // 3, 4), 90 + 30 * since, exposure
            elif exits[i] == 0:
                word = 9 if lost else 10
                if t == resolved:
                    charged = np.floor(before * max(shares[0, i], 0.0) * 100.0 + 0.5) / 100.0
                    extra = before - charged
                if lost and t == paid:
                    back = exposure * shares[1, i]
            else:
                interest = before * rate[i, t]
                word = 10 + exits[i] if exits[i] < 3 else 10
                if exits[i] == 2:
                    scheduled = before
                else:
                    extra = before
            whole[0, row], whole[1, row], whole[2, row], whole[3, row] = i, t, word, days
            made = (closing, scheduled, extra, drawn, interest, charged, back, max(limit[i] - closing, 0.0))
            for k in range(8):
                money[k, row] = np.floor(made[k] * 100.0 + 0.5) / 100.0
            if t >= left or limit[i] <= 0.0:
                money[7, row] = 0.0
            before = closing
            row += 1
