# ruff: noqa: E501  # lines of tapes are as wide as they are
"""Tapes of strangers, made up: each writer draws loans whose truth it knows and writes them as its country
would.

A tape is its text, the truth of its columns, and control totals. Nothing is shared between them but the
drawing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Truth = dict[str, str]


@dataclass(frozen=True)
class Stranger:
    """A tape: file name, bytes, field -> column, and what must come out of it.

    originated, balance : sums over loans, of a panel the balance of its last reports. states : loans by
        state at the end.
    """

    name: str
    content: bytes
    truth: Truth
    as_of: dt.date
    loans: int
    originated: float
    balance: float
    kind: str
    currency: str
    states: dict[str, int] = field(default_factory=dict)
    edits: tuple[tuple[str, str], ...] = ()
    """What a person must still say in the mapping: (text, what to put in its place)."""


def annuity(amount: float, rate: float, term: int, age: int) -> float:
    """Return what is left of a loan of level payments after `age` of `term` months."""
    monthly = rate / 12
    if age >= term:
        return 0.0
    if monthly == 0:
        return amount * (1 - age / term)
    return float(amount * ((1 + monthly) ** term - (1 + monthly) ** age) / ((1 + monthly) ** term - 1))


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the day a number of months later, at most the 28th."""
    place = day.year * 12 + day.month - 1 + months
    return dt.date(place // 12, place % 12 + 1, min(day.day, 28))


def month_end(day: dt.date) -> dt.date:
    """Return the last day of a month."""
    return add_months(day.replace(day=1), 1) - dt.timedelta(days=1)


def german(number: float, decimals: int = 2) -> str:
    """Return a number as 1.234,56."""
    return f"{number:,.{decimals}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def lakh(number: float) -> str:
    """Return a number in groups as in India: 12,34,567.00."""
    whole, _, cents = f"{number:.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = []
    while len(head) > 2:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*([head] if head else []), *groups, tail]) + "." + cents


def state_of(days: int) -> str:
    """Return the state that days past due mean."""
    ends = (
        ("current", 0),
        ("dpd_1_29", 29),
        ("dpd_30_59", 59),
        ("dpd_60_89", 89),
        ("default_0_3", 180),
        ("default_3_6", 270),
    )
    return next((name for name, end in ends if days <= end), "default_6_9")


def counted(days: list[int]) -> dict[str, int]:
    """Return loans by state."""
    made: dict[str, int] = {}
    for item in days:
        made[state_of(item)] = made.get(state_of(item), 0) + 1
    return made


def german_snapshot(loans: int = 400, seed: int = 11) -> Stranger:
    """Write instalment loans of a German savings bank at one date: semicolons, Windows-1252, decimal
    commas.
    """
    draw, day = np.random.default_rng(seed), dt.date(2024, 6, 30)
    lines = [
        "Darlehensbestand zum 30.06.2024;;;;;;;;;;",
        "Vertragsnummer;Kundennummer;Produktart;Auszahlungsdatum;Laufzeit (Monate);Darlehensbetrag;Restschuld;Sollzins % p.a.;Tage im Verzug;Verwendungszweck;Filiale",
    ]
    days, originated, balance = [], 0.0, 0.0
    for place in range(loans):
        term, rate = int(draw.choice([24, 36, 48, 60, 84])), float(draw.integers(290, 1190)) / 100
        age = int(draw.integers(1, term))
        start = add_months(day.replace(day=int(draw.integers(1, 28))), -age)
        amount = float(draw.integers(20, 400) * 100)
        left = round(annuity(amount, rate / 100, term, age), 2)
        late = int(draw.choice([0, 0, 0, 0, 0, 0, 0, 12, 37, 75, 130]))
        days.append(late)
        originated, balance = originated + amount, balance + left
        lines.append(
            f"DE{7000000 + place};K{draw.integers(10_000, 99_999)};Ratenkredit;{start:%d.%m.%Y};{term};{german(amount)};{german(left)};"
            f"{german(rate)};{late};{draw.choice(['Möbel', 'Auto', 'Umschuldung'])};{draw.choice(['Köln', 'Düren', 'Bonn'])}"
        )
    truth = {
        "loan_id": "Vertragsnummer",
        "borrower_id": "Kundennummer",
        "product": "Produktart",
        "origination_date": "Auszahlungsdatum",
        "term_months": "Laufzeit (Monate)",
        "originated_amount": "Darlehensbetrag",
        "principal": "Restschuld",
        "annual_rate": "Sollzins % p.a.",
        "days_past_due": "Tage im Verzug",
        "purpose": "Verwendungszweck",
        "region": "Filiale",
    }
    return Stranger(
        "bestand.csv",
        "\r\n".join(lines).encode("cp1252"),
        truth,
        day,
        loans,
        originated,
        balance,
        "snapshot",
        "EUR",
        counted(days),
    )


