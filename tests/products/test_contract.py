"""Contracts against hand-worked and published figures, and properties that hold for any contract."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.book import schema
from loantwin.errors import UsageError
from loantwin.products.contract import (
    annuity_sum,
    balance_factors,
    level_payment,
    schedule,
    schedule_minor,
    terms,
)
from loantwin.products.registry import PRODUCTS, REGISTRY, Product, check_product, code


def test_codes_are_those_of_the_published_schema() -> None:
    assert PRODUCTS[:5] == ("instalment", "balloon", "interest_only", "mortgage", "revolving")
    assert [PRODUCTS.index(name) for name in schema.PRODUCTS] == list(range(len(schema.PRODUCTS)))


@pytest.mark.parametrize("product", REGISTRY, ids=PRODUCTS)
def test_every_product_passes_its_check(product: Product) -> None:
    check_product(product)


@pytest.mark.parametrize(
    ("principal", "rate", "months", "payment"),
    [
        (100_000, 0.06, 360, 599.55),  # the table every lender prints
        (200_000, 0.065, 360, 1264.14),
        (100_000, 0.08, 180, 955.65),
        (20_000, 0.05, 60, 377.42),
        (1_200, 0.0, 12, 100.00),
        (1_000, 0.12, 1, 1010.00),
    ],
)
def test_level_payment_is_the_published_one(
    principal: float, rate: float, months: int, payment: float
) -> None:
    assert level_payment(principal, rate, months) == pytest.approx(payment, abs=0.005)


def test_first_months_of_a_thirty_year_loan_by_hand() -> None:
    table = schedule(terms(code("mortgage"), 360, 100_000.0, 0.06))
    # 500.00 interest and 99.55 principal; then 0.5 % of 99,900.45 is 499.50, leaving 100.05
    assert table.interest[0, :2] == pytest.approx([500.00, 499.50], abs=0.005)
    assert table.scheduled[0, :2] == pytest.approx([99.55, 100.05], abs=0.005)
    # published balances after 5, 10 and 20 years
    assert table.closing[0, [59, 119, 239]] == pytest.approx([93_054.36, 83_685.72, 54_003.59], abs=0.01)
    assert table.closing[0, 359] == 0.0


def test_balloon_by_hand() -> None:
    # 10,000 over 2 months at 12 % a year with 4,000 due at the end: 6,000 amortises at 1 % a month: 6000 /
    # 2.01 = 2985.07
    table = schedule(terms(code("balloon"), 2, 10_000.0, 0.12, balloon=4_000.0))
    assert table.scheduled[0] == pytest.approx([6000 / 2.01, 6000 / 2.01 * 1.01 + 4000])
    assert table.interest[0] == pytest.approx([100.0, (10_000 - 6000 / 2.01) * 0.01])
    assert level_payment(10_000, 0.12, 2, 4_000) == pytest.approx(6000 / 2.01 + 100)


def test_interest_only_and_revolving_by_hand() -> None:
    table = schedule(
        terms([code("interest_only"), code("revolving")], 3, 1_000.0, 0.12), partial_monthly=[0.0, 0.5]
    )
    assert table.scheduled.tolist() == [[0.0, 0.0, 1000.0], [20.0, 20.0, 1000.0]]
    assert table.draw.tolist() == [[0.0, 0.0, 0.0], [20.0, 20.0, 0.0]]
    assert table.interest.tolist() == [[10.0, 10.0, 10.0]] * 2
    assert table.partial.sum() == 0.0


def test_interest_only_months_then_level_payments() -> None:
    table = schedule(terms(code("mortgage"), 14, 1_200.0, 0.0, interest_only_months=2))
    assert table.scheduled[0] == pytest.approx([0, 0] + [100] * 12)


def test_a_rate_moves_within_cap_and_floor_and_the_payment_follows() -> None:
    loan = terms(
        code("instalment"), 3, 3_000.0, 0.12, floating=True, rate_spread=0.02, rate_floor=0.06, rate_cap=0.12
    )
    table = schedule(loan, index_path=np.array([0.01, 0.07, 0.30]))
    assert table.annual_rate[0] == pytest.approx([0.06, 0.09, 0.12])
    first = 3000 / ((1.005**3 - 1) / 0.005)
    second = (3000 - first) / ((1.0075**2 - 1) / 0.0075)
    assert table.scheduled[0] == pytest.approx([first, second, 3000 - first - second])
    assert schedule(loan).annual_rate[0] == pytest.approx([0.12] * 3)


def test_partial_prepayment_keeps_the_term() -> None:
    plain = schedule(terms(code("instalment"), 24, 1_000.0, 0.07))
    partly = schedule(terms(code("instalment"), 24, 1_000.0, 0.07), partial_monthly=0.01)
    assert partly.closing[0, :-1] == pytest.approx(plain.closing[0, :-1] * 0.99 ** np.arange(1, 24))
    assert partly.closing[0, -1] == 0.0


def test_annuity_sum_at_tiny_and_zero_rates() -> None:
    assert annuity_sum([0.0, 1e-300, 1e-12], [360, 360, 360]) == pytest.approx(
        [360.0, 360.0, 360.0 + 360 * 359 / 2 * 1e-12]
    )


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("product", {"product": 9}),
        ("remaining_months", {"remaining_months": 0}),
        ("principal", {"principal": float("nan")}),
        ("balloon", {"balloon": 200.0}),
        ("annual_rate", {"annual_rate": float("inf")}),
        ("rate_spread", {"rate_spread": float("nan")}),
    ],
)
def test_bad_terms_are_refused_by_field(field: str, change: dict[str, float]) -> None:
    good: dict[str, float] = {"product": 0, "remaining_months": 12, "principal": 100.0, "annual_rate": 0.05}
    with pytest.raises(UsageError) as caught:
        terms(**{**good, **change})  # type: ignore[arg-type]
    assert caught.value.field == field


LOANS = st.fixed_dictionaries(
    {
        "product": st.integers(0, len(PRODUCTS) - 1),
        "remaining_months": st.integers(1, 420),
        "principal": st.floats(0.0, 1e9),
        "annual_rate": st.floats(0.0, 0.6),
        "floating": st.booleans(),
        "rate_spread": st.floats(-0.02, 0.3),
        "interest_only_months": st.integers(0, 500),
    }
)


@settings(max_examples=150, deadline=None)
@given(LOANS, st.floats(0.0, 1.0), st.floats(0.0, 0.2), st.integers(0, 2**32))
def test_principal_is_conserved_and_the_balance_never_negative(
    loan: dict, share: float, partial: float, seed: int
) -> None:
    index = np.random.Generator(np.random.Philox(key=seed)).uniform(0.0, 0.2, loan["remaining_months"])
    table = schedule(
        terms(**loan, balloon=share * loan["principal"]), index_path=index, partial_monthly=partial
    )
    scale = loan["principal"] + 1.0
    change = table.opening + table.draw - table.scheduled - table.partial - table.closing
    assert np.abs(change).max() < 1e-12 * scale
    assert table.closing.min() >= 0.0
    assert table.closing[0, -1] == 0.0
    paid = table.scheduled.sum() + table.partial.sum() - table.draw.sum()
    assert paid == pytest.approx(loan["principal"], rel=1e-12, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(LOANS, min_size=2, max_size=8), st.randoms())
def test_order_of_loans_does_not_matter(loans: list[dict], random: object) -> None:
    together = terms(**{name: [loan[name] for loan in loans] for name in loans[0]})
    months = 100
    whole = schedule(together, months).closing
    for place, loan in enumerate(loans):
        assert (schedule(terms(**loan), months).closing[0] == whole[place]).all()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 4),
    st.integers(1, 120),
    st.floats(0, 1),
    st.integers(0, 60),
    st.floats(0, 0.1),
    st.integers(0, 2**32),
)
def test_balance_factors_are_the_schedule_of_one(
    product: int, months: int, share: float, free: int, partial: float, seed: int
) -> None:
    rates = np.random.Generator(np.random.Philox(key=seed)).uniform(0.0, 0.3, (3, months))
    factors = balance_factors(
        product, rates, months, balloon_share=share, interest_only_months=free, partial_monthly=partial
    )
    for path in range(3):
        loan = terms(product, months, 1.0, 0.0, balloon=share, floating=True, interest_only_months=free)
        assert factors[path, 1:] == pytest.approx(
            schedule(loan, index_path=rates[path], partial_monthly=partial).closing[0], abs=1e-13
        )


def test_ledger_pays_the_published_instalment_and_settles_in_the_last() -> None:
    table = schedule_minor(terms(code("mortgage"), 360, 100_000.0, 0.06))
    paid = table.interest[0] + table.scheduled[0]
    assert table.opening.dtype == np.int64
    assert set(paid[:-1].tolist()) == {59_955}
    assert table.closing[0, -1] == 0
    assert table.scheduled.sum() == 10_000_000
    # half a cent a month too little, compounded over 360 months at 0.5 %, falls due in the last payment
    assert abs(int(paid[-1]) - 59_955) < 1005


@settings(max_examples=60, deadline=None)
@given(LOANS, st.floats(0.0, 1.0), st.sampled_from([0.0, 0.01]))
def test_ledger_agrees_with_the_schedule_within_its_rounding(
    loan: dict, share: float, partial: float
) -> None:
    made = terms(
        **{
            **loan,
            "principal": round(loan["principal"], 2),
            "balloon": round(share * loan["principal"] / 2, 2),
        }
    )
    plain, ledger = schedule(made, partial_monthly=partial), schedule_minor(made, partial_monthly=partial)
    grown = annuity_sum(np.array(loan["annual_rate"] / 12), np.arange(1, plain.opening.shape[1] + 1))
    bound = 0.02 * grown + 0.02
    assert (np.abs(ledger.closing[0] / 100 - plain.closing[0]) <= bound + 1e-12 * loan["principal"]).all()
    assert (ledger.opening + ledger.draw - ledger.scheduled - ledger.partial == ledger.closing).all()
    assert ledger.closing.min() >= 0
    assert ledger.closing[0, -1] == 0
