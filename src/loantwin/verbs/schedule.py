"""`schedule`: what a loan's terms ask for on which day, and what it costs in all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from loantwin import months
from loantwin.clock import SystemClock
from loantwin.errors import ConfigError, RiskError, UsageError, expected
from loantwin.products.instalments import instalments
from loantwin.products.legal_rates import (
    LegalRate,
    china_rate,
    effective_annual_rate,
    eu_apr,
    uk_apr,
    us_apr,
)
from loantwin.products.periods import disbursements
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import Instalment, TermSheet
from loantwin.products.term_sheet_file import read_terms, terms_of
from loantwin.types import Result

Amount = Decimal | float | int | str
"""Currency or a decimal rate, as a reader types it."""


@dataclass(frozen=True)
class ScheduledInstalment:
    """What falls due on a day, currency. number : 0 is a day of disbursement. days : since the row before.

    closing = opening + disbursed - principal; payment = principal + interest + fees.
    """

    number: int
    due: dt.date
    days: int
    opening: float
    disbursed: float
    principal: float
    interest: float
    fees: float
    payment: float
    closing: float


@dataclass(frozen=True)
class ScheduleTotals:
    """Sums over a schedule, currency. cost : all that is paid, less what was paid out, as if
    what is left were paid with the last payment. left : principal that no payment repays.
    """

    disbursed: float
    principal: float
    interest: float
    fees: float
    payment: float
    cost: float
    left: float


@dataclass(frozen=True)
class YearlyRate:
    """A yearly rate of all costs. annual_rate : decimal, not rounded; shown : percent as its rule rounds it.

    None where no rate solves the flows. compounding : nominal, effective or simple.
    """

    annual_rate: float | None
    shown: str | None
    rule: str
    compounding: str


@dataclass(frozen=True)
class ScheduleResult(Result):
    """The schedule of one loan: money in its currency, rates decimals a year.

    terms : what was agreed, key -> value, what stands at its default left out. apr : by law (us, eu, uk,
    china), decimal, not rounded; `rates` says how each is shown. effective_annual_rate : of all flows,
    compounded yearly.
    """

    SCHEMA = "loantwin.schedule/1"

    currency: str | None
    terms: Mapping[str, Any]
    instalments: tuple[ScheduledInstalment, ...]
    totals: ScheduleTotals
    apr: Mapping[str, float | None]
    effective_annual_rate: float | None
    rates: Mapping[str, YearlyRate]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def schedule(
    terms: TermSheet | Mapping[str, Any] | Path | str | None = None,
    *,
    amount: Amount | None = None,
    annual_rate: Amount | None = None,
    payments: int | None = None,
    every: str | None = None,
    start: dt.date | str | None = None,
    first: dt.date | str | None = None,
    day_count: str | None = None,
    interest_period: str | None = None,
    rounding: str | None = None,
    method: str | None = None,
    amortisation: str | None = None,
    instalment: Amount | None = None,
    balloon: Amount | None = None,
    currency: str | None = None,
) -> ScheduleResult:
    """Return the schedule of a loan to the minor unit, with totals and yearly rates of its costs.

    Parameters
    ----------
    terms : a term sheet, its keys and values, or a TOML file of them; None takes the arguments below, which
    are
        keys of such a file (`docs/schedule.md`) and are not taken beside one.
    start : None is today. interest_period : None counts days where the day count counts actual days, else the
        nominal length of a period. currency : its code; minor units follow from it.

    Raises
    ------
    UsageError : terms that are missing, unknown or contradict each other, naming the field; ConfigError,
    which also names the file, where they come from one.
    """
    stated = {
        "amount": amount,
        "annual_rate": annual_rate,
        "payments": payments,
        "every": every,
        "start": start,
        "first": first,
        "day_count": day_count,
        "interest_period": interest_period,
        "rounding": rounding,
        "method": method,
        "amortisation": amortisation,
        "instalment": instalment,
        "balloon": balloon,
        "currency": currency,
    }
    given = {name: value for name, value in stated.items() if value is not None}
    sheet = _sheet(terms, given)
    try:
        return _result(sheet, instalments(sheet))
    except UsageError as error:
        if isinstance(terms, str | Path):
            raise ConfigError(error.message, file=terms, field=error.field) from error
        raise


def _sheet(terms: TermSheet | Mapping[str, Any] | Path | str | None, given: dict[str, Any]) -> TermSheet:
    if terms is None:
        return _of_arguments(given)
    if given:
        raise UsageError(expected("terms or single arguments", "both"), field=next(iter(given)))
    if isinstance(terms, TermSheet):
        return terms
    if isinstance(terms, Mapping):
        return terms_of(terms)
    return read_terms(terms)


def _of_arguments(given: dict[str, Any]) -> TermSheet:
    for name in ("amount", "annual_rate"):
        if name not in given:
            raise UsageError(expected("a value", "none"), field=name)
    for name in ("start", "first"):
        if name in given:
            given[name] = months.day(given[name], name)
    given.setdefault("start", SystemClock().now().date())
    if str(given.get("day_count", "30")).startswith("actual"):
        given.setdefault("interest_period", "daily")
    try:
        return terms_of(given)
    except ConfigError as error:
        raise UsageError(error.message, field=error.field) from error


def _result(sheet: TermSheet, rows: Sequence[Instalment]) -> ScheduleResult:
    units = sheet.minor_units
    rates = yearly_rates(sheet, rows)
    effective = rates.pop("effective")
    return ScheduleResult(
        currency=sheet.currency,
        terms=_stated(sheet),
        instalments=tuple(_row(row, units) for row in rows),
        totals=_totals(sheet, rows),
        apr={name: rate.annual_rate for name, rate in rates.items()},
        effective_annual_rate=effective.annual_rate,
        rates={**rates, "effective": effective},
    )


def yearly_rates(sheet: TermSheet, rows: Sequence[Instalment]) -> dict[str, YearlyRate]:
    """Return the yearly rates of a schedule's costs by name; none where nothing is lent for any time."""
    flows = cash_flows(sheet, rows)
    found: dict[str, Callable[[], LegalRate]] = {
        "us": lambda: us_apr(flows),
        "eu": lambda: eu_apr(flows),
        "uk": lambda: uk_apr(flows),
        "china": lambda: china_rate(flows),
        "effective": lambda: effective_annual_rate(flows),
    }
    return {name: _rate(solve) for name, solve in found.items()}


