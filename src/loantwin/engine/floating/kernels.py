"""The kernels of `floating.interpolation`; months and scenarios lie side by side in the inner loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.engine.blocks.kernels import ACCRUED, AMOUNT, DRAWN, FADE, LEFT, REST, SPREAD, WORTH
from loantwin.kernels import compiled

Array = Any


@compiled
def _annuities(rate: Array, months: int, made: Array) -> None:
    """Set `made` to ((1 + r)^m - 1) / r for each rate, m < 2048, by doubling."""
    made[:] = 0.0
    for i in range(len(rate)):
        rate[i] = rate[i] if rate[i] != 0.0 else 1e-30
    bit = 1024
    while bit > months:
        bit >>= 1
    while bit > 0:
        for i in range(len(made)):
            made[i] *= 2.0 + made[i]
        if months & bit:
            for i in range(len(made)):
                made[i] = made[i] * (1.0 + rate[i]) + rate[i]
        bit >>= 1
    for i in range(len(made)):
        made[i] /= rate[i]


@compiled
def balance_table(
    first: int, last: int, terms: Array, spreads: Array, index: Array, arrears: int, table: Array
) -> None:
    """Set, by term, the balance of 1 a default in t + 1 counts from, (terms, J, T x K), which comes in as 0.

    That balance is the one of `arrears` months before; of the terms `first` to `last`. index : (T, K). A
    table with more months than the index has the months after a term too.
    """
    months, scenarios = index.shape
    wide = table.shape[2] // scenarios
    nodes, shape = len(spreads), (len(spreads), scenarios)
    grown, rate, annuity = np.empty(shape), np.empty(shape), np.empty(shape)
    for place in range(first, last):
        grown[:] = 1.0
        for month in range(min(wide, terms[place] + wide - months)):
            begin = month - arrears
            if begin > 0:
                for node in range(nodes):
                    for k in range(scenarios):
                        rate[node, k] = (index[begin - 1, k] + spreads[node]) / 12.0
                _annuities(rate.reshape(-1), terms[place] - begin + 1, annuity.reshape(-1))
                for node in range(nodes):
                    for k in range(scenarios):
                        grown[node, k] *= 1.0 - 1.0 / annuity[node, k]
            for node in range(nodes):
                for k in range(scenarios):
                    table[place, node, month * scenarios + k] = grown[node, k]


@compiled
def _weights(place: float, nodes: Array, scales: Array, weights: Array) -> None:
    """Set the Lagrange weights of nodes at `place` by products from both sides: exact, no division."""
    before = 1.0
    for node in range(len(nodes)):
        weights[node] = before * scales[node]
        before *= place - nodes[node]
    after = 1.0
    for node in range(len(nodes) - 1, -1, -1):
        weights[node] *= after
        after *= place - nodes[node]


@compiled
def _discounts(fade: float, scenarios: int, row: Array) -> None:
    """Set `row` (T x K) to fade^(t + 1), doubling the part that is known."""
    row[:scenarios] = fade
    known, factor = scenarios, fade
    while known < len(row):
        source, target = row[: min(known, len(row) - known)], row[known : min(2 * known, len(row))]
        for i in range(len(target)):
            target[i] = source[i] * factor
        factor *= factor
        known *= 2


@compiled
def _fold(row: Array, scenarios: int) -> None:
    """Add up months of `row` (t x K) into its first K places, halving it each time."""
    months = len(row) // scenarios
    while months > 1:
        half = months // 2
        first, second = row[: half * scenarios], row[(months - half) * scenarios : months * scenarios]
        for i in range(len(first)):
            first[i] += second[i]
        months -= half


@compiled
def interpolated_losses(
    begin: int,
    end: int,
    order: Array,
    packed: Array,
    product: Array,
    bucket: Array,
    places: Array,
    grid: Array,
    nodes: Array,
    scales: Array,
    table: Array,
    waits: Array,
    kept: Array,
    lost: Array,
    back: Array,
    total: Array,
    arrears: int,
    horizons: Array,
    severity: Array,
    pair: Array,
    late: Array,
    lost_late: Array,
    loss: Array,
    pd: Array,
) -> None:
    """Set the rows `order[begin:end]` of loss and pd, (N, K, 2).

    packed : (N, 16) from `engine.blocks`. places : row of `table` by remaining months. grid :
        middle and half of the spreads. waits : (2, T x K) interest not paid since: its constant, and what it
        adds per unit of spread.
    kept : (products, T x K). lost, back : (B, T x K) default x share charged off, and x share recovered.
    severity, pair, late, lost_late, horizons : as in `engine.kernels.loan_loss`; where months past the term
        count, table, waits and kept have `arrears` months more.
    """
    scenarios, size = loss.shape[1], lost.shape[1]
    extra = (table.shape[2] - size) // scenarios
    owed, discounts = np.empty(table.shape[2]), np.empty(size)
    weights = np.empty(len(nodes))
    slots = late.shape[1] - 1 if len(late) else 0
    for position in range(begin, end):
        loan = order[position]
        row = packed[loan]
        left, spread, amount, rest, drawn = (
            int(row[LEFT]),
            row[SPREAD],
            row[AMOUNT],
            row[REST],
            row[DRAWN],
        )
        _weights((spread - grid[0]) / grid[1], nodes, scales, weights)
        months = min(horizons[1], left)
        ends = slots > 0 and left <= horizons[1] and pair[loan] >= 0
        here = owed[: (months + (extra if ends else 0)) * scenarios]
        here[:] = 0.0
        rows = table[places[left]]
        for node in range(0, len(nodes) if amount > 0.0 else 0, 4):
            a, b, c, d = weights[node], weights[node + 1], weights[node + 2], weights[node + 3]
            first, second, third, fourth = rows[node], rows[node + 1], rows[node + 2], rows[node + 3]
            for i in range(len(here)):
                here[i] += a * first[i] + b * second[i] + c * third[i] + d * fourth[i]
        still, rising, held = waits[0], waits[1], kept[product[loan]]
        harm, relief, worth = lost[bucket[loan]], back[bucket[loan]], row[WORTH]
        for i in range(len(here)):
            here[i] = (amount * here[i] + rest) * held[i] * (still[i] + spread * rising[i]) + drawn
        for i in range(min(len(here), (arrears + 1) * scenarios)):
            here[i] += row[ACCRUED]
        for k in range(scenarios):
            loss[loan, k, 0] = loss[loan, k, 1] = 0.0
        for slot in range(1, slots + 1 if ends else 1):
            ended = left + slot
            due = owed[(left - 1 + min(slot, arrears)) * scenarios :]
            cost = severity[0, bucket[loan], ended - 1] - severity[1, bucket[loan], ended - 1] * row[WORTH]
            cost *= np.exp(ended * np.log(row[FADE]))
            for k in range(scenarios):
                moved = lost_late[pair[loan], slot, k] - lost_late[pair[loan], slot - 1, k]
                loss_after = moved * cost * due[k]
                loss[loan, k, 0] += loss_after if ended <= horizons[0] else 0.0
                loss[loan, k, 1] += loss_after if ended <= horizons[2] else 0.0
        here = owed[: months * scenarios]
        _discounts(row[FADE], scenarios, discounts[: len(here)])
        for i in range(len(here)):
            here[i] *= (harm[i] - worth * relief[i]) * discounts[i]
        early = min(horizons[0], months)
        _fold(here[: early * scenarios], scenarios)
        _fold(here[early * scenarios :], scenarios)
        for k in range(scenarios):
            loss[loan, k, 0] += here[k]
            loss[loan, k, 1] += here[k] + (here[early * scenarios + k] if months > early else 0.0)
        for place in range(2):
            gone = min((horizons[0] if place == 0 else horizons[2]) - left, late.shape[1] - 1)
            for k in range(scenarios):
                pd[loan, k, place] = total[bucket[loan], min(horizons[place], left), k]
                if ends and gone > 0:
                    pd[loan, k, place] += late[pair[loan], gone, k]
