"""How much books differ: DerSimonian and Laird by hand, and what is left of a stated deviation."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.models.transfer.between import WORTH, between_variance, pool

VALUES, VARIANCES = np.array([0.1, 0.3, 0.8]), np.array([0.01, 0.02, 0.04])


def test_the_variance_between_three_books_is_the_one_worked_by_hand() -> None:
    """Weights 100, 50, 25: mean 45 / 175; Q = 9.9286; C = 175 - 13125 / 175 = 100."""
    assert between_variance(VALUES, VARIANCES) == pytest.approx((9.928571 - 2.0) / 100.0, rel=1e-6)


def test_books_that_differ_by_their_errors_alone_do_not_differ() -> None:
    assert between_variance(np.array([0.1, 0.11, 0.09]), VARIANCES) == 0.0


def test_one_book_says_nothing_of_how_books_differ() -> None:
    found = pool(np.array([0.7]), np.array([0.02]), 0.5)
    assert (found.mean, found.between, found.books) == (0.7, 0.25, 1)
    # both depart from a mean that nobody knows: 0.25 of the new book, 0.25 and 0.02 of the one that is seen
    assert found.variance == pytest.approx(0.52)


def test_several_books_are_averaged_with_what_is_stated() -> None:
    """(2 x 0.0792857 + 2 x 0.25) / 4 = 0.1646429; weights by hand from it."""
    assert WORTH == 2.0
    found = pool(VALUES, VARIANCES, 0.5)
    assert found.between == pytest.approx(0.1646429, rel=1e-6)
    precision = 1.0 / (VARIANCES + 0.1646429)
    assert found.mean == pytest.approx(float(precision @ VALUES / precision.sum()), rel=1e-6)
    assert found.variance == pytest.approx(0.1646429 + 1.0 / precision.sum(), rel=1e-6)


def test_many_books_tell_how_books_differ_whatever_is_stated() -> None:
    random = np.random.default_rng(3)
    values = 1.0 + 0.3 * random.standard_normal(400) + 0.1 * random.standard_normal(400)
    found = pool(values, np.full(400, 0.01), 2.0)
    assert found.mean == pytest.approx(1.0, abs=0.05)
    assert np.sqrt(found.between) == pytest.approx(0.3, abs=0.05)
