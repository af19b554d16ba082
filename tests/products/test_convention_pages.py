"""The worked examples of the pages on conventions: each file of terms gives the table below it."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from loantwin.products.instalments import instalments
from loantwin.products.term_sheet import Instalment
from loantwin.products.term_sheet_file import terms_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = re.compile(r"```toml\n([^`]*)```\n\n((?:\|.*\n)+)")
PAGES = (
    "schedule",
    "period-factors",
    "due-dates",
    "amortisation",
    "payment-rounding",
    "add-on-interest",
    "grace",
    "moving-terms",
    "caps-and-charges",
)
COLUMNS = {
    "no.": lambda row: str(row.number),
    "due": lambda row: row.due.isoformat(),
    "payment": lambda row: money(row.payment),
    "interest": lambda row: money(row.interest),
    "principal": lambda row: money(row.principal),
    "fees": lambda row: money(row.fees),
    "paid out": lambda row: money(row.disbursed),
    "balance after": lambda row: money(row.closing),
}


def money(amount: int) -> str:
    return f"{amount / 100:.2f}"


def examples() -> list[tuple[str, str, str]]:
    return [
        (page, terms, table)
        for page in PAGES
        for terms, table in EXAMPLE.findall((DOCS / f"{page}.md").read_text(encoding="utf-8"))
    ]


def test_each_page_has_an_example() -> None:
    assert {page for page, _, _ in examples()} == set(PAGES)
    assert len(examples()) == 27


@pytest.mark.parametrize(("page", "terms", "table"), examples())
def test_the_terms_give_the_table_below_them(page: str, terms: str, table: str) -> None:
    rows = instalments(terms_of(tomllib.loads(terms, parse_float=Decimal)))
    heads, _, *shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert [told(row, heads) for row in rows] == shown


def told(row: Instalment, heads: list[str]) -> list[str]:
    return [COLUMNS[head](row) for head in heads]
