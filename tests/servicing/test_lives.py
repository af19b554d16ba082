"""The suite `lives` over the visible file reaches what the page says; free text acts or looks by a rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.suites import lives
from tests.suites.lives_steps import acts

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "account-replay.md").read_text(encoding="utf-8")


@pytest.mark.data
def test_lives_of_a_core_banking_systems_tests(data: Path) -> None:
    found = lives.run(data / "fineract/loan_lives.jsonl.gz")
    stated = re.search(r"\| `lives` \| (\d+) \| (\d+) \|", PAGE)
    assert stated is not None
    assert (found.cases, found.equal) == (int(stated[1]), int(stated[2]))
    assert found.different == ["09b3453cda", "ee30fda1ff"]  # the page says why
    assert found.cases == found.equal + sum(found.refused.values()) + len(found.different)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ('Admin adds a 10 % Processing charge to the loan with "en" locale on date: "1 January 2023"', True),
        ("Admin waives charge", True),
        ('Global config "charge-accrual-date" value set to "due-date"', True),
        ('Refund undo happens on "13 January 2023"', True),
        ('Loan Pay-off is made on "15 February 2024"', True),
        ("Something of a form that nobody knows", True),
        ('Admin checks that last closed business date of loan is "null"', False),
        ('Second Charge-off is not possible on "22 February 2023"', False),
        ("Loan has 0 total overdue amount", False),
        (
            'In Loan Transactions the latest Transaction has Transaction type="Repayment" and is reverted',
            False,
        ),
        ('No new event with type "LoanRepaymentDueEvent" has been raised for the loan', False),
    ],
)
def test_free_text_acts_or_looks(text: str, does: bool) -> None:
    assert acts(text) is does
