"""A small made-up lender on which transition models and loss models are tried."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from loantwin.book.tape import read_tape
from loantwin.synthesis.generate import SyntheticBook, generate
from loantwin.synthesis.write import write
from loantwin.twin import Twin, create_twin
from loantwin.twin import open as open_twin
from loantwin.verbs.fit.fit import fit

LOANS, MONTHS, SEED = 600, 36, 3


@lru_cache(maxsize=1)
def sample_book() -> SyntheticBook:
    """Return a panel of 600 loans over three years."""
    return generate(LOANS, MONTHS, SEED)


@contextmanager
def sample_twin() -> Iterator[Twin]:
    """Yield a fitted twin of such a book, in a folder that is gone afterwards; it takes seconds to make."""
    with tempfile.TemporaryDirectory(prefix="loantwin-sample-") as folder:
        raw, home = Path(folder) / "lender", Path(folder) / "twin"
        write(raw, LOANS, MONTHS, SEED, "mapping")
        book = sample_book()
        create_twin(home, read_tape(raw / "tape.csv", raw / "mapping.toml"), book.as_of)
        fit(home, [raw / "macro.csv"])
        with open_twin(home) as twin:
            yield twin
