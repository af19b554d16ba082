"""Philox against the published known answers (Random123, kat_vectors) and its own claims."""

import numpy as np
import pytest

from loantwin.engine.randomness import key_of, monthly_words, philox
from loantwin.errors import UsageError

KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_published_answers(counter, key, answer):
    assert philox(counter, key).tolist() == list(answer)


def test_a_draw_depends_on_its_own_counter_alone():
    who = np.array([5, 9, 2], dtype=np.uint32)
    whole = monthly_words(7, 3, who, 10)
    assert np.array_equal(whole[1:2], monthly_words(7, 3, who[1:2], 10))
    assert np.array_equal(whole[:, :6], monthly_words(7, 3, who, 6))
    assert not np.array_equal(whole, monthly_words(8, 3, who, 10))
    assert not np.array_equal(whole, monthly_words(7, 4, who, 10))


def test_words_are_uniform():
    words = monthly_words(1, 0, np.arange(50_000, dtype=np.uint32), 4) / 2.0**32
    assert abs(words.mean() - 0.5) < 4 * (1 / 12 / words.size) ** 0.5
    assert np.abs(np.corrcoef(words.T) - np.eye(4)).max() < 4 / 50_000**0.5


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_outside_64_bits_is_refused(seed):
    with pytest.raises(UsageError, match="seed"):
        key_of(seed)
