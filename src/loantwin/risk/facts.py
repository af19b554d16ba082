"""What the book knows of each loan's credit standing, and what its source cannot tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.book.schema import DEFAULT_STATES

LOWEST_DAYS = {
    "current": 0,
    "dpd_1_29": 1,
    "dpd_30_59": 31,
    "dpd_60_89": 60,
    "default_0_3": 91,
    "default_3_6": 181,
    "default_6_9": 271,
    "default_9_12": 361,
    "default_12_plus": 451,
}
"""Days past due taken where a source tells the state and not the days: the lower end of the state's range,
except that dpd_30_59 is read as beyond the 30-day backstop; months in default are added to 90 days."""

FORBORNE = ("forborne_performing", "forborne_non_performing", "cured_probation")
WATCH = "attribute_watch"
POCI = "attribute_poci"
"""Column of a source that says whether a loan was purchased or originated credit-impaired."""
LEAST_MONTHS = {"default_3_6": 3, "default_6_9": 6, "default_9_12": 9, "default_12_plus": 12}
"""Months in default where the date of default is not known: the lower end of the state's range."""
YES = ("true", "yes", "y", "1", "watch")


@dataclass(frozen=True)
class Standing:
    """N loans in the book's order. days_past_due : (N,) NaN if unknown; `defaulted` to `watch` (N,) booleans.

    months_in_default : (N,) of loans in default, 0 for others. months_since_default : (N,) since the last
        report in default of loans that have left it, NaN where the history shows none.
        credit_impaired_at_origination : (N,) purchased or originated so. debtor : (N,) code of the borrower
        of a loan that is not retail, -1 where none is named. These four may be None: nothing is known of any
        loan, or all are retail.
    not_observable : words for each thing that the source cannot tell, the first word naming it.
    delinquency : false where the source tells nothing of arrears, so that stages and classes made of them are
        absent.
    """

    days_past_due: Floats
    defaulted: Flags
    forborne: Flags
    watch: Flags
    not_observable: tuple[str, ...]
    delinquency: bool
    months_in_default: Integers | None = None
    months_since_default: Floats | None = None
    credit_impaired_at_origination: Flags | None = None
    debtor: Integers | None = None


def standing(
    loans: pl.DataFrame,
    observes: Collection[str],
    panel: pl.DataFrame | None = None,
    as_of: dt.date | None = None,
    default_days: int = 90,
    states_decide: bool = False,
    assumed: Collection[str] = ("annual_rate", "effective_annual_rate"),
    lending: str = "",
) -> Standing:
    """Return the standing of the loans of a book.

    Parameters
    ----------
    loans : the book's loan table. observes : figures that the tape's mapping says its source observes.
    panel : the history known at `as_of`, None where there is none: it dates what has been cured.
    default_days : days past due from which a report counts as in default.
    states_decide : true where the book's own definition of default made the states, so that arrears which it
        holds immaterial are no default by their days: those count as `default_days` less one at most.
    lending : whom loans are made to, `business`, `consumer` or "" where the mapping does not say: such loans
        count as not retail where the source names their borrower.
    assumed : columns of the book that its tape does not state for every loan (`Book.assumed`).
    """
    check.kind(pl.DataFrame, loans=loans)
    check.words(observes=observes, assumed=assumed)
    check.kind(pl.DataFrame, **check.given(panel=panel))
    check.kind(dt.date, **check.given(as_of=as_of))
    check.count(1, default_days=default_days)
    check.flag(states_decide=states_decide)
    check.word(lending=lending)
    seen = "delinquency" in observes or loans["days_past_due"].is_not_null().any()
    from_state = loans["state"].replace_strict(LOWEST_DAYS, default=None, return_dtype=pl.Float64)
    days = loans["days_past_due"].cast(pl.Float64)
    if seen:
        days = pl.select(pl.coalesce(days, from_state)).to_series()
    forborne = loans["state"].is_in(list(FORBORNE)).fill_null(False).to_numpy()
    defaulted = loans["state"].is_in(list(DEFAULT_STATES)).fill_null(False).to_numpy()
    late = days.fill_null(float("nan")).to_numpy().astype(np.float64)
    if states_decide:
        late = np.where(defaulted, late, np.minimum(late, default_days - 1.0))
    history = (
        None
        if panel is None or as_of is None
        else _since_default(loans, panel, as_of, default_days, states_decide)
    )
    if history is not None:
        history = np.where(defaulted | (late >= default_days), np.nan, history)
    return Standing(
        days_past_due=late,
        defaulted=defaulted,
        forborne=forborne,
        watch=_said(loans, WATCH),
        not_observable=_gaps(loans, observes, bool(seen), bool(forborne.any()), history is not None, assumed),
        delinquency=bool(seen),
        months_in_default=None if as_of is None else np.where(defaulted, _in_default(loans, as_of), 0),
        months_since_default=history,
        credit_impaired_at_origination=_said(loans, POCI),
        debtor=None if lending == "consumer" else _debtors(loans),
    )


