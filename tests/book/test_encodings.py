"""Letters of many countries: the right ones, or a refusal that names the key; column names included."""

from collections.abc import Callable
from pathlib import Path

import pytest

from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import TapeError

Read = Callable[..., Tape]

OWN = """
name = "own"
{file}
[columns]
loan_id = "Loan"
product = {{ constant = "instalment" }}
region = "Branch"
"""

# Names of towns and banks as they stand in tapes of each country.
WORDS = [
    ("cp1252", ["München", "Köln", "Straße"]),
    ("cp1252", ["Orléans", "crédit"]),
    ("cp1252", ["Genève", "São Paulo", "Málaga"]),
    ("cp1252", ["Malmö", "Århus", "Tromsø"]),
    ("cp1250", ["Plzeň", "Ústí nad Labem", "Příbram", "České Budějovice"]),
    ("cp1250", ["Łódź", "Gdańsk", "Święty Krzyż"]),
    ("cp1250", ["Győr", "Székesfehérvár", "Tűzoltó"]),
    ("cp1250", ["Čačak", "Šabac", "Đakovo"]),
    ("iso8859_2", ["Plzeň", "Příbram", "Český Těšín"]),
    ("cp852", ["Plzeň", "Příbram", "Český Těšín"]),
    ("mac_roman", ["München", "Köln"]),
    ("mac_roman", ["Orléans", "crédit"]),
    ("cp1251", ["Москва", "Санкт-Петербург"]),
    ("cp1251", ["Київ", "Львів"]),
    ("koi8_r", ["Москва", "Нижний Новгород"]),
    ("cp866", ["Москва", "Нижний Новгород"]),
    ("cp1253", ["Αθήνα", "Θεσσαλονίκη"]),
    ("gb18030", ["北京", "上海银行股份有限公司", "个人住房贷款"]),
    ("big5", ["台北", "國泰世華商業銀行"]),
    ("cp932", ["東京", "株式会社みずほ銀行", "住宅ローン"]),
    ("euc_jp", ["東京", "株式会社みずほ銀行", "住宅ローン"]),
]


def rows(words: list[str], name: str = "Branch") -> str:
    return f"Loan;{name}\n" + "".join(f"{place};{word}\n" for place, word in enumerate(words))


@pytest.mark.parametrize(("encoding", "words"), WORDS)
def test_words_of_one_country_are_read_as_they_were_written(
    read_own: Read, encoding: str, words: list[str]
) -> None:
    tape = read_own(OWN.format(file=""), rows(words).encode(encoding))
    assert tape.loans["region"].to_list() == words
    assert any("not valid UTF-8: read as" in said and "`encoding`" in said for said in check(tape).statements)


@pytest.mark.parametrize(
    ("encoding", "words"), [("cp949", ["서울", "국민은행"]), ("cp1254", ["İstanbul", "Muş", "Eskişehir"])]
)
def test_what_could_be_two_languages_is_refused_with_both_readings(
    read_own: Read, encoding: str, words: list[str]
) -> None:
    with pytest.raises(
        TapeError, match=rf"field encoding: expected `encoding` in the mapping.*'{words[0]}' in {encoding}"
    ):
        read_own(OWN.format(file=""), rows(words).encode(encoding))
    told = read_own(OWN.format(file=f'encoding = "{encoding}"'), rows(words).encode(encoding))
    assert told.loans["region"].to_list() == words


@pytest.mark.parametrize(
    ("encoding", "name", "words"),
    [
        ("cp949", "지점", ["서울", "국민은행"]),
        ("cp1250", "Pobočka", ["Praha", "Brno"]),
        ("gb18030", "分行", ["北京"]),
        ("cp932", "支店", ["東京"]),
        ("mac_roman", "Zweigstelle für Kredite", ["Berlin"]),
    ],
)
def test_column_names_decide(read_own: Read, encoding: str, name: str, words: list[str]) -> None:
    mapping = OWN.format(file="").replace('"Branch"', f'"{name}"')
    assert read_own(mapping, rows(words, name).encode(encoding)).loans["region"].to_list() == words


def test_a_doubt_is_stated_with_the_other_reading(read_own: Read) -> None:
    tape = read_own(OWN.format(file=""), rows(["Genève"]).encode("cp1252"))
    assert any("'Genève'; in cp1250 it reads 'Genčve'" in said for said in check(tape).statements)


def test_bytes_that_make_no_words_are_refused(read_own: Read) -> None:
    with pytest.raises(TapeError, match="field encoding: expected `encoding` in the mapping"):
        read_own(OWN.format(file=""), b"Loan;Branch\n1;\x81\x8d\xff\xfe x\n2;a\xd7b\xf7\n")


@pytest.mark.parametrize(
    ("encoding", "content", "words"),
    [
        ("utf-8", rows(["München"]).encode("cp1252"), "expected text in utf-8, was"),
        ("shift_jis", b"Loan;Branch\n1;\xff\n", "expected text in shift_jis, was"),
    ],
)
def test_an_encoding_the_bytes_do_not_fit_is_refused(
    read_own: Read, encoding: str, content: bytes, words: str
) -> None:
    with pytest.raises(TapeError, match=words):
        read_own(OWN.format(file=f'encoding = "{encoding}"'), content)


def test_utf_16_without_a_mark_needs_its_name(read_own: Read) -> None:
    content = rows(["München"]).encode("utf-16-le")
    with pytest.raises(TapeError, match="UTF-16 without a mark needs `encoding`"):
        read_own(OWN.format(file=""), content)
    assert read_own(OWN.format(file='encoding = "utf-16-le"'), content).loans["region"].to_list() == [
        "München"
    ]


def test_the_case_of_a_macintosh(cases: Path) -> None:
    case = cases / "T05-mac-roman"
    tape = read_tape(case / "macroman.csv", case / "snap.toml")
    assert tape.loans["region"].to_list() == ["München", "Köln"]
