"""Cells: by hand, against the reference, and independent of order and split."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.engine import runoff
from loantwin.engine.assumptions import assumptions
from loantwin.engine.cells import Cells
from loantwin.engine.columns import LoanColumns, loan_columns, take
from loantwin.engine.runoff import build_cells, build_cells_reference
from loantwin.errors import ModelError
from loantwin.kernels import use_threads

TABLES = ("loans", "balance", "partial", "draws", "interest", "rate_sensitivity", "exposure")


def two_loans(**change: object) -> LoanColumns:
    """Return an instalment loan of 300 over 3 months and a line of 100 drawn, 50 undrawn, over 2; no
    interest.
    """
    given: dict[str, object] = {
        "segment": 0,
        "age": 5,
        "state": 0,
        "product": [0, 4],
        "remaining_months": [3, 2],
        "principal": [300.0, 100.0],
        "annual_rate": 0.0,
        "undrawn": [0.0, 50.0],
        "weight": [1.0, 2.0],
    }
    return loan_columns(**{**given, **change})  # type: ignore[arg-type]


def test_cells_by_hand() -> None:
    cells = build_cells(two_loans(), 4, conversion_factor=0.5)
    assert cells.segment.tolist() == [0]
    assert cells.loans.tolist() == [[3.0, 3.0, 1.0, 0.0, 0.0]]
    assert cells.balance[0] == pytest.approx([500.0, 400.0, 100.0, 0.0, 0.0])
    assert cells.draws[0] == pytest.approx([4.0, 0.0, 0.0, 0.0])
    assert cells.exposure[0] == pytest.approx([550.0, 450.0, 100.0, 0.0])
    assert cells.squared[0] == pytest.approx((300**2 + 2 * 125**2) / (300 + 250))


def test_exposure_is_the_balance_before_the_unpaid_instalments_with_their_interest() -> None:
    columns = loan_columns(
        segment=0,
        age=0,
        state=0,
        product=2,
        remaining_months=9,
        principal=[100.0],
        annual_rate=0.12,
        accrued_interest=7.0,
    )
    cells = build_cells(columns, 6, arrears_months=3)
    # interest accrued at the as-of date counts as long as no payment came after it
    assert cells.exposure[0] == pytest.approx([107.0, 108.0, 109.0, 110.0, 103.0, 103.0])
    amortising = build_cells(
        two_loans(product=0, undrawn=0.0, remaining_months=[3, 4], weight=[1.0, 0.0]), 3, arrears_months=1
    )
    assert amortising.exposure[0] == pytest.approx([300.0, 300.0, 200.0])


def test_rate_sensitivity_leaves_out_loans_at_cap_or_floor() -> None:
    columns = loan_columns(
        segment=0,
        age=0,
        state=0,
        product=2,
        remaining_months=9,
        principal=[1200.0, 1200.0, 1200.0, 1200.0],
        annual_rate=0.05,
        floating=[False, True, True, True],
        rate_spread=0.02,
        rate_cap=[np.inf, np.inf, 0.04, np.inf],
        rate_floor=[0.0, 0.0, 0.0, 0.08],
    )
    assert build_cells(columns, 1, index_path=np.array([0.03])).rate_sensitivity.tolist() == [[100.0]]
    assert build_cells(columns, 1).rate_sensitivity.tolist() == [[300.0]]


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize(
    "assumed",
    [
        {},
        {"arrears_months": 3, "conversion_factor": 0.4, "partial_monthly": 0.005},
        {"partial_monthly": [0.02, 0.0, 0.001, 0.003, 0.1], "arrears_months": 1},
    ],
)
@pytest.mark.parametrize("months", [1, 48, 200])
def test_kernel_equals_the_reference(
    books: SimpleNamespace, months: int, assumed: dict, indexed: bool
) -> None:
    columns = books.columns(3000, seed=months, longest=300)
    index = books.paths(1, months, seed=3)[2][0] if indexed else None
    made = build_cells(columns, months, index_path=index, **assumed)
    wanted = build_cells_reference(columns, months, assumptions(**assumed), index)
    start = wanted.balance[:, :1] + wanted.exposure[:, :1] + wanted.loans[:, :1]
    for item in fields(Cells):
        ours, theirs = getattr(made, item.name), getattr(wanted, item.name)
        if item.name in TABLES:
            assert (np.abs(ours - theirs) <= 1e-13 * start).all(), item.name
        elif theirs is not None:
            assert ours == pytest.approx(theirs, rel=1e-13), item.name


def test_same_bits_on_one_and_two_threads_and_chunks_agree(
    books: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = books.columns(4000, seed=5)
    both = build_cells(columns, 24, arrears_months=3)
    use_threads(1)
    one = build_cells(columns, 24, arrears_months=3)
    use_threads()
    monkeypatch.setattr(runoff, "CHUNK", 700)
    chunked = build_cells(columns, 24, arrears_months=3)
    for name in TABLES:
        assert (getattr(both, name) == getattr(one, name)).all()
        assert getattr(chunked, name) == pytest.approx(getattr(both, name), rel=1e-12, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_order_and_split_do_not_matter_and_the_balance_is_conserved(
    books: SimpleNamespace, seed: int, count: int
) -> None:
    columns = books.columns(count, seed)
    shuffled = take(columns, books.generator(seed).permutation(count))
    whole, other = (
        build_cells(columns, 30, partial_monthly=0.01),
        build_cells(shuffled, 30, partial_monthly=0.01),
    )
    halves = [
        build_cells(take(columns, part), 30, partial_monthly=0.01)
        for part in (slice(0, count, 2), slice(1, count, 2))
        if count > 1
    ]
    for name in TABLES:
        total = getattr(whole, name).sum(axis=0)
        assert getattr(other, name) == pytest.approx(getattr(whole, name), rel=1e-11, abs=1e-6)
        if halves:
            assert sum(getattr(half, name).sum(axis=0) for half in halves) == pytest.approx(
                total, rel=1e-11, abs=1e-6
            )
    assert whole.balance[:, 0].sum() == pytest.approx((columns.weight * columns.principal).sum())
    assert whole.balance.min() >= -1e-9


def test_no_loans_make_no_cells(books: SimpleNamespace) -> None:
    made = build_cells(take(books.columns(3, seed=1), slice(0, 0)), 12)
    assert (len(made.segment), made.balance.shape, made.interest.shape) == (0, (0, 13), (0, 12))


def test_a_short_index_is_refused(books: SimpleNamespace) -> None:
    columns = books.columns(3, seed=1)
    with pytest.raises(ModelError, match="index path of 12"):
        build_cells(columns, 12, index_path=np.zeros(11))
    with pytest.raises(ModelError, match="conversion_factor"):
        build_cells(columns, 12, conversion_factor=1.2)


def test_two_python_threads_may_build_at_once(books: SimpleNamespace) -> None:
    from concurrent.futures import ThreadPoolExecutor

    columns = books.columns(500, seed=8)
    wanted = build_cells(columns, 12).balance
    with ThreadPoolExecutor(2) as pool:
        for made in pool.map(lambda _: build_cells(columns, 12).balance, range(8)):
            assert (made == wanted).all()
