"""How an account is serviced, by named conventions: what a payment pays for first, and what it changes.

The orders are those of a core-banking system whose lives of loans the suite `lives` holds this package to;
each order is a row of one table.
"""

from __future__ import annotations

from dataclasses import dataclass

from loantwin.errors import UsageError, expected

PRINCIPAL, INTEREST, FEE, PENALTY = range(4)
"""The parts of what is owed, by their place in every list of four amounts."""

PARTS: tuple[str, ...] = ("principal", "interest", "fee", "penalty")
TIMES: tuple[str, ...] = ("past due", "due", "in advance")
DIRECTIONS: tuple[str, ...] = ("by-instalment", "horizontal", "vertical")
AHEAD: tuple[str, ...] = ("next", "last", "re-amortise")
"""Which instalment a payment in advance goes to: the next, the last, or all those to come alike."""
SCHEDULES: tuple[str, ...] = ("fixed", "recalculated", "progressive")
EARLY: tuple[str, ...] = ("reduce-instalment", "reduce-number", "next")
RESTS: tuple[str, ...] = ("daily", "same-as-repayment")
LATE_PERIODS: tuple[str, ...] = ("all", "running")
"""Periods in which principal past due bears interest: all since, or only the one of the day of a payment."""
COMPOUNDING: tuple[str, ...] = ("none", "monthly")
ACCRUALS: tuple[str, ...] = ("none", "due-date", "recorded-date")


LONGEST_GRACE = 36_525
"""Days of grace at most: a hundred years."""


@dataclass(frozen=True)
class Allocation:
    """What a payment pays for first.

    order : (time, part) from the first; a time is `past due`, `due` or `in advance`.
    direction : `by-instalment` pays one instalment whole before the next; `horizontal` one instalment by all
    parts of a time; `vertical` one part of all instalments of a time.
    due_charges_first : of an instalment in advance, charges whose own day has come are paid first.
    """

    order: tuple[tuple[str, int], ...]
    direction: str = "by-instalment"
    due_charges_first: bool = False

    def parts(self, time: str) -> tuple[int, ...]:
        """Return the parts of one time, in order."""
        return tuple(part for when, part in self.order if when == time)


def _order(due: tuple[int, ...], ahead: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
    return (
        *(("past due", part) for part in due),
        *(("due", part) for part in due),
        *(("in advance", part) for part in ahead),
    )


_CHARGES_THEN_INTEREST = (PENALTY, FEE, INTEREST, PRINCIPAL)
_INTEREST_BEFORE_FEES = (PENALTY, INTEREST, PRINCIPAL, FEE)
_PRINCIPAL_BEFORE_INTEREST = (PENALTY, FEE, PRINCIPAL, INTEREST)
_BY_TIME = _order(_PRINCIPAL_BEFORE_INTEREST, _PRINCIPAL_BEFORE_INTEREST)

ALLOCATIONS: dict[str, Allocation] = {
    "penalty-fee-interest-principal": Allocation(_order(_CHARGES_THEN_INTEREST, _CHARGES_THEN_INTEREST)),
    "due-penalty-fee-interest-principal-ahead-principal-penalty-fee-interest": Allocation(
        _order(_CHARGES_THEN_INTEREST, (PRINCIPAL, PENALTY, FEE, INTEREST)), due_charges_first=True
    ),
    "due-penalty-interest-principal-fee-ahead-penalty-interest-principal-fee": Allocation(
        _order(_INTEREST_BEFORE_FEES, _INTEREST_BEFORE_FEES), due_charges_first=True
    ),
    "horizontal": Allocation(_BY_TIME, direction="horizontal"),
    "vertical": Allocation(_BY_TIME, direction="vertical"),
}
"""Orders by name. The first three pay instalment by instalment; the others past due, due, then in advance."""


@dataclass(frozen=True, kw_only=True)
class Servicing:
    """How an account is serviced, beside its terms.

    schedule : `fixed` once it is drawn up; `recalculated`, interest by what is really owed; `progressive`,
    where money paid out later is spread over the instalments still to come.
    allocation : a name of `ALLOCATIONS`. ahead : the rule of `AHEAD`; ahead_by_kind : (kind of payment, rule)
    where a kind has its own. credit_order : the parts, in order, that a chargeback makes owed again; empty
    means principal.
    early : what a payment in advance changes where the schedule is recalculated. rests, compounding : when
    unpaid principal and interest begin to bear interest, likewise. late_interest : False where principal past
    due bears none beside its instalment's own; late_periods : the periods in which it does.
    down_payment_auto : a down payment is taken when money is paid out, less what was paid too much before.
    grace_days : days after a due date before the account counts as in arrears.
    accrual : when charges become income: on their due day or the day they were recorded; `none` books no
    income.
    charge_off_keeps_multiple : False where a charge-off draws the schedule up anew without the multiple of
    the instalment.

    Raises
    ------
    UsageError : a name that none of the tables has, a part named twice, days out of range, naming the field.
    """

    schedule: str = "fixed"
    allocation: str = "penalty-fee-interest-principal"
    ahead: str = "next"
    ahead_by_kind: tuple[tuple[str, str], ...] = ()
    credit_order: tuple[int, ...] = ()
    early: str = "reduce-instalment"
    rests: str = "daily"
    compounding: str = "none"
    late_interest: bool = True
    late_periods: str = "all"
    down_payment_auto: bool = False
    grace_days: int = 0
    accrual: str = "none"
    charge_off_keeps_multiple: bool = True

    def __post_init__(self) -> None:
        choices = {
            "schedule": SCHEDULES,
            "allocation": tuple(ALLOCATIONS),
            "ahead": AHEAD,
            "early": EARLY,
            "rests": RESTS,
            "compounding": COMPOUNDING,
            "late_periods": LATE_PERIODS,
            "accrual": ACCRUALS,
        }
        for field, known in choices.items():
            if getattr(self, field) not in known:
                raise UsageError(expected(f"one of {', '.join(known)}", getattr(self, field)), field=field)
        if self.schedule != "recalculated":
            only = {
                "early": "reduce-instalment",
                "rests": "daily",
                "compounding": "none",
                "late_periods": "all",
            }
            for field, value in only.items():
                if getattr(self, field) != value:
                    raise UsageError(
                        expected(f"none, as schedule is {self.schedule}", getattr(self, field)), field=field
                    )
        if not 0 <= self.grace_days <= LONGEST_GRACE:
            raise UsageError(
                expected(f"a number of days, 0 to {LONGEST_GRACE:,}", self.grace_days), field="grace_days"
            )
        if len(set(self.credit_order)) < len(self.credit_order):
            names = ", ".join(PARTS[part] for part in self.credit_order)
            raise UsageError(expected("each part once", names), field="credit_order")
        for kind, rule in self.ahead_by_kind:
            if rule not in AHEAD:
                raise UsageError(expected(f"one of {', '.join(AHEAD)}", rule), field=f"ahead_by_kind.{kind}")

    def ahead_of(self, kind: str) -> str:
        """Return the rule for what a payment of a kind pays in advance."""
        return dict(self.ahead_by_kind).get(kind, self.ahead)
