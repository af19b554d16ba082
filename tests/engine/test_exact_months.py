"""Every convention that a tape can state: the months that forecasts read are those of the exact contracts."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from loantwin.arrays import Floats
from loantwin.book.schema import AMORTISATIONS, PAYMENT_FREQUENCIES
from loantwin.book.schema import DAY_COUNTS as STATED_DAY_COUNTS
from loantwin.engine.columns import LoanColumns, contract_terms, loan_columns
from loantwin.engine.runoff import build_cells
from loantwin.errors import UsageError
from loantwin.products.columns.from_terms import from_terms
from loantwin.products.columns.schedules import MonthlyFlows, monthly, schedules
from loantwin.products.contract import terms
from loantwin.products.pattern import (
    DAY_COUNTS,
    FREQUENCIES,
    REPAYMENTS,
    monthly_equivalent,
    pattern_codes,
    payments_left,
    taken_apart,
)
from loantwin.products.registry import PRODUCTS

MONTHS = 36
DATES = (dt.date(2023, 12, 31), dt.date(2024, 2, 29), dt.date(2021, 6, 15))
OWN = ("instalment", "balloon", "interest_only", "mortgage", "revolving")
"""Products of the published schema."""


@dataclass(frozen=True)
class Stated:
    """Loans of every combination of conventions, and where each stands in the names of conventions."""

    loans: LoanColumns
    frequency: np.ndarray
    day_count: np.ndarray


def stated(as_of: dt.date, seed: int) -> Stated:
    """Return a loan of every product, repayment, frequency, day count, balloon, interest-only time and rate;
    amounts and terms at random.
    """
    names = (OWN, REPAYMENTS, FREQUENCIES, DAY_COUNTS, (0.0, 0.3, 1.0), (0, 7), (0.0, 0.0375, 0.19))
    every = [range(len(values)) for values in names[:4]] + list(names[4:])
    product, repaid, often, days, balloon, free, rate = map(
        np.array, zip(*itertools.product(*every), strict=True)
    )
    random = np.random.default_rng(seed)
    amount = np.round(np.exp(random.uniform(np.log(50.0), np.log(900_000.0), len(product))), 2)
    codes = np.array([PRODUCTS.index(name) for name in OWN])[product]
    loans = loan_columns(
        segment=0,
        age=0,
        state=0,
        product=codes,
        remaining_months=random.integers(1, MONTHS, len(product)),
        principal=amount,
        annual_rate=rate,
        balloon=np.round(amount * balloon, 2),
        interest_only_months=free,
        pattern=pattern_codes(repaid, often, days, as_of),
        group=np.arange(len(product)),
    )
    return Stated(loans, often, days)


def agreement(known: Stated) -> Floats:
    """Return by how much a balance may differ, (N, T), currency.

    A cent of each payment and of its interest, compounded; of interest by days what the grid states: months
    of a running period before the date are twelfths, a balloon bears the days of its own periods beside the
    level payment, weeks and days are of mean length, a month across two years is parted at its middle.
    """
    loans, patterns = known.loans, taken_apart(known.loans.pattern)
    a_year = np.where(
        patterns.days > 0, 365.25 / np.maximum(patterns.days, 1), 12 / np.maximum(patterns.months, 1)
    )
    each = (loans.annual_rate / a_year)[:, None]
    count = np.ceil(np.arange(1, MONTHS + 1)[None] * a_year[:, None] / 12.0) + 1
    cents = 0.01 * np.where(each > 0, np.expm1(count * np.log1p(each)) / np.where(each > 0, each, 1), count)
    running = np.where(patterns.months > 0, -loans.remaining_months % np.maximum(patterns.months, 1), 0)
    a_day = loans.principal * loans.annual_rate / 360.0
    by_days = known.day_count > 0
    before = a_day * np.where(by_days & (patterns.months > 0), 3.0 + running * 30.4375 * 5.25 / 360.0, 0.0)
    before = np.where(running > 0, before, 0.0)
    within = a_day * np.where(patterns.days > 0, 4.0, 0.0)
    within = within + 4.0 * loans.balloon * loans.annual_rate / 360.0 * by_days
    leap = loans.principal * loans.annual_rate * 32 * (1 / 365 - 1 / 366) * (1 + MONTHS // 12)
    leap = np.where(known.day_count == DAY_COUNTS.index("actual/actual"), leap, 0.0)
    return cents + 0.02 + (before + within + leap)[:, None]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("as_of", DATES)
def test_what_forecasts_read_is_the_exact_contract_month_by_month(as_of: dt.date, seed: int) -> None:
    known = stated(as_of, seed)
    loans = known.loans
    cells = build_cells(loans, MONTHS)
    assert cells.group.tolist() == loans.group.tolist()
    exact = monthly(from_terms(contract_terms(loans), as_of), as_of, MONTHS, loans.group)
    away = np.abs(cells.balance[:, 1:] - exact.balance[:, 1:] / 100.0)
    assert (away <= agreement(known)).all()
    assert exact.balance[:, -1].max() == 0
    assert_interest(known, cells.interest, exact)


def assert_interest(known: Stated, accrued: Floats, exact: MonthlyFlows) -> None:
    """Interest is counted in its month and paid on its day: all of it is the same but what ran before."""
    loans, patterns = known.loans, taken_apart(known.loans.pattern)
    paid = exact.interest.sum(axis=1) / 100.0
    running = np.where(patterns.months > 0, -loans.remaining_months % np.maximum(patterns.months, 1), 0)
    whole = running == 0
    limit = agreement(known).sum(axis=1) * np.maximum(loans.annual_rate / 12.0, 0.0) + 0.01 * MONTHS
    # a running week or fortnight, and at its ends what 30/360 makes of months that have no 30 days
    days = np.where(patterns.days > 0, patterns.days + 4.0, 3.0)
    limit = limit + loans.principal * loans.annual_rate * days / 360.0
    limit = limit + 0.005 * payments_left(patterns, loans.remaining_months, 1)[:, 0]
    assert (np.abs(paid - accrued.sum(axis=1)) <= limit)[whole].all()
    before = loans.principal * loans.annual_rate * running / 12.0
    more = loans.principal * loans.annual_rate * (3.0 + running * 0.5) / 360.0
    assert (np.abs(paid - accrued.sum(axis=1) - before) <= limit + more)[~whole].all()


def test_a_wrong_convention_would_be_seen() -> None:
    """Loans read by the next frequency, day count or repayment differ by more than the agreement allows."""
    as_of = DATES[0]
    known = stated(as_of, 1)
    loans = known.loans
    long = (loans.remaining_months > 14) & (loans.annual_rate > 0.1) & (loans.principal > 10_000)
    plain = long & (loans.balloon == 0) & (loans.product == 0) & (loans.interest_only_months == 0)
    exact = monthly(from_terms(contract_terms(loans), as_of), as_of, MONTHS, loans.group)
    quarter = plain & (known.frequency == FREQUENCIES.index("quarterly"))
    other = build_cells(
        loan_columns(
            segment=0,
            age=0,
            state=0,
            product=0,
            remaining_months=loans.remaining_months[quarter],
            principal=loans.principal[quarter],
            annual_rate=loans.annual_rate[quarter],
            group=np.flatnonzero(quarter),
        ),
        MONTHS,
    )
    away = np.abs(other.balance[:, 1:] - exact.balance[quarter, 1:] / 100.0)
    assert (away > agreement(known)[quarter]).any(axis=1).all()


def test_the_effective_rate_is_that_of_the_exact_flows() -> None:
    """At its effective rate a loan's exact flows are worth what is owed, whatever the convention."""
    as_of = dt.date(2023, 12, 31)
    places = np.array(list(itertools.product(range(2), range(5), range(len(DAY_COUNTS)))))
    pattern = pattern_codes(*places.T, as_of)
    rate, amount = np.full(len(pattern), 0.12), 1_000_000.0
    exact = monthly(from_terms(terms(0, 48, amount, 0.12, pattern=pattern), as_of), as_of, 48, np.arange(40))
    discount = (1.0 + monthly_equivalent(pattern, rate)[:, None] / 12.0) ** -np.arange(1, 49)
    worth = ((exact.principal + exact.interest) / 100.0 * discount).sum(axis=1)
    thirty = places[:, 2] == DAY_COUNTS.index("30/360")
    assert worth[thirty] == pytest.approx(amount, rel=1e-7)
    # months counted by days are never a day off the mean calendar
    assert worth == pytest.approx(amount, rel=0.12 / 365)


