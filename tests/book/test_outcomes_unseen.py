"""Columns of an outcome table that were written when the outcome was known: they must not be seen before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from loantwin.book.as_of import book_at
from loantwin.book.mapping import load_mapping
from loantwin.book.tape import read_tape

AS_OF = dt.date(2005, 12, 31)
Make = Callable[..., dict[str, str]]


def test_the_stated_term_enters_nothing(
    paid: Make, charged_off: Make, tape_file: Callable[..., Path]
) -> None:
    """Term is round in most paid loans and months to the end in those that failed: it tells who fails."""
    tables, books = [], []
    for terms in (("84", "120", "60"), ("7", "31", "19")):
        rows = [make(Term=term) for make, term in zip((paid, paid, charged_off), terms, strict=True)]
        tape = read_tape(tape_file(*rows), "sba")
        tables.append(tape.loans)
        books.append(book_at(tape.loans, tape.panel, tape.mapping, dt.date(2000, 12, 31)).loans)
    assert tables[0].equals(tables[1])
    assert books[0].height == 3
    assert books[0].equals(books[1])


@pytest.mark.parametrize("drawn", ["1000", "100000", "250000"])
def test_draws_over_a_lines_life_are_not_its_amount(
    paid: Make, tape_file: Callable[..., Path], drawn: str
) -> None:
    line = paid(
        RevLineCr="Y",
        DisbursementDate="31-Dec-04",
        DisbursementGross=drawn,
        GrAppv="100000",
        SBA_Appv="50000",
    )
    tape = read_tape(tape_file(line), "sba")
    book = book_at(tape.loans, None, tape.mapping, AS_OF)
    limit, used = 100_000.0, tape.mapping.number("utilisation")
    assert tape.loans["originated_amount"].to_list() == [limit]
    assert book.loans.select("principal", "undrawn").row(0) == (limit * used, limit * (1.0 - used))


def test_the_remnant_of_early_vintages_is_left_out_by_the_format() -> None:
    """Of 1971 to 1982 nearly only charged-off loans are left in the file."""
    assert load_mapping("sba").number("fit_from_vintage") == 1990
