"""The histories of a synthetic bank played as accounts: terms, payments and losses as dated facts.

A loan's rows of the published tables become the terms of its contract and what happened to it, day by day.
An account replays them by its own rules; balances, days past due and losses are then those of the history, to
what rounding can do.

What the history has by month falls on days thus: an instalment is paid on the due day of the month in which
the history pays it, with what else is paid then; a charge-off, and what is collected with it, falls on the
month's last day, a recovery on the last day of its own. What is collected with a charge-off is booked as a
recovery of it. A floating rate is agreed for each instalment, at the rate of the month in which it is paid.
Instalments late bear no interest beside their own. Lines draw anew and are no accounts of instalments: they
are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from loantwin.errors import UsageError, expected
from loantwin.months import add_months, month_of
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import Account, replay
from loantwin.servicing.conventions import PRINCIPAL, Servicing
from loantwin.servicing.facts import ChargeOff, Disburse, Fact, Pay, Reschedule

PLAYED = ("instalment", "mortgage", "balloon", "interest_only")
"""Products whose histories are accounts of instalments."""
SERVICING = Servicing(schedule="recalculated", late_interest=False)
"""A payment in advance lowers the instalments to come; the term stays."""

_TERMS = (
    "loan_id",
    "product",
    "origination_date",
    "term_months",
    "originated_amount",
    "effective_annual_rate",
    "balloon_share",
)
_MONTH = (
    "report_date",
    "state",
    "days_past_due",
    "annual_rate",
    "prepaid",
    "recovered",
)

Row = Mapping[str, Any]


def bank_accounts(
    loans: pl.DataFrame, panel: pl.DataFrame, loan_ids: Iterable[str] | None = None, currency: str = "USD"
) -> Iterator[tuple[str, Account]]:
    """Yield loans' numbers and their accounts, in the order of the loan table; lines are left out.

    Parameters
    ----------
    loans, panel : the tables of a synthetic book (`generate`, or the Parquet files that `synthetic` writes).
    loan_ids : the loans wanted; None is all that can be played.

    Raises
    ------
    UsageError : a loan that is not in the table, or is a line.
    """
    chosen = loans.filter(pl.col("product").is_in(PLAYED))
    if loan_ids is not None:
        wanted = list(loan_ids)
        for loan_id in sorted(set(wanted) - set(chosen["loan_id"].to_list())):
            raise UsageError(expected("a loan of the table that is no line", loan_id), field="loan_id")
        chosen = chosen.filter(pl.col("loan_id").is_in(wanted))
    rows = panel.join(chosen.select("loan_id"), on="loan_id", how="semi").sort("loan_id", "report_date")
    months = rows.select("loan_id", *_MONTH).partition_by("loan_id", as_dict=True, include_key=False)
    for loan in chosen.select(_TERMS).iter_rows(named=True):
        yield loan["loan_id"], played(loan, months[(loan["loan_id"],)].to_dicts(), currency)


def played(loan: Row, months: Sequence[Row], currency: str = "USD") -> Account:
    """Return the account of one loan: its row of the loan table, and its months in order from the first."""
    sheet = contract(loan, Decimal(str(months[0]["annual_rate"])), currency)
    paid = [_paid(loan, month) for month in months]
    facts: list[Fact] = [Disburse(on=sheet.start, amount=_minor(loan["originated_amount"]))]
    facts += _rates(sheet, months, paid)
    account, before = replay(sheet, SERVICING, facts), 0
    for month, now in zip(months[1:], paid[1:], strict=True):
        more = _facts_of(account, sheet, month, before, now)
        facts += more
        if more:
            account = replay(sheet, SERVICING, facts) if _changes(month) else account
        before = now
    return replay(sheet, SERVICING, facts)


def contract(loan: Row, annual_rate: Decimal, currency: str) -> TermSheet:
    """Return the terms of a loan of the table at its first rate."""
    amount = _units(loan["originated_amount"])
    rests = loan["product"] == "interest_only"
    balloon = (
        Decimal(0) if rests else (amount * Decimal(str(loan["balloon_share"]))).quantize(Decimal("0.01"))
    )
    return TermSheet(
        amount=amount,
        annual_rate=annual_rate,
        payments=int(loan["term_months"]),
        start=loan["origination_date"],
        amortisation="interest-only" if rests else "balloon" if balloon else "annuity",
        balloon=balloon,
        currency=currency,
    )


def _paid(loan: Row, month: Row) -> int:
    """Return the instalments paid by a month's end, by state and days past due."""
    begun, term = loan["origination_date"], int(loan["term_months"])
    age = month_of(month["report_date"]) - month_of(begun)
    if month["state"] in ("charged_off", "matured", "prepaid"):
        return term
    if not month["days_past_due"]:
        return min(age, term)
    oldest = date.fromordinal(month["report_date"].toordinal() - int(month["days_past_due"]))
    return month_of(oldest) - month_of(begun) - 1


def _rates(sheet: TermSheet, months: Sequence[Row], paid: list[int]) -> list[Fact]:
    """Return a changed rate for each instalment that is paid at another than the one before it."""
    made: list[Fact] = []
    rate = sheet.annual_rate
    for month, before, now in zip(months[1:], paid, paid[1:], strict=False):
        found = Decimal(str(month["annual_rate"]))
        if month["state"] == "charged_off" or now == before or found == rate:
            continue
        due = add_months(sheet.start, before + 1)
        made.append(
            Reschedule(on=_due_day(sheet, month), instalment=due, annual_rate=found),
        )
        rate = found
    return made


def _due_day(sheet: TermSheet, month: Row) -> date:
    return add_months(sheet.start, month_of(month["report_date"]) - month_of(sheet.start))


def _changes(month: Row) -> bool:
    """Return whether a month's payment changes the instalments after it."""
    return bool(month["prepaid"]) and month["state"] not in ("prepaid", "charged_off")


def _facts_of(account: Account, sheet: TermSheet, month: Row, before: int, now: int) -> list[Fact]:
    """Return what happened in a month; `before` and `now` are instalments paid."""
    on, state = _due_day(sheet, month), month["state"]
    rows = account.rows
    if state == "charged_off":
        return _lost(month, taken=before < now)
    amount = sum(sum(row.owed) for row in rows[before:now])
    if state == "prepaid":
        due = [row for row in rows[before:] if row.due <= on]
        later = rows[before + len(due) :]
        amount = sum(sum(row.owed) for row in due) + sum(row.owed[PRINCIPAL] for row in later)
    elif month["prepaid"]:
        amount += _minor(month["prepaid"])
    return [Pay(on=on, amount=amount)] if amount else []


def _lost(month: Row, *, taken: bool) -> list[Fact]:
    """Return what is lost and what comes back of it: `taken` where this is the month of the charge-off."""
    on = month["report_date"]
    made: list[Fact] = []
    if taken:
        made.append(ChargeOff(on=on))
    for name in ("prepaid", "recovered"):
        if month[name]:
            made.append(Pay(on=on, amount=_minor(month[name]), kind="recovery"))
    return made


def _units(amount: float) -> Decimal:
    return Decimal(_minor(amount)) / 100


def _minor(amount: float) -> int:
    return round(amount * 100)
