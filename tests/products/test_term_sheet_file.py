"""Files of terms: read, refused by file and key, and as their JSON Schema says."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loantwin.errors import ConfigError
from loantwin.products.term_sheet import Charge, FloatingRate, TermSheet
from loantwin.products.term_sheet_file import WORDS, read_terms, terms_of, terms_schema

PLAIN: dict[str, Any] = {"amount": 1200, "annual_rate": 0.12, "payments": 6, "start": "2024-01-01"}
FULL = """
amount = 1200
annual_rate = 0.12
payments = 6
start = 2024-01-01
due_day = "month-end"
season = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5]
amortisation = "seasonal"
holidays = [2]
carry_rounding = true
[[charges]]
name = "arrangement"
share = 0.01
[floating]
cap = 0.2
margin = 0.02
index = [{ from = 2024-01-01, rate = 0.1 }]
"""


def test_a_file_becomes_terms(tmp_path: Path) -> None:
    (tmp_path / "loan.toml").write_text(FULL, encoding="utf-8")
    sheet = read_terms(tmp_path / "loan.toml")
    assert sheet.annual_rate == Decimal("0.12")  # and not the binary number next to it
    assert sheet.start == date(2024, 1, 1)
    assert sheet.charges == (Charge(name="arrangement", share=Decimal("0.01")),)
    assert sheet.floating == FloatingRate(
        index=((date(2024, 1, 1), Decimal("0.1")),), margin=Decimal("0.02"), cap=Decimal("0.2")
    )


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"metod": "flat"}, "metod", "did you mean method?"),
        ({"method": "flt"}, "method", "did you mean flat?"),
        ({"payments": True}, "payments", "expected a whole number"),
        ({"payments": 6.5}, "payments", "expected a whole number"),
        ({"amount": "much"}, "amount", "expected a number"),
        ({"amount": float("inf")}, "amount", "expected a number"),
        ({"start": "1 May"}, "start", "expected a date"),
        ({"holidays": 3}, "holidays", "expected a list"),
        ({"charges": [{"name": "a", "amout": 1}]}, "charges[1].amout", "did you mean amount?"),
        ({"charges": [{"amount": 1}]}, "charges[1].name", "expected a value"),
        ({"floating": {"index": [[1, 2]]}}, "floating.index[1]", "expected a table of from and rate"),
        ({"annual_rate": None}, "annual_rate", "expected a value"),
        ({"step": 0.1}, "step", "as amortisation is annuity"),
        ({"start": "2024-W01-1"}, "start", "expected a date"),
        ({"start": "20240101"}, "start", "expected a date"),
        ({"start": "2024-01-0\u0661"}, "start", "expected a date"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(wrong: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        terms_of({**PLAIN, **wrong}, "loan.toml")
    assert (refused.value.file, refused.value.field) == ("loan.toml", field)
    assert words in refused.value.message


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("amount =", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected TOML"):
        read_terms(tmp_path / "bad.toml")
    for text in ("amount = " + "9" * 5000, "amount = " + "[" * 100_000):
        (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match="expected TOML"):
            read_terms(tmp_path / "bad.toml")
    with pytest.raises(ConfigError, match="expected a readable file of terms"):
        read_terms(tmp_path / "none.toml")


def test_the_schema_takes_what_is_read_and_refuses_what_is_not() -> None:
    schema = terms_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == {item.name for item in fields(TermSheet)} == set(WORDS)
    jsonschema.validate(PLAIN, schema)
    charges = [{"name": "a", "amount": 1.5, "due": "2024-02-01"}]
    jsonschema.validate({**PLAIN, "due_day": "month-end", "charges": charges}, schema)
    for wrong in ({"metod": 1}, {"method": "flt"}, {"payments": "six"}, {"charges": [{"amount": 1}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**PLAIN, **wrong}, schema)
