"""Functions of finance against published answers, their own inverses, and day by day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.products import finance_functions as f

DATES = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        # Excel's documentation, to the figures it shows
        (lambda: f.pv(0.08 / 12, 240, 500), -59777.15),
        (lambda: f.fv(0.06 / 12, 10, -200, -500, 1), 2581.40),
        (lambda: f.nper(0.12 / 12, -100, -1000, 10000, 1), 59.6738657),
        (lambda: f.nper(0.01, -100, -1000), -9.57859404),
        (lambda: f.npv(0.1, [-10000, 3000, 4200, 6800]), 1188.44),
        (lambda: f.xnpv(0.09, [-10000, 2750, 4250, 3250, 2750], DATES), 2086.647602),
        (lambda: f.mirr([-120000, 39000, 30000, 21000, 37000, 46000], 0.10, 0.12), 0.126094),
        (lambda: f.ispmt(0.1 / 12, 1, 36, 8000000), -64814.8),
        (lambda: f.rri(96, 10000, 11000), 0.0009933),
        (lambda: f.pduration(0.025, 2000, 2200), 3.86),
        # actual/actual of Excel: a leap year, its year to the day before, whole years
        (lambda: f.yearfrac("2012-01-01", "2012-07-30", 1), 211 / 366),
        (lambda: f.yearfrac("2000-02-29", "2001-02-28", 1), 365 / 366),
        (lambda: f.yearfrac("2000-01-01", "2001-01-01", 1), 1.0),
        (lambda: f.yearfrac("2001-01-01", "2000-01-01", 1), 1.0),
        (lambda: f.yearfrac("2012-02-29", "2013-03-01", 1), 366 / 365.5),
        (lambda: f.yearfrac("2015-01-01", "2020-06-30", 1), 2007 / (2192 / 6)),
        (lambda: f.yearfrac("2012-01-01", "2012-07-30", 2), 211 / 360),
        (lambda: f.yearfrac("2012-01-31", "2012-03-31", 4), 60 / 360),
    ],
)
def test_published_answers(found, wanted) -> None:
    digits = len(str(wanted).partition(".")[2])
    assert float(found()) == pytest.approx(wanted, abs=max(0.51 * 10.0**-digits, 1e-12))


ARGUMENTS = {
    "rate": st.one_of(st.just(0.0), st.floats(-0.02, 0.1)),
    "nper": st.integers(1, 480),
    "pv": st.floats(1, 1e6),
    "fv": st.floats(-1e5, 0),
    "when": st.sampled_from([0, 1]),
}


@settings(max_examples=150)
@given(**ARGUMENTS)
def test_each_undoes_the_others(rate, nper, pv, fv, when) -> None:
    level = f.pmt(rate, nper, pv, fv, when)
    size = pv * (1 + max(rate, 0)) ** nper + abs(fv) + 1
    assert float(f.fv(rate, nper, level, pv, when)) == pytest.approx(fv, abs=1e-9 * size)
    assert float(f.pv(rate, nper, level, fv, when)) == pytest.approx(pv, abs=1e-9 * size / (1 + rate) ** nper)
    periods = np.arange(1, nper + 1)
    interest, principal = (part(rate, periods, nper, pv, fv, when) for part in (f.ipmt, f.ppmt))
    np.testing.assert_allclose(interest + principal, level, rtol=1e-9)
    if not when:  # in advance the last period's interest falls due in no payment
        assert principal.sum() == pytest.approx(-(pv + fv), abs=1e-8 * size)


@settings(max_examples=60)
@given(**ARGUMENTS)
def test_principal_by_a_loop(rate, nper, pv, fv, when) -> None:
    """The balance period by period, as one would with pen and paper."""
    level = float(f.pmt(rate, nper, pv, fv, when))
    balance, charged = pv, 0.0
    for period in range(1, min(nper, 24) + 1):
        if when:
            interest = 0.0 if period == 1 else -charged
            balance += level
            charged = balance * rate
            balance += charged
        else:
            interest = -balance * rate
            balance = balance * (1 + rate) + level
        assert float(f.ipmt(rate, period, nper, pv, fv, when)) == pytest.approx(
            interest, abs=1e-8 * (pv + abs(fv))
        )


@settings(max_examples=60)
@given(
    rate=st.floats(-0.01, 0.2), nper=st.integers(1, 120), pv=st.floats(1, 1e6), when=st.sampled_from([0, 1])
)
def test_rate_is_the_rate_of_its_payment(rate, nper, pv, when) -> None:
    if when and nper == 1:
        return  # paid back at once: any rate will do
    level = f.pmt(rate, nper, pv, 0.0, when)
    assert float(f.rate(nper, level, pv, 0.0, when)) == pytest.approx(rate, abs=1e-9)


def test_columns() -> None:
    rates = np.array([0.0, 0.01, 0.02])
    np.testing.assert_allclose(f.pmt(rates, 12, 1200), [-100, -106.6185464, -113.4715159], atol=1e-6)
    assert f.pmt(rates[:, None], [12, 24], 1200).shape == (3, 2)
    assert f.npv(rates, [1.0, 1.0]).shape == (3,)
    np.testing.assert_allclose(
        f.npv(rates[1:], [[-1.0, 2.0], [3.0, 4.0]], first=0), [2 / 1.01 - 1, 3 + 4 / 1.02]
    )


def test_no_answer_is_no_number() -> None:
    assert np.isnan(f.irr([1, 2, 3]))
    assert np.isnan(f.irr([1, -1, 1]))
    assert np.isnan(f.nper(0.01, -5, 1000))  # less than the interest
    assert np.isnan(f.ipmt(0.01, 13, 12, 1000))
    assert np.isnan(f.mirr([1, 2], 0.1, 0.1))


def test_of_several_rates_the_nearest_to_the_guess() -> None:
    # the roots are -87 %, 8.9 % and 71 %
    flows = [-5, 10.5, 1, -8, 1]
    assert f.irr(flows) == pytest.approx(0.0886, abs=1e-4)
    assert f.irr(flows, guess=0.9) == pytest.approx(0.7096, abs=1e-4)


def test_effective_and_nominal_undo_each_other() -> None:
    assert float(f.nominal(f.effect(0.0525, 4), 4)) == pytest.approx(0.0525, abs=1e-15)
    assert float(f.effect(0.0525, 4)) == pytest.approx(0.0535427, abs=5e-8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: f.pmt(-1.0, 12, 1), "field rate: expected a rate above -1"),
        (lambda: f.pmt(0.1, 12, "a"), "field pv: expected numbers"),
        (lambda: f.pmt(0.1, 12, 1, 0, 2), "field when: expected 0 for the end"),
        (lambda: f.rate(1.5, -1, 1), "field nper: expected whole periods"),
        (lambda: f.cumipmt(0.1, 12, 1, 5, 13), "field end"),
        (lambda: f.yearfrac("2024-01-01", "2024-02-01", 7), "field basis: expected a basis from 0 to 4"),
        (lambda: f.xirr([-1, 2], ["2024-01-01", "now"]), "field dates: expected dates"),
    ],
)
def test_bad_arguments_are_named(call, words) -> None:
    with pytest.raises(RiskError, match=words):
        call()
