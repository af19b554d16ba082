"""What the steps of a life do: each becomes facts of the account, on the life's own calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from loantwin.errors import UsageError
from loantwin.servicing.account import Account, apply
from loantwin.servicing.accruals import accrual_at_close, accruals_by
from loantwin.servicing.arrears import arrears, instalment_days, past_due, paused
from loantwin.servicing.facts import (
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Pause,
    Pay,
    ReAge,
    ReAmortise,
    RefundCredit,
    Reschedule,
    Reverse,
)
from tests.suites.lives_terms import UNITS, Product, RefusedError, servicing_of, sheet_of

PAYMENTS = {
    "repay": "repayment",
    "REPAYMENT": "repayment",
    "GOODWILL_CREDIT": "goodwill-credit",
    "MERCHANT_ISSUED_REFUND": "merchant-issued-refund",
    "PAYOUT_REFUND": "payout-refund",
    "refund": "payout-refund",
}
CHARGES = {"LOAN_NSF_FEE": ("NSF fee", "penalty"), "LOAN_SNOOZE_FEE": ("Snooze fee", "fee")}
NSF = 1000
"""Minor units of the charge that a step names without an amount."""

RANGES = (
    (1, "RANGE_1"),
    (4, "RANGE_3"),
    (31, "RANGE_30"),
    (61, "RANGE_60"),
    (91, "RANGE_90"),
    (121, "RANGE_120"),
    (151, "RANGE_150"),
    (181, "RANGE_180"),
    (241, "RANGE_240"),
)
ACTORS = re.compile(
    r"^(?:(?:Given|When|Then|And) )?(?:Admin|Customer|User|System|Batch|Global config)", re.IGNORECASE
)
LOOKS = re.compile(
    r"\bchecks?\b|not able|not possible|will result an error|higher than the available|\bverif", re.IGNORECASE
)
STATES = re.compile(r"\b(?:is|are|was|were|has|have|had|contains?|no)\b", re.IGNORECASE)
DEEDS = re.compile(
    r"\bhappens?\b|\b(?:is|are|was|were) (?:made|done|run|executed|triggered|added|applied|entered|posted"
    r"|set up|started|stopped|paused|resumed|cancelled|disbursed|submitted|undone|waived|sold|transferred)\b",
    re.IGNORECASE,
)


def acts(text: str) -> bool:
    """Return whether a step in free text changes the account or its surroundings.

    A sentence with somebody in it who does something (`Admin adds`, `Global config ... set to`) acts, unless
    he only looks (`checks that`) or is turned away (`is not able`, `will result an error`). Any other
    sentence acts where it tells a deed (`happens on`, `is made on`), checks where it tells a state (`is
    reverted`, `has`), and acts where it tells neither, so that what is not understood refuses the life.
    """
    if LOOKS.search(text):
        return False
    if ACTORS.match(text) or DEEDS.search(text):
        return True
    return not STATES.search(text)


def minor(amount: float | str) -> int:
    """Return currency as minor units."""
    return int((Decimal(str(amount)) * 100).to_integral_value())


@dataclass
class Life:
    """A life while it is played."""

    products: dict[str, Product]
    today: date = date(1970, 1, 1)
    account: Account | None = None
    accrual: str = "due-date"
    ahead: dict[str, str] = field(default_factory=dict)
    repayments: list[int] = field(default_factory=list)
    payments: list[int] = field(default_factory=list)
    last_closed: date | None = None
    classified: str = "NO_DELINQUENCY"
    instalments: dict[str, int] = field(default_factory=dict)
    fraud: bool = False

    @property
    def loan(self) -> Account:
        """Return the account, which a life creates first."""
        if self.account is None:
            raise RefusedError("a step before the loan is created")
        return self.account


def play(life: Life, step: dict[str, Any]) -> None:
    """Do one step of a life."""
    if "date" in step and "expect" not in step:
        life.today = date.fromisoformat(step["date"])
    elif step.get("do") == "create":
        _create(life, step["loan"])
    elif step.get("do") == "set_future_installment_rule":
        if step["kind"] != "DEFAULT":
            raise RefusedError("a rule for payments in advance by kind of payment")
        life.ahead[step["product"]] = step["rule"]
    elif step.get("do") == "end_of_day":
        end_of_day(life)
    elif step.get("do") != "approve":
        _do(life, step)


def _create(life: Life, loan: dict[str, str]) -> None:
    if life.account is not None:
        raise RefusedError("a second loan in one life")
    product = life.products.get(loan["LoanProduct"])
    if product is None:
        raise RefusedError("a product whose settings are not in the file")
    sheet = sheet_of(product, loan)
    ahead = life.ahead.get(product.name, "NEXT_INSTALLMENT")
    life.account = Account(sheet, servicing_of(product, loan, ahead, life.accrual, sheet.annual_rate))


def _do(life: Life, step: dict[str, Any]) -> None:
    if step["do"] == "delinquency_pause":
        put(
            life,
            Pause(
                on=date.fromisoformat(step["frm"]), until=date.fromisoformat(step["to"]), recorded=life.today
            ),
        )
        return
    for fact in _facts(life, step):
        do_facts(life, [fact])
        if isinstance(fact, Pay) and step["do"] in ("repay", "REPAYMENT"):
            life.repayments.append(life.payments[-1])


def do_facts(life: Life, facts: list[Fact], look: bool = True) -> None:
    """Apply facts on the life's day, with what follows: income at the close, and arrears where they look."""
    for fact in facts:
        before = life.loan
        try:
            put(life, fact)
            if isinstance(fact, Pay):
                life.payments.append(life.loan.facts[-1].number)
            close(life, before, fact)
        except UsageError as error:
            raise RefusedError(f"not taken: {error.message}") from error
    if look:
        classify(life, life.today)


