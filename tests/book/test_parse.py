"""Text to values: properties, and dates by hand."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.book.mapping import ColumnSource, TapeFormat, load_mapping
from loantwin.book.parse import parse
from loantwin.book.tape import read_tape

SBA = load_mapping("sba")
FEW = settings(max_examples=80, deadline=None)


def read(
    texts: list[str | None], mapping: TapeFormat = SBA, **spec: object
) -> tuple[list[object], list[str]]:
    """Return the values of one column and the rules its texts break."""
    frame = pl.DataFrame({"x": pl.Series(texts, dtype=pl.String)})
    parsed = parse(frame, [ColumnSource(name="y", source=("x",), **spec)], mapping)  # type: ignore[arg-type]
    return parsed.values["y"].to_list(), [*parsed.rejected["rule"], *parsed.unusable["rule"]]


@FEW
@given(st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=30))
def test_money_as_sba_writes_it(amounts: list[object]) -> None:
    texts: list[str | None] = [f"${amount:,.2f} " for amount in amounts]
    assert read(texts, unit="money") == ([float(str(amount)) for amount in amounts], [])


@FEW
@given(st.lists(st.dates(dt.date(1950, 1, 1), dt.date(2029, 12, 31)), min_size=1, max_size=30), st.booleans())
def test_dates_in_every_form_of_one_file(days: list[dt.date], lower: bool) -> None:
    def written(number: int, day: dt.date) -> str:
        short = f"{day.day}-{day:%b-%y}"
        return [short.lower() if lower else short, f"{day.month}/{day.day}/{day.year}", day.isoformat()][
            number % 3
        ]

    texts: list[str | None] = [written(number, day) for number, day in enumerate(days)]
    assert read(texts, unit="date", formats=("%d-%b-%y", "%m/%d/%Y", "%Y-%m-%d")) == (days, [])


@FEW
@given(
    st.lists(
        st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12), min_size=1, max_size=20
    ),
    st.sampled_from(["money", "percent", "months"]),
)
def test_any_text_is_a_number_missing_or_refused(texts: list[str], unit: str) -> None:
    values, rules = read(list(texts), unit=unit)
    blank = sum(text.strip() in ("", "NA") for text in texts)
    bad = len(rules)
    read_well = len(texts) - blank - bad
    assert read_well >= 0
    assert sum(value is not None for value in values) >= read_well


def test_the_pivot_sends_late_years_back_a_century() -> None:
    assert read(["31-May-68", "1-Jan-30", "31-Dec-29"], unit="date", formats=("%d-%b-%y",))[0] == [
        dt.date(1968, 5, 31),
        dt.date(1930, 1, 1),
        dt.date(2029, 12, 31),
    ]


def test_a_short_year_is_no_year_of_the_first_century() -> None:
    assert read(["2/28/97"], unit="date", formats=("%m/%d/%Y",)) == ([None], ["unparsable_date"])


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        (" 36 months", "months", 36.0),
        ("2.5 years", "years", 30.0),
        ("4.25 %", "percent", 0.0425),
        ("0.0425", "decimal", 0.0425),
        ("€1,000", "money", 1000.0),
        ("1e5", "money", 100000.0),
        ("  ", "money", None),
        ("NA", "money", None),
    ],
)
def test_units(text: str, unit: str, value: float | None) -> None:
    values, rules = read([text], unit=unit)
    assert values == [pytest.approx(value) if value is not None else None]
    assert rules == []


def test_many_and_few_distinct_texts_read_alike() -> None:
    texts: list[str | None] = [f"{number}.50" if number % 7 else "x" for number in range(3000)]
    once, rules = read(texts, unit="money")
    repeated, more = read(texts * 20, unit="money")
    assert repeated == once * 20
    assert more == rules * 20


def test_parquet_and_excel_give_the_book_of_the_csv(tmp_path: Path) -> None:
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        'name="own"\n[columns.loan_id]\nsource="No"\n[columns.product]\nconstant="mortgage"\n[columns.origination_date]\nsource="Start"\n'
        'formats=["%d/%m/%Y"]\n[columns.originated_amount]\nsource="Amount"\n[columns.annual_rate]\nsource="Rate"\nunit="percent"\n',
        encoding="utf-8",
    )
    frame = pl.DataFrame(
        {
            "No": [1000000001, 1000000002, 1000000003],
            "Start": [dt.date(2001, 2, 28), None, dt.date(2002, 3, 1)],
            "Amount": [60000.0, 1234.56, None],
            "Rate": [4.25, 5.0, 6.125],
        }
    )
    frame.with_columns(pl.col("Start").dt.to_string("%d/%m/%Y")).write_csv(tmp_path / "tape.csv")
    frame.write_parquet(tmp_path / "tape.parquet")
    frame.write_excel(tmp_path / "tape.xlsx")
    books = [read_tape(tmp_path / f"tape.{kind}", mapping).loans for kind in ("csv", "parquet", "xlsx")]
    assert books[0]["loan_id"].to_list() == ["1000000001", "1000000002", "1000000003"]
    assert books[1].equals(books[0])
    assert books[2].equals(books[0])


def test_a_decimal_comma_is_for_text_only(tmp_path: Path) -> None:
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        'name="own"\ndecimal=","\n[columns.loan_id]\nsource="No"\n[columns.product]\nconstant="mortgage"\n'
        '[columns.originated_amount]\nsource="Amount"\n',
        encoding="utf-8",
    )
    (tmp_path / "tape.csv").write_text(
        "No;Amount\n1;1.234,50\n2;12,5\n3;1,234.50\n4;1.23\n", encoding="utf-8"
    )
    tape = read_tape(tmp_path / "tape.csv", mapping)
    assert tape.loans["originated_amount"].to_list() == [1234.5, 12.5]
    assert tape.quarantine["row"].to_list() == [3, 4]
    pl.DataFrame({"No": [1, 2], "Amount": [1234.5, 12.5]}).write_parquet(tmp_path / "tape.parquet")
    assert read_tape(tmp_path / "tape.parquet", mapping).loans.equals(tape.loans)


def test_infinity_in_parquet_is_refused(tmp_path: Path) -> None:
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        'name="own"\n[columns.loan_id]\nsource="No"\n[columns.product]\nconstant="mortgage"\n[columns.originated_amount]\nsource="Amount"\n',
        encoding="utf-8",
    )
    pl.DataFrame({"No": [1, 2, 3], "Amount": [1.0, float("nan"), float("inf")]}).write_parquet(
        tmp_path / "tape.parquet"
    )
    tape = read_tape(tmp_path / "tape.parquet", mapping)
    assert tape.quarantine.select("row", "rule").rows() == [(2, "not_finite"), (3, "not_finite")]
