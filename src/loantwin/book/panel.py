"""Panels: rows by loan and month, parted into the loan table and the panel table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.book.parse import FINDINGS
from loantwin.book.schema import CLOSED_STATES, DEFAULT_STATES, PANEL
from loantwin.products.contract import annuity_sum

ORDER = ("loan_id", "panel.report_date")
"""What a panel's rows are told apart and sorted by."""


@dataclass(frozen=True)
class Parted:
    """The two tables of a panel tape, and rows that told nothing new.

    loans : one row a loan, in the order of the file; `\\nposition` is its first row.
    panel : one row a loan and month up to the loan's end, sorted by loan and date.
    dropped : positions of rows after the end of their loan.
    """

    loans: pl.DataFrame
    panel: pl.DataFrame
    dropped: pl.Series


def part_panel(values: pl.DataFrame, mapping: TapeFormat) -> Parted:
    """Part the rows of a panel tape.

    A loan ends with the first row whose checked column `ended` has a value: that row takes it as its state,
    `charged_off` in place of `settled` where a loss was realised. Later rows only repeat and are dropped.

    Parameters
    ----------
    values : parsed rows with `\\nposition`; panel columns carry the prefix `panel.`.
    """
    rows = values if in_order(values) else values.sort(*ORDER, maintain_order=True)
    ended = pl.col("ended").is_not_null() if "ended" in rows.columns else pl.lit(False)
    after = ended.cum_sum().over("loan_id") - ended.cast(pl.UInt32) > 0
    dropped = rows.select(pl.col("\nposition").filter(after)).to_series()
    rows = rows.filter(~after) if len(dropped) else rows
    loans = _loans(values, rows, mapping)
    panel = rows.select(
        "loan_id",
        *[
            pl.col(f"panel.{column.name}").alias(column.name)
            for column in PANEL
            if f"panel.{column.name}" in rows.columns
        ],
        *_optional(rows, ["ended"]),
    )
    if "ended" in panel.columns:
        panel = _with_ends(panel, loans)
    return Parted(_with_dates(loans, panel), panel, dropped)


def in_order(values: pl.DataFrame) -> bool:
    """Return whether rows stand by loan and date, one a loan and date: no need to sort or compare them."""
    loan, date = (values[name] for name in ORDER)
    if loan.null_count() or date.null_count() or not loan.is_sorted():
        return False
    return bool(((loan != loan.shift(1)) | (date > date.shift(1))).fill_null(True).all())


def after_end(parted: Parted | None) -> pl.DataFrame:
    """Return the rows dropped after the end of their loan as findings, for the list of warnings."""
    if parted is None:
        return pl.DataFrame(schema=FINDINGS)
    position = parted.dropped.cast(pl.UInt32).alias("position")
    return pl.DataFrame([position]).with_columns(
        pl.lit("loan_id").alias("field"), pl.lit("after_end").alias("rule")
    )


def balloon_shares(loans: pl.DataFrame) -> pl.DataFrame:
    """Return the loans with `balloon_share` from the amortisation term, where the tape has no share itself.

    What a level payment over the amortisation term leaves after the paying months of the contract, decimal of
    the originated amount (Kellison, The Theory of Interest, 6).
    """
    if "amortisation_months" not in loans.columns:
        return loans
    column = {
        name: loans[name].cast(pl.Float64).to_numpy().astype(float)
        for name in ("amortisation_months", "term_months", "interest_only_months", "annual_rate")
    }
    paying = np.maximum(column["term_months"] - np.nan_to_num(column["interest_only_months"]), 0.0)
    rate = column["annual_rate"] / 12.0
    share = 1.0 - annuity_sum(rate, paying) / annuity_sum(
        rate, np.maximum(column["amortisation_months"], 1.0)
    )
    made = pl.Series("balloon_share", np.clip(share, 0.0, 1.0)).fill_nan(None)
    given = (
        loans["balloon_share"]
        if "balloon_share" in loans.columns
        else pl.Series([None] * loans.height, dtype=pl.Float64)
    )
    return loans.with_columns(given.zip_with(given.is_not_null(), made).alias("balloon_share"))


def _loans(values: pl.DataFrame, rows: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    """Return one row a loan: of each column its first, last or largest value."""
    names = [*mapping.columns, *mapping.attributes, *[name for name in mapping.checked if name != "ended"]]
    takes = {name: spec.take for name, spec in mapping.columns.items()}
    made = []
    for name in names:
        if name == "loan_id" or name not in rows.columns:
            continue
        known = pl.col(name).drop_nulls()
        made.append(
            {"first": known.first(), "last": known.last(), "max": known.max()}[
                takes.get(name, "first")
            ].alias(name)
        )
    grouped = rows.group_by("loan_id", maintain_order=True).agg(pl.col("\nposition").min(), *made)
    # A loss may be reported only after the end: the largest is taken over the dropped rows as well.
    late = [name for name, take in takes.items() if take == "max"]
    if late:
        largest = values.group_by("loan_id").agg(pl.col(late).max())
        grouped = grouped.drop(late).join(largest, on="loan_id", how="left", maintain_order="left")
    return grouped.sort("\nposition")


def _with_ends(panel: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    lost = (
        loans.select("loan_id", (pl.col("charged_off") > 0).alias("\nlost"))
        if "charged_off" in loans.columns
        else None
    )
    if lost is None:
        lost = loans.select("loan_id", pl.lit(False).alias("\nlost"))
    joined = panel.join(lost, on="loan_id", how="left", maintain_order="left")
    end = (
        pl.when((pl.col("ended") == "settled") & pl.col("\nlost"))
        .then(pl.lit("charged_off"))
        .otherwise(pl.col("ended"))
    )
    return joined.with_columns(pl.coalesce(end, "state").alias("state")).drop("ended", "\nlost")


def _with_dates(loans: pl.DataFrame, panel: pl.DataFrame) -> pl.DataFrame:
    """Date default, charge-off and end by the first report that shows them, where the tape gives no date."""
    state = pl.col("state")
    first = {
        "default_date": state.is_in(DEFAULT_STATES),
        "charge_off_date": state == "charged_off",
        "closed_date": state.is_in(CLOSED_STATES),
        "status": pl.lit(True),
    }
    dates = panel.group_by("loan_id").agg(
        *[
            pl.col("report_date").filter(test).min().alias(name)
            for name, test in first.items()
            if name != "status"
        ],
        pl.col("state").last().alias("status"),
    )
    return loans.join(
        dates.select("loan_id", *[n for n in first if n not in loans.columns]),
        on="loan_id",
        how="left",
        maintain_order="left",
    )


def _optional(frame: pl.DataFrame, names: list[str]) -> list[str]:
    return [name for name in names if name in frame.columns]
