"""How sure a score is: blocks of neighbouring origins redrawn, since their windows overlap in one economy."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.streams import Stream
from loantwin.streams import generator as random_of

DRAWS = 2_000
LEAST_ORIGINS = 3
"""Fewer origins than this say nothing of how a score varies from one to the next."""


def block_length(horizon: int, spacing: int, origins: int) -> int:
    """Return how many neighbouring origins form a block: those whose windows overlap, at most half of all.

    Parameters
    ----------
    horizon : months of a window. spacing : months between neighbouring origins. origins : how many there are.

    Raises
    ------
    RiskError : a horizon or a spacing of less than one month.
    """
    if horizon < 1 or spacing < 1:
        raise RiskError(
            expected("a horizon and a spacing of at least 1 month", f"{horizon} and {spacing}"),
            field="spacing",
        )
    # Trap: windows that overlap. Neighbours share most of their months and are no second evidence.
    return int(max(1, min(-(-horizon // spacing), origins // 2)))


def block_weights(origins: int, block: int, seed: int, draws: int = DRAWS) -> Floats:
    """Return how often each origin is drawn in each resample, (draws, origins): circular blocks.

    Each resample is made of whole blocks that begin at random origins and go round at the end; the last is
    cut so that every resample holds as many origins as there are. Source: Politis and Romano (1992), the
    circular block bootstrap.

    Raises
    ------
    RiskError : a block outside 1 to the number of origins.
    """
    if not 1 <= block <= origins:
        raise RiskError(expected(f"a block of 1 to {origins} origins", block), field="block")
    random = random_of(seed, Stream.BOOTSTRAP)
    blocks = -(-origins // block)
    starts = random.integers(0, origins, (draws, blocks))
    places = ((starts[:, :, None] + np.arange(block)) % origins).reshape(draws, -1)[:, :origins]
    made = np.zeros((draws, origins))
    np.add.at(made, (np.arange(draws)[:, None], places), 1.0)
    return made


def ratio_interval(
    above: Floats, below: Floats, block: int, seed: int, content: float = 0.90, draws: int = DRAWS
) -> tuple[float, float] | None:
    """Return the bootstrap interval of sum(above) / sum(below) over origins, or None where they are few.

    Parameters
    ----------
    above, below : (O,) sums by origin, in the order of time; a coverage is outcomes inside by outcomes, an
        accuracy (outcome - absolute error) by outcome. Resamples without anything below are left out.
    """
    if len(above) < LEAST_ORIGINS:
        return None
    drawn = block_weights(len(above), min(block, len(above)), seed, draws)
    top, bottom = drawn @ above, drawn @ below
    there = bottom > 0
    if not there.any():
        return None
    tail = (1.0 - content) / 2.0
    low, high = np.quantile(top[there] / bottom[there], (tail, 1.0 - tail))
    return float(low), float(high)
