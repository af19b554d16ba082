"""Block bootstrap: what a resample is, and whether its intervals hold what they promise where windows
overlap.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.performance.bootstrap import block_length, block_weights, ratio_interval


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 99))
def test_every_resample_holds_as_many_origins_as_there_are(origins: int, block: int, seed: int) -> None:
    weights = block_weights(origins, min(block, origins), seed, draws=20)
    assert weights.shape == (20, origins)
    assert (weights.sum(axis=1) == origins).all()


def test_a_block_is_of_neighbours_and_goes_round() -> None:
    weights = block_weights(6, 3, seed=1, draws=500)
    doubled = np.concatenate([weights, weights], axis=1) > 0
    runs = doubled[:, :-2] & doubled[:, 1:-1] & doubled[:, 2:]
    assert runs.any(axis=1).all()
    assert ((weights[:, 0] > 0) & (weights[:, 5] > 0)).any()


@pytest.mark.parametrize(
    ("horizon", "spacing", "origins", "block"),
    [(12, 12, 10, 1), (24, 12, 10, 2), (12, 3, 40, 4), (24, 1, 20, 10)],
)
def test_blocks_are_as_long_as_windows_overlap(horizon: int, spacing: int, origins: int, block: int) -> None:
    assert block_length(horizon, spacing, origins) == block


def test_intervals_of_overlapping_means_need_blocks() -> None:
    """Outcomes that are moving averages of 4: blocks of 4 hold the truth near 90 %, single origins far less
    often.
    """
    random = np.random.default_rng(4)
    held = {1: 0, 4: 0}
    rounds = 150
    for number in range(rounds):
        values = np.convolve(random.normal(1.0, 1.0, 83), np.ones(4) / 4, mode="valid")
        for block in held:
            found = ratio_interval(values, np.ones(80), block, seed=number, draws=300)
            assert found is not None
            held[block] += found[0] <= 1.0 <= found[1]
    assert held[4] / rounds > 0.79
    assert held[4] - held[1] > 0.12 * rounds


def test_too_few_origins_say_nothing() -> None:
    assert ratio_interval(np.ones(2), np.ones(2), 1, seed=1) is None
    with pytest.raises(RiskError, match="block"):
        block_weights(3, 4, seed=1)
