"""Which terms go together: what a loan's terms must hold before a schedule is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from loantwin import arguments as check
from loantwin.errors import UsageError, choice, expected
from loantwin.products.due_dates import first_date, frequency, moved, nominal_dates
from loantwin.products.periods import rate_on
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import CHARGE_KINDS, CONVENTIONS, TermSheet

MOST = 2**63 - 1
"""Minor units at most: amounts are kept in int64 beside."""

Rule = tuple[bool, str, object, str]
"""Broken or not, the field, what it is, and what was expected of it."""


def check_terms(sheet: TermSheet) -> None:
    """Refuse terms that are unknown, out of range or contradict each other.

    Raises
    ------
    UsageError : one sentence on the first of them, naming its field. ArgumentError : what is no term sheet.
    """
    check.kind(TermSheet, sheet=sheet)
    for field, known in CONVENTIONS.items():
        value = getattr(sheet, field)
        if value is not None and value not in known:
            choice(value, known, field)
            raise UsageError(expected("one of " + ", ".join(known), value), field=field)
    frequency(sheet.every)
    for rules in (_amounts, _counts, _dates, _together):
        for broken, field, was, wanted in rules(sheet):
            if broken:
                raise UsageError(expected(wanted, was), field=field)


def _amounts(sheet: TermSheet) -> Iterator[Rule]:
    """Amounts are whole minor units within int64, rates and shares finite numbers within their bounds."""
    yield not 1 <= sheet.minor_units <= 10**6, "minor_units", sheet.minor_units, "1 to 1,000,000"
    named: list[tuple[str, Decimal | None, bool]] = [
        ("amount", sheet.amount, True),
        ("instalment", sheet.instalment, True),
        ("instalment_multiple", sheet.instalment_multiple, True),
        ("balloon", sheet.balloon, False),
        *(("disbursements", item.amount, True) for item in sheet.disbursements),
        *(("agreed", item.amount, False) for item in sheet.agreed),
        *((f"charges.{item.name}", item.amount, True) for item in sheet.charges),
    ]
    for field, amount, positive in named:
        if amount is not None:
            least = "more than 0" if positive else "at least 0"
            yield (
                not _is_minor(amount, sheet.minor_units),
                field,
                amount,
                "a whole number of minor units within int64",
            )
            yield amount < 0 or (positive and not amount), field, amount, f"an amount of {least}"
    for field, rate, low, high in (
        ("annual_rate", sheet.annual_rate, Decimal("-0.5"), Decimal(100)),
        ("step", sheet.step, Decimal("-0.99"), Decimal(10)),
        ("down_payment", sheet.down_payment, Decimal(0), Decimal("0.999999")),
        ("total_cost_cap", sheet.total_cost_cap, Decimal(0), Decimal(1000)),
        ("daily_cost_cap", sheet.daily_cost_cap, Decimal(0), Decimal(1)),
        *(("season", item, Decimal(0), Decimal(100)) for item in sheet.season),
        *_floating_rates(sheet),
        *((f"charges.{item.name}", item.share, Decimal(0), Decimal(10)) for item in sheet.charges),
    ):
        if rate is not None:
            yield (
                not (rate.is_finite() and low <= rate <= high),
                field,
                rate,
                f"a decimal from {low} to {high}",
            )


def _floating_rates(sheet: TermSheet) -> Iterator[tuple[str, Decimal | None, Decimal, Decimal]]:
    """Yield the rates that a floating one is made of, with their bounds."""
    if sheet.floating is not None:
        low, high = Decimal("-0.5"), Decimal(100)
        for place, (_, rate) in enumerate(sheet.floating.index, 1):
            yield f"floating.index[{place}].rate", rate, low, high
        for name in ("margin", "floor", "cap"):
            yield f"floating.{name}", getattr(sheet.floating, name), low, high


def _is_minor(amount: Decimal, minor_units: int) -> bool:
    if not amount.is_finite():
        return False
    try:
        return abs(in_minor(amount, minor_units)) <= MOST
    except ValueError:
        return False


def _counts(sheet: TermSheet) -> Iterator[Rule]:
    """Numbers of instalments lie within the term."""
    count = len(sheet.agreed) or sheet.payments
    if count is not None:
        yield not 1 <= count <= 12_000, "payments", count, "1 to 12,000 instalments"
    for field in ("principal_grace", "interest_grace", "interest_free"):
        value = getattr(sheet, field)
        yield value < 0, field, value, "a number of instalments, at least 0"
        if count is not None and field != "interest_free":
            yield value >= count, field, value, f"fewer instalments than the {count} of the loan"
    for number in sheet.holidays:
        yield number < 1, "holidays", number, "numbers of instalments, 1 the first"
        if count is not None:
            yield number >= count, "holidays", number, f"numbers of instalments before the last, {count}"
    yield sheet.step_every < 1, "step_every", sheet.step_every, "at least 1 instalment"


def _dates(sheet: TermSheet) -> Iterator[Rule]:
    """Dates come in order: start, disbursements and due dates."""
    if isinstance(sheet.due_day, int):
        yield not 1 <= sheet.due_day <= 31, "due_day", sheet.due_day, "1 to 31 or month-end"
    elif sheet.due_day is not None:
        yield sheet.due_day != "month-end", "due_day", sheet.due_day, "1 to 31 or month-end"
    if sheet.due_day is not None:
        yield (
            frequency(sheet.every)[1] == "d",
            "due_day",
            sheet.due_day,
            f"no day of the month, every {sheet.every}",
        )
    if sheet.first is not None:
        yield sheet.first < sheet.start, "first", sheet.first, f"a due date from {sheet.start} on, the start"
    paid_out = [item.on for item in sheet.disbursements]
    if paid_out:
        yield paid_out != sorted(paid_out), "disbursements", paid_out[0], "disbursements in order of dates"
        yield (
            paid_out[0] < sheet.start,
            "disbursements",
            paid_out[0],
            f"disbursements from {sheet.start} on, the start",
        )
    days = [item.due for item in sheet.agreed]
    if days:
        yield days != sorted(set(days)), "agreed", days[0], "payments in order of dates, one a day"
        yield days[0] < sheet.start, "agreed", days[0], f"payments from {sheet.start} on, the start"
    last = days[-1] if days else _last(sheet)
    if last is not None:
        for day in paid_out:
            yield day >= last, "disbursements", day, f"disbursements before {last}, the last due date"
        for charge in sheet.charges:
            if isinstance(charge.due, date):
                field = f"charges.{charge.name}"
                wanted = f"a day from {sheet.start} on, the start"
                yield charge.due < sheet.start, field, charge.due, wanted
                yield (
                    charge.due > last,
                    f"charges.{charge.name}",
                    charge.due,
                    f"a day until {last}, the last due date",
                )
    if sheet.floating is not None:
        frequency(sheet.floating.reset, "floating.reset")
        since = [day for day, _ in sheet.floating.index]
        yield not since, "floating.index", "none", "at least one date and rate"
        yield since != sorted(set(since)), "floating.index", since[:1], "dates in order, each once"
        late = bool(since) and since[0] > sheet.start
        yield late, "floating.index", since[:1], f"a rate in force on {sheet.start}, the start"
        floor, cap = sheet.floating.floor, sheet.floating.cap
        if floor is not None and cap is not None:
            yield floor > cap, "floating.floor", floor, f"a floor of at most the cap, {cap}"


def _last(sheet: TermSheet) -> date | None:
    if sheet.payments is None:
        return None
    first, anchor = first_date(sheet)
    nominal_dates(sheet, sheet.payments)
    return moved(first, sheet.every, sheet.payments - 1, anchor)


def _together(sheet: TermSheet) -> Iterator[Rule]:
    """Terms that exclude or need each other."""
    paid_out = sum((item.amount for item in sheet.disbursements), Decimal(0))
    if sheet.disbursements:
        yield paid_out != sheet.amount, "amount", sheet.amount, f"the sum of the disbursements, {paid_out}"
    if sheet.agreed:
        yield sheet.payments is not None, "payments", sheet.payments, "none beside agreed payments"
        yield sheet.instalment is not None, "instalment", sheet.instalment, "none beside agreed payments"
        yield (
            sheet.amortisation != "annuity",
            "amortisation",
            sheet.amortisation,
            "annuity with agreed payments",
        )
    else:
        missing = sheet.payments is None and sheet.instalment is None
        yield missing, "payments", "none", "a number of payments, or an agreed instalment"
    yield (
        sheet.carry_to_last and not sheet.carry_rounding,
        "carry_to_last",
        True,
        "none without carry_rounding",
    )
    yield (
        sheet.roll == "none" and sheet.calendar is not None,
        "calendar",
        sheet.calendar,
        "none, as roll is none: say where a due date goes",
    )
    yield from _amortising(sheet)
    yield from _by_method(sheet)
    if sheet.floating is not None:
        first = rate_on(sheet, sheet.start)
        wanted = f"{first}, the floating rate on the start"
        yield sheet.annual_rate != first, "annual_rate", sheet.annual_rate, wanted
    yield (
        (sheet.roll != "none") and sheet.calendar is None,
        "calendar",
        "none",
        f"a calendar, as roll is {sheet.roll}",
    )
    for charge in sheet.charges:
        field = f"charges.{charge.name}"
        yield charge.kind not in CHARGE_KINDS, field, charge.kind, "a kind, fee or penalty"
        early = charge.financed and charge.due != "disbursement"
        yield early, field, charge.due, "disbursement, as it is financed"
        both = (charge.amount is None) == (charge.share is None)
        yield both, field, "both or none", "an amount or a share"
        words = isinstance(charge.due, str) and charge.due not in ("disbursement", "instalment")
        yield words, field, charge.due, "a date, disbursement or instalment"


def _amortising(sheet: TermSheet) -> Iterator[Rule]:
    """What an amortisation needs and what it leaves no room for."""
    how, pays_level = sheet.amortisation, sheet.amortisation in ("annuity", "balloon", "step", "seasonal")
    yield (
        how == "balloon" and not sheet.balloon,
        "balloon",
        sheet.balloon,
        "an amount, as amortisation is balloon",
    )
    bears = pays_level or how == "equal-principal"
    yield bool(sheet.balloon) and not bears, "balloon", sheet.balloon, f"none, as amortisation is {how}"
    yield sheet.balloon >= sheet.amount, "balloon", sheet.balloon, f"less than the amount, {sheet.amount}"
    yield (
        how == "seasonal" and len(sheet.season) != 12,
        "season",
        len(sheet.season),
        "12 multiples, January first",
    )
    yield how == "seasonal" and not any(sheet.season), "season", "nothing but 0", "a month with a payment"
    yield how != "seasonal" and bool(sheet.season), "season", "given", f"none, as amortisation is {how}"
    yield how == "step" and not sheet.step, "step", sheet.step, "a growth, as amortisation is step"
    yield how != "step" and bool(sheet.step), "step", sheet.step, f"none, as amortisation is {how}"
    agreed: Any = sheet.instalment
    yield agreed is not None and not pays_level, "instalment", agreed, f"none, as amortisation is {how}"
    fixed = sheet.last_instalment == "as-agreed"
    yield (
        fixed and agreed is None and not sheet.agreed,
        "last_instalment",
        "as-agreed",
        "an agreed instalment",
    )
    rule = sheet.last_instalment
    yield (
        rule not in ("rest", "as-agreed") and not pays_level,
        "last_instalment",
        rule,
        f"rest, as amortisation is {how}",
    )


def _by_method(sheet: TermSheet) -> Iterator[Rule]:
    """What interest other than on what is owed leaves no room for."""
    method = sheet.method
    several = len(sheet.disbursements) > 1
    yield (
        method != "declining" and several,
        "disbursements",
        len(sheet.disbursements),
        f"one, as method is {method}",
    )
    yield (
        method != "declining" and sheet.floating is not None,
        "floating",
        "given",
        f"none, as method is {method}",
    )
    if method == "interest-first":
        yield (
            sheet.amortisation != "annuity",
            "amortisation",
            sheet.amortisation,
            f"annuity, as method is {method}",
        )
        for field in ("principal_grace", "interest_grace", "balloon", "holidays", "agreed", "carry_rounding"):
            value = getattr(sheet, field)
            yield bool(value), field, value, f"none, as method is {method}"
    yield (
        method == "interest-first" and sheet.payments is None,
        "payments",
        "none",
        f"a number, as method is {method}",
    )
