"""Loans as made: product, grade, terms, borrower, protection; each from the truth and one draw a loan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from loantwin.arrays import Flags, Floats, Integers
from loantwin.macro.scenario import Scenario
from loantwin.synthesis.draws import Purpose, pick, uniforms
from loantwin.synthesis.truth import ProductTruth, Truth

BORROWER_GROUP = 10
"""Loan numbers among which a borrower has several: no block needs another's loans."""


@dataclass(frozen=True)
class Originations:
    """N loans made, numbered `first` ... `first + N - 1`; money in book currency, rates annual decimals.

    product, grade, segment : (N,) indices into the truth's products, grades and segments.
    vintage : (N,) month of origination, counted from the panel's first month (0). day : (N,) day of the
        month, 3 to 27, so that one missed instalment is 1 to 29 days late at every month's end.
    balloon : (N,) amount due at maturity beside the last instalment; for interest-only loans all of it.
    spread, floor, cap : (N,) of floating loans, NaN for fixed ones. rate : (N,) in force at origination.
    limit : (N,) approved amount; for other products than revolving the amount itself.
    """

    first: int
    product: Integers
    grade: Integers
    segment: Integers
    vintage: Integers
    day: Integers
    approval_days: Integers
    amount: Floats
    limit: Floats
    utilisation: Floats
    term: Integers
    balloon: Floats
    floating: Flags
    spread: Floats
    floor: Floats
    cap: Floats
    rate: Floats
    collateral: Floats
    lien: Integers
    guaranteed: Floats
    borrower: Integers
    partner: Flags
    region: Integers
    industry: Integers
    purpose: Integers
    score: Floats


def originate(
    truth: Truth, economy: Scenario, first_month: int, months: int, seed: int, first: int, count: int
) -> Originations:
    """Return loans `first` ... `first + count - 1`, made evenly over `months` months from `first_month`."""

    def draw(purpose: Purpose) -> Floats:
        return uniforms(seed, purpose, first, count)

    items = tuple(truth.products.values())
    product = pick(draw(Purpose.PRODUCT), np.array([item.share for item in items]))
    grade = pick(draw(Purpose.GRADE), np.array([item.share for item in truth.grades]))
    vintage = np.asarray(draw(Purpose.VINTAGE) * months, dtype=np.int64)
    by = _Lookup(items, product)
    revolving = by("minimum_payment") > 0
    limit = _rounded(by("amount_median") * np.exp(by("amount_spread") * ndtri(draw(Purpose.AMOUNT))))
    utilisation = np.where(
        revolving, np.clip(by("utilisation") + 0.5 * (draw(Purpose.UTILISATION) - 0.5), 0.05, 0.95), 1.0
    )
    amount = np.where(revolving, np.round(limit * utilisation, 2), limit)
    low, high = by("balloon", 0), by("balloon", 1)
    part = np.round(low + (high - low) * draw(Purpose.BALLOON), 2)
    floating = draw(Purpose.FLOATING) < by("floating_share")
    index = _index_rates(items, economy, first_month, months)[product, vintage]
    margin = np.array([item.margin for item in truth.grades])[grade] + 0.01 * (draw(Purpose.RATE) - 0.5)
    spread = np.where(floating, _priced(by("floating_spread") + margin), np.nan)
    fixed_rate = _priced(np.maximum(by("annual_rate") + margin, 0.005))
    rate = np.where(floating, np.clip(index + spread, 0.0, spread + _CAP), fixed_rate)
    loan_to_value = by("loan_to_value") * (0.75 + 0.5 * draw(Purpose.LOAN_TO_VALUE))
    collateral = np.where(
        loan_to_value > 0, np.round(amount / np.where(loan_to_value > 0, loan_to_value, 1.0), -2), 0.0
    )
    number = first + np.arange(count)
    group = draw(Purpose.BORROWER)
    shared = (number // BORROWER_GROUP) * BORROWER_GROUP + np.asarray(
        group * 40 % BORROWER_GROUP, dtype=np.int64
    )
    return Originations(
        first=first,
        product=product,
        grade=grade,
        segment=product * len(truth.grades) + grade,
        vintage=vintage,
        day=3 + np.asarray(draw(Purpose.DAY) * 25, dtype=np.int64),
        approval_days=np.asarray(draw(Purpose.APPROVAL) * 30, dtype=np.int64),
        amount=amount,
        limit=limit,
        utilisation=utilisation,
        term=_terms(items, product, draw(Purpose.TERM)),
        balloon=part * amount,
        floating=floating,
        spread=spread,
        floor=np.where(floating, 0.0, np.nan),
        cap=np.where(floating, spread + _CAP, np.nan),
        rate=rate,
        collateral=collateral,
        lien=np.where(draw(Purpose.LIEN) < 0.93, 1, 2).astype(np.int64),
        guaranteed=np.where(
            draw(Purpose.GUARANTEE) < by("guaranteed"),
            np.round(0.5 + 0.3 * draw(Purpose.GUARANTEE_SHARE), 1),
            0.0,
        ),
        borrower=np.where(group < 0.75, number, shared),
        partner=draw(Purpose.PARTNER) < 0.2,
        region=np.asarray(draw(Purpose.REGION) * len(REGIONS), dtype=np.int64),
        industry=np.asarray(draw(Purpose.INDUSTRY) * len(INDUSTRIES), dtype=np.int64),
        purpose=np.asarray(draw(Purpose.PURPOSE) * 3, dtype=np.int64),
        score=np.round(
            np.array([item.score for item in truth.grades])[grade] + 12.0 * ndtri(draw(Purpose.SCORE))
        ),
    )


REGIONS = ("North", "East", "South", "West", "Centre", "Coast", "Highlands", "Islands")
INDUSTRIES = ("11", "23", "31", "44", "48", "52", "54", "62", "72", "81")
"""Two-digit sector codes in the style of NAICS."""

PURPOSES = {
    "instalment": ("car", "home improvement", "debt consolidation"),
    "balloon": ("vehicle lease", "machine", "van"),
    "interest_only": ("commercial property", "bridge", "development"),
    "mortgage": ("purchase", "refinance", "extension"),
    "revolving": ("card", "credit line", "working capital"),
}

_CAP = 0.12
"""Index level at which a floating rate is capped, decimal a year."""


class _Lookup:
    """Reads one field of the product's truth for each loan."""

    def __init__(self, items: tuple[ProductTruth, ...], product: Integers) -> None:
        self._items, self._product = items, product

    def __call__(self, name: str, position: int | None = None) -> Floats:
        values = [
            getattr(item, name) if position is None else getattr(item, name)[position] for item in self._items
        ]
        return np.array(values, dtype=np.float64)[self._product]


def _terms(items: tuple[ProductTruth, ...], product: Integers, uniform: Floats) -> Integers:
    term = np.zeros(len(product), dtype=np.int64)
    for code, item in enumerate(items):
        chosen = product == code
        term[chosen] = np.array(item.terms)[pick(uniform[chosen], np.array(item.term_weights))]
    return term


def _index_rates(items: tuple[ProductTruth, ...], economy: Scenario, first_month: int, months: int) -> Floats:
    """Return the index of each product by month of the panel, (products, months)."""
    return np.stack(
        [economy.require(item.rate_index, first_month, first_month + months - 1) for item in items]
    )


def _priced(rate: Floats) -> Floats:
    return np.round(rate * 400.0, 1) / 400.0


def _rounded(amount: Floats) -> Floats:
    """Return amounts as lenders grant them: to 100, above 50,000 to 1,000."""
    return np.maximum(np.where(amount < 50_000, np.round(amount, -2), np.round(amount, -3)), 500.0)