def american_panel(loans: int = 600, months: int = 30, seed: int = 12) -> Stranger:
    """Write auto loans of the United States by month: camel case, month first, delinquency in days,
    charge-offs.
    """
    draw, first = np.random.default_rng(seed), dt.date(2021, 1, 31)
    lines = [
        "assetNumber,reportingPeriodEndingDate,originationDate,originalLoanAmount,originalLoanTerm,originalInterestRatePercentage,reportingPeriodInterestRatePercentage,obligorCreditScore,obligorGeographicLocation,reportingPeriodActualEndBalanceAmount,currentDelinquencyDays,chargedoffPrincipalAmount,recoveredAmount,vehicleManufacturerName"
    ]
    originated, balance, states, seen = 0.0, 0.0, [], 0
    for place in range(loans):
        term, rate = int(draw.choice([48, 60, 72])), float(draw.integers(290, 1590)) / 10_000
        amount, score = float(draw.integers(80, 450) * 100), int(draw.integers(540, 820))
        begun = int(draw.integers(-12, months - 6))
        start = add_months(first.replace(day=int(draw.integers(1, 28))), begun)
        state, age, ends = draw.choice(["CA", "TX", "NY", "FL", "OH", "WA"]), max(0, -begun), False
        left, late = annuity(amount, rate, term, age), 0
        originated, seen = originated + amount, seen + 1
        for month in range(max(begun, 0), months):
            end = month_end(add_months(first.replace(day=1), month))
            age += 1
            lost = back = 0.0
            bad = 0.02 + 0.05 * (score < 640)
            if late:
                late = 0 if draw.random() < 0.4 else late + 30
            elif draw.random() < bad:
                late = 30
            if late == 0:
                left = min(left, annuity(amount, rate, term, age))
                if draw.random() < 0.012:
                    left, ends = 0.0, True
            if late > 120:
                lost, back, ends = round(left, 2), round(0.3 * left, 2), True
                left, late = 0.0, 0
            lines.append(
                f"{place + 5_000_001},{end:%m/%d/%Y},{start:%m/%d/%Y},{amount:.2f},{term},{rate:.4f},{rate:.4f},{score},{state},{left:.2f},"
                f"{late},{lost:.2f},{back:.2f},{draw.choice(['FORD', 'TOYOTA'])}"
            )
            if ends or left <= 0:
                break
        else:
            balance += round(left, 2)
            states.append(late)
    truth = {
        "loan_id": "assetNumber",
        "report_date": "reportingPeriodEndingDate",
        "origination_date": "originationDate",
        "originated_amount": "originalLoanAmount",
        "term_months": "originalLoanTerm",
        "columns.annual_rate": "originalInterestRatePercentage",
        "annual_rate": "reportingPeriodInterestRatePercentage",
        "score": "obligorCreditScore",
        "region": "obligorGeographicLocation",
        "principal": "reportingPeriodActualEndBalanceAmount",
        "days_past_due": "currentDelinquencyDays",
        "charged_off": "chargedoffPrincipalAmount",
        "recovered": "recoveredAmount",
    }
    end = month_end(add_months(first.replace(day=1), months - 1))
    return Stranger(
        "auto.csv",
        "\n".join(lines).encode(),
        truth,
        end,
        seen,
        originated,
        balance,
        "panel",
        "USD",
        counted(states),
    )


