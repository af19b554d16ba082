"""The pages of day counts, calendars and legal rates: their examples run, and they name what there is."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from loantwin.products import finance_functions, legal_rates
from loantwin.products.calendars import CALENDARS
from loantwin.products.day_counts import DAY_COUNTS
from loantwin.products.term_sheet import ROLLS

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


@pytest.mark.parametrize("page", ["day-counts.md", "legal-rates.md"])
def test_examples_run(page: str) -> None:
    names = {"Fraction": __import__("fractions").Fraction, "Decimal": __import__("decimal").Decimal}
    text = (DOCS / page).read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(text.replace("```", ""), names, page, page, 0)
    assert len(test.examples) >= 8
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_every_name_is_told() -> None:
    days, rates = ((DOCS / page).read_text(encoding="utf-8") for page in ("day-counts.md", "legal-rates.md"))
    told = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", days, flags=re.DOTALL)))
    assert set(CALENDARS) | set(DAY_COUNTS) | set(ROLLS) <= told
    functions = {
        name
        for name, item in vars(finance_functions).items()
        if getattr(item, "__module__", "") == finance_functions.__name__ and not name.startswith("_")
    }
    rules = {
        name
        for name in vars(legal_rates)
        if name.endswith(("apr", "rate")) and callable(getattr(legal_rates, name))
    }
    assert functions | rules <= set(re.findall(r"`(\w+)`", rates))