def _rate(solve: Callable[[], LegalRate]) -> YearlyRate:
    try:
        rate = solve()
    except RiskError as error:
        return YearlyRate(None, None, error.message, "none")
    if rate.shown is None:
        return YearlyRate(None, None, rate.rule, rate.compounding)
    return YearlyRate(rate.annual_rate, str(rate.shown), rate.rule, rate.compounding)


def cash_flows(sheet: TermSheet, rows: Sequence[Instalment]) -> list[tuple[dt.date, int]]:
    """Return the flows of a loan by day, minor units, positive to the lender; charges of a day are taken off
    what is paid out on it. A financed charge is never paid out.
    """
    found: dict[dt.date, int] = {}
    for item in disbursements(sheet):
        found[item.on] = found.get(item.on, 0) - in_minor(item.amount, sheet.minor_units)
    for row in rows:
        found[row.due] = found.get(row.due, 0) + row.payment
    return [(day, amount) for day, amount in sorted(found.items()) if amount]


def _row(row: Instalment, units: int) -> ScheduledInstalment:
    return ScheduledInstalment(
        number=row.number,
        due=row.due,
        days=row.days,
        opening=row.opening / units,
        disbursed=row.disbursed / units,
        principal=row.principal / units,
        interest=row.interest / units,
        fees=row.fees / units,
        payment=row.payment / units,
        closing=row.closing / units,
    )


def _totals(sheet: TermSheet, rows: Sequence[Instalment]) -> ScheduleTotals:
    units = sheet.minor_units
    paid_out = in_minor(sheet.amount, units)
    payment, left = sum(row.payment for row in rows), rows[-1].closing
    return ScheduleTotals(
        disbursed=paid_out / units,
        principal=sum(row.principal for row in rows) / units,
        interest=sum(row.interest for row in rows) / units,
        fees=sum(row.fees for row in rows) / units,
        payment=payment / units,
        cost=(payment + left - paid_out) / units,
        left=left / units,
    )


def _stated(sheet: TermSheet) -> dict[str, Any]:
    """Return the terms that do not stand at their default, as plain values."""
    return {
        item.name: _plain(getattr(sheet, item.name))
        for item in fields(sheet)
        if getattr(sheet, item.name) != item.default
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value
