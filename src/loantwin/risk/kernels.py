"""Exact sums by group, and stage allowances, of many loans. Each is tied to its NumPy reference by a test.

A double is a whole number times a power of two. Adding those whole numbers up by their power, in int64, loses
nothing and knows no order: threads, the order of loans and the split of a book cannot change a bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any

BLOCKS = 16
POWERS = 2048
LOW = 26
"""Bits of a significand's lower half: halves of 26 and 27 bits leave room for 2^36 additions."""


@compiled
def exact_bins(first: int, last: int, bits: Array, codes: Array, made: Array) -> None:
    """Add sums of significands by exponent and group, lower and upper halves, of some blocks of loans.

    first, last : the blocks. made : (BLOCKS, POWERS, groups, F, 2) the sums.
    bits : (F, N) the figures, float64, as int64. codes : (N,) group. What one loan adds to lies together in
        memory.
    """
    figures, count = bits.shape
    wide = np.uint64(2 * figures * made.shape[2])
    for block in range(first, last):
        # Trap: a sum across threads. Each block has a slot: in one slot floats meet in any order.
        own = made[block].reshape(-1)
        for loan in range(count * block // BLOCKS, count * (block + 1) // BLOCKS):
            place = np.uint64(codes[loan]) * np.uint64(2 * figures)
            for figure in range(
                figures
            ):  # side by side: a sum that waits for its last addition lets the next one start
                word = np.uint64(bits[figure, loan])
                power = (word >> np.uint64(52)) & np.uint64(2047)
                part = np.int64(word & np.uint64(4503599627370495))
                part |= np.int64(4503599627370496) if power > np.uint64(0) else np.int64(0)
                part = -part if word >> np.uint64(63) else part
                power = power if power > np.uint64(0) else np.uint64(1)
                slot = wide * power + place
                own[slot] += part & np.int64(67108863)
                own[slot + np.uint64(1)] += part >> np.int64(26)
                place += np.uint64(2)


@compiled
def staged_losses(
    first: int,
    last: int,
    twelve_month: Array,
    lifetime: Array,
    defaulted: Array,
    stage: Array,
    probability: Array,
    by_scenario: Array,
    gross: Array,
    sound: Array,
) -> None:
    """Set `by_scenario` (K, N) to loans' stage loss, `gross` (N,) to the weighted loss, and whether they fit.

    first, last : blocks of loans. sound : (2, BLOCKS) whether a block fits.
    twelve_month, lifetime : (N, K). The first flag is false where an amount is negative, NaN or infinite, the
    second where a 12-month loss passes the lifetime loss by more than rounding.
    """
    count, scenarios = lifetime.shape
    for block in range(first, last):
        fine, rising = True, True
        for loan in range(count * block // BLOCKS, count * (block + 1) // BLOCKS):
            total, impaired, level = 0.0, defaulted[loan], stage[loan]
            fine = fine and 0.0 <= impaired < np.inf
            for k in range(scenarios):
                early, whole = twelve_month[loan, k], lifetime[loan, k]
                fine = fine and early >= 0.0 and 0.0 <= whole < np.inf
                rising = rising and early <= whole * (1.0 + 1e-9) + 1e-9
                chosen = early if level == 1 else (impaired if level == 3 else whole)
                by_scenario[k, loan] = chosen
                total += probability[k] * chosen
            gross[loan] = total
        sound[0, block], sound[1, block] = fine, rising
