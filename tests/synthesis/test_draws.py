"""Draws by loan number: any block sees the same bits, and they are uniform."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from loantwin.errors import UsageError
from loantwin.synthesis.draws import Purpose, pick, uniforms


@given(first=st.integers(0, 5_000), count=st.integers(1, 500), month=st.integers(0, 700))
def test_a_block_is_a_slice_of_the_whole(first: int, count: int, month: int) -> None:
    whole = uniforms(11, Purpose.MOVE, 0, 5_500, month)
    assert np.array_equal(uniforms(11, Purpose.MOVE, first, count, month), whole[first : first + count])


def test_draws_equal_numpys_philox_stream() -> None:
    key = np.array([5, 3 * 64 + int(Purpose.PARTIAL)], dtype=np.uint64)
    stream = np.random.Generator(np.random.Philox(key=key)).random(1_000)
    assert np.abs(uniforms(5, Purpose.PARTIAL, 0, 1_000, month=3) - stream).max() < 1e-15


def test_draws_are_uniform_and_purposes_unrelated() -> None:
    moves, partials = uniforms(1, Purpose.MOVE, 0, 50_000), uniforms(1, Purpose.PARTIAL, 0, 50_000)
    assert kstest(moves, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(moves, partials)[0, 1]) < 0.02
    assert abs(np.corrcoef(moves, uniforms(1, Purpose.MOVE, 0, 50_000, month=1))[0, 1]) < 0.02


def test_pick_follows_its_weights() -> None:
    chosen = pick(np.array([0.0, 0.24, 0.26, 0.74, 0.76, 0.999]), np.array([1.0, 2.0, 1.0]))
    assert chosen.tolist() == [0, 0, 1, 1, 2, 2]


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a seed"):
        uniforms(-1, Purpose.MOVE, 0, 10)
