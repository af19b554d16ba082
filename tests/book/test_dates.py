"""Dates as day numbers, seconds, quarters, years and numbers of periods; two-digit years and months
before.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.book.mapping import ColumnSource, load_mapping
from loantwin.book.parse import parse
from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import NoRowError

Read = Callable[..., Tape]
SBA = load_mapping("sba")


def dates(texts: list[str], *formats: str, **spec: object) -> list[object]:
    frame = pl.DataFrame({"x": pl.Series(texts, dtype=pl.String)})
    source = ColumnSource(name="y", source=("x",), unit="date", formats=formats, **spec)  # type: ignore[arg-type]
    return parse(frame, [source], SBA).values["y"].to_list()


def test_excel_counts_days_from_1900() -> None:
    # What a spreadsheet shows for these numbers; 60 is its day that never was.
    assert dates(["44957", "44985.75", "36526", "61", "x", "-3"], "excel-days") == [
        dt.date(2023, 1, 31),
        dt.date(2023, 2, 28),
        dt.date(2000, 1, 1),
        dt.date(1900, 3, 1),
        None,
        None,
    ]


def test_seconds_and_days_since_1970() -> None:
    assert dates(["1675123200", "1675209599"], "epoch-seconds") == [dt.date(2023, 1, 31)] * 2
    assert dates(["1675123200000"], "epoch-milliseconds") == [dt.date(2023, 1, 31)]
    assert dates(["19388"], "epoch-days") == [dt.date(2023, 1, 31)]


def test_quarters_and_years() -> None:
    assert dates(["2005 Q1", "2005 Q4", "2005 Q5"], "%Y Q%q") == [
        dt.date(2005, 1, 1),
        dt.date(2005, 10, 1),
        None,
    ]
    assert dates(["2005-Q1", "2006-Q2"], "%Y-Q%q", day="last") == [dt.date(2005, 3, 31), dt.date(2006, 6, 30)]
    assert dates(["1Q99", "4Q07"], "%qQ%y") == [dt.date(1999, 1, 1), dt.date(2007, 10, 1)]
    assert dates(["2005", "x"], "%Y") == [dt.date(2005, 1, 1), None]
    assert dates(["2005"], "%Y", day="last") == [dt.date(2005, 12, 31)]


def test_numbers_of_periods_count_from_a_day() -> None:
    zero = dt.date(1999, 12, 31)
    quarters = [dt.date(2006, 3, 31), dt.date(2006, 6, 30), dt.date(1999, 6, 30), None, None]
    assert dates(["25", "26", "-2", "2.5", "x"], zero=zero, every="1q") == quarters
    assert dates(["1", "2"], zero=zero, every="1m") == [dt.date(2000, 1, 31), dt.date(2000, 2, 29)]
    assert dates(["-539"], zero=dt.date(2018, 1, 1), every="1d") == [dt.date(2016, 7, 11)]


def test_several_forms_stand_in_one_column() -> None:
    assert dates(["31.01.2023", "44957", "2023 Q1"], "%d.%m.%Y", "excel-days", "%Y Q%q") == [
        dt.date(2023, 1, 31),
        dt.date(2023, 1, 31),
        dt.date(2023, 1, 1),
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dates(dt.date(1950, 1, 1), dt.date(2029, 12, 31)), min_size=1, max_size=20))
def test_day_numbers_give_their_days_back(days: list[dt.date]) -> None:
    assert dates([str((day - dt.date(1899, 12, 30)).days) for day in days], "excel-days") == days
    seconds = [str((day - dt.date(1970, 1, 1)).days * 86_400) for day in days if day > dt.date(1970, 1, 1)]
    assert dates(seconds, "epoch-seconds") == [day for day in days if day > dt.date(1970, 1, 1)]


OWN = """
name = "own"
[columns]
loan_id = "Loan"
product = {{ constant = "mortgage" }}
origination_date = {{ source = "Start", formats = ["{form}"] }}
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("44957", "excel-days"),
        ("1675123200", "epoch-seconds"),
        ("1675123200000", "epoch-milliseconds"),
        ("20230131", "%Y%m%d"),
        ("202301", "%Y%m"),
        ("2023-01-31", "%Y-%m-%d"),
        ("31/01/2023", "%d/%m/%Y or %m/%d/%Y"),
        ("2023-Q1", "%Y-Q%q"),
        ("25", "`zero = 1999-12-31` and `every"),
        ("soon", "allowed: %d.%m.%Y"),
    ],
)
def test_the_refusal_names_the_format(read_own: Read, text: str, words: str) -> None:
    with pytest.raises(NoRowError) as caught:
        read_own(OWN.format(form="%d.%m.%Y"), f"Loan,Start\n1,{text}\n")
    assert f"row 1, field origination_date: {text!r} (" in str(caught.value)
    assert words in str(caught.value)


def test_the_case_of_day_numbers(cases: Path, tmp_path: Path) -> None:
    case = cases / "T08-day-numbers-in-csv"
    with pytest.raises(NoRowError, match="excel-days"):
        read_tape(case / "serial.csv", case / "snap.toml")
    text = (case / "snap.toml").read_text(encoding="utf-8").replace("%d.%m.%Y", "excel-days")
    (tmp_path / "snap.toml").write_text(text, encoding="utf-8")
    tape = read_tape(case / "serial.csv", tmp_path / "snap.toml")
    assert tape.loans["origination_date"].to_list() == [dt.date(2023, 1, 31), dt.date(2023, 2, 28)]


def test_the_case_of_period_numbers(cases: Path, tmp_path: Path) -> None:
    """Quarter numbers read by `zero` and `every` are the dates that the other file of the case states."""
    case = cases / "F09-quarterly-period-panel"
    text = (case / "dcr4.toml").read_text(encoding="utf-8")
    stated = {}
    for name, start in (
        ("dcr_q.csv", 'formats = ["%Y-%m-%d"]'),
        ("dcr.csv", 'zero = 1999-12-31\nevery = "1q"'),
    ):
        mapping = text.replace('formats = ["%Y-%m-%d"]', start)
        mapping = mapping.replace('kind = "panel"', 'kind = "panel"\nreport_every = 3')
        (tmp_path / "own.toml").write_text(mapping, encoding="utf-8")
        stated[name] = read_tape(case / name, tmp_path / "own.toml")
    assert stated["dcr.csv"].panel is not None
    assert stated["dcr.csv"].panel.equals(stated["dcr_q.csv"].panel)
    assert stated["dcr.csv"].loans.equals(stated["dcr_q.csv"].loans)
    assert check(stated["dcr.csv"]).rejected == 0
