"""Rows that broken quotes took apart: put right where one reading fits, refused otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from loantwin.book.tape import read_tape

Row = Callable[..., dict[str, str]]
Text = Callable[..., str]

CHANGES = {
    "a name in two cells": ("A FIRM;", 'A FIRM;" INC.""";'),
    "a name in three cells": ("A FIRM;", 'A FIRM; AND SONS;" INC.""";'),
    "a city in two cells": ("SPRINGFIELD;", 'SPRING;" FIELD""";'),
    "an amount at its comma": (";$60,000.00 ;0;P I F", ';$60;"000.00 """;0;P I F'),
    "a bank in two cells": ("A BANK;", 'A BANK;" NATIONAL ASSOCIATION""";'),
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_reading_is_put_right(tmp_path: Path, paid: Row, text_of: Text, name: str) -> None:
    clean = text_of(*[paid(DisbursementGross="$60,000.00 ")] * 3, delimiter=";")
    header, first, second, third = clean.splitlines()
    old, new = CHANGES[name]
    assert old in second
    (tmp_path / "clean.csv").write_text(clean, encoding="utf-8")
    (tmp_path / "broken.csv").write_text(
        "\n".join([header + ";", first, second.replace(old, new), third]), encoding="utf-8"
    )
    broken = read_tape(tmp_path / "broken.csv", "sba")
    assert broken.rejected == 0
    assert broken.loans.equals(read_tape(tmp_path / "clean.csv", "sba").loans)


def test_a_row_with_two_readings_is_refused(tmp_path: Path) -> None:
    """With two amounts side by side, nothing says which of them the stray delimiter belongs to."""
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        'name="own"\n[columns.loan_id]\nsource="No"\n[columns.product]\nconstant="mortgage"\n'
        '[columns.approved_amount]\nsource="Limit"\n[columns.originated_amount]\nsource="Amount"\n',
        encoding="utf-8",
    )
    (tmp_path / "tape.csv").write_text(
        "No,Limit,Amount\n1,500,400\n2,1,200,300\n3,500,400\n", encoding="utf-8"
    )
    tape = read_tape(tmp_path / "tape.csv", mapping)
    assert tape.loans["loan_id"].to_list() == ["1", "3"]
    assert tape.quarantine.row(0, named=True) == {
        "row": 2,
        "loan_id": "2",
        "field": None,
        "rule": "too_many_fields",
        "raw": "2,1,200,300",
    }
