"""Loan events as one long table of changes: what each adds and what it sets, in the log's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from loantwin.book.schema import DEFAULT_STATES
from loantwin.errors import LogError, expected
from loantwin.events.event_types import EVENT_TYPES, LARGEST_AMOUNT

_DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "date": pl.String(),
    "minor": pl.Int64(),
    "rate": pl.Float64(),
    "number": pl.Float64(),
    "count": pl.Int32(),
}

CHANGES: dict[str, pl.DataType] = {
    "sequence": pl.Int64(),
    "type": pl.String(),
    "happened": pl.Date(),
    "loan_id": pl.String(),
    # what is added; minor units
    "drawn": pl.Int64(),
    "principal_paid": pl.Int64(),
    "interest_paid": pl.Int64(),
    "fees_paid": pl.Int64(),
    "principal_off": pl.Int64(),
    "interest_off": pl.Int64(),
    "fees_off": pl.Int64(),
    "recovered": pl.Int64(),
    # what is set; null where the event does not speak of it
    "mode": pl.String(),
    "days_past_due": pl.Int32(),
    "oldest_unpaid_date": pl.Date(),
    "annual_rate": pl.Float64(),
    "next_reset_date": pl.Date(),
    "limit": pl.Int64(),
}
"""Columns of the table of changes."""

AMOUNTS = tuple(name for name, dtype in list(CHANGES.items())[4:12])

_SAYS: dict[str, dict[str, str]] = {
    "LoanDisbursed": {"drawn": "principal", "limit": "limit"},
    "PaymentReceived": {"principal_paid": "principal", "interest_paid": "interest", "fees_paid": "fees"},
    "LoanPrepaid": {"principal_paid": "principal", "interest_paid": "interest", "fees_paid": "fees"},
    "LoanPaidOff": {"principal_paid": "principal", "interest_paid": "interest", "fees_paid": "fees"},
    "DelinquencyCounted": {"days_past_due": "days_past_due", "oldest_unpaid_date": "oldest_unpaid_date"},
    "LoanDefaulted": {"days_past_due": "days_past_due"},
    "LoanCured": {},
    "ProbationPassed": {},
    "LoanChargedOff": {"principal_off": "principal", "interest_off": "interest", "fees_off": "fees"},
    "RecoveryReceived": {"recovered": "amount"},
    "RateChanged": {"annual_rate": "annual_rate", "next_reset_date": "next_reset_date"},
    "LimitChanged": {"limit": "limit"},
}
"""Event type -> column of the table of changes -> field of the event."""

_MODES = {
    "LoanPrepaid": "prepaid",
    "LoanPaidOff": "matured",
    "LoanDefaulted": "default",
    "LoanCured": "cured_probation",
    "ProbationPassed": "performing",
}
_NOTHING_DUE = ("LoanPrepaid", "LoanPaidOff", "LoanCured")

Columns = Mapping[str, Sequence[Any]]


def data_frame(
    kind: str, sequences: Sequence[int], days: Sequence[Any], data: Sequence[Mapping[str, Any]]
) -> pl.DataFrame:
    """Return the events of one type as a table: sequence, happened and one column a field.

    Raises
    ------
    LogError : a value that the field cannot hold; the message names the event.
    """
    fields = {field.name: _DTYPES[field.kind] for field in EVENT_TYPES[kind].fields}
    try:
        frame = pl.DataFrame(list(data), schema=fields, orient="row", strict=True)
    except (pl.exceptions.PolarsError, TypeError, OverflowError, ValueError) as error:
        raise LogError(
            expected(f"data of {kind} in events {sequences[0]} to {sequences[-1]} as registered", str(error))
        ) from error
    happened = pl.Series("happened", days, dtype=pl.Date())
    return frame.select(pl.Series("sequence", sequences, dtype=pl.Int64()), happened, pl.all())


def changes_of(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the table of changes, sorted by sequence, from `data_frame` by event type.

    Raises
    ------
    LogError : a needed value missing, a day that is no ISO date, or a negative amount; it names the event.
    """
    parts = [_changes(kind, frame) for kind, frame in frames.items() if frame.height]
    if not parts:
        return pl.DataFrame(schema=CHANGES)
    return pl.concat(parts).sort("sequence")


def _changes(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    _check_amounts(kind, frame)
    says = _SAYS[kind]
    columns: list[pl.Expr] = []
    for name, dtype in CHANGES.items():
        if name in ("sequence", "happened", "loan_id"):
            made = pl.col(name)
        elif name == "type":
            made = pl.lit(kind, dtype)
        elif name == "mode":
            made = pl.lit(_MODES.get(kind), dtype)
        elif name == "days_past_due" and kind in _NOTHING_DUE:
            made = pl.lit(0, dtype)
        elif name not in says:
            made = pl.lit(0 if name in AMOUNTS else None, dtype)
        elif name in AMOUNTS:
            made = pl.col(says[name]).fill_null(0)
        else:
            made = pl.col(says[name])
        if dtype == pl.Date() and name != "happened":
            made = (
                made.cast(pl.Date(), strict=True)
                if name not in says
                else made.str.to_date("%Y-%m-%d", strict=True)
            )
        columns.append(made.alias(name))
    try:
        return frame.select(columns)
    except pl.exceptions.PolarsError as error:
        raise LogError(expected(f"ISO dates in the {kind} events", str(error))) from error


def _check_amounts(kind: str, frame: pl.DataFrame) -> None:
    for field in EVENT_TYPES[kind].fields:
        missing = frame[field.name].is_null() if field.required else pl.Series([False])
        wrong = (
            ~frame[field.name].is_between(0, LARGEST_AMOUNT).fill_null(True)
            if field.kind == "minor"
            else pl.Series([False])
        )
        for bad, want in ((missing, "a value"), (wrong, "an amount of 0 or more in minor units")):
            if bad.any():
                row = int(bad.arg_true()[0])
                raise refused(frame, row, want, frame[field.name][row], field.name)


def refused(frame: pl.DataFrame, row: int, want: str, was: object, field: str | None = None) -> LogError:
    """Return the error that names the event in a row of a table of events."""
    text = expected(want, was) + f", in event {frame['sequence'][row]} of {frame['happened'][row]}"
    return LogError(text, loan=frame["loan_id"][row], field=field)


def bucket(days: pl.Expr) -> pl.Expr:
    """Return the state of a loan that is not in default, from its days past due."""
    return (
        pl.when(days >= 60)
        .then(pl.lit("dpd_60_89"))
        .when(days >= 30)
        .then(pl.lit("dpd_30_59"))
        .when(days >= 1)
        .then(pl.lit("dpd_1_29"))
        .otherwise(pl.lit("current"))
    )


def mode_of(state: pl.Expr) -> pl.Expr:
    """Return a state's words beside days past due: null if performing, `default`, or the state itself."""
    return (
        pl.when(state.is_in(list(DEFAULT_STATES)))
        .then(pl.lit("default"))
        .when(state.is_in(["current", "dpd_1_29", "dpd_30_59", "dpd_60_89"]))
        .then(pl.lit(None, pl.String()))
        .otherwise(state)
    )
