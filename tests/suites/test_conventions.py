"""The page of suites is what the suites print, and tells why each case differs that does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import replay
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import Disburse, Pay, Reverse
from tests.suites import conventions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "suites.md"
SHEET = TermSheet(amount=Decimal(1000), annual_rate=Decimal("0.1"), payments=4, start=date(2024, 1, 1))


@pytest.mark.slow
@pytest.mark.data
def test_the_page_is_what_the_suites_print(data: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == conventions.page(data)


def test_a_difference_without_a_reason_is_an_error() -> None:
    with pytest.raises(KeyError):
        conventions.why("a case that nobody looked at")


def test_conventions_are_read_from_terms_and_accounts() -> None:
    told = conventions.of_terms(replace(SHEET, day_count="actual/365", daily_cost_cap=Decimal("0.01")))
    assert {"day_count: actual/365", "every: 1m", "cap on a day's interest"} <= told
    assert "cap on all interest" not in told
    start = SHEET.start
    facts = [Disburse(on=start, amount=100_000), Pay(on=start, amount=5), Reverse(on=start, of=2)]
    account = replay(SHEET, Servicing(schedule="recalculated"), facts)
    assert {"schedule: recalculated", "reversals", "method: declining"} <= conventions.of_account(account)
    assert "charges" not in conventions.of_account(account)


def test_equal_cases_are_counted_beside_all() -> None:
    cases = [(frozenset({"a", "b"}), True), (frozenset({"a"}), False)]
    assert conventions.counted(cases) == {"a": (1, 2), "b": (1, 1)}
