"""Counter-based randomness: Philox4x32-10, one draw for (seed; who, path, when, purpose) wherever computed.

A draw depends on its counter alone, so that any number of threads, any split of the work and any order give
the same bits, and two policies that are compared meet the same luck. Source: Salmon, Moraes, Dror and Shaw,
"Parallel random numbers: as easy as 1, 2, 3" (SC 2011). This is the readable form; kernels carry the same
rounds in compiled code.

The counter's four words are (who, path, when, purpose); the key's two words are the low and high half of the
seed.

Everything else that draws takes NumPy's Philox4x64, which shares no draw with it: `loantwin.streams` is the
table of its keys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Words
from loantwin.errors import UsageError, expected

LOAN_PATHS, CELL_PATHS, LOAN_ENDS, LOAN_BALANCES = 1, 2, 3, 4
"""What a draw is for: the counter's last word, which keeps the streams of two uses apart."""

_MULTIPLIER = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (np.uint32(0x9E3779B9), np.uint32(0xBB67AE85))
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def key_of(seed: int) -> tuple[int, int]:
    """Return the low and high 32 bits of a seed; one outside 0 to 2**64 - 1 raises UsageError."""
    if not 0 <= seed < 2**64:
        raise UsageError(expected("a seed from 0 to 2**64 - 1", seed), field="seed")
    return seed & 0xFFFFFFFF, seed >> 32


def philox(counter: ArrayLike, key: tuple[int, int]) -> Words:
    """Return the four random words of each counter.

    Parameters
    ----------
    counter : (..., 4) uint32 words.
    key : two uint32 words.

    Returns
    -------
    (..., 4) uint32, each uniform over all 2**32 values.
    """
    words = np.asarray(counter, dtype=np.uint32)
    c0, c1, c2, c3 = (words[..., i] for i in range(4))
    k0, k1 = key
    for _ in range(10):
        first = c0.astype(np.uint64) * _MULTIPLIER[0]
        second = c2.astype(np.uint64) * _MULTIPLIER[1]
        c0, c1, c2, c3 = (
            (second >> _HALF).astype(np.uint32) ^ c1 ^ np.uint32(k0),
            (second & _LOW).astype(np.uint32),
            (first >> _HALF).astype(np.uint32) ^ c3 ^ np.uint32(k1),
            (first & _LOW).astype(np.uint32),
        )
        k0, k1 = (k0 + int(_WEYL[0])) & 0xFFFFFFFF, (k1 + int(_WEYL[1])) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1)


def monthly_words(seed: int, path: int, who: Words, months: int, purpose: int = LOAN_PATHS) -> Words:
    """Return one word a who and month, (N, T) uint32: four months share a counter (`when` = month // 4)."""
    blocks = -(-months // 4)
    counter = np.empty((len(who), blocks, 4), dtype=np.uint32)
    counter[..., 0] = who[:, None]
    counter[..., 1] = path
    counter[..., 2] = np.arange(blocks)
    counter[..., 3] = purpose
    return philox(counter, key_of(seed)).reshape(len(who), 4 * blocks)[:, :months]
