"""What happened to a book's loans after a date, by band and window: the other side of a backtest.

It reads past the date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Flags, Floats, Integers
from loantwin.book.mapping import TapeFormat
from loantwin.book.schema import CLOSED_STATES
from loantwin.errors import UsageError, expected
from loantwin.performance.tracking import LOST_STATES, owed_at, vintage_bands

DEFAULTS, CHARGE_OFFS, BALANCE, PREPAYMENT, INTEREST = (
    "defaults",
    "charge_offs",
    "balance",
    "prepayment",
    "interest",
)
FIGURES = (DEFAULTS, CHARGE_OFFS, BALANCE, PREPAYMENT, INTEREST)
LOANS, MONEY = "loans", "money"
Key = tuple[str, str]
"""A figure and what it is measured in: ("defaults", "loans")."""

LOSS_FIGURES = (DEFAULTS, CHARGE_OFFS)


@dataclass(frozen=True)
class OnBook:
    """N loans on a book at a date. loan_id : as in the tape. band : (N,) of `bands`. weight : (N,) of cases.

    live : (N,) not in default then: defaults, payments and balances are followed for these; charge-offs for
        all.
    """

    loan_id: pl.Series
    band: Integers
    bands: tuple[str, ...]
    weight: Floats
    live: Flags


def observable(mapping: TapeFormat, panel: bool) -> tuple[Key, ...]:
    """Return the figures whose outcome a source dates, each with its measures, the main one first.

    A panel tells what the mapping observes. A table of outcomes dates charge-offs (principal too) and, where
    payoff is observed, payoffs in number; its default is the charge-off itself, and balances or interest over
    time are not in it.
    """
    wanted: tuple[Key, ...]
    if panel:
        wanted = (
            (DEFAULTS, LOANS), (DEFAULTS, MONEY), (CHARGE_OFFS, MONEY), (BALANCE, MONEY),
            (PREPAYMENT, MONEY), (PREPAYMENT, LOANS), (INTEREST, MONEY),
        )  # fmt: skip
    else:
        wanted = ((CHARGE_OFFS, LOANS), (CHARGE_OFFS, MONEY), (PREPAYMENT, LOANS))
    return tuple(key for key in wanted if key[0] in mapping.observes)


def tape_end(loans: pl.DataFrame, panel: pl.DataFrame | None, mapping: TapeFormat) -> dt.date:
    """Return the date up to which a tape tells every figure it observes: the earliest of their last outcomes.

    Dates a mapping moves into the future (a charge-off some months after the last payment) do not stretch the
    others.

    Raises
    ------
    UsageError : a tape without dated outcomes.
    """
    if panel is not None and panel.height:
        found = [panel["report_date"].max()]
    else:
        lost = (loans["charge_off_date"].is_not_null() & (loans["charged_off"] > 0)).fill_null(False)
        columns = {
            CHARGE_OFFS: loans["charge_off_date"].filter(lost),
            PREPAYMENT: loans["closed_date"].filter(~lost),
        }
        found = [days.max() for figure, days in columns.items() if figure in mapping.observes]
    ends = [day for day in found if isinstance(day, dt.date)]
    if not ends:
        raise UsageError(expected("a tape with dated outcomes", "none"), field="charge_off_date")
    return min(ends)


def happened(
    loans: pl.DataFrame, panel: pl.DataFrame | None, book: OnBook, as_of: dt.date, horizons: Sequence[int]
) -> Mapping[Key, Floats]:
    """Return what happened to the book, (B, H): flows cumulated to each window's end, balances there.

    Parameters
    ----------
    loans, panel : the whole tape. book : the loans at the date. horizons : months of each window, rising.
    """
    if panel is not None and panel.height:
        return _from_panel(panel, loans, book, as_of, horizons)
    return _from_outcomes(loans, book, as_of, horizons)


def _from_outcomes(
    loans: pl.DataFrame, book: OnBook, as_of: dt.date, horizons: Sequence[int]
) -> dict[Key, Floats]:
    anchor = months.anchor_day(as_of)
    month0 = months.month_of(as_of, anchor)
    own = pl.DataFrame({"loan_id": book.loan_id, "band": book.band, "case": book.weight})
    columns = ["loan_id", "charge_off_date", "charged_off", "closed_date", "origination_date", "term_months"]
    table = own.join(loans.select(columns), on="loan_id", how="left", maintain_order="left")
    lost = (table["charge_off_date"].is_not_null() & (table["charged_off"] > 0)).fill_null(False)
    paid = table["closed_date"].is_not_null() & ~lost
    size = (len(book.bands), tuple(horizons))
    out = table.filter(lost & (table["charge_off_date"] > as_of).fill_null(False))
    month = months.months_of(out["charge_off_date"].to_numpy(), anchor).astype(np.int64) - month0
    made = {
        (CHARGE_OFFS, LOANS): _summed(out["band"], month, out["case"].to_numpy(), *size),
        (CHARGE_OFFS, MONEY): _summed(
            out["band"], month, (out["case"] * out["charged_off"]).to_numpy(), *size
        ),
    }
    gone = table.filter(paid & (table["closed_date"] > as_of).fill_null(False))
    end = months.months_of(gone["closed_date"].to_numpy(), anchor).astype(np.int64)
    start = months.months_of(gone["origination_date"].to_numpy(), anchor).astype(np.int64)
    early = (
        end - start < gone["term_months"].fill_null(10**6).to_numpy()
    )  # a payoff at the term is maturity, no prepayment
    made[PREPAYMENT, LOANS] = _summed(gone["band"], (end - month0), gone["case"].to_numpy() * early, *size)
    return made


def _from_panel(
    panel: pl.DataFrame, loans: pl.DataFrame, book: OnBook, as_of: dt.date, horizons: Sequence[int]
) -> dict[Key, Floats]:
    month0 = months.month_of(as_of)  # report days wander: what counts is the calendar month a report is of
    own = pl.DataFrame({"loan_id": book.loan_id, "band": book.band, "case": book.weight, "live": book.live})
    own = own.join(
        loans.select("loan_id", end=_month(pl.col("origination_date")) + pl.col("term_months")),
        on="loan_id",
        how="left",
        maintain_order="left",
    )
    later = panel.with_columns(month=_month(pl.col("report_date")) - month0)
    later = later.filter((pl.col("month") > -12) & (pl.col("month") <= max(horizons)))
    table = later.join(own, on="loan_id", how="inner").sort("loan_id", "month")
    bad = pl.col("state").is_in(list(LOST_STATES)).fill_null(False) & (pl.col("month") > 0)
    table = table.with_columns(
        bad=bad,
        owed=owed_at(),
        prepaid=prepaid_amount(pl.col("month") + month0, pl.col("end")),
        ever=bad.cast(pl.Int8).cum_sum().over("loan_id"),
    ).filter(pl.col("month") > 0)
    size = (len(book.bands), tuple(horizons))

    def total(rows: pl.DataFrame, amount: pl.Expr, at_end: bool = False) -> Floats:
        values = rows.select((pl.col("case") * amount).fill_null(0.0)).to_series().to_numpy()
        return _summed(rows["band"], rows["month"].to_numpy(), values, *size, at_end=at_end)

    live = table.filter(pl.col("live") & (pl.col("ever") == 0))
    first = table.filter(pl.col("live") & pl.col("bad") & (pl.col("ever") == 1))
    staying = live.filter(~pl.col("state").is_in(list(CLOSED_STATES)).fill_null(False))
    one = pl.lit(1.0)
    return {
        (DEFAULTS, LOANS): total(first, one),
        (DEFAULTS, MONEY): total(first, pl.col("owed")),
        (CHARGE_OFFS, MONEY): total(table, pl.col("charged_off")),
        (CHARGE_OFFS, LOANS): total(
            table.filter(pl.col("charged_off") > 0).unique("loan_id", keep="first", maintain_order=True), one
        ),
        (BALANCE, MONEY): total(staying, pl.col("principal"), at_end=True),
        (PREPAYMENT, MONEY): total(live, pl.col("prepaid")),
        (PREPAYMENT, LOANS): total(live.filter(paid_early(pl.col("month") + month0, pl.col("end"))), one),
        (INTEREST, MONEY): total(live, pl.col("interest")),
    }


def paid_early(month: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Return whether a report says that its loan was repaid before its end, as the fit counts prepayments.

    Parameters
    ----------
    month, end : the report's month and that of the contractual end, counted alike; an end may be missing.
    """
    return (pl.col("state") == "prepaid").fill_null(False) & (month < end).fill_null(True)


