"""Loans of one borrower are one name: sums are kept, and the tail grows as fewer, larger names default."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from loantwin.risk.loss.copula.distribution import copula_loss
from loantwin.risk.loss.copula.factors import factor_model, obligors
from loantwin.verbs.loss.borrowers import Loans, one_name_a_borrower


def _loans(exposure: list[float], sector: list[int] | None = None) -> Loans:
    size = len(exposure)
    code = np.array(sector or [0] * size)
    columns = np.array(exposure), np.linspace(0.01, 0.05, size), np.linspace(0.3, 0.6, size)
    return Loans(np.arange(size), *columns, np.linspace(0.2, 1.0, size), code, code)


def test_a_name_keeps_exposure_and_expected_loss() -> None:
    loans = _loans([100.0, 50.0, 10.0, 30.0])
    made, member, words = one_name_a_borrower(loans, np.array([7, 3, 7, 3]))
    assert made.exposure.tolist() == [80.0, 110.0]  # borrower 3, then 7
    assert member.tolist() == [1, 0, 1, 0]
    assert made.row.tolist() == [1, 0]  # the largest loan stands for the name
    for share in (1.0, None):
        before = loans.exposure * loans.pd * loans.lgd * (loans.net if share is None else 1.0)
        after = made.exposure * made.pd * made.lgd * (made.net if share is None else 1.0)
        np.testing.assert_allclose(after, [before[[1, 3]].sum(), before[[0, 2]].sum()], rtol=1e-12)
    assert words.startswith("names: 2 borrowers of 4 loans")


def test_copies_of_a_weighted_loan_stay_names() -> None:
    loans = _loans([10.0, 10.0, 10.0, 10.0])
    twice = Loans(np.array([0, 0, 1, 1]), *(getattr(loans, f) for f in
                  ("exposure", "pd", "lgd", "net", "segment", "sector")))  # fmt: skip
    made, member, _ = one_name_a_borrower(twice, np.array([5, 5]))
    assert made.exposure.tolist() == [20.0, 20.0]  # two borrowers like it, of two loans each
    assert member.tolist() == [0, 1, 0, 1]


def test_no_sector_is_left_without_a_name() -> None:
    made, _, words = one_name_a_borrower(_loans([100.0, 1.0], [0, 1]), np.array([0, 0]))
    assert made.sector.tolist() == [0, 1]
    assert "within" in words or "each loan one" in words


def test_ten_loans_of_one_borrower_lose_as_one() -> None:
    """Twenty borrowers of ten loans: the loss is ten times a binomial of twenty, not a binomial of 200."""
    one = Loans(np.arange(200), np.ones(200), np.full(200, 0.05), np.ones(200), np.ones(200),
                np.zeros(200, dtype=np.int64), np.zeros(200, dtype=np.int64))  # fmt: skip
    made, _, _ = one_name_a_borrower(one, np.repeat(np.arange(20), 10))
    model = factor_model(0.0)
    found = copula_loss(
        obligors(model, made.exposure, made.pd, made.lgd), model, 0.99, method="names", seed=2
    )
    assert found.var.value == pytest.approx(10 * binom.ppf(0.99, 20, 0.05))