def test_f15_by_exact_columns() -> None:
    """Equal principal, a quarterly annuity, a month of 31 days: the figures a user was owed."""
    as_of = dt.date(2023, 12, 31)

    def months(repaid: str, often: str, days: str, left: int, rate: float, amount: float) -> MonthlyFlows:
        places = (REPAYMENTS.index(repaid), FREQUENCIES.index(often), DAY_COUNTS.index(days))
        loan = terms(0, left, amount, rate, pattern=pattern_codes(*places, as_of))
        return monthly(from_terms(loan, as_of), as_of, left)

    even = months("equal_principal", "monthly", "30/360", 12, 0.12, 120_000.0)
    assert (even.balance[0, 6], even.interest.sum()) == (60_000_00, 7_800_00)
    quarters = months("annuity", "quarterly", "30/360", 60, 0.08, 100_000.0)
    assert quarters.interest.sum() == pytest.approx(22_313_44, abs=10)
    assert months("annuity", "monthly", "actual/365", 12, 0.001, 100_000.0).interest[0, 0] == 8_49


def test_every_word_of_a_tape_is_tried() -> None:
    assert set(REPAYMENTS) == set(AMORTISATIONS) - {"bullet", "other"}  # bullet: a balloon of all principal
    assert set(FREQUENCIES) == set(PAYMENT_FREQUENCIES) - {"at_end", "other"}
    assert set(DAY_COUNTS) == set(STATED_DAY_COUNTS) - {"other"}


def test_what_columns_cannot_hold_is_refused_by_row() -> None:
    as_of = dt.date(2023, 12, 31)
    with pytest.raises(UsageError, match="row 2, field amount: expected 1 to"):
        from_terms(terms(0, 12, [10.0, 0.001], 0.1), as_of)
    daily = pattern_codes(0, FREQUENCIES.index("daily"), 0, as_of)
    with pytest.raises(UsageError, match="field payments: expected 1 to 1200"):
        from_terms(terms(0, 60, 100.0, 0.1, pattern=daily), as_of)


def test_the_running_period_begins_before_the_date() -> None:
    """Two months of a quarter have gone: its whole interest, 2 % of what is owed, is paid a month on."""
    as_of = dt.date(2024, 1, 31)
    quarterly = pattern_codes(0, FREQUENCIES.index("quarterly"), 0, as_of)
    columns = from_terms(terms(0, 4, 1_000.0, 0.08, pattern=quarterly), as_of)
    assert columns.start[0] == np.datetime64("2023-11-30")
    assert columns.first[0] == np.datetime64("2024-02-29")
    assert schedules(columns).interest[0, 0] == 2_000
