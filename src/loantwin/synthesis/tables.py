"""Tables of the published schema from the arrays of a history: loans, panel and links."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.book.book import conform
from loantwin.book.schema import COLLATERAL, GUARANTEES, LOANS, PANEL, PARTIES
from loantwin.synthesis.history import ABSENT, CHARGED_OFF, CODES, NEVER, History
from loantwin.synthesis.origination import INDUSTRIES, PURPOSES, REGIONS, Originations
from loantwin.synthesis.truth import DEFAULT, LIVE, Truth

_DEFAULT_BANDS = ("default_0_3", "default_3_6", "default_6_9", "default_9_12", "default_12_plus")
_LABELS = (*CODES, *_DEFAULT_BANDS)
"""Names of state codes; code 9 + b stands for default band b."""


@dataclass(frozen=True)
class SyntheticTables:
    """The tables of some loans, as `SyntheticBook` holds them."""

    loans: pl.DataFrame
    panel: pl.DataFrame
    parties: pl.DataFrame
    collateral: pl.DataFrame
    guarantees: pl.DataFrame


@dataclass(frozen=True)
class _Calendar:
    """First days and last days of the months around the panel, by months counted from its first."""

    first_month: int

    def day(self, month: Integers, day: Integers) -> NDArray[np.datetime64]:
        starts = (month + self.first_month - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]")
        return np.asarray(starts + (day - 1).astype("timedelta64[D]"))

    def end(self, month: Integers) -> NDArray[np.datetime64]:
        following = (month + 1 + self.first_month - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]")
        return np.asarray(following - np.timedelta64(1, "D"))


def make_tables(
    truth: Truth, loans: Originations, history: History, first_month: int, grade_pd: Floats
) -> SyntheticTables:
    """Return a block's tables: the panel in order of loan and month, the loans as they stand at its end.

    Parameters
    ----------
    first_month : month number of the panel's first month.
    grade_pd : (G,) 12-month probability of default at origination by segment.
    """
    calendar = _Calendar(first_month)
    names = _loan_ids(loans)
    return SyntheticTables(
        loans=_loan_table(truth, loans, history, calendar, names, grade_pd),
        panel=_panel_table(loans, history, calendar, names),
        parties=_parties(loans, names),
        collateral=_collateral(loans, calendar, names),
        guarantees=_guarantees(loans, names),
    )


def _loan_ids(loans: Originations) -> pl.Series:
    numbers = pl.Series(loans.first + 1 + np.arange(len(loans.product)))
    return "L" + numbers.cast(pl.String).str.zfill(9)


def _panel_table(
    loans: Originations, history: History, calendar: _Calendar, names: pl.Series
) -> pl.DataFrame:
    present = np.ascontiguousarray((history.state != ABSENT).T)
    loan, month = np.nonzero(present)

    def column(values: Array) -> Array:
        return np.asarray(np.ascontiguousarray(values.T)[present])

    state = column(history.state).astype(np.int64)
    principal = column(history.principal)
    days, _ = _days_past_due(loans, calendar, loan, month, state, column(history.paid).astype(np.int64))
    frame = pl.DataFrame(
        {
            "loan_id": names.gather(loan),
            "report_date": calendar.end(month),
            "state": _labels(state, month - history.default_month[loan]),
            "days_past_due": days,
            "principal": principal,
            "annual_rate": column(history.rate),
            "scheduled_principal": column(history.scheduled),
            "prepaid": column(history.prepaid),
            "interest": column(history.interest),
            "charged_off": column(history.charged_off),
            "recovered": column(history.recovered),
            "undrawn": _undrawn(loans, loan, state, principal),
        }
    )
    return conform(frame, PANEL)


def _loan_table(
    truth: Truth,
    loans: Originations,
    history: History,
    calendar: _Calendar,
    names: pl.Series,
    grade_pd: Floats,
) -> pl.DataFrame:
    count = len(loans.product)
    products, grades = list(truth.products), [grade.name for grade in truth.grades]
    last = len(history.state) - 1
    closed = history.closed_month != NEVER
    at = np.where(closed, history.closed_month, last)
    who = np.arange(count)
    state = history.state[at, who].astype(np.int64)
    principal = np.where(state < 0, 0.0, history.principal[at, who])
    paid = history.paid[at, who].astype(np.int64)
    days, oldest = _days_past_due(loans, calendar, who, at, state, paid)
    on_book = ~closed & (state != CHARGED_OFF)
    accrued = np.where(on_book, _accrued(loans, calendar, at, principal, history.rate[at, who], paid), 0.0)
    origination = calendar.day(loans.vintage, loans.day)
    secured = loans.collateral > 0
    haircut = np.array([item.haircut for item in truth.products.values()])[loans.product]
    indices = [item.rate_index for item in truth.products.values()]
    status = _labels(state, at - history.default_month)
    frame = pl.DataFrame(
        {
            "loan_id": names,
            "borrower_id": _borrower_ids(loans.borrower),
            "facility_id": names.str.replace("L", "F"),
            "product": _named(products, loans.product),
            "purpose": _named(
                [PURPOSES[name][kind] for name in products for kind in range(3)],
                loans.product * 3 + loans.purpose,
            ),
            "industry": _named(INDUSTRIES, loans.industry),
            "region": _named(REGIONS, loans.region),
            "origination_grade": _named(grades, loans.grade),
            "origination_pd": grade_pd[loans.segment],
            "score": loans.score,
            "approval_date": origination - loans.approval_days.astype("timedelta64[D]"),
            "origination_date": origination,
            "term_months": loans.term,
            "maturity_date": calendar.day(loans.vintage + loans.term, loans.day),
            "approved_amount": loans.limit,
            "originated_amount": loans.amount,
            "annual_rate": np.where(on_book, history.rate[at, who], loans.rate),
            "effective_annual_rate": loans.rate,
            "rate_type": _named(("fixed", "floating"), loans.floating.astype(np.int64)),
            "rate_index": _where(loans.floating, _named(indices, loans.product)),
            "rate_spread": _masked(loans.spread, loans.floating),
            "rate_cap": _masked(loans.cap, loans.floating),
            "rate_floor": _masked(loans.floor, loans.floating),
            "next_reset_date": _where(
                loans.floating & on_book, pl.Series(calendar.day(at + 1, np.ones(count, dtype=np.int64)))
            ),
            "balloon_share": np.round(loans.balloon / loans.amount, 4),
            "interest_only_months": np.where(loans.balloon >= loans.amount, loans.term, 0),
            "state": status,
            "principal": np.where(on_book, principal, 0.0),
            "accrued_interest": accrued,
            "fees_due": np.zeros(count),
            "undrawn": _undrawn(loans, who, state, principal),
            "gross_carrying_amount": np.where(on_book, principal, 0.0) + accrued,
            "days_past_due": days,
            "oldest_unpaid_date": _where(days > 0, pl.Series(oldest)),
            "on_book_probability": on_book.astype(np.float64),
            "default_date": _dates(_ninetieth_day(loans, history, calendar), history.default_month != NEVER),
            "charge_off_date": _dates(
                calendar.end(history.charge_off_month), history.charge_off_month != NEVER
            ),
            "charged_off": _masked(_total(history.charged_off), history.charge_off_month != NEVER),
            "recovered": _masked(_total(history.recovered), closed & (history.charge_off_month != NEVER)),
            "closed_date": _dates(_closing_day(loans, history, calendar), closed),
            "principal_paid": _total(history.scheduled + history.prepaid),
            "interest_paid": _total(history.interest),
            "status": status,
            "guaranteed_share": loans.guaranteed,
            "guarantor": _where(loans.guaranteed > 0, _guarantors(loans)),
            "collateral_value": _masked(np.round(loans.collateral * (1.0 - haircut), 2), secured),
            "weight": np.ones(count),
        }
    )
    return conform(frame, LOANS)


def _days_past_due(
    loans: Originations, calendar: _Calendar, loan: Integers, month: Integers, state: Integers, paid: Integers
) -> tuple[Integers, NDArray[np.datetime64]]:
    """Return days since the oldest unpaid instalment at month's end, 0 for none, and its due date."""
    oldest = calendar.day(loans.vintage[loan] + paid + 1, loans.day[loan])
    late = ((state > 0) & (state < LIVE)) | (state == DEFAULT)
    days = (calendar.end(month) - oldest).astype(np.int64)
    return np.where(late, days, 0), oldest


