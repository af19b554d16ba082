"""Random draws by loan number and purpose: the same bits whatever the size of the blocks loans are made in.

Philox (Salmon et al. 2011) is a function of key and counter. Key = (seed, stream), counter = loan number, so
that loan 4,000,001 gets the same draw whether it is made alone, in a block of a thousand or among ten
million.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.errors import UsageError, expected
from loantwin.streams import Stream, stream_key

_PER_COUNTER = 4
"""Philox 4x64 yields four 64-bit words a counter value."""


class Purpose(IntEnum):
    """What a draw decides. Numbers are part of the bits of every synthetic book: append, never reorder."""

    PRODUCT = 0
    GRADE = 1
    VINTAGE = 2
    DAY = 3
    AMOUNT = 4
    TERM = 5
    RATE = 6
    FLOATING = 7
    BALLOON = 8
    LOAN_TO_VALUE = 9
    GUARANTEE = 10
    GUARANTEE_SHARE = 11
    BORROWER = 12
    PARTNER = 13
    REGION = 14
    INDUSTRY = 15
    SCORE = 16
    UTILISATION = 17
    APPROVAL = 18
    LIEN = 19
    PURPOSE = 20
    CURE = 21
    RESOLUTION_LAG = 22
    RECOVERY_LAG = 23
    SEVERITY = 24
    RECOVERY = 25
    MOVE = 26
    PARTIAL = 27
    PARTIAL_SHARE = 28
    DRAW = 29
    ECONOMY = 30
    LATENT = 31
    DIRT = 32
    DIRT_KIND = 33


def uniforms(seed: int, purpose: Purpose, first: int, count: int, month: int = 0) -> Floats:
    """Return one draw in (0, 1) for each of the loans `first` ... `first + count - 1`, (count,).

    Raises
    ------
    UsageError : a seed outside 0 to 2**63 - 1.
    """
    if not 0 <= seed < 2**63:
        raise UsageError(expected("a seed from 0 to 2**63 - 1", seed), field="seed")
    bits = np.random.Philox(key=stream_key(seed, Stream.SYNTHESIS, place=month * 64 + purpose))
    skip = first % _PER_COUNTER
    bits.advance(first // _PER_COUNTER)
    # half a unit in the last place keeps inverse distribution functions finite
    return np.asarray(np.random.Generator(bits).random(count + skip)[skip:] + 2.0**-54)


def pick(uniform: Floats, weights: Floats) -> Integers:
    """Return indices into `weights`, drawn in proportion to them, from uniform draws."""
    edges = np.cumsum(weights / weights.sum())[:-1]
    return np.asarray(np.searchsorted(edges, uniform, side="right"), dtype=np.int64)