def indian_snapshot(loans: int = 350, seed: int = 13) -> Stranger:
    """Write microloans of an Indian lender: days before months, groups of lakhs, special mention accounts,
    names of borrowers.
    """
    draw, day = np.random.default_rng(seed), dt.date(2024, 3, 31)
    lines = [
        "Loan A/C No,Member Name,Village,State,Product,Sanction Date,Disbursement Date,Tenure (Months),Sanctioned Amt (Rs.),Disbursed Amt (Rs.),POS (Rs.),ROI (%),DPD,As on Date"
    ]
    days, originated, balance = [], 0.0, 0.0
    for place in range(loans):
        term, rate = int(draw.choice([12, 18, 24])), float(draw.choice([20.5, 22.0, 24.0]))
        age = int(draw.integers(1, term))
        start = add_months(day.replace(day=int(draw.integers(1, 28))), -age)
        amount = float(draw.integers(20, 250) * 1000)
        left, late = (
            round(annuity(amount, rate / 100, term, age), 2),
            int(draw.choice([0] * 9 + [22, 45, 95])),
        )
        days.append(late)
        originated, balance = originated + amount, balance + left
        asked = start - dt.timedelta(days=int(draw.integers(1, 20)))
        lines.append(
            f"MF{place:07d},Devi {place},Rampur {place % 7},{draw.choice(['Bihar', 'Uttar Pradesh', 'Odisha'])},JLG,{asked:%d/%m/%Y},{start:%d/%m/%Y},{term},"
            f'"{lakh(amount)}","{lakh(amount)}","{lakh(left)}",{rate},{late},{day:%d/%m/%Y}'
        )
    truth = {
        "loan_id": "Loan A/C No",
        "product": "Product",
        "approval_date": "Sanction Date",
        "origination_date": "Disbursement Date",
        "term_months": "Tenure (Months)",
        "approved_amount": "Sanctioned Amt (Rs.)",
        "originated_amount": "Disbursed Amt (Rs.)",
        "principal": "POS (Rs.)",
        "annual_rate": "ROI (%)",
        "days_past_due": "DPD",
        "state_date": "As on Date",
        "region": "State",
    }
    return Stranger(
        "portfolio.csv",
        "\n".join(lines).encode(),
        truth,
        day,
        loans,
        originated,
        balance,
        "snapshot",
        "INR",
        counted(days),
    )


def chinese_snapshot(loans: int = 350, seed: int = 14) -> Stranger:
    """Write a Chinese consumer book: GB 18030, plain amounts, five-level classes, dates like 20240131."""
    draw, day = np.random.default_rng(seed), dt.date(2024, 1, 31)
    lines = [
        "数据日期,借据编号,客户编号,产品类型,放款日期,到期日期,贷款期限(月),贷款金额,贷款余额,年利率(%),逾期天数,五级分类,币种"
    ]
    days, originated, balance = [], 0.0, 0.0
    for place in range(loans):
        term, rate = int(draw.choice([6, 12, 24, 36])), float(draw.choice([7.2, 10.8, 14.4, 18.0]))
        age = int(draw.integers(0, term))
        start = add_months(day.replace(day=int(draw.integers(1, 28))), -age)
        amount = float(draw.integers(5, 200) * 1000)
        left, late = (
            round(annuity(amount, rate / 100, term, age), 2),
            int(draw.choice([0] * 9 + [8, 33, 65, 100])),
        )
        days.append(late)
        originated, balance = originated + amount, balance + left
        level = "正常" if late == 0 else "关注" if late < 90 else "次级"
        lines.append(
            f"{day:%Y%m%d},JJ{20240000 + place},C{draw.integers(100_000, 999_999)},个人消费贷款,{start:%Y%m%d},{add_months(start, term):%Y%m%d},{term},{amount:.2f},"
            f"{left:.2f},{rate},{late},{level},CNY"
        )
    truth = {
        "state_date": "数据日期",
        "loan_id": "借据编号",
        "borrower_id": "客户编号",
        "product": "产品类型",
        "origination_date": "放款日期",
        "maturity_date": "到期日期",
        "term_months": "贷款期限(月)",
        "originated_amount": "贷款金额",
        "principal": "贷款余额",
        "annual_rate": "年利率(%)",
        "days_past_due": "逾期天数",
        "currency": "币种",
        "state": "五级分类",
    }
    return Stranger(
        "daikuan.csv",
        "\n".join(lines).encode("gb18030"),
        truth,
        day,
        loans,
        originated,
        balance,
        "snapshot",
        "CNY",
        counted(days),
    )


STRANGERS: tuple[Callable[[], Stranger], ...] = (
    german_snapshot,
    american_panel,
    indian_snapshot,
    chinese_snapshot,
)
