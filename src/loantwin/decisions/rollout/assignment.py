"""Who decides whom: a fixed random assignment of applicants to challengers, the same whenever it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from loantwin.arrays import Floats, Integers


def chances(salt: str, keys: Sequence[str]) -> Floats:
    """Return a number from 0 to below 1 for each of N applicants, (N,): 53 bits of sha256(salt, key).

    The same salt and key have the same number on every machine; another salt has another, independent one.
    """
    start = f"{salt}\n".encode()
    drawn = b"".join(sha256(start + key.encode()).digest()[:8] for key in keys)
    return (np.frombuffer(drawn, dtype=">u8") >> 11).astype(np.float64) / 2.0**53


def assigned(salt: str, keys: Sequence[str], shares: Sequence[float]) -> Integers:
    """Return which challenger decides each of N applicants, (N,): its place from 1, 0 for the champion.

    shares : of the challengers, 0 to 1, their sum at most 1. Who had a challenger keeps it where its share
    grows, and where those after it change.
    """
    if not any(shares):
        return np.zeros(len(keys), dtype=np.int64)
    place = np.searchsorted(np.cumsum(shares), chances(salt, keys), side="right")
    return np.where(place == len(shares), 0, place + 1).astype(np.int64)