def months_between(day: pl.Expr, as_of: dt.date) -> pl.Expr:
    """Return whole calendar months from a date column to the as-of date."""
    check.kind(pl.Expr, day=day)
    check.kind(dt.date, as_of=as_of)
    return 12 * (as_of.year - day.dt.year()) + as_of.month - day.dt.month().cast(pl.Int32)


def _said(loans: pl.DataFrame, column: str) -> Flags:
    """Return where a column that the source may or may not have says yes, (N,)."""
    if column not in loans.columns:
        return np.zeros(loans.height, dtype=np.bool_)
    return loans[column].str.to_lowercase().is_in(list(YES)).fill_null(False).to_numpy()


def _debtors(loans: pl.DataFrame) -> Integers | None:
    """Return a code of each loan's borrower, (N,), -1 where none is named; None where none ever is."""
    if "borrower_id" not in loans.columns or loans["borrower_id"].null_count() == loans.height:
        return None
    named = loans["borrower_id"]
    code = named.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1
    return np.asarray(code)


def _in_default(loans: pl.DataFrame, as_of: dt.date) -> Integers:
    """Return months since the default date, at least 0; by the state's range where the date is not known."""
    by_state = pl.col("state").replace_strict(LEAST_MONTHS, default=0, return_dtype=pl.Int64)
    dated = months_between(pl.col("default_date"), as_of).cast(pl.Int64).clip(lower_bound=0)
    return np.asarray(loans.select(pl.coalesce(dated, by_state).alias("months"))["months"].to_numpy())


def _since_default(
    loans: pl.DataFrame, panel: pl.DataFrame, as_of: dt.date, default_days: int, states_decide: bool
) -> Floats:
    """Return months since the last report in default of each loan, NaN where no report shows one, (N,)."""
    bad = pl.col("state").is_in(list(DEFAULT_STATES))
    if not states_decide:
        bad |= pl.col("days_past_due") >= default_days
    last = panel.filter(bad.fill_null(False)).group_by("loan_id").agg(pl.col("report_date").max())
    joined = loans.select("loan_id").join(last, on="loan_id", how="left", maintain_order="left")
    passed = joined.select(months_between(pl.col("report_date"), as_of).cast(pl.Float64).alias("months"))[
        "months"
    ]
    return np.asarray(passed.fill_null(float("nan")).to_numpy())


def _gaps(
    loans: pl.DataFrame,
    observes: Collection[str],
    seen: bool,
    forborne: bool,
    history: bool,
    assumed: Collection[str],
) -> tuple[str, ...]:
    gaps: list[str] = []
    if not seen:
        gaps.append(
            "days_past_due: the source tells no arrears, so the 30-day backstop, the 90-day default and "
            "every stage or class made of them cannot be seen"
        )
    elif loans["days_past_due"].null_count() and loans.height:
        gaps.append(
            "days_past_due: missing for some loans, for which the lower end of their state's range stands in"
        )
    if not forborne:
        gaps.append("forbearance: no loan carries a forborne state")
    if WATCH not in loans.columns:
        gaps.append("watch_list: the source has none")
    if not history:
        gaps.append("probation: no history of states, so that a loan that has left default cannot be dated")
    if POCI not in loans.columns:
        gaps.append(
            "credit_impaired_at_origination: the source does not tell which loans were bought or made "
            "credit-impaired"
        )
    words = {
        "balance": "balance: assumed from the contract, not observed",
        "interest": "interest: the rate is assumed, and with it the effective interest rate"
        if "annual_rate" in assumed
        else "interest: what was paid is not observed; it is counted at the rate the tape states",
        "prepayment": "prepayment: assumed, not observed",
        "recoveries": "recoveries: not observed; loss given default counts what is charged off",
    }
    gaps += [text for name, text in words.items() if name not in observes]
    stated = "interest" in observes or "annual_rate" not in assumed
    if stated and loans["effective_annual_rate"].null_count() == loans.height:
        gaps.append("effective_interest_rate: fees are unknown, the contractual rate stands in")
    return tuple(gaps)
