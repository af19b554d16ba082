"""Read a raw lender's monthly export through its mapping, and look at the book of any day in it."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from loantwin.book.as_of import book_at
from loantwin.book.tape import check, read_tape
from loantwin.synthesis.write import write

with tempfile.TemporaryDirectory() as folder:
    lender = Path(folder) / "lender"
    write(lender, loans=1_000, months=24, seed=7, as_tape="mapping", planted=0.001)
    tape = read_tape(lender / "tape.csv", lender / "mapping.toml")

found = check(tape)
print(f"{found.rows_read:,} rows, {found.rejected} rejected: {dict(found.rejections)}")
print(tape.quarantine.head(3))

for day in (date(2020, 12, 31), date(2021, 12, 31)):
    book = book_at(tape.loans, tape.panel, tape.mapping, day)
    late = (book.loans["days_past_due"] >= 30).sum()
    print(
        f"{day}: {book.loans.height} loans, {book.loans['principal'].sum():,.0f} outstanding, {late} of "
        "them 30 days late or more"
    )