def prepaid_amount(month: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Return what each report prepaid: the stated amount, else all that was owed where the loan was repaid
    early.

    Rows are sorted by loan and date; arguments as in `paid_early`. A part prepaid that no column states is
    missing.
    """
    stated = pl.col("prepaid")
    return pl.coalesce(stated, pl.when(paid_early(month, end)).then(owed_at()))


def _month(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month().cast(pl.Int64) - 1


def _summed(
    band: pl.Series,
    month: Integers,
    amount: Floats,
    bands: int,
    horizons: tuple[int, ...],
    at_end: bool = False,
) -> Floats:
    """Return amounts by band and window, (B, H): of months 1 to its end, or of its last month alone."""
    code = band.to_numpy().astype(np.int64)
    made = np.zeros((bands, len(horizons)))
    for place, horizon in enumerate(horizons):
        there = month == horizon if at_end else (month >= 1) & (month <= horizon)
        made[:, place] = np.bincount(code[there], amount[there], minlength=bands)
    return made


def approval_bands(loans: pl.DataFrame, as_of: dt.date, most: int = 8) -> tuple[Integers, tuple[str, ...]]:
    """Return loans' approval-year band, (N,), and the bands' names: last years singly, earlier ones together.

    A loan without an approval date is banded by its origination.
    """
    return vintage_bands(
        loans.select(pl.coalesce("approval_date", "origination_date")).to_series(), as_of, most
    )
