"""Random streams: one table, no two uses of a seed share a draw, and nothing draws past it."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import UsageError
from loantwin.streams import PARTS, PLACES, Stream, generator, stream_key

SOURCE = Path(__file__).resolve().parent.parent / "src/loantwin"


def test_no_two_streams_share_a_draw() -> None:
    # 64-bit words of independent streams coincide with probability 1e-13 here; of one stream they all do
    keys = [
        (stream, part, place)
        for stream in Stream
        for part, place in ((0, 0), (0, 1), (1, 0), (2_000, 0), (0, 7))
    ]
    words = {key: generator(20_260_101, *key).bit_generator.random_raw(256) for key in keys}
    for one, other in combinations(keys, 2):
        assert not set(words[one]) & set(words[other]), (one, other)


def test_neighbouring_seeds_share_no_draw() -> None:
    one, other = (set(generator(seed, Stream.LEVELS).bit_generator.random_raw(256)) for seed in (5, 6))
    assert not one & other


@given(
    st.tuples(st.sampled_from(Stream), st.integers(0, PARTS - 1), st.integers(0, PLACES - 1)),
    st.tuples(st.sampled_from(Stream), st.integers(0, PARTS - 1), st.integers(0, PLACES - 1)),
    st.integers(0, 2**64 - 1),
)
def test_a_key_tells_stream_part_and_place(
    one: tuple[Stream, int, int], other: tuple[Stream, int, int], seed: int
) -> None:
    assert (stream_key(seed, *one).tolist() == stream_key(seed, *other).tolist()) == (one == other)
    assert int(stream_key(seed, *one)[0]) == seed


@pytest.mark.parametrize(
    ("seed", "part", "place"), [(-1, 0, 0), (2**64, 0, 0), (1, PARTS, 0), (1, 0, PLACES), (1, -1, 0)]
)
def test_what_does_not_fit_a_key_is_refused(seed: int, part: int, place: int) -> None:
    with pytest.raises(UsageError):
        stream_key(seed, Stream.NAMES, part, place)


def test_only_the_table_makes_keys() -> None:
    made = re.compile(r"np\.random\.Philox\((?!key=stream_key)|np\.random\.seed\(")
    found = [
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if made.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_draws_are_those_of_the_key() -> None:
    want = np.random.Generator(
        np.random.Philox(key=np.array([9, (6 << 56) | (3 << 32) | 2], dtype=np.uint64))
    ).random(5)
    np.testing.assert_array_equal(generator(9, Stream.LEVELS, 3, 2).random(5), want)
