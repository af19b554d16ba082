"""The words of a file of facts: kinds of fact, keys that are money, and the names that conventions take."""

from __future__ import annotations

from collections.abc import Mapping

from loantwin.servicing.conventions import (
    ACCRUALS,
    AHEAD,
    ALLOCATIONS,
    COMPOUNDING,
    EARLY,
    LATE_PERIODS,
    RESTS,
    SCHEDULES,
)
from loantwin.servicing.facts import (
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Haircut,
    Pause,
    Pay,
    ReAge,
    ReAmortise,
    RefundCredit,
    Reschedule,
    Resume,
    Reverse,
    Sell,
    Waive,
)

FACTS: Mapping[str, type[Fact]] = {
    "disburse": Disburse,
    "pay": Pay,
    "charge": AddCharge,
    "waive": Waive,
    "chargeback": Chargeback,
    "refund-credit": RefundCredit,
    "reverse": Reverse,
    "charge-off": ChargeOff,
    "re-age": ReAge,
    "re-amortise": ReAmortise,
    "reschedule": Reschedule,
    "haircut": Haircut,
    "pause": Pause,
    "resume": Resume,
    "sell": Sell,
}
"""The word under `fact` -> the kind of fact."""

WORDS: Mapping[type[Fact], str] = {kind: word for word, kind in FACTS.items()}

MONEY = ("amount", "price")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "schedule": SCHEDULES,
    "allocation": tuple(ALLOCATIONS),
    "ahead": AHEAD,
    "early": EARLY,
    "rests": RESTS,
    "compounding": COMPOUNDING,
    "late_periods": LATE_PERIODS,
    "accrual": ACCRUALS,
}
