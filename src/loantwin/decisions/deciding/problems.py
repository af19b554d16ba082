"""Why nobody but a person can decide an application: codes and words, over columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Integers

OF_POLICY = (
    (r".+ is missing$", "field-missing"),
    (r".+ cannot be worked out$", "node-failed"),
    (r"no row of the policy decides$", "no-row"),
    (r"the policy approves without a rate$", "no-rate"),
    (r"the policy grants more than was asked for$", "too-much"),
    (r"outcome .+ is none of ", "unknown-outcome"),
    (r"pattern .+ is none of ", "unknown-pattern"),
)
"""What a policy says where it cannot decide, and the code of it."""


@dataclass(frozen=True)
class Problems:
    """The first problem of each of N applications. place : (N,) which of `told`, -1 where there is none.

    told : (code, words) of each kind.
    """

    place: Integers
    told: tuple[tuple[str, str], ...] = ()

    @classmethod
    def none(cls, rows: int) -> Problems:
        """Return that none of N applications has one."""
        return cls(np.full(rows, -1, dtype=np.int64))

    @property
    def there(self) -> Flags:
        """Return which have one, (N,)."""
        return self.place >= 0

    def add(self, where: Flags, code: str, words: str) -> Problems:
        """Return these with one more kind, for those (N,) that have none yet."""
        mine = where & ~self.there
        if not mine.any():
            return self
        return Problems(np.where(mine, len(self.told), self.place), (*self.told, (code, words)))

    def take(self, rows: Integers) -> Problems:
        """Return those of some rows, (M,) their places."""
        return Problems(self.place[rows], self.told)

    def series(self) -> tuple[pl.Series, pl.Series]:
        """Return codes and words (N,), null where there is none."""
        place = pl.Series(self.place)
        place = place.set(place < 0, None).cast(pl.UInt32)
        codes, words = ([item[part] for item in self.told] for part in (0, 1))
        return (
            pl.Series("problem_code", codes, dtype=pl.String).gather(place),
            pl.Series("problem_words", words, dtype=pl.String).gather(place),
        )


def code_of(words: str) -> str:
    """Return the code of what a policy says where it cannot decide."""
    return next((code for pattern, code in OF_POLICY if re.match(pattern, words)), "policy-failed")
