"""The terms of a life of the suite `lives`, out of its product's settings and what its loan changes of them.

What the settings leave out and the lives themselves tell: goodwill credits go to the last instalment and a
merchant's refund to all that are to come (under a progressive schedule); interest falls due after the
`interest free period`, whose own column for grace changes nothing; `ACTUAL` days in a year are 365, in 2024
too; flat interest leaves its cents to the last instalment, and level payments are worked out as if all
periods were the first; what is late bears interest in the running period only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.conventions import FEE, INTEREST, PENALTY, PRINCIPAL, Servicing

STRATEGIES = {
    "PENALTIES_FEES_INTEREST_PRINCIPAL_ORDER": "penalty-fee-interest-principal",
    "DUE_PENALTY_FEE_INTEREST_PRINCIPAL_IN_ADVANCE_PRINCIPAL_PENALTY_FEE_INTEREST": (
        "due-penalty-fee-interest-principal-ahead-principal-penalty-fee-interest"
    ),
    "DUE_PENALTY_INTEREST_PRINCIPAL_FEE_IN_ADVANCE_PENALTY_INTEREST_PRINCIPAL_FEE": (
        "due-penalty-interest-principal-fee-ahead-penalty-interest-principal-fee"
    ),
}
AHEAD = {"NEXT_INSTALLMENT": "next", "LAST_INSTALLMENT": "last", "REAMORTIZATION": "re-amortise"}
EARLY = {
    "REDUCE_EMI_AMOUNT": "reduce-instalment",
    "REDUCE_NUMBER_OF_INSTALLMENTS": "reduce-number",
    "RESCHEDULE_NEXT_REPAYMENTS": "next",
}
SHIPPED = Path(__file__).with_name("lives_products.json")
"""Settings of the products that the other program's own tests set up (apache/fineract, Apache-2.0)."""
CREDIT_ORDERS = {
    "LP2_DOWNPAYMENT_ADV_PMT_ALLOC_PROG_SCHEDULE_HOR_INST_LVL_DELINQUENCY_CREDIT_ALLOCATION": (
        PENALTY,
        FEE,
        INTEREST,
        PRINCIPAL,
    )
}
"""Product -> the parts that a chargeback makes owed again, which the file of settings leaves out: as the
other program's `LoanProductGlobalInitializerStep` sets the product up.
"""
YEARS = {
    "ACTUAL": "actual/365",
    "DAYS360": "actual/360",
    "DAYS364": "actual/364",
    "DAYS365": "actual/365",
}
UNITS = {"DAYS": "d", "WEEKS": "w", "MONTHS": "m", "YEARS": "y"}


class RefusedError(Exception):
    """A life that asks for a convention that there is not; the message names it."""


@dataclass(frozen=True)
class Product:
    """A product's settings, one word each: `FLAT` of `InterestType.FLAT`, None of `null`."""

    name: str
    settings: dict[str, str | None]

    def word(self, key: str, default: str = "") -> str:
        """Return a setting, `default` where the product has none."""
        return self.settings.get(key) or default

    def true(self, key: str) -> bool:
        """Return whether a setting is on."""
        return self.word(key) == "true"


def products(lives: Path) -> dict[str, Product]:
    """Return the products named by the lives, from the file beside them, else as they are shipped here."""
    beside = lives.parent / "products_used_by_scenarios.json"
    raw = json.loads((beside if beside.is_file() else SHIPPED).read_text(encoding="utf-8"))
    return {
        name: Product(name, {key: _word(value) for key, value in settings.items()})
        for name, settings in raw.items()
    }


def _word(value: Any) -> str | None:
    text = str(value).strip('"').removesuffix(".getValue()")
    if text.startswith("new BigDecimal("):
        text = text.removeprefix("new BigDecimal(").rstrip(")").strip('"')
    return (
        None
        if text in ("null", "None")
        else text.rsplit(".", 1)[-1]
        if "." in text and not text[0].isdigit()
        else text
    )


