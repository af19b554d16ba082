"""Columns give what `products.instalments` does, to the minor unit, whatever the conventions."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from loantwin.products.columns.schedules import schedules
from loantwin.products.columns.sheets import from_sheets
from loantwin.products.instalments import instalments
from loantwin.products.term_sheet import TermSheet
from tests.products.columns.drawn import drawn


def unlike(sheets: list[TermSheet]) -> list[TermSheet]:
    """Return the sheets whose schedule differs."""
    made = schedules(from_sheets(sheets))
    found = []
    for row, sheet in enumerate(sheets):
        rows = instalments(sheet)
        principal, interest = [line.principal for line in rows], [line.interest for line in rows]
        count = len(rows)
        assert count == made.payments[row]
        assert not made.payment[row, count:].any()
        same = np.array_equal(made.principal[row, :count], principal)
        same &= np.array_equal(made.interest[row, :count], interest)
        same &= made.closing[row, count - 1] == rows[-1].closing
        if not same:
            found.append(sheet)
    return found


@pytest.mark.slow
def test_four_hundred_schedules() -> None:
    random = Random(1)
    assert unlike([drawn(random, longest=36) for _ in range(400)]) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_twenty_thousand_schedules(seed: int) -> None:
    random = Random(seed)
    assert unlike([drawn(random) for _ in range(2_000)]) == []


def test_a_difference_would_be_seen() -> None:
    random = Random(1)
    sheets = [drawn(random, longest=12) for _ in range(40)]
    made = schedules(from_sheets(sheets))
    again = schedules(from_sheets([sheets[0], *sheets]))
    assert np.array_equal(made.principal, again.principal[1:])
    assert (made.principal[:-1] != made.principal[1:]).any(axis=1).all(), "no two of them are alike"
