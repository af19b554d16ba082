"""Panels: the order of a tape's rows changes nothing, whether they have to be sorted or not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.book.panel import in_order
from loantwin.book.tape import Tape, read_tape


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panel") / "lender"
    lt.synthetic(folder, loans=150, months=24, seed=3, as_tape="mapping")
    return folder


def read(lender: Path, order: list[int] | None = None) -> Tape:
    """Return the tape with its rows in another order."""
    header, *rows = (lender / "tape.csv").read_text(encoding="utf-8").splitlines()
    file = lender / "reordered.csv"
    chosen = rows if order is None else [rows[place] for place in order]
    file.write_text("\n".join([header, *chosen, ""]), encoding="utf-8")
    return read_tape(file, lender / "mapping.toml")


def test_rows_in_any_order_make_the_same_tables(lender: Path) -> None:
    plain = read(lender)
    shuffled = read(lender, np.random.default_rng(1).permutation(plain.rows_read).tolist())
    assert shuffled.panel is not None
    assert plain.panel is not None
    assert shuffled.panel.equals(plain.panel)
    assert shuffled.loans.sort("loan_id").equals(plain.loans.sort("loan_id"))
    assert shuffled.totals == plain.totals


def test_a_month_told_twice_is_refused_in_an_ordered_tape(lender: Path) -> None:
    count = read(lender).rows_read
    tape = read(lender, [*range(11), 10, *range(11, count)])
    assert tape.quarantine.select("row", "rule").rows() == [(12, "duplicate_row")]


@pytest.mark.parametrize(
    ("loans", "days", "ordered"),
    [
        ("AABB", (1, 2, 1, 2), True),
        ("AABB", (1, 1, 1, 2), False),
        ("AABB", (2, 1, 1, 2), False),
        ("ABAB", (1, 1, 2, 2), False),
        ("AABB", (1, None, 1, 2), False),
        ("BBAA", (1, 2, 1, 2), False),
    ],
)
def test_what_counts_as_ordered(loans: str, days: tuple[int | None, ...], ordered: bool) -> None:
    dates = [None if day is None else dt.date(2020, 1, day) for day in days]
    table = pl.DataFrame({"loan_id": list(loans), "panel.report_date": dates})
    assert in_order(table) is ordered
