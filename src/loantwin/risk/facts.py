"""What the book knows of each loan's credit standing, and what its source cannot tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantwin.book.schema import DEFAULT_STATES

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

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
"""Days past due taken where a source tells the state and not the days: the lower end of the state's range, except that
dpd_30_59 is read as beyond the 30-day backstop; months in default are added to 90 days."""

FORBORNE = ("forborne_performing", "forborne_non_performing", "cured_probation")
WATCH = "attribute_watch"
YES = ("true", "yes", "y", "1", "watch")


@dataclass(frozen=True)
class Standing:
    """N loans in the order of the book. days_past_due : (N,) NaN where unknown; the rest (N,) booleans.

    not_observable : words for each thing that the source cannot tell, the first word naming it.
    delinquency : false where the source tells nothing of arrears, so that stages and classes made of them are absent.
    """

    days_past_due: Floats
    defaulted: Flags
    forborne: Flags
    watch: Flags
    not_observable: tuple[str, ...]
    delinquency: bool


def standing(loans: pl.DataFrame, observes: Collection[str]) -> Standing:
    """Return the standing of the loans of a book.

    Parameters
    ----------
    loans : the book's loan table. observes : figures that the tape's mapping says its source observes.
    """
    seen = "delinquency" in observes or loans["days_past_due"].is_not_null().any()
    from_state = loans["state"].replace_strict(LOWEST_DAYS, default=None, return_dtype=pl.Float64)
    days = loans["days_past_due"].cast(pl.Float64)
    if seen:
        days = pl.select(pl.coalesce(days, from_state)).to_series()
    watch = np.zeros(loans.height, dtype=np.bool_)
    if WATCH in loans.columns:
        watch = loans[WATCH].str.to_lowercase().is_in(list(YES)).fill_null(False).to_numpy()
    forborne = loans["state"].is_in(list(FORBORNE)).fill_null(False).to_numpy()
    return Standing(
        days_past_due=days.fill_null(float("nan")).to_numpy().astype(np.float64),
        defaulted=loans["state"].is_in(list(DEFAULT_STATES)).fill_null(False).to_numpy(),
        forborne=forborne,
        watch=watch,
        not_observable=_gaps(loans, observes, seen, bool(forborne.any())),
        delinquency=seen,
    )


def _gaps(loans: pl.DataFrame, observes: Collection[str], seen: bool, forborne: bool) -> tuple[str, ...]:
    gaps: list[str] = []
    if not seen:
        gaps.append(
            "days_past_due: the source tells no arrears, so the 30-day backstop, the 90-day default and every stage or class "
            "made of them cannot be seen"
        )
    elif loans["days_past_due"].null_count() and loans.height:
        gaps.append("days_past_due: missing for some loans, for which the lower end of their state's range stands in")
    if not forborne:
        gaps.append("forbearance: no loan carries a forborne state")
    if WATCH not in loans.columns:
        gaps.append("watch_list: the source has none")
    words = {
        "balance": "balance: assumed from the contract, not observed",
        "interest": "interest: the rate is assumed, and with it the effective interest rate",
        "prepayment": "prepayment: assumed, not observed",
        "recoveries": "recoveries: not observed; loss given default counts what is charged off",
    }
    gaps += [text for name, text in words.items() if name not in observes]
    if "interest" in observes and loans["effective_annual_rate"].null_count() == loans.height:
        gaps.append("effective_interest_rate: fees are unknown, the contractual rate stands in")
    return tuple(gaps)
