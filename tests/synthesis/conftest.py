"""One book for all tests of this folder: making it takes a second."""

from __future__ import annotations

import pytest

from loantwin.synthesis.generate import SyntheticBook, generate


@pytest.fixture(scope="session")
def book() -> SyntheticBook:
    return generate(40_000, 54, seed=20_261)
