"""Numbers of many countries: read where they can mean one number only, refused with the key where they
cannot.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import NoRowError

Read = Callable[..., Tape]

OWN = """
name = "own"
currency = "EUR"
kind = "snapshot"
as_of = 2020-12-31
decimal = "{decimal}"
observes = ["balance"]
[columns]
loan_id = "Loan"
product = {{ constant = "instalment" }}
principal = {{ source = "Balance"{more} }}
"""


def balances(read_own: Read, texts: list[str], decimal: str = ".", more: str = "") -> list[float | None]:
    rows = "".join(f"{place}|{text}\n" for place, text in enumerate(texts))
    return (
        read_own(OWN.format(decimal=decimal, more=more), "Loan|Balance\n" + rows).loans["principal"].to_list()
    )


FORMS = [
    (".", "1'234.50", 1234.5),  # Switzerland
    (".", "1’234.50", 1234.5),
    (",", "1'234,50", 1234.5),
    (",", "1'234.50", 1234.5),  # behind an apostrophe the mark can be but the decimal one
    (",", "1 234,56", 1234.56),  # France, Poland, the Nordic countries
    (",", "1\u00a0234,56", 1234.56),
    (",", "1\u202f234\u202f567,8", 1234567.8),
    (".", "12 345 678", 12345678.0),
    (".", "1,00,000.00", 100000.0),  # India
    (".", "12,34,56,789.5", 123456789.5),
    (",", "1,00,000.00", 100000.0),  # two groups of two: the point can be but the decimal mark
    (".", "USD 1,000.00", 1000.0),
    (".", "1,000.00 usd", 1000.0),
    (",", "1.299,99 EUR", 1299.99),
    (",", "1.299,99 €", 1299.99),
    (",", "1 299,99 zł", 1299.99),
    (",", "12.500 kr.", 12500.0),
    (".", "R$ 10.50", 10.5),
    (".", "₹1,00,000", 100000.0),
    (".", "CHF 1'234.-", 1234.0),  # no cents
    (",", "12,--", 12.0),
    (".", "１２３．５", 123.5),  # wide digits
    (".", "١٢٣٫٥", 123.5),
    (".", "-", 0.0),  # accounting formats write zero so
    (".", "–", 0.0),
    (".", "+5.00", 5.0),
]


@pytest.mark.parametrize(("decimal", "text", "value"), FORMS)
def test_forms_of_other_countries(read_own: Read, decimal: str, text: str, value: float) -> None:
    assert balances(read_own, [text], decimal) == [value]


@pytest.mark.parametrize(
    "text", ["(200.00)", "200.00-", "-200.00", "− 200.00", "$(200.00)", "USD -200", "(200) EUR"]
)
def test_negative_forms_are_credits(read_own: Read, text: str) -> None:
    tape = read_own(OWN.format(decimal=".", more=""), f"Loan|Balance\nA|{text}\nB|5\n")
    assert tape.loans["principal"].to_list() == [0.0, 5.0]
    assert tape.credit_balances == 200.0


@pytest.mark.parametrize(
    ("decimal", "text"),
    [
        (".", "1.234,50"),
        (",", "1,234.50"),
        (",", "200.00"),
        (".", "1,23"),
        (".", "1 23"),
        (".", "1'23"),
        (".", "12 34 567"),
        (".", "1,0,000"),
        (".", "1,000 000"),
        (".", "--5"),
        (".", "(5"),
        (".", "5-6"),
        (".", "ABC 5"),
        (".", "5%"),
        (".", "1.2.3"),
        (".", "TRUE"),
        (".", "#DIV/0!"),
        (".", "1234x"),
        (".", ","),
        (".", "EUR"),
    ],
)
def test_what_could_be_another_number_or_none_is_refused(read_own: Read, decimal: str, text: str) -> None:
    with pytest.raises(NoRowError, match="unparsable_number 1"):
        balances(read_own, [text], decimal)


def test_the_refusal_names_the_key(read_own: Read) -> None:
    with pytest.raises(
        NoRowError, match=r"field principal: '1.234,50' \(the decimal mark is '\.'; `decimal = \",\"`"
    ):
        balances(read_own, ["1.234,50"])


def test_a_column_may_have_a_mark_of_its_own(read_own: Read) -> None:
    assert balances(read_own, ["1.234,5"], ".", ', decimal = ","') == [1234.5]


def test_a_factor_reads_thousands_and_minus_signs(read_own: Read) -> None:
    assert balances(read_own, ["1.5", "1 200"], ".", ", times = 1000") == [1500.0, 1_200_000.0]
    assert balances(read_own, ["-1.5", "-(3)"], ".", ", times = -1")[:1] == [1.5]


def test_a_percent_sign_says_percent_whatever_the_unit(read_own: Read) -> None:
    mapping = OWN.format(decimal=".", more="") + 'annual_rate = "Rate"\n'
    rows = "Loan|Balance|Rate\nA|1|4.25 %\nB|1|0.05\nC|1|6%\nD|1|7 % p.a.\nE|1|55‰\n"
    rates = [0.0425, 0.05, 0.06, 0.07, 0.055]
    assert read_own(mapping, rows).loans["annual_rate"].to_list() == pytest.approx(rates)


def test_rates_in_percent_may_say_what_they_are(read_own: Read) -> None:
    mapping = OWN.format(decimal=",", more="") + 'annual_rate = { source = "Rate", unit = "percent" }\n'
    rows = "Loan|Balance|Rate\nA|1|4,25 % p.a.\nB|1|5 p. a.\nC|1|60 ‰\nD|1|7\n"
    rates = [0.0425, 0.05, 0.06, 0.07]
    assert read_own(mapping, rows).loans["annual_rate"].to_list() == pytest.approx(rates)


@pytest.mark.parametrize("text", ["T04-thin-space/thin.csv"])
def test_the_case_of_thin_spaces(cases: Path, text: str) -> None:
    tape = read_tape(cases / text, cases / "T04-thin-space/snap.toml")
    assert tape.loans["originated_amount"].to_list() == [12_000.0, 12_000.0]
    assert check(tape).totals["balance"] == 16_000.0


def swiss(cents: int) -> str:
    return f"{cents / 100:,.2f}".replace(",", "'")


def french(cents: int) -> str:
    return f"{cents / 100:,.2f}".replace(",", "\u202f").replace(".", ",")


def german(cents: int) -> str:
    return f"{cents / 100:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def indian(cents: int) -> str:
    whole, rest = divmod(cents, 100)
    head, tail = str(whole)[:-3], str(whole)[-3:]
    groups = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*groups, tail]) + f".{rest:02}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([(swiss, "."), (french, ","), (german, ","), (indian, ".")]),
    st.lists(st.integers(0, 10**11), min_size=1, max_size=12),
    st.sampled_from(["{}", " {} ", "{} EUR", "CHF {}"]),
)
def test_every_amount_written_so_is_read_back(
    read_own: Read, form: tuple[Callable[[int], str], str], cents: list[int], frame: str
) -> None:
    write, decimal = form
    found = balances(read_own, [frame.format(write(amount)) for amount in cents], decimal)
    assert found == [amount / 100 for amount in cents]