def put(life: Life, fact: Fact) -> None:
    """Apply a fact, recorded on the life's day.

    The other program lets more be paid out than a loan was asked for: its terms grow with it.
    """
    if isinstance(fact, Disburse):
        lent = fact.amount + sum(one.amount for one in life.loan.holding if isinstance(one, Disburse))
        terms = life.loan.terms
        life.account = replace(life.loan, terms=replace(terms, amount=max(terms.amount, Decimal(lent) / 100)))
    life.account = apply(life.loan, replace(fact, recorded=life.today))


def close(life: Life, before: Account, fact: Fact) -> None:
    """Recognise what income is left once an account closes."""
    if (
        before.status in ("active", "overpaid")
        and life.loan.status in ("closed", "overpaid")
        and before.status != life.loan.status
    ):
        day = fact.due if isinstance(fact, AddCharge) else fact.on
        left = accrual_at_close(life.loan, day)
        if left is not None:
            put(life, left)


def _facts(life: Life, step: dict[str, Any]) -> list[Fact]:
    what = step["do"]
    on = date.fromisoformat(step["on"]) if step.get("on") else life.today
    amount = minor(step["amount"]) if "amount" in step else 0
    if what == "disburse":
        return [Disburse(on=on, amount=amount)]
    if what in PAYMENTS:
        return [Pay(on=on, amount=amount, kind=PAYMENTS[what])]
    if what == "charge":
        if step["kind"] not in CHARGES:
            raise RefusedError(f"charge {step['kind']}")
        name, kind = CHARGES[step["kind"]]
        return [
            AddCharge(on=life.today, due=date.fromisoformat(step["due"]), amount=amount, kind=kind, name=name)
        ]
    if what == "nsf_fee":
        return [AddCharge(on=life.today, due=on, amount=NSF, kind="penalty", name="NSF fee")]
    if what == "credit_balance_refund":
        return [RefundCredit(on=on, amount=amount)]
    if what == "charge_off":
        return [ChargeOff(on=on, reason="fraud" if life.fraud else "")]
    if what == "chargeback":
        return [Chargeback(on=life.today, amount=amount, of=_payment(life, step))]
    if what in ("undo_repayment", "undo_last_repayment", "undo"):
        return [Reverse(on=life.today, of=_undone(life, step))]
    return _changes(life, step)


