"""What is still to come from loans in default at the as-of date: charge-offs and recoveries by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.schema import DEFAULT_STATES
from loantwin.book.segments import segment_labels
from loantwin.models.book_columns import by_size
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


@dataclass(frozen=True)
class Awaited:
    """What is still to come, by month (T,), as a sum over loans that each bring it once or never.

    amount : expected, book currency. number : expected number of loans (weighted) that bring it. square :
        `number` x the mean square of what one of them brings. most : all that could come, one number.
    """

    amount: Floats
    number: Floats
    square: Floats
    most: float


def awaited_from_default(outlook: Outlook, horizon: int) -> tuple[Awaited, Awaited]:
    """Return what the present stock in default still brings: charge-offs, and recoveries.

    A loan is charged off with the probability that history's defaults were in number, or the share of its
    exposure where that is larger or the number is not known: then all of it or nothing.
    """
    return outlook.store.get(
        "outlook.awaited", SOURCES, lambda: _awaited(outlook, horizon, outlook.book.loans), horizon
    )


def share_charged_off(outlook: Outlook) -> float | None:
    """Return the share of defaults, in number, that end in a charge-off; None where no default told it."""
    model = outlook.twin.model
    if model.default_name == "charged_off":
        return 1.0
    share = model.diagnostics.get("severity", {}).get("charged_off_number")
    return None if share is None else float(share)


def _worked_out(outlook: Outlook, horizon: int, book: pl.DataFrame) -> tuple[Floats, Floats]:
    charged, recovered = _awaited(outlook, horizon, book)
    return charged.amount, recovered.amount


def _awaited(outlook: Outlook, horizon: int, book: pl.DataFrame) -> tuple[Awaited, Awaited]:
    loans = book.filter(pl.col("state").is_in(list(DEFAULT_STATES)))
    if not loans.height:
        none = Awaited(np.zeros(horizon), np.zeros(horizon), np.zeros(horizon), 0.0)
        return none, none
    model = outlook.twin.model
    codes = by_size(loans, segment_labels(loans, outlook.twin.mapping), model)
    start = months.months_of(loans["origination_date"].to_numpy(), outlook.anchor).astype(np.int64)
    age = np.minimum(outlook.month0 - start, model.lgd.charged_off.shape[1] - 1)
    weight = (loans["weight"] * loans["on_book_probability"].fill_null(1.0)).to_numpy()
    amount = loans["principal"].fill_null(0.0).to_numpy()
    since = _months_in_default(loans, outlook)
    number = share_charged_off(outlook) or 0.0
    made = []
    for share, lag in (
        (model.lgd.charged_off[codes, age], model.lgd.charge_off_lag),
        (model.lgd.recovered[codes, age], model.lgd.recovery_lag),
    ):
        when = remaining_lag(lag, horizon)[np.minimum(since, len(lag))]
        brings = np.maximum(share, number)
        part = np.divide(share, brings, out=np.zeros_like(share), where=brings > 0)
        made.append(
            Awaited(
                (weight * amount * share) @ when,
                (weight * brings) @ when,
                (weight * brings * (amount * part) ** 2) @ when,
                float(weight @ (amount * np.maximum(part, 1.0))),
            )
        )
    return made[0], made[1]


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
