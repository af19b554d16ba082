"""Nothing from the future: every fact that became known after the as-of date is changed, and nothing may
move.
"""

from __future__ import annotations

import csv
import gzip
from datetime import date

import polars as pl
import pytest

import loantwin as lt

AS_OF = date(2005, 12, 31)


def later(text: str, form: str) -> bool:
    from datetime import datetime

    return bool(text) and datetime.strptime(text, form).date() > AS_OF


def changed_tape(source, target):
    """Write the SBA tape with every later fact changed: charge-offs dropped or invented, outcomes turned
    round.
    """
    with gzip.open(source, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = []
    for number, row in enumerate(rows):
        if later(row["ApprovalDate"], "%m/%d/%Y"):
            continue
        if later(row["ChgOffDate"], "%d-%b-%y"):
            row["ChgOffDate"], row["ChgOffPrinGr"], row["MIS_Status"] = "", "0", "P I F"
        elif not row["ChgOffDate"] and number % 3 == 0:
            row["ChgOffDate"], row["ChgOffPrinGr"], row["MIS_Status"] = "15-Feb-09", "777", "CHGOFF"
        row["Term"] = str(int(row["Term"]) // 2 + 7)
        kept.append(row)
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)


def changed_macro(source, target):
    """Write the Fed history with all quarters from 2005 Q4 on (published in 2006) replaced by nonsense."""
    with source.open(newline="") as file:
        rows = list(csv.reader(file))
    for row in rows[1:]:
        if row[1] >= "2005 Q4":
            row[2:] = [str(round(3.0 + (place % 5), 1)) for place in range(len(row) - 2)]
    with target.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.data
@pytest.mark.slow
def test_later_facts_change_nothing(data, tmp_path):
    fed = data / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv"
    changed_tape(data / "sba/sba_block.csv.gz", tmp_path / "tape.csv")
    changed_macro(fed, tmp_path / "macro.csv")
    found = []
    for name, tape, macro in (
        ("one", data / "sba/sba_block.csv.gz", fed),
        ("two", tmp_path / "tape.csv", tmp_path / "macro.csv"),
    ):
        home = tmp_path / name
        lt.twin_create(home, tape, "sba", AS_OF)
        lt.fit(home, [macro])
        with lt.open(home) as twin:
            model = twin.model.to_dict()
            book = twin.book.loans
        provisions = {
            standard: lt.provisions(home, standard).to_dict() for standard in ("ifrs9", "cecl", "five-level")
        }
        forecast = lt.forecast(home, months=24, paths=32).to_dict()
        for document in (forecast, *provisions.values()):
            document.pop("_provenance")
        found.append((book, model, forecast, provisions))
    (book, model, forecast, provisions), (other_book, other_model, other_forecast, other_provisions) = found
    assert book.equals(other_book)
    assert isinstance(book, pl.DataFrame)
    assert model == other_model
    assert forecast == other_forecast
    assert provisions == other_provisions
