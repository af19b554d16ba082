"""The ended loans of a synthetic book in the raw form of the US Small Business Administration's loan table.

Like the real table it holds only loans that have ended, `Term` of a charged-off loan is the months it lasted,
and `DisbursementGross` of a line adds up its draws over life.
"""

from __future__ import annotations

import polars as pl

from loantwin.errors import UsageError, expected
from loantwin.synthesis.raw_text import date_text, grouped_money
from loantwin.synthesis.tables import SyntheticTables

_DATE_FORM = "%d-%b-%y"
_STATES = {
    "North": "ND",
    "East": "NY",
    "South": "TX",
    "West": "CA",
    "Centre": "KS",
    "Coast": "OR",
    "Highlands": "CO",
    "Islands": "HI",
}
LAST_YEAR = 2029
"""Two-digit years beyond it would be read as the century before."""


def sba_rows(tables: SyntheticTables) -> pl.DataFrame:
    """Return the ended loans as text in the 27 columns of the raw table.

    Raises
    ------
    UsageError : an end beyond `LAST_YEAR`, which two digits cannot tell.
    """
    ended = tables.loans.filter(pl.col("closed_date").is_not_null() | pl.col("charge_off_date").is_not_null())
    latest = ended.select(
        pl.max_horizontal(pl.col("closed_date").max(), pl.col("charge_off_date").max())
    ).item()
    if latest is not None and latest.year > LAST_YEAR:
        raise UsageError(
            expected(f"a panel that ends by {LAST_YEAR} for a tape with two-digit years", str(latest)),
            field="start",
        )
    lost = pl.col("charge_off_date").is_not_null()
    number = pl.col("loan_id").str.slice(1).cast(pl.Int64)
    lasted = (
        (pl.col("charge_off_date").dt.year() - pl.col("origination_date").dt.year()) * 12
        + pl.col("charge_off_date").dt.month().cast(pl.Int32)
        - pl.col("origination_date").dt.month().cast(pl.Int32)
    )
    fiscal = pl.col("approval_date").dt.year() + (pl.col("approval_date").dt.month() >= 10).cast(pl.Int32)
    staff = 1 + (pl.col("originated_amount") / 25_000).cast(pl.Int64)
    return ended.select(
        LoanNr_ChkDgt=(1_000_000_000 + number).cast(pl.String),
        Name=pl.concat_str(pl.lit("BORROWER-"), pl.col("borrower_id").str.slice(1)),
        City=pl.lit("SPRINGFIELD"),
        State=pl.col("region").replace_strict(_STATES, return_dtype=pl.String),
        Zip=(10_000 + number % 80_000).cast(pl.String),
        Bank=pl.lit("SYNTHETIC BANK"),
        BankState=pl.lit("DE"),
        NAICS=pl.concat_str(pl.col("industry"), pl.lit("1110")),
        ApprovalDate=date_text("approval_date", _DATE_FORM),
        ApprovalFY=fiscal.cast(pl.String),
        Term=pl.when(lost).then(lasted).otherwise(pl.col("term_months")).cast(pl.String),
        NoEmp=staff.cast(pl.String),
        NewExist=pl.when(pl.col("score") < 660).then(pl.lit("2")).otherwise(pl.lit("1")),
        CreateJob=pl.lit("0"),
        RetainedJob=staff.cast(pl.String),
        FranchiseCode=pl.lit("0"),
        UrbanRural=pl.lit("1"),
        RevLineCr=pl.when(pl.col("product") == "revolving").then(pl.lit("Y")).otherwise(pl.lit("N")),
        LowDoc=pl.when(pl.col("approved_amount") < 10_000).then(pl.lit("Y")).otherwise(pl.lit("N")),
        ChgOffDate=date_text("charge_off_date", _DATE_FORM),
        DisbursementDate=date_text("origination_date", _DATE_FORM),
        DisbursementGross=_dollars(pl.col("principal_paid") + pl.col("charged_off").fill_null(0.0)),
        BalanceGross=_dollars(pl.lit(0.0)),
        MIS_Status=pl.when(lost).then(pl.lit("CHGOFF")).otherwise(pl.lit("P I F")),
        ChgOffPrinGr=_dollars(pl.col("charged_off").fill_null(0.0)),
        GrAppv=_dollars(pl.col("approved_amount")),
        SBA_Appv=_dollars(pl.col("approved_amount") * pl.col("guaranteed_share")),
    )


def _dollars(amount: pl.Expr) -> pl.Expr:
    """Return an amount as the raw table writes it, trailing blank and all: "$60,000.00 "."""
    return pl.format("${} ", grouped_money(amount))
