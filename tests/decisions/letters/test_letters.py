"""Letters: who gets one, what it says in two languages, what codes are called, and what is refused."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import loantwin as lt
from loantwin.decisions.letters.wording import Reason, read_wording, sample_form
from loantwin.errors import ConfigError, UsageError
from loantwin.language import speaking
from tests.decisions.applied_for import policy_file

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
ASKED: dict[str, Any] = {
    "application_date": "2026-08-03", "amount": 12_000.0, "term_months": 36, "annual_income": 60_000.0,
    "score": 700.0, "personal": {"name": "Ana Li", "address": "3 Elm Road"},
}  # fmt: skip
MANY = [
    {**ASKED, "application_id": "good"},
    {**ASKED, "application_id": "debts/1", "monthly_debt": 2_500.0, "product": "mortgage"},
    {**ASKED, "application_id": "low", "score": 500.0},
    {**ASKED, "application_id": "part", "score": 610.0, "amount": 20_000.0},
    {**ASKED, "application_id": "much", "exposures": {"borrower": 95_000.0}},
]
REASONS = """
[lender]
name = "Riverside Savings"
contact = "1 Mill Lane"
agency = "the Bureau"
[reasons]
"Credit/credit-6" = "obligations-excessive"
"""


@pytest.fixture
def reasons(tmp_path: Path) -> Path:
    (tmp_path / "reasons.toml").write_text(REASONS, encoding="utf-8")
    return tmp_path / "reasons.toml"


def written(tmp_path: Path, reasons: Path) -> tuple[Any, dict[str, str]]:
    found = lt.decide(
        MANY, policy=policy_file(tmp_path), letters=tmp_path / "letters", reasons=reasons, on=date(2026, 8, 4)
    )
    files = sorted((tmp_path / "letters").iterdir())
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    return found, {file.name: file.read_text(encoding="utf-8") for file in files}


def test_who_is_declined_or_offered_less_gets_a_letter(tmp_path: Path, reasons: Path) -> None:
    found, texts = written(tmp_path, reasons)
    assert list(texts) == ["debts_1.txt", "low.txt", "part.txt"]
    assert [(item.application_id, item.kind, item.denial_codes) for item in found.letters] == [
        ("debts/1", "declined", (1,)), ("low", "declined", ()), ("part", "counter-offer", ()),
    ]  # fmt: skip
    assert "  1. Excessive obligations in relation to income\n" in texts["debts_1.txt"]
    assert "Ana Li\n3 Elm Road" in texts["debts_1.txt"]
    assert "for 20,000.00 over 36 months of 3 August 2026" in texts["part.txt"]
    assert "We can offer you 15,000.00 over 36 months at 14.20 % a year." in texts["part.txt"].replace(
        "\n", " "
    )
    assert "by 3 September 2026" in texts["part.txt"].replace("\n", " ")
    assert "concerning this creditor is the Bureau." in texts["low.txt"].replace("\n", " ")
    assert any("stand for Credit/credit-4 (assumed)" in note for note in found.notes)
    assert any(note.startswith("1 letters give a score as a reason") for note in found.notes)


def test_a_letter_in_chinese(tmp_path: Path, reasons: Path) -> None:
    with speaking("zh"):
        _, texts = written(tmp_path, reasons)
    assert "尊敬的Ana Li：" in texts["debts_1.txt"]
    assert "  1. 债务相对于收入过高\n" in texts["debts_1.txt"]
    assert "金额 15,000.00，期限 36 个月，年利率 14.20 %。" in texts["part.txt"]
    assert "2026 年 9 月 3 日" in texts["part.txt"]


def test_the_sample_forms_reasons_are_23_each_with_a_denial_reason() -> None:
    """Form C-1 lists 23 reasons beside 'other'; the register's numbers are 1 to 9."""
    form = sample_form()
    assert len(form) == 23
    assert {item.hmda for item in form.values()} == {1, 2, 3, 4, 6, 7, 9}
    assert not any(item.vague for item in form.values())
    assert Reason("the score is below 600", "").vague
    assert Reason("Our internal standards", "").vague


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[lenders]\nname = "x"', "field lenders: expected one of lender, reasons, was 'lenders'"),
        ('[lender]\nphone = "x"', "field lender.phone: expected one of name, address, contact, agency"),
        ("[lender]\nname = 3", "field lender.name: expected a text, was 3"),
        ('[reasons]\na = "debts"', "field reasons.a: expected one of application-incomplete"),
        (
            '[reasons]\na = { en = "x" }',
            "field reasons.a: expected a key of the sample form, or texts en and zh",
        ),
        ('[reasons]\na = { en = "x", zh = "y", hmda = 12 }', "field reasons.a.hmda: expected a whole number"),
        ('[reasons]\na = { en = "x", zh = "y", de = "z" }', "field reasons.a: expected one of en, zh, hmda"),
        ("[reasons", "expected a readable TOML file of letters"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_wording(tmp_path / "bad.toml")
    assert message in str(error.value)


def test_a_folder_that_is_taken_is_refused_before_anything_is_decided(tmp_path: Path, reasons: Path) -> None:
    policy = policy_file(tmp_path)
    with pytest.raises(UsageError, match="field letters: expected a new folder, or an empty one"):
        lt.decide(MANY, policy=policy, letters=tmp_path)
    with pytest.raises(UsageError, match="field letters: expected a folder in one that exists"):
        lt.decide(MANY, policy=policy, letters=tmp_path / "no" / "letters")
    with pytest.raises(UsageError, match="field letters: expected a folder of letters, in which reasons"):
        lt.decide(MANY, policy=policy, reasons=reasons)
    lt.twin_create(tmp_path / "twin", *_book())
    with pytest.raises(UsageError, match="field letters: expected a folder that is no part of a twin's home"):
        lt.decide(MANY, policy=policy, letters=tmp_path / "twin" / "letters")


def _book() -> tuple[Any, ...]:
    book = lt.example_book()
    return book.outcomes, book.outcomes_mapping, book.as_of
