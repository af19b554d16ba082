"""Books as values: the published schema, the same bytes again, any block size, arguments that are refused."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loantwin.book.as_of import book_at
from loantwin.book.book import check_book, check_table
from loantwin.book.schema import COLLATERAL, GUARANTEES, LOANS, PANEL, PARTIES, PRODUCTS
from loantwin.book.segments import segment_labels
from loantwin.errors import ScenarioError, UsageError
from loantwin.synthesis.economy import simulate_economy
from loantwin.synthesis.generate import SyntheticBook, blocks, generate, make_plan

TABLES = ("loans", "panel", "parties", "collateral", "guarantees")


def test_all_tables_pass_the_conformance_check(book: SyntheticBook) -> None:
    for name, table in zip(TABLES, (LOANS, PANEL, PARTIES, COLLATERAL, GUARANTEES), strict=True):
        frame = getattr(book, name)
        check_table(frame, table)
        assert frame.height > 0
        assert set(frame["loan_id"]) <= set(book.loans["loan_id"])


def test_the_book_has_what_a_lender_has(book: SyntheticBook) -> None:
    loans = book.loans
    assert set(loans["product"]) == set(PRODUCTS)
    assert set(loans["rate_type"]) == {"fixed", "floating"}
    assert loans["loan_id"].n_unique() == loans.height > loans["borrower_id"].n_unique()
    assert loans["origination_date"].dt.truncate("1mo").n_unique() == book.months
    assert (loans["approval_date"] <= loans["origination_date"]).all()
    assert {"charged_off", "prepaid", "matured", "current", "cured_probation"} <= set(loans["state"])
    assert 0.02 < loans["guaranteed_share"].gt(0).mean() < 0.3


def test_outcome_columns_agree_with_the_panel(book: SyntheticBook) -> None:
    totals = book.panel.group_by("loan_id").agg(
        wrote=pl.col("charged_off").sum(),
        got=pl.col("recovered").sum(),
        paid=(pl.col("scheduled_principal") + pl.col("prepaid")).sum(),
        interest=pl.col("interest").sum(),
        last=pl.col("state").last(),
        principal=pl.col("principal").last(),
        default=pl.col("report_date").filter(pl.col("state").str.starts_with("default")).first(),
        end=pl.col("report_date").last(),
    )
    both = book.loans.join(totals, on="loan_id", suffix="_panel")
    assert both.height == book.loans.height
    assert (both["charged_off"].fill_null(0) - both["wrote"]).abs().max() < 0.005
    assert (both["recovered"].fill_null(0) - both["got"]).abs().max() < 0.005
    assert (both["principal_paid"] - both["paid"]).abs().max() < 0.005
    assert (both["interest_paid"] - both["interest"]).abs().max() < 0.005
    assert (both["state"] == both["last"]).all()
    assert (both["principal"] == both["principal_panel"]).all()
    assert both["default_date"].dt.month_end().equals(both["default"], check_names=False)
    ended = both.filter(pl.col("closed_date").is_not_null())
    assert ended["closed_date"].dt.month_end().equals(ended["end"], check_names=False)
    assert (both.filter(pl.col("closed_date").is_null())["end"] == book.as_of).all()


def test_the_panel_has_no_gaps(book: SyntheticBook) -> None:
    steps = book.panel.select(
        step=pl.col("report_date").diff().dt.total_days().over("loan_id"),
        first=pl.col("loan_id").is_first_distinct(),
    )
    assert steps.filter(~pl.col("first"))["step"].is_between(28, 31).all()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    one, again, other = (generate(500, 24, seed) for seed in (5, 5, 6))
    for name in TABLES:
        assert_frame_equal(getattr(one, name), getattr(again, name), check_exact=True)
    assert not one.panel.equals(other.panel)


@pytest.mark.parametrize("block", [1, 61, 250, 997])
def test_block_size_does_not_matter(block: int) -> None:
    plan = make_plan(18, 9)
    count = 20 if block == 1 else 1_000
    whole, parts = next(blocks(plan, count, 10**6)), list(blocks(plan, count, block))
    for name in TABLES:
        assert_frame_equal(
            getattr(whole, name), pl.concat([getattr(part, name) for part in parts]), check_exact=True
        )


def test_a_given_economy_is_used() -> None:
    economy = simulate_economy(12 * 2015, 24, 99)
    made = generate(300, 24, 1, start=date(2015, 1, 20), macro=economy)
    assert made.macro is economy
    assert made.as_of == date(2016, 12, 31)
    with pytest.raises(ScenarioError, match="2017-01"):
        generate(300, 25, 1, start=date(2015, 1, 20), macro=economy)


@pytest.mark.parametrize(("loans", "months", "seed"), [(0, 24, 1), (10, 1, 1), (10, 24, -1)])
def test_absurd_sizes_are_refused(loans: int, months: int, seed: int) -> None:
    with pytest.raises(UsageError, match="expected"):
        generate(loans, months, seed)


def test_the_book_at_a_date_is_what_the_panel_says(book: SyntheticBook) -> None:
    for as_of in (date(2022, 6, 30), book.as_of):
        held = book_at(book.loans, book.panel, book.mapping, as_of)
        check_book(held)
        closed = {"prepaid", "matured", "charged_off"}
        there = book.panel.filter((pl.col("report_date") == as_of) & ~pl.col("state").is_in(closed)).sort(
            "loan_id"
        )
        loans = held.loans.sort("loan_id")
        assert loans["loan_id"].equals(there["loan_id"])
        for name in ("state", "principal", "days_past_due", "annual_rate"):
            assert loans[name].equals(there[name]), name
        assert sum(held.counts.values()) == book.loans.height
        assert set(segment_labels(held.loans, book.mapping)) <= set(book.truth.transitions.segments)