def _ninetieth_day(loans: Originations, history: History, calendar: _Calendar) -> NDArray[np.datetime64]:
    """Return the day a defaulted loan's oldest unpaid instalment is 90 days late; nonsense for others."""
    month = np.maximum(history.default_month, 0)
    paid = history.paid[month, np.arange(len(loans.product))].astype(np.int64)
    return np.asarray(calendar.day(loans.vintage + paid + 1, loans.day) + np.timedelta64(90, "D"))


def _closing_day(loans: Originations, history: History, calendar: _Calendar) -> NDArray[np.datetime64]:
    """Return the due day of the month of payoff or maturity, month's end for recoveries, else nonsense."""
    month = np.maximum(history.closed_month, 0)
    written_off = history.charge_off_month != NEVER
    return np.where(written_off, calendar.end(month), calendar.day(month, loans.day))


def _accrued(
    loans: Originations, calendar: _Calendar, month: Integers, principal: Floats, rate: Floats, paid: Integers
) -> Floats:
    """Return interest since the last paid due date, 30/360: a twelfth of the rate a month, simple."""
    days = calendar.end(month).astype(np.int64) - calendar.day(month, loans.day).astype(np.int64)
    months = month - loans.vintage - paid + np.minimum(days, 30) / 30.0
    return np.asarray(np.round(principal * rate / 12.0 * months, 2))