def sheet_of(product: Product, loan: dict[str, str]) -> TermSheet:
    """Return the terms of a loan of a product."""
    if product.word("fixedLength"):
        raise RefusedError("fixed length of the term")
    unit = UNITS[loan.get("repaymentFrequencyType") or product.word("repaymentFrequencyType")]
    down = (
        product.word("disbursedAmountPercentageForDownPayment", "0")
        if product.true("enableDownPayment")
        else "0"
    )
    multiple = product.word("installmentAmountInMultiplesOf", "0")
    kind = loan.get("interest type") or product.word("interestType")
    period = loan.get("interest calculation period") or product.word("interestCalculationPeriodType")
    return TermSheet(
        amount=Decimal(loan["with Principal"]),
        annual_rate=_rate(product, loan),
        payments=int(loan.get("numberOfRepayments") or product.word("numberOfRepayments")),
        start=date.fromisoformat(loan["submitted on date"]),
        every=(loan.get("repaymentEvery") or product.word("repaymentEvery")) + unit,
        day_count=_day_count(product),
        interest_period="daily" if period == "DAILY" else "same-as-period",
        method="flat" if kind == "FLAT" else "declining",
        carry_rounding=kind == "FLAT",
        carry_to_last=kind == "FLAT",
        equal_periods=True,
        instalment_multiple=Decimal(multiple) or None,
        principal_grace=int(loan.get("graceOnPrincipalPayment") or 0),
        interest_grace=int(loan.get("interest free period") or 0),
        down_payment=Decimal(down) / 100,
    )


def _day_count(product: Product) -> str:
    """Return the day count of a product's days in a year and in a month."""
    year, month = product.word("daysInYearType"), product.word("daysInMonthType")
    if month == "DAYS30" and year in ("DAYS360", "DAYS365"):
        return {"DAYS360": "30/360", "DAYS365": "30/365"}[year]
    if year not in YEARS or month != "ACTUAL":
        raise RefusedError(f"days in a year {year or 'not told'} with days in a month {month or 'not told'}")
    return YEARS[year]


def _rate(product: Product, loan: dict[str, str]) -> Decimal:
    if loan.get("ANNUAL interest rate %"):
        return Decimal(loan["ANNUAL interest rate %"]) / 100
    times = 12 if product.word("interestRateFrequencyType") == "MONTH" else 1
    return Decimal(product.word("interestRatePerPeriod", "0")) * times / 100


def servicing_of(
    product: Product, loan: dict[str, str], ahead: str, accrual: str, rate: Decimal
) -> Servicing:
    """Return how a loan of a product is serviced.

    ahead : the rule for payments in advance that the life set. accrual : the day that charges are accrued on.
    """
    if "OVERDUE" in product.name:
        raise RefusedError("penalty for a late instalment: its share is not among the product's settings")
    strategy = loan.get("Payment strategy") or product.word("transactionProcessingStrategyCode")
    progressive = product.word("loanScheduleType") == "PROGRESSIVE"
    recalculated = product.true("isInterestRecalculationEnabled") and not progressive
    vertical = product.word("loanScheduleProcessingType") == "VERTICAL"
    by_time = "vertical" if vertical else "horizontal"
    return Servicing(
        schedule="progressive" if progressive else "recalculated" if recalculated else "fixed",
        allocation=by_time if progressive else STRATEGIES[strategy],
        ahead=AHEAD[ahead],
        ahead_by_kind=(
            ("goodwill-credit", "last"),
            ("merchant-issued-refund", "re-amortise"),
            ("payout-refund", "next"),
        ),
        credit_order=CREDIT_ORDERS.get(product.name, ()),
        early=EARLY.get(
            product.word("rescheduleStrategyMethod") if recalculated else "", "reduce-instalment"
        ),
        rests="same-as-repayment"
        if recalculated and product.word("recalculationRestFrequencyType") == "SAME_AS_REPAYMENT"
        else "daily",
        late_periods="running" if recalculated else "all",
        compounding="none"
        if not recalculated or product.word("interestRecalculationCompoundingMethod", "NONE") in ("NONE", "0")
        else "monthly",
        down_payment_auto=product.true("enableAutoRepaymentForDownPayment"),
        grace_days=int(product.word("graceOnArrearsAgeing", "0")),
        accrual=accrual,
        charge_off_keeps_multiple=not (rate and not progressive),
    )
