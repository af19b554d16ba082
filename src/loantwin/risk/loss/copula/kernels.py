"""Compiled parts of the copula: loans over PD nodes, tables between grid points, loan-by-loan simulation.

Sums over loans or paths are taken in a fixed number of blocks, each with a slot of its own, added in order by
the caller: the number of threads cannot change a bit. Draws are Philox4x32-10 as in engine.randomness,
counter (path, number, 0, purpose).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from loantwin.kernels import compiled, inlined

Array = Any

BLOCKS = 8
MOMENTS = 4
"""Of a loan at its node: loss, mean square of the loss, square of the mean, cube."""
LOWEST, HIGHEST, STEPS = -10.0, 8.2, 256.0
"""Range and steps a unit of the normal's argument at which `names.bounds` bounds the hazard from above."""
PURPOSE = np.uint64(16)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_SCALE = 1.0 / 4294967296.0
_ROOT_HALF = math.sqrt(0.5)


@compiled
def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x * _ROOT_HALF)


@compiled
def _place(nodes: Array, value: float) -> int:
    """Return the last node at or below value that has a next one."""
    low, high = 0, len(nodes) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if nodes[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@compiled
def spread_loans(
    first: int,
    last: int,
    exposure: Array,
    value: Array,
    lgd: Array,
    group: Array,
    nodes: Array,
    dispersion: float,
    sums: Array,
) -> None:
    """Add loans' moments to the two nodes around their value (the PD), their weighted mean being the value.

    first, last : blocks of loans.
    exposure, value, lgd, group : (N,). nodes : (K,) rising, first at most and last at least any value, K >=
        2.
    sums : (BLOCKS, G, K, MOMENTS).
    """
    count = len(exposure)
    for block in range(first, last):
        own = sums[block]
        for i in range(count * block // BLOCKS, count * (block + 1) // BLOCKS):
            low = _place(nodes, value[i])
            up = (value[i] - nodes[low]) / (nodes[low + 1] - nodes[low])
            loss = exposure[i] * lgd[i]
            square = loss * loss
            mean_square = square + exposure[i] * exposure[i] * dispersion * lgd[i] * (1.0 - lgd[i])
            for side in range(2):
                share = up if side else 1.0 - up
                slot = own[group[i], low + side]
                slot[0] += share * loss
                slot[1] += share * mean_square
                slot[2] += share * square
                slot[3] += share * square * loss


@compiled
def conditional_table(
    first: int, last: int, threshold: Array, sizes: Array, factors: Array, rho: float, table: Array
) -> None:
    """Set table (K, U, Y) to conditional default probabilities by node, shock size and factor."""
    root, scale = math.sqrt(rho), 1.0 / math.sqrt(1.0 - rho)
    for k in range(first, last):
        for i in range(len(sizes)):
            for j in range(len(factors)):
                if math.isinf(threshold[k]):
                    table[k, i, j] = 1.0 if threshold[k] > 0.0 else 0.0
                else:
                    table[k, i, j] = _normal((threshold[k] * sizes[i] + root * factors[j]) * scale)


@compiled
def _weights(position: float, count: int, weight: Array) -> int:
    """Set a position's four cubic weights on a grid of `count` points; return the first of them."""
    if count == 1:
        weight[0], weight[1], weight[2], weight[3] = 1.0, 0.0, 0.0, 0.0
        return 0
    inside = min(max(position, 0.0), count - 1.0)
    first = min(max(int(inside) - 1, 0), count - 4)
    x = inside - first
    weight[0] = -(x - 1.0) * (x - 2.0) * (x - 3.0) / 6.0
    weight[1] = x * (x - 2.0) * (x - 3.0) / 2.0
    weight[2] = -x * (x - 1.0) * (x - 3.0) / 2.0
    weight[3] = x * (x - 1.0) * (x - 2.0) / 6.0
    return first


@compiled
def read_tables(
    begin: int,
    end: int,
    factor: Array,
    size: Array,
    sector: Array,
    tables: Array,
    grids: Array,
    result: Array,
) -> None:
    """Set result (P, G, M) to tables (G, M, U, Y) at each path's factor of the group's sector and shock size.

    factor : (P, S). size : (P,). sector : (G,). grids : (2, 2) first point and step of sizes and factors.
    """
    groups, moments, sizes, factors = tables.shape
    across, along = np.empty(4), np.empty(4)
    for path in range(begin, end):
        row = _weights((size[path] - grids[0, 0]) / grids[0, 1], sizes, across)
        for g in range(groups):
            column = _weights((factor[path, sector[g]] - grids[1, 0]) / grids[1, 1], factors, along)
            for m in range(moments):
                total = 0.0
                for i in range(min(sizes, 4)):
                    inner = 0.0
                    for j in range(4):
                        inner += along[j] * tables[g, m, row + i, column + j]
                    total += across[i] * inner
                result[path, g, m] = total


@compiled
def spread_paths(
    first: int, last: int, factor: Array, size: Array, weight: Array, grids: Array, sums: Array
) -> None:
    """Add each path's weights to the grid points that `read_tables` reads: its adjoint.

    first, last : blocks of paths.
    weight : (P, M). sums : (BLOCKS, S, M, U, Y).
    """
    sectors, moments, sizes, factors = sums.shape[1:]
    for block in range(first, last):
        across, along = np.empty(4), np.empty(4)
        for path in range(len(size) * block // BLOCKS, len(size) * (block + 1) // BLOCKS):
            row = _weights((size[path] - grids[0, 0]) / grids[0, 1], sizes, across)
            for s in range(sectors):
                column = _weights((factor[path, s] - grids[1, 0]) / grids[1, 1], factors, along)
                for m in range(moments):
                    for i in range(min(sizes, 4)):
                        for j in range(4):
                            sums[block, s, m, row + i, column + j] += weight[path, m] * across[i] * along[j]


@compiled
def gather_loans(
    first: int, last: int, value: Array, group: Array, nodes: Array, table: Array, result: Array
) -> None:
    """Set result (N, M) to table (S, M, K) between nodes around loans' values: `spread_loans`' adjoint."""
    for i in range(first, last):
        low = _place(nodes, value[i])
        up = (value[i] - nodes[low]) / (nodes[low + 1] - nodes[low])
        for m in range(result.shape[1]):
            result[i, m] = (1.0 - up) * table[group[i], m, low] + up * table[group[i], m, low + 1]


@compiled
def _uniform(stream: Array) -> float:
    """Return the next draw, in (0, 1). stream : words 0 to 3, number used, path, block, key."""
    if stream[4] == np.uint64(4):
        c0, c1, c2, c3 = stream[5], stream[6], np.uint64(0), PURPOSE
        k0, k1 = stream[7], stream[8]
        for _ in range(10):
            first, second = c0 * _M0, c2 * _M1
            c0, c1, c2, c3 = (
                (second >> _HALF) ^ c1 ^ k0,
                second & _LOW,
                (first >> _HALF) ^ c3 ^ k1,
                first & _LOW,
            )
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        stream[0], stream[1], stream[2], stream[3] = c0, c1, c2, c3
        stream[4] = np.uint64(0)
        stream[6] += np.uint64(1)
    word = stream[np.int64(stream[4])]
    stream[4] += np.uint64(1)
    return (np.float64(np.int64(word)) + 0.5) * _SCALE


@compiled
def _severity(
    loan: int,
    chance: float,
    factor: float,
    size: float,
    root: float,
    scale: float,
    loans: Array,
    models: Array,
    stream: Array,
) -> float:
    """Return one loan's loss given default: constant or moving with its default rate, and its own luck."""
    lgd = float(loans[1, loan])
    if (
        models[0] > 0.0 and lgd > 0.0
    ):  # Frye and Jacobs: expected loss given the factor over the default rate given the factor
        lgd = min(_normal((loans[3, loan] * size + root * factor) * scale) / max(chance, 1e-300), 1.0)
    if (
        models[1] > 0.0 and 0.0 < lgd < 1.0
    ):  # nothing lost, or more than the mean: two points with the wanted variance
        most = lgd + models[1] * (1.0 - lgd)
        lgd = most if _uniform(stream) * most < lgd else 0.0
    return lgd


@inlined
def _walk(
    factor: Array, size: float, loans: Array, group: Array, cells: Array, corners: Array, rho: Array,
    models: Array, bounds: Array, stream: Array, totals: Array, weight: float, parts: Array,
) -> None:  # fmt: skip
    """Add the losses of one path to totals (G,), and weight x loss to parts (N,) where it is not empty.

    One exponential draw is used up along the loans at the bound of each cell's hazard; where it ends stands a
    candidate, which defaults with its own probability over the bound's.
    """
    left = -math.log(_uniform(stream))
    for cell in range(len(cells)):
        loan, last, sector, alike = cells[cell, 0], cells[cell, 1], cells[cell, 2], cells[cell, 3]
        root, scale = math.sqrt(rho[sector]), 1.0 / math.sqrt(1.0 - rho[sector])
        y = factor[sector]
        place = (corners[cell] * size + root * y) * scale
        entry = min(max(int((min(place, 40.0) - LOWEST) * STEPS) + 1, 0), bounds.shape[1] - 1)
        hazard, bound = bounds[0, entry], bounds[1, entry]
        chance = -1.0
        while True:
            if left >= (last - loan) * hazard:
                left -= (last - loan) * hazard
                break
            loan += int(left / hazard)
            left = -math.log(_uniform(stream))
            if loan >= last:  # rounding of the division
                break
            if alike == 0 or chance < 0.0:
                chance = _normal((loans[2, loan] * size + root * y) * scale)
            if _uniform(stream) * bound < chance:
                loss = loans[0, loan] * _severity(loan, chance, y, size, root, scale, loans, models, stream)
                totals[group[loan]] += loss
                if len(parts):
                    parts[loan] += weight * loss
            loan += 1


@compiled
def simulate_names(
    begin: int, end: int, paths: Array, factor: Array, size: Array, loans: Array, group: Array,
    cells: Array, corners: Array, rho: Array, models: Array, bounds: Array, key: Array, totals: Array,
    weight: Array, parts: Array,
) -> None:  # fmt: skip
    """Simulate loan by loan, going from default to default, for the blocks `begin` to `end` of paths.

    paths : (P,) numbers of the paths, which name their draws. factor : (P, S). size : (P,). loans : (4, N)
        exposure, lgd, threshold, threshold of the expected loss, thresholds finite. cells : (C, 4) first and
        end loan, sector, whether all PDs are the same. corners : (C,) highest threshold. bounds : (2, X)
        hazard and probability at the upper end of each step of the normal's argument. totals : (P, G). weight
        : (P,). parts : (BLOCKS, N), or (BLOCKS, 0) if not wanted.
    """
    for block in range(begin, end):
        stream = np.zeros(9, np.uint64)
        stream[7], stream[8] = np.uint64(key[0]), np.uint64(key[1])
        low, high = len(paths) * block // BLOCKS, len(paths) * (block + 1) // BLOCKS
        for place in range(low, high):
            stream[4], stream[5], stream[6] = np.uint64(4), np.uint64(paths[place]), np.uint64(0)
            _walk(
                factor[place], size[place], loans, group, cells, corners, rho, models, bounds, stream,
                totals[place], weight[place], parts[block],
            )  # fmt: skip