def _undrawn(loans: Originations, loan: Integers, state: Integers, principal: Floats) -> Floats:
    """Return what a line may still draw: nothing after default or its end, nothing for other products."""
    open_line = ((state >= 0) & (state < LIVE)) | (state == CODES.index("cured_probation"))
    revolving = loans.limit[loan] > loans.amount[loan]
    return np.where(open_line & revolving, np.round(np.maximum(loans.limit[loan] - principal, 0.0), 2), 0.0)


def _labels(state: Integers, since_default: Integers) -> pl.Series:
    band = len(CODES) + np.minimum(np.maximum(since_default, 0) // 3, len(_DEFAULT_BANDS) - 1)
    return _named(_LABELS, np.where(state == DEFAULT, band, state))


def _named(names: tuple[str, ...] | list[str], codes: Integers) -> pl.Series:
    return pl.Series(list(names), dtype=pl.String).gather(codes)


def _borrower_ids(numbers: Integers) -> pl.Series:
    return "B" + pl.Series(numbers + 1).cast(pl.String).str.zfill(9)


def _guarantors(loans: Originations) -> pl.Series:
    return _named(("Guarantee Fund North", "Guarantee Fund South"), loans.region // 4)


def _where(keep: Flags, values: pl.Series) -> pl.Series:
    """Return the series with nulls where `keep` is False."""
    return values.set(pl.Series(~keep), None)


def _masked(values: Floats, keep: Flags) -> pl.Series:
    return _where(keep, pl.Series(np.where(keep, values, 0.0)))


def _dates(days: NDArray[np.datetime64], keep: Flags) -> pl.Series:
    return _where(keep, pl.Series(days))


def _total(flows: Floats) -> Floats:
    """Return each loan's sum over the months, to the cent."""
    return np.asarray(np.round(flows.sum(axis=0), 2))


def _parties(loans: Originations, names: pl.Series) -> pl.DataFrame:
    borrower = _borrower_ids(loans.borrower)
    share = np.where(loans.partner, 0.5, 1.0)
    first = pl.DataFrame({"loan_id": names, "party_id": borrower, "role": "borrower", "share": share})
    chosen = np.flatnonzero(loans.partner)
    partner = pl.DataFrame(
        {
            "loan_id": names.gather(chosen),
            "party_id": borrower.gather(chosen) + "-2",
            "role": "co_borrower",
            "share": 0.5,
        }
    )
    return conform(pl.concat([first, partner]).sort("loan_id", "role", maintain_order=True), PARTIES)


def _collateral(loans: Originations, calendar: _Calendar, names: pl.Series) -> pl.DataFrame:
    chosen = np.flatnonzero(loans.collateral > 0)
    frame = pl.DataFrame(
        {
            "loan_id": names.gather(chosen),
            "collateral_id": names.gather(chosen).str.replace("L", "C"),
            "value": loans.collateral[chosen],
            "valuation_date": (
                calendar.day(loans.vintage, loans.day) - loans.approval_days.astype("timedelta64[D]")
            )[chosen],
            "lien": loans.lien[chosen],
        }
    )
    return conform(frame, COLLATERAL)


def _guarantees(loans: Originations, names: pl.Series) -> pl.DataFrame:
    chosen = np.flatnonzero(loans.guaranteed > 0)
    frame = pl.DataFrame(
        {
            "loan_id": names.gather(chosen),
            "guarantor_id": _guarantors(loans).gather(chosen),
            "share": loans.guaranteed[chosen],
        }
    )
    return conform(frame, GUARANTEES)
