"""Legal rates against what laws publish, by hand, and by what must hold of any loan."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError, UsageError
from loantwin.products.legal_rates import china_rate, effective_annual_rate, eu_apr, uk_apr, us_apr
from loantwin.products.legal_rates.legal_rate import as_percent
from loantwin.products.legal_rates.unit_periods import standard, unit_period, unit_periods_between
from loantwin.products.legal_rates.us import within_us_tolerance

START = date(2025, 1, 31)


def monthly(start: date, count: int) -> list[date]:
    days = []
    for number in range(1, count + 1):
        month = start.month - 1 + number
        first = date(start.year + month // 12, month % 12 + 1, 1)
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        days.append(first.replace(day=min(start.day, last.day)))
    return days


@st.composite
def loans(draw):
    """A loan of some months, days or weeks, paid back with a cost."""
    amount = draw(st.integers(100, 100_000))
    count = draw(st.integers(1, 24))
    step = draw(st.sampled_from(["month", 7, 14, 30, 1]))
    days = (
        monthly(START, count)
        if step == "month"
        else [START + timedelta(days=step * n) for n in range(1, count + 1)]
    )
    payment = amount * draw(st.floats(1.0, 1.6)) / count
    return [(START, -amount), *((day, payment) for day in days)]


RULES = {
    "us": us_apr,
    "eu": eu_apr,
    "eu periods": lambda flows: eu_apr(flows, time="periods"),
    "uk": uk_apr,
    "ifrs": effective_annual_rate,
    "china": china_rate,
    "china simple": lambda flows: china_rate(flows, method="simple"),
}


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=40, deadline=None)
@given(flows=loans(), scale=st.sampled_from([Decimal("0.01"), 3, 100]), fee=st.floats(0.01, 0.2))
def test_of_any_loan(name, flows, scale, fee) -> None:
    """Amounts in another unit leave a rate alone; the order of flows does; a fee raises it."""
    rule = RULES[name]
    found = rule(flows)
    assert found.status == "solved"
    scaled = rule([(day, float(scale) * amount) for day, amount in flows])
    assert math.isclose(
        math.log1p(scaled.annual_rate), math.log1p(found.annual_rate), rel_tol=1e-9, abs_tol=1e-10
    )
    turned = rule(flows[::-1])
    assert math.isclose(
        math.log1p(turned.annual_rate), math.log1p(found.annual_rate), rel_tol=1e-9, abs_tol=1e-10
    )
    dearer = rule([(flows[0][0], flows[0][1] * (1 - fee)), *flows[1:]])
    assert dearer.annual_rate > found.annual_rate


def test_one_year_by_hand() -> None:
    """1,000 paid out, 1,100 back after 365 days: ten percent under each rule."""
    flows = [(date(2025, 1, 1), -1000), (date(2026, 1, 1), 1100)]
    shown = {name: str(rule(flows).shown) for name, rule in RULES.items()}
    assert shown == {
        "us": "10.00",
        "eu": "10.0",
        "eu periods": "10.0",
        "uk": "10.0",
        "ifrs": "10.0000",
        "china": "10.00",
        "china simple": "10.00",
    }


def test_months_by_hand() -> None:
    """1,000 on 1 January 2025, twelve times 88.84879 a month: 1 % a month on the balance, of equal months.

    Nominal 12 %, and compounded 1.01^12 - 1 = 12.6825 %.
    """
    flows = [(date(2025, 1, 1), -1000), *((day, 88.8487887) for day in monthly(date(2025, 1, 1), 12))]
    assert us_apr(flows).annual_rate == pytest.approx(0.12, abs=1e-8)
    assert eu_apr(flows, time="periods").annual_rate == pytest.approx(1.01**12 - 1, abs=1e-8)
    # by days the months differ, and the rate by a hair
    assert eu_apr(flows).annual_rate == pytest.approx(1.01**12 - 1, abs=1e-3)
    assert us_apr(flows).compounding == "nominal"
    assert us_apr(flows).time == "unit-period month"


def test_leap_years_count_366_days_where_the_directive_says() -> None:
    flows = [(date(2024, 1, 1), -1000), (date(2025, 1, 1), 1100)]
    assert eu_apr(flows).annual_rate == pytest.approx(0.1, abs=1e-12)
    assert uk_apr(flows).annual_rate == pytest.approx(1.1 ** (365 / 366) - 1, abs=1e-12)
    assert eu_apr(flows, directive="98/7/EC", time="days/365.25").annual_rate == pytest.approx(
        1.1 ** (365.25 / 366) - 1, abs=1e-12
    )


def test_directive_98_7_on_its_calendar() -> None:
    """Example 1 of the proposal of 1996 by the calendar: 1 January 1994 to 1 July 1995, 546 days: 12.96 %."""
    flows = [(date(1994, 1, 1), -1000), (date(1995, 7, 1), 1200)]
    assert as_percent(eu_apr(flows, directive="98/7/EC").annual_rate, 2) == Decimal("12.96")
    assert eu_apr(flows, directive="98/7/EC").rule == "EU directive 98/7/EC"


def test_the_uk_takes_the_least_rate_above_nothing() -> None:
    # worth nothing at 100 % and at 200 % a year
    day = date(2025, 1, 1)
    flows = [(day, -1), (day + timedelta(days=365), 5), (day + timedelta(days=730), -6)]
    assert uk_apr(flows).shown == Decimal("100.0")
    assert uk_apr(flows).status == "solved"
    other = eu_apr(flows)
    assert (other.status, other.shown) == ("several_roots", None)
    assert other.to_dict()["annual_rate"] is None


def test_halves_are_rounded_up() -> None:
    assert [str(as_percent(rate, 1)) for rate in (0.1005, 0.10049, -0.1005, math.nan)] == [
        "10.1",
        "10.0",
        "-10.1",
        "None",
    ]


# unit-periods: appendix J (b)(5), by hand
@pytest.mark.parametrize(
    ("first", "last", "unit", "wanted"),
    [
        ("1978-02-10", "1978-04-01", ("month", 1), (1, Fraction(19, 30))),
        ("1978-02-23", "1978-03-01", ("semimonth", 1), (0, Fraction(6, 15))),
        ("1978-05-23", "1978-10-01", ("month", 3), (1, Fraction(39, 90))),
        ("1978-03-20", "1978-04-21", ("week", 1), (4, Fraction(4, 7))),
        ("1978-01-31", "1978-02-28", ("month", 1), (1, Fraction(0))),
        ("1978-02-28", "1978-03-31", ("month", 1), (1, Fraction(0))),
        ("1978-01-10", "1980-01-10", ("month", 12), (2, Fraction(0))),
        ("1978-01-10", "1979-07-10", ("month", 12), (1, Fraction(6, 12))),
        ("1978-01-10", "1979-02-01", ("month", 12), (1, Fraction(22, 365))),
        ("1978-01-10", "1978-02-01", ("day", 1), (22, Fraction(0))),
    ],
)
def test_unit_periods_between(first, last, unit, wanted) -> None:
    dates = date.fromisoformat(first), date.fromisoformat(last)
    assert unit_periods_between(*dates, standard(*unit)) == wanted


@pytest.mark.parametrize(
    ("payments", "words"),
    [
        (monthly(START, 6), "month"),
        ([START + timedelta(days=7 * n) for n in range(1, 9)], "week"),
        ([START + timedelta(days=14 * n) for n in range(1, 9)], "2 weeks"),
        ([START + timedelta(days=28 * n) for n in range(1, 9)], "4 weeks"),
        (monthly(START, 12)[2::3], "3 months"),
        (
            [date(2025, 2, 15), date(2025, 3, 1), date(2025, 3, 15), date(2025, 4, 1), date(2025, 4, 15)],
            "semimonth",
        ),
        # a month moved to the next Monday now and then is a month
        (
            [date(2025, 3, 3), date(2025, 3, 31), date(2025, 4, 30), date(2025, 6, 2), date(2025, 6, 30)],
            "month",
        ),
        # two of a month and two of a week: the shorter
        ([date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 7), date(2025, 4, 14)], "week"),
        ([date(2026, 1, 31)], "year"),
        ([date(2028, 1, 31)], "year"),
        ([date(2025, 7, 31)], "term"),
        ([date(2025, 8, 5)], "term"),
    ],
)
def test_the_unit_period_is_the_most_frequent(payments, words) -> None:
    assert unit_period([START], payments).words == words


def test_a_single_payment_within_a_year() -> None:
    """Appendix J (c)(5)(i) and (ii): 255 days, and six months."""
    assert us_apr([(date(1978, 1, 1), -1000), (date(1978, 9, 13), 1080)]).shown == Decimal("11.45")
    assert us_apr([(date(1978, 7, 15), -1000), (date(1979, 1, 15), 1044)]).shown == Decimal("8.80")


def test_two_advances() -> None:
    """1,000 now and 1,000 after a month, 2,030.10 after two: 1 % a month."""
    flows = [(date(2025, 1, 10), -1000), (date(2025, 2, 10), -1000), (date(2025, 3, 10), 2030.10)]
    assert us_apr(flows).annual_rate == pytest.approx(0.12, abs=1e-10)


def test_how_near_a_rate_shown_must_be() -> None:
    assert within_us_tolerance(0.10125, 0.1, irregular=False)
    assert not within_us_tolerance(0.1014, 0.1, irregular=False)
    assert within_us_tolerance(0.1014, 0.1, irregular=True)


def test_china_over_principal_in_use() -> None:
    """12,000 lent, 1,000 of principal and 120 of fees a month: 1,440 of costs.

    In use 12,000 for the first month and 1,000 less in each: of equal months 78,000 / 12 = 6,500 a year, so
    22.15 %; by days of 2025 hand-summed 2,363,000 pound-days over 365.
    """
    days = monthly(date(2025, 1, 1), 12)
    flows = [(date(2025, 1, 1), -12_000), *((day, 1120) for day in days)]
    principal = [(day, 1000) for day in days]
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    used = sum(length * (12_000 - 1000 * place) for place, length in enumerate(lengths)) / 365
    found = china_rate(flows, method="simple", principal=principal)
    assert found.annual_rate == pytest.approx(1440 / used, abs=1e-12)
    assert found.annual_rate == pytest.approx(1440 / 6500, abs=1e-3)
    assert (found.compounding, found.rule) == ("simple", "China, costs over principal in use, simple")
    # without it interest at the rate itself comes first, so that more principal stays in use for longer
    assert china_rate(flows, method="simple").annual_rate < found.annual_rate
    assert china_rate(flows).annual_rate > found.annual_rate


def test_simple_is_costs_over_principal_in_use() -> None:
    """The rate that ends the balance at nothing is costs over the balances it makes."""
    flows = [(date(2025, 1, 1), -1000), (date(2025, 4, 1), 500), (date(2025, 12, 1), 600)]
    rate = china_rate(flows, method="simple").annual_rate
    first = 1000 * (1 + rate * 90 / 365) - 500
    assert first * (1 + rate * 244 / 365) == pytest.approx(600, abs=1e-9)
    assert rate == pytest.approx(100 / ((1000 * 90 + first * 244) / 365), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: eu_apr([(START, -1)]), RiskError, "field flows: expected two or more flows"),
        (lambda: uk_apr([(START, -1), (START, -2)]), RiskError, "field flows: expected flows of both signs"),
        (
            lambda: uk_apr([(START, -1), ("2025-02-01", 2)]),
            RiskError,
            "row 2, field flows: expected a date and an amount",
        ),
        (
            lambda: uk_apr([(START, -1), (START + timedelta(1), math.inf)]),
            RiskError,
            "field flows: expected two or more",
        ),
        (lambda: us_apr([(START, -1), (START, 2)]), RiskError, "expected flows on two days or more"),
        (lambda: uk_apr([(START, -1), (START, 1)]), RiskError, "expected flows of both signs"),
        (
            lambda: eu_apr([(START, -1), (START + timedelta(1), 1)], directive="2099/1"),
            UsageError,
            "field directive",
        ),
        (lambda: eu_apr([(START, -1), (START + timedelta(1), 1)], time="moons"), UsageError, "field time"),
        (
            lambda: china_rate([(START, -1), (START + timedelta(1), 1)], method="flat"),
            UsageError,
            "field method",
        ),
        (
            lambda: china_rate(
                [(START, -9), (START + timedelta(9), 10)], method="simple", principal=[(START, 3)]
            ),
            RiskError,
            "field principal: expected principal that repays 9",
        ),
        (
            lambda: china_rate([(START, -9), (START + timedelta(9), 10)], principal=[(START, 9)]),
            UsageError,
            "field principal",
        ),
        (lambda: standard("month", 13), UsageError, "field unit_period"),
    ],
)
def test_bad_flows_are_named(call, error, words) -> None:
    with pytest.raises(error, match=words):
        call()
