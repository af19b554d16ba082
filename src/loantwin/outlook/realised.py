"""What became of an application: the loan of its number in the twin's book, its arrears and default."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from loantwin import months
from loantwin.errors import TapeError, expected
from loantwin.twin import Twin

YEAR = 12
"""Months over which a default is held to `annual_pd`."""


@dataclass(frozen=True)
class LoanOutcome:
    """A loan as known at the twin's as-of date.

    months : whole months from origination to the as-of date, None where the source tells no date.
    defaulted : whether it defaulted, or was charged off, at all. defaulted_in_year : within 12 months; None
    where the year is not over and it did not. realised_loss : principal charged off less what came back,
    money; None where the source does not tell.
    """

    loan_id: str
    state: str | None
    days_past_due: int | None
    months: int | None
    default_date: dt.date | None
    defaulted: bool
    defaulted_in_year: bool | None
    realised_loss: float | None


def loan_of(twin: Twin, application: str) -> LoanOutcome | None:
    """Return the loan that an application became; None where there is none of its number, or no tape."""
    return outcomes_of(twin, [application]).get(application)


def outcomes_of(
    twin: Twin, applications: Iterable[str], loans: Mapping[str, str] | None = None
) -> dict[str, LoanOutcome]:
    """Return the loans that applications became: application -> loan.

    Parameters
    ----------
    loans : application -> the lender's number of its loan; an application that is not in it has its own.
    """
    if twin.last("TapeLoaded") is None:
        return {}
    number = {name: (loans or {}).get(name, name) for name in applications}
    known = twin.known_loans.filter(pl.col("loan_id").is_in(list(set(number.values()))))
    told = "charge_offs" in twin.mapping.observes
    rows = {row["loan_id"]: _outcome(row, twin.as_of, told) for row in known.iter_rows(named=True)}
    return {name: rows[loan] for name, loan in number.items() if loan in rows}


def loans_by_application(path: Path | str) -> dict[str, str]:
    """Return which loan an application became, from a CSV with the columns application_id and loan_id.

    Raises
    ------
    TapeError : no such file, one without these columns, or an application with two loans.
    """
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise TapeError(expected("a CSV", str(problem).splitlines()[0]), file=path) from problem
    for name in ("application_id", "loan_id"):
        if name not in frame.columns:
            raise TapeError(expected("a column", f"only {', '.join(frame.columns)}"), file=path, field=name)
    known = frame.select("application_id", "loan_id").drop_nulls().unique(maintain_order=True)
    twice = known.filter(pl.col("application_id").is_duplicated())
    if twice.height:
        words = expected("one loan an application", f"two of {twice['application_id'][0]}")
        raise TapeError(words, file=path, field="loan_id")
    return dict(known.iter_rows())


def _outcome(row: Mapping[str, object], as_of: dt.date, told: bool) -> LoanOutcome:
    """Return what became of a loan. told : whether the source tells charge-offs: none is then a loss of 0."""
    start = _day(row.get("origination_date")) or _day(row.get("approval_date"))
    ends = [day for day in (_day(row.get("default_date")), _day(row.get("charge_off_date"))) if day]
    end = min(ends, default=None)
    anchor = months.anchor_day(as_of)
    age = None if start is None else months.month_of(as_of, anchor) - months.month_of(start, anchor)
    lost, back = row.get("charged_off"), row.get("recovered")
    lost = 0.0 if lost is None and told else lost
    in_year = None
    if end is not None and start is not None:
        in_year = end <= months.add_months(start, YEAR)
    elif age is not None and age >= YEAR:
        in_year = False
    return LoanOutcome(
        loan_id=str(row["loan_id"]),
        state=None if row.get("state") is None else str(row["state"]),
        days_past_due=None if row.get("days_past_due") is None else int(str(row["days_past_due"])),
        months=age,
        default_date=end,
        defaulted=end is not None,
        defaulted_in_year=in_year,
        realised_loss=None if lost is None else float(str(lost)) - float(str(back or 0.0)),
    )


def _day(value: object) -> dt.date | None:
    return value if isinstance(value, dt.date) else None
