"""Columns whose size cannot be right are named with the key that mends them; right ones are left in peace."""

from collections.abc import Callable
from pathlib import Path

import pytest

from loantwin.book.tape import Tape, check, read_tape

Read = Callable[..., Tape]

OWN = """
name = "own"
currency = "{currency}"
[columns]
loan_id = "Loan"
product = {{ constant = "instalment" }}
originated_amount = {{ source = "Amount", decimal = "{decimal}" }}
annual_rate = {{ source = "Rate", unit = "{unit}"{more} }}
"""


def rates(read_own: Read, texts: list[str], unit: str, more: str = "") -> Tape:
    rows = "".join(f"{place};1000;{text}\n" for place, text in enumerate(texts))
    return read_own(
        OWN.format(currency="EUR", decimal=".", unit=unit, more=more), "Loan;Amount;Rate\n" + rows
    )


def test_percent_read_as_decimals(read_own: Read) -> None:
    tape = rates(read_own, ["4.25", "6.5", "3.9", "0"], "decimal")
    found = check(tape)
    assert found.warnings == {"rate_unit": 3}
    assert any(
        'annual_rate (column Rate): the median rate is 425% a year; `unit = "percent"`' in said
        for said in found.statements
    )
    assert tape.loans["annual_rate"].to_list() == [4.25, 6.5, 3.9, 0.0]  # kept as read


def test_decimals_read_as_percent(read_own: Read) -> None:
    found = check(rates(read_own, ["0.0425", "0.065", "0.039"], "percent"))
    assert found.warnings == {"rate_unit": 3}
    assert any('`unit = "decimal"` reads it as 4.25%' in said for said in found.statements)


def test_percent_among_decimals_is_named_row_by_row(read_own: Read) -> None:
    texts = ["0.0425", "12.99", "0.065", "0.039", "5.9", "0.08", "0.07"]
    tape = rates(read_own, texts, "decimal")
    assert tape.warnings.select("row", "loan_id", "field", "rule", "raw").rows() == [
        (2, "1", "annual_rate", "rate_unit", "12.99"),
        (5, "4", "annual_rate", "rate_unit", "5.9"),
    ]
    assert any(
        "2 of 7 rates are above 100 % a year" in said and "percent_above" in said
        for said in check(tape).statements
    )
    mended = rates(read_own, texts, "decimal", ", percent_above = 1.0")
    assert mended.loans["annual_rate"].to_list() == pytest.approx(
        [0.0425, 0.1299, 0.065, 0.039, 0.059, 0.08, 0.07]
    )
    assert check(mended).warnings == {}


def test_decimals_among_percent_are_named_row_by_row(read_own: Read) -> None:
    tape = rates(read_own, ["4.25", "0.065", "6.5", "3.9", "8"], "percent")
    assert tape.warnings.select("row", "rule").rows() == [(2, "rate_unit")]


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        ("percent", ["4.25", "6.5", "0.5", "0"]),
        ("decimal", ["0.0425", "0.29", "0.9", "0.05"]),
        ("percent", ["29.9", "89.0", "150", "35"]),  # dear loans, one of them very
        ("percent", ["0.35", "0.6", "0.41", "1.2"]),  # a country of low rates
        ("decimal", ["", "", ""]),
        ("decimal", ["-0.005", "0.001", "0.004"]),
    ],
)
def test_rates_of_usual_size_are_not_doubted(read_own: Read, unit: str, texts: list[str]) -> None:
    assert check(rates(read_own, texts, unit)).warnings == {}


def amounts(read_own: Read, texts: list[str], decimal: str = ".", currency: str = "EUR") -> Tape:
    rows = "".join(f"{place};{text};4\n" for place, text in enumerate(texts))
    return read_own(
        OWN.format(currency=currency, decimal=decimal, unit="percent", more=""), "Loan;Amount;Rate\n" + rows
    )


@pytest.mark.parametrize(
    ("decimal", "texts"),
    [
        (".", ["12.345", "8.500", "651.000", "1.200"]),
        (".", ["12.345", "950", "8.500", "3.000 EUR"]),  # small amounts have no mark
        (",", ["12,345", "8,500", "651,000", "20"]),
    ],
)
def test_thousands_read_as_decimals(read_own: Read, decimal: str, texts: list[str]) -> None:
    tape = amounts(read_own, texts, decimal)
    other = "," if decimal == "." else "."
    assert set(check(tape).warnings) == {"three_decimals"}
    assert any(
        f'`decimal = "{other}"` for the column reads thousands' in said for said in check(tape).statements
    )


@pytest.mark.parametrize(
    ("decimal", "texts", "currency"),
    [
        (".", ["12.345", "8.5", "651.00", "1.200"], "EUR"),
        (".", ["12345.678", "8.500", "651.000"], "EUR"),  # a thousand and more without a thousands mark
        (".", ["12,345", "8,500", "651,000"], "EUR"),
        (".", ["12.345", "8.500", "651.000"], "KWD"),  # a dinar has a thousand fils
        (".", ["1000", "2000", "3000"], "EUR"),
    ],
)
def test_amounts_in_order_are_not_doubted(
    read_own: Read, decimal: str, texts: list[str], currency: str
) -> None:
    assert check(amounts(read_own, texts, decimal, currency)).warnings == {}


@pytest.mark.parametrize(
    ("tape", "mapping", "rule", "count", "words"),
    [
        ("F10-rate-unit/snap.csv", "snap3.toml", "rate_unit", 3, "425%"),
        ("H02-percent-as-decimal/outcomes.csv", "pct.toml", "rate_unit", 40, "percent"),
        ("H01-thousands-read-as-decimals/eu_int.csv", "outcomes.toml", "three_decimals", 40, "decimal"),
    ],
)
def test_the_cases_of_sizes(cases: Path, tape: str, mapping: str, rule: str, count: int, words: str) -> None:
    path = cases / tape
    found = check(read_tape(path, path.parent / mapping))
    assert found.warnings[rule] == count
    assert any(words in said for said in found.statements[1:])


def test_the_key_reads_the_case_of_thousands_right(cases: Path, tmp_path: Path) -> None:
    case = cases / "H01-thousands-read-as-decimals"
    text = (case / "outcomes.toml").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(
        text.replace('source = "Paid out"\n', 'source = "Paid out"\ndecimal = ","\n'), encoding="utf-8"
    )
    found = check(read_tape(case / "eu_int.csv", tmp_path / "own.toml"))
    # The same book states 2,654,154.86 where it is written with cents; here each amount lost its own.
    assert found.totals["originated"] == pytest.approx(2_654_154.86, abs=40 * 0.5)
    assert "three_decimals" not in found.warnings


def test_two_units_in_a_column_of_real_loans(data: Path, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'name = "own"\nkind = "panel"\n[columns]\nloan_id = "assetNumber"\nproduct = '
        '{ constant = "instalment" }\n'
        'annual_rate = "originalInterestRatePercentage"\n[panel]\ndays_past_due = '
        '"currentDelinquencyStatus"\n'
        'report_date = { source = "reportingPeriodEndingDate", formats = ["%Y-%m-%d"] }\n',
        encoding="utf-8",
    )
    tape = read_tape(data / "abs_auto_2017/abs_auto_2017.csv.gz", tmp_path / "own.toml")
    assert check(tape).warnings["rate_unit"] == 18
