"""Debtors and defaults of the last year by grade: what the most prudent PDs of few defaults read."""

from __future__ import annotations

import datetime as dt

import polars as pl

from loantwin import months
from loantwin.book.as_of import book_at
from loantwin.book.schema import DEFAULT_STATES
from loantwin.errors import InputError, UsageError, expected
from loantwin.twin import Twin

GRADE = "origination_grade"


def yearly_counts(twin: Twin) -> dict[str, tuple[int, int]]:
    """Return grade -> debtors not in default a year before the as-of date, and those in default within it.

    A debtor is a borrower, or a loan where the book has no borrower's number; one that has loans of several
    grades counts in the worst by name.

    Raises
    ------
    UsageError : no grades, or no book of a year before.
    """
    then = months.add_months(twin.as_of, -12)
    try:
        loans = book_at(twin.tables.loans, twin.tables.panel, twin.mapping, then).loans
    except InputError as error:
        raise UsageError(
            expected("a book known a year before the as-of date, for low_default_confidence", "none"),
            field="assume low_default_confidence",
        ) from error
    live = loans.filter(
        pl.col(GRADE).is_not_null() & ~pl.col("state").is_in(list(DEFAULT_STATES)).fill_null(False)
    )
    if not live.height:
        raise UsageError(
            expected(
                f"loans with an {GRADE} a year before the as-of date, for low_default_confidence", "none"
            ),
            field="assume low_default_confidence",
        )
    bad = _defaulted(twin, then)
    debtors = (
        live.select(
            pl.coalesce("borrower_id", "loan_id").alias("debtor"),
            pl.col(GRADE).alias("grade"),
            pl.col("loan_id").is_in(bad.to_list()).alias("bad"),
        )
        .group_by("debtor", maintain_order=True)
        .agg(pl.col("grade").max(), pl.col("bad").any())
        .group_by("grade", maintain_order=True)
        .agg(pl.len().alias("debtors"), pl.col("bad").sum().alias("defaults"))
    )
    return {name: (int(count), int(lost)) for name, count, lost in debtors.iter_rows()}


def _defaulted(twin: Twin, then: dt.date) -> pl.Series:
    """Return numbers of loans that came into default, or were charged off, after `then`."""
    known = twin.known_loans
    dates = [name for name in ("default_date", "charge_off_date") if name in known.columns]
    late = known.filter(pl.any_horizontal([(pl.col(name) > then).fill_null(False) for name in dates]))[
        "loan_id"
    ]
    panel = twin.known_panel
    if panel is None or "state" not in panel.columns:
        return late
    seen = panel.filter(
        (pl.col("report_date") > then)
        & pl.col("state").is_in([*DEFAULT_STATES, "charged_off"]).fill_null(False)
    )["loan_id"]
    return pl.concat([late, seen]).unique(maintain_order=True)
