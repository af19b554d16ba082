"""Who is whose: fixed, random, independent of other experiments, and kept where a share grows."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from scipy.stats import chi2_contingency, kstest

from loantwin.decisions.rollout.assignment import assigned, chances

KEYS = [f"P-{number}" for number in range(20_000)]


def test_a_number_is_that_of_the_hash() -> None:
    """53 bits of sha256, worked by hand for one key."""
    digest = sha256(b"loans:ab12\nP-7").digest()
    whole = int.from_bytes(digest[:8], "big") >> 11
    assert chances("loans:ab12", ["P-7"])[0] == whole / 2**53


def test_numbers_are_even_and_of_other_salts_independent() -> None:
    one, other = chances("a", KEYS), chances("b", KEYS)
    assert kstest(one, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02
    table = np.histogram2d(one, other, bins=4)[0]
    assert chi2_contingency(table).pvalue > 0.01


def test_shares_are_kept_and_who_had_a_challenger_keeps_it() -> None:
    small, large = assigned("a", KEYS, [0.05]), assigned("a", KEYS, [0.25])
    assert small.mean() == pytest.approx(0.05, abs=0.005)
    assert large.mean() == pytest.approx(0.25, abs=0.01)
    assert (large[small == 1] == 1).all()
    two = assigned("a", KEYS, [0.05, 0.4])
    assert ((two == 1) == (small == 1)).all()
    assert np.bincount(two).tolist() == pytest.approx([11_000, 1_000, 8_000], rel=0.05)
    assert (assigned("a", KEYS, [0.4, 0.6]) > 0).all()
    assert not assigned("a", KEYS, []).any()
    assert not assigned("a", KEYS, [0.0]).any()
