"""The months that are new since a model was fitted, as counts: nothing of the months before is counted again.

The counts are those that a fit of the whole history makes of these months (`counts`), row for row; only the
rows of new months are read, and of older ones whether a loan had left before.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.errors import UsageError, expected
from loantwin.models.counts import (
    LIKE_CURRENT,
    OUTCOME_STATES,
    PANEL_LIVE,
    Counts,
    segment_codes,
    sums,
)

STAYED = (*PANEL_LIVE, *LIKE_CURRENT)
"""States of a panel in which a loan is still at risk of its first default."""


def window(panel: pl.DataFrame, since: dt.date, before: int = 0) -> tuple[pl.DataFrame, int]:
    """Return the panel's rows from which new moves are made, and the last month that was counted.

    The rows are those of that month and of later ones. Loans that had left by then are gone from them,
    whatever is reported of them later.

    Parameters
    ----------
    panel : rows known at the new date. since : date of the model; what was reported by then was counted.
    before : months before that come too, for what loans did then.

    Raises
    ------
    UsageError : no report in a month later than the last one that was counted.
    """
    day = panel["report_date"]
    known = day.filter(day <= since).max()
    latest = day.max()
    if known is None or latest is None:
        raise UsageError(expected(f"reports up to {since}, the date of the model", "none"), field="update")
    counted = months.month_of(known)  # type: ignore[arg-type]  # a date column's maximum
    if months.month_of(latest) <= counted:  # type: ignore[arg-type]
        raise UsageError(
            expected(f"reports of a month after {months.label(counted)}, which is learnt already", "none"),
            field="update",
        )
    first = months.end_of(counted - 1)
    rows = panel.filter(day > first)
    alive = rows.filter(pl.col("state").is_in(list(STAYED))).select("loan_id").unique()
    # Trap: a default that is forgotten. Who defaulted before the window and reports again is at risk no more.
    # most rows are up to date: one comparison of texts leaves few for the list
    worse = panel.select("loan_id", "state", "report_date").filter(pl.col("state") != STAYED[0])
    left = worse.filter((pl.col("report_date") <= first) & ~pl.col("state").is_in(list(STAYED)))
    kept = alive.join(left, on="loan_id", how="anti", maintain_order="left")
    wide = rows if not before else panel.filter(day > months.end_of(counted - 1 - before))
    return wide.join(kept, on="loan_id", how="semi", maintain_order="left"), counted


def new_outcomes(
    loans: pl.DataFrame,
    labels: pl.Series,
    since: dt.date,
    as_of: dt.date,
    *,
    survival: Floats | None,
    fit_from_vintage: dt.date | None,
    payoff_observed: bool,
) -> Counts:
    """Return counts of an outcome table's months after `since` up to `as_of`; arguments as `outcome_counts`.

    Raises
    ------
    UsageError : months that end on another day than those of the model.
    """
    anchor = months.anchor_day(as_of)
    if months.anchor_day(since) != anchor:
        raise UsageError(
            expected(f"a date on which months end as on {since}, the date of the model", as_of),
            field="update",
        )
    before, last = months.month_of(since, anchor), months.month_of(as_of, anchor)
    usable = (
        loans["origination_date"].is_not_null()
        & loans["term_months"].is_not_null()
        & (loans["origination_date"] <= as_of).fill_null(False)
    )
    if fit_from_vintage is not None:
        usable = usable & (loans["origination_date"] >= fit_from_vintage).fill_null(False)
    charged = (loans["charge_off_date"].is_not_null() & (loans["charged_off"] > 0)).fill_null(False)
    closed = loans["closed_date"].is_not_null() & ~charged & payoff_observed
    first = months.end_of(before, anchor)
    # a loan that left before the first new month has no row in any
    ended = (charged & (loans["charge_off_date"] <= first).fill_null(False)) | (
        closed & (loans["closed_date"] <= first).fill_null(False)
    )
    keep = usable & ~ended
    chosen, codes_of = loans.filter(keep), labels.filter(keep)
    codes, segments = segment_codes(codes_of)
    start = months.months_of(chosen["origination_date"].to_numpy(), anchor).astype(np.int64)
    term = chosen["term_months"].to_numpy().astype(np.int64)
    weight = chosen["weight"].to_numpy()
    out = _month_of(chosen["charge_off_date"], charged.filter(keep), anchor)
    paid = _month_of(chosen["closed_date"], closed.filter(keep), anchor)
    # dates before origination contradict themselves: left out, as in a fit
    sound = ~((out >= 0) & (out < start)) & ~((paid >= 0) & (paid < start))
    share = None if survival is None else survival
    parts = []
    for month in range(before + 1, last + 1):
        age = month - start
        at = sound & (age >= 0) & (age <= term)
        at &= ((out < 0) | (out >= month)) & ((paid < 0) | (paid >= month))
        parts.append(_month(codes[at], age[at], month, weight[at], share,
                            out[at] == month, (paid[at] == month) & (age[at] < term[at])))  # fmt: skip
    cells = pl.concat(parts)
    moved = {"charge-offs counted": float(cells["moved_charged_off"].sum())}
    return Counts(OUTCOME_STATES, 1, segments, cells, before + 1, last, 1.0, moved)


def _month_of(days: pl.Series, there: pl.Series, anchor: int) -> Integers:
    """Return the month of each date, -1 where there is none."""
    made = np.full(len(days), -1, dtype=np.int64)
    mask = there.to_numpy().astype(bool)
    if mask.any():
        made[mask] = months.months_of(days.filter(there).to_numpy(), anchor)
    return made


def _month(
    codes: Integers, age: Integers, month: int, weight: Floats, survival: Floats | None, out: Integers,
    paid: Integers,
) -> pl.DataFrame:  # fmt: skip
    """Return one month's cells by segment and age."""
    wide = int(age.max(initial=0)) + 1
    found, place = np.unique(codes * wide + age, return_inverse=True)
    segment, at_age = np.divmod(found, wide)
    at_risk = sums(place, weight, len(found))
    if survival is not None:
        at_risk = at_risk * survival[np.minimum(at_age, len(survival) - 1)]
    keep = at_risk > 1e-9
    return pl.DataFrame(
        {
            "from_state": np.zeros(int(keep.sum()), dtype=np.int32),
            "segment": segment[keep].astype(np.int32),
            "age": at_age[keep].astype(np.int32),
            "month": np.full(int(keep.sum()), month, dtype=np.int32),
            "at_risk": at_risk[keep],
            "moved_charged_off": sums(place[out], weight[out], len(found))[keep],
            "moved_prepaid": sums(place[paid], weight[paid], len(found))[keep],
        }
    )
