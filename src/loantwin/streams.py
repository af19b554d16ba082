"""The one table of random streams: a seed serves many uses, and no two of them share a draw.

Draws come from NumPy's Philox4x64-10, a function of key and counter; the key is [seed, word], and the word
packs the stream, a part and a place of it. (Compiled kernels draw from Philox4x32-10, `engine.randomness`,
another function.)
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from loantwin.errors import UsageError, expected

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Stream(IntEnum):
    """What a stream of draws is for. Numbers are part of every result: append, never reorder."""

    SYNTHESIS = 0
    """Synthetic books; place = 64 x month + purpose."""
    NAMES = 1
    """Luck of single names in forecasts; place = figure."""
    LOSSES = 2
    """Luck of single names in loss distributions; place = group."""
    ECONOMY = 3
    """Residuals of the macro generator."""
    COMMON_ERRORS = 4
    """Errors of estimation that edges share; place = level, part = first path."""
    EDGE_ERRORS = 5
    """Errors of one edge's coefficients; place = edge, part = first path."""
    LEVELS = 6
    """Period effects; place = level, part = first path."""
    SEVERITY = 7
    """Loss given default by path; part = first path."""
    BUILT_IN = 8
    """The built-in book of the environment."""
    BOOTSTRAP = 9
    """Resampling of observations."""
    COPULA = 10
    """Factors of copula models; place = stream of the model."""
    MIGRATION = 11
    """Factors of migration models; place = first path of a block."""
    TAILS = 13
    """Scales of period effects' paths; place = level, part = first path."""
    BACKTEST = 12
    """Luck of single names in backtests; place = band or rival."""
    THINS = 14
    """Which loans a sample of the book holds; place = sample."""
    FOLDS = 15
    """Folds of scores' rows; part = repeat."""


PARTS, PLACES = 2**24, 2**32


def stream_key(seed: int, stream: Stream, part: int = 0, place: int = 0) -> NDArray[np.uint64]:
    """Return the key of a stream, (2,).

    Parameters
    ----------
    seed : from 0 to 2**64 - 1. part, place : which of a stream's many: part below 2**24, place below 2**32.

    Raises
    ------
    UsageError : a number out of range.
    """
    import numpy as np

    if not 0 <= seed < 2**64:
        raise UsageError(expected("a seed from 0 to 2**64 - 1", seed), field="seed")
    if not (0 <= part < PARTS and 0 <= place < PLACES):
        raise UsageError(
            expected(f"a part below {PARTS} and a place below {PLACES}", f"{part} and {place}"),
            field="stream",
        )
    return np.array([seed, (int(stream) << 56) | (part << 32) | place], dtype=np.uint64)


def generator(seed: int, stream: Stream, part: int = 0, place: int = 0) -> np.random.Generator:
    """Return the generator of a stream; arguments as in `stream_key`."""
    import numpy as np

    return np.random.Generator(np.random.Philox(key=stream_key(seed, stream, part, place)))