def _changes(life: Life, step: dict[str, Any]) -> list[Fact]:
    what = step["do"]
    if what == "re_amortize":
        return [ReAmortise(on=life.today)]
    if what == "re_age":
        data = step["data"][0]
        every = f"{int(data['frequencyNumber'])}{UNITS[data['frequencyType']]}"
        first = date.fromisoformat(data["startDate"])
        return [ReAge(on=life.today, first=first, every=every, payments=int(data["numberOfInstallments"]))]
    if what == "reschedule":
        data = step["data"][0]
        if data.get("graceOnInterest"):
            raise RefusedError("grace of interest in the middle of the term")
        rate = data.get("newInterestRate")
        return [
            Reschedule(
                on=life.today,
                instalment=date.fromisoformat(data["rescheduleFromDate"]),
                due=date.fromisoformat(data["adjustedDueDate"]) if data.get("adjustedDueDate") else None,
                principal_grace=int(data.get("graceOnPrincipal") or 0),
                extra=int(data.get("extraTerms") or 0),
                annual_rate=Decimal(str(rate)) / 100 if rate not in (None, "") else None,
            )
        ]
    raise RefusedError(f"step {what}")


def _payment(life: Life, step: dict[str, Any]) -> int:
    if step.get("payment"):
        place = int(step["payment"]) - 1
        if place >= len(life.repayments):
            raise RefusedError("chargeback of a payment that is not there")
        return life.repayments[place]
    held = [number for number in life.payments if number not in life.loan.reversed_by]
    if not held:
        raise RefusedError("chargeback of a payment that is not there")
    return held[-1]


def _undone(life: Life, step: dict[str, Any]) -> int:
    if step["do"] == "undo_last_repayment":
        return life.repayments[-1]
    if step["do"] == "undo_repayment":
        return life.repayments[int(step["nr"]) - 1]
    made = date.fromisoformat(step["made"])
    kinds = {"Repayment": "repayment", "Merchant Issued Refund": "merchant-issued-refund"}
    wanted = kinds.get(step.get("kind", ""), (step.get("kind") or "").lower().replace(" ", "-"))
    facts = [
        fact
        for fact in life.loan.facts
        if fact.on == made and isinstance(fact, (Disburse, Pay, Chargeback, ChargeOff))
    ]
    if wanted:
        facts = [fact for fact in facts if isinstance(fact, Pay) and fact.kind == wanted]
    elif not any(isinstance(fact, Disburse) for fact in facts):
        facts = [fact for fact in facts if isinstance(fact, Pay)]
    place = int(step["nr"]) - 1
    if place >= len(facts):
        raise RefusedError("undoing a transaction that is not there")
    return facts[place].number


def end_of_day(life: Life) -> None:
    """Close the day before: recognise income, classify arrears, day by day since it was last done."""
    till = life.today - timedelta(days=1)
    for fact in accruals_by(life.loan, till):
        put(life, fact)
    days = [life.today]
    if life.last_closed is not None:
        days = [
            life.last_closed + timedelta(days=k) for k in range(1, (life.today - life.last_closed).days + 1)
        ]
    for day in reversed(days):
        if not paused(life.loan.facts, day):
            classify(life, day)
            break
    life.last_closed = life.today


def range_of(days: int) -> str:
    """Return the name of the range that days in arrears lie in."""
    return next((name for least, name in reversed(RANGES) if days >= least), "NO_DELINQUENCY")


def classify(life: Life, day: date) -> None:
    """Write down the range of the account and of each instalment."""
    if life.account is None or not life.account.disbursed:
        return
    life.classified = range_of(arrears(life.account, day).days)
    life.instalments = {}
    for row in past_due(life.account.rows, day):
        name = range_of(instalment_days(life.account, row, day))
        if name != "NO_DELINQUENCY":
            life.instalments[name] = life.instalments.get(name, 0) + row.rest
