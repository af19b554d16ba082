"""What is still to come from loans in default at the as-of date: charge-offs and recoveries by month."""

from __future__ import annotations

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.schema import DEFAULT_STATES
from loantwin.book.segments import segment_labels
from loantwin.models.model import by_size
from loantwin.outlook.outlook import SOURCES, Outlook

LATE_MONTHS = 12
"""Months over which loans that have outlived every lag seen are worked out: an assumption."""

LEAST_MONTHS = {"default_3_6": 3, "default_6_9": 6, "default_9_12": 9, "default_12_plus": 12}
"""Months in default where the date of default is not known: the lower end of the state's range."""


def stock_in_default(
    outlook: Outlook, horizon: int, loans: pl.DataFrame | None = None
) -> tuple[Floats, Floats]:
    """Return expected charge-offs and recoveries of the present stock in default, (T,) each, book currency.

    loans : rows of the book, default all of it.

    A loan that has been in default for m months follows the lags given that more than m have passed; one
    beyond the longest lag is worked out evenly over a year. Shares are those of its segment and age, as for
    new defaults.
    """
    if loans is not None:
        return _worked_out(outlook, horizon, loans)
    return outlook.store.get(
        "outlook.workout", SOURCES, lambda: _worked_out(outlook, horizon, outlook.book.loans), horizon
    )


def _worked_out(outlook: Outlook, horizon: int, book: pl.DataFrame) -> tuple[Floats, Floats]:
    loans = book.filter(pl.col("state").is_in(list(DEFAULT_STATES)))
    charged, recovered = np.zeros(horizon), np.zeros(horizon)
    if not loans.height:
        return charged, recovered
    model = outlook.twin.model
    codes = by_size(loans, segment_labels(loans, outlook.twin.mapping), model)
    start = months.months_of(loans["origination_date"].to_numpy(), outlook.anchor).astype(np.int64)
    age = np.minimum(outlook.month0 - start, model.lgd.charged_off.shape[1] - 1)
    amount = (
        loans["weight"] * loans["on_book_probability"].fill_null(1.0) * loans["principal"].fill_null(0.0)
    ).to_numpy()
    since = _months_in_default(loans, outlook)
    made = []
    for share, lag in (
        (model.lgd.charged_off, model.lgd.charge_off_lag),
        (model.lgd.recovered, model.lgd.recovery_lag),
    ):
        made.append((amount * share[codes, age]) @ remaining_lag(lag, horizon)[np.minimum(since, len(lag))])
    return np.asarray(made[0]), np.asarray(made[1])


# Trap: a recovery awaited anew. A loan long in default has had part of its lag: the rest is what counts.
def remaining_lag(lag: Floats, horizon: int) -> Floats:
    """Return the probability of month t given that more than m months have passed: (W + 1, T), row m."""
    made = np.zeros((len(lag) + 1, horizon))
    for passed in range(len(lag) + 1):
        left = lag[passed + 1 :]
        if left.sum() > 0:
            span = min(len(left), horizon)
            made[passed, :span] = left[:span] / left.sum()
        else:
            made[passed, :LATE_MONTHS] = 1.0 / LATE_MONTHS
    return made


def _months_in_default(loans: pl.DataFrame, outlook: Outlook) -> Integers:
    by_state = loans["state"].replace_strict(LEAST_MONTHS, default=0, return_dtype=pl.Int64).to_numpy()
    dated = loans["default_date"].is_not_null().to_numpy()
    day = loans["default_date"].fill_null(outlook.twin.as_of)
    since = outlook.month0 - months.months_of(day.to_numpy(), outlook.anchor).astype(np.int64)
    return np.asarray(np.where(dated, np.maximum(since, 0), by_state))
