"""Who is refused is told why: an example a rule, the allowed values, the nearest name; the quarantine is
written.
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.book.tape import Tape, check
from loantwin.errors import NoRowError

Read = Callable[..., Tape]

OWN = """
name = "own"
currency = "EUR"
[columns]
loan_id = "No"
product = { source = "Kind", values = { ANN = "instalment", BUL = "interest_only" } }
origination_date = { source = "Start", formats = ["%d.%m.%Y"] }
originated_amount = "Amount"
guaranteed_share = { source = "G", optional = true }
"""
HEAD = "No,Kind,Start,Amount\n"


def test_an_example_of_each_rule(read_own: Read) -> None:
    rows = (
        "1,ANN,01.02.2020,5\n2,ANNU,01.02.2020,5\n3,BUL,2020-02-01,5\n4,XX,01.02.2020,much\n"
        "1,ANN,01.02.2020,5\n"
    )
    found = check(read_own(OWN, HEAD + rows))
    told = {rule: (item.row, item.field, item.value, item.hint) for rule, item in found.examples.items()}
    assert told["code_outside_map"] == (2, "product", "ANNU", "allowed: ANN, BUL; did you mean ANN?")
    assert told["unparsable_date"] == (
        3,
        "origination_date",
        "2020-02-01",
        "`formats` with %Y-%m-%d reads it",
    )
    assert told["unparsable_number"][:3] == (4, "originated_amount", "much")
    assert told["duplicate_id"][:3] == (5, "loan_id", "1")
    assert set(told) == set(found.rejections)
    assert set(found.to_dict()["examples"]["code_outside_map"]) == {"row", "field", "value", "hint"}


def test_rules_of_the_schema_have_examples_too(read_own: Read) -> None:
    found = check(
        read_own(
            OWN,
            "No,Kind,Start,Amount,G\n1,ANN,01.02.2020,5,1.5\n2,ANN,01.02.2020,5,80\n3,ANN,01.02.2020,5,0.5\n",
        )
    )
    assert found.rejections == {}
    mapping = OWN.replace(
        'product = { source = "Kind", values', 'product = { source = "Kind", missing = ["none"], values'
    )
    found = check(read_own(mapping, HEAD + "1,ANN,01.02.2020,5\n2,none,01.02.2020,5\n"))
    assert (found.examples["missing_value"].row, found.examples["missing_value"].field) == (2, "product")


def test_all_refused_names_field_value_and_allowed_values(read_own: Read) -> None:
    with pytest.raises(NoRowError) as caught:
        read_own(OWN, HEAD + "1,LOAN,01.02.2020,5\n2,LOAN,01.02.2020,5\n")
    text = str(caught.value)
    assert "expected at least one usable row, was 'every row refused: code_outside_map 2'" in text
    assert "; row 1, field product: 'LOAN' (allowed: ANN, BUL)" in text


def test_the_quarantine_is_written_even_where_no_row_is_left(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "tape.csv").write_text(HEAD + "1,LOAN,01.02.2020,5\n2,LOAN,31.02.2020,5\n", encoding="utf-8")
    with pytest.raises(NoRowError):
        lt.tape_check(tmp_path / "tape.csv", tmp_path / "own.toml", quarantine=tmp_path / "q.csv")
    written = pl.read_csv(tmp_path / "q.csv", infer_schema=False)
    assert written.select("row", "field", "rule", "kind").rows() == [
        ("1", "product", "code_outside_map", "rejected"),
        ("2", "product", "code_outside_map", "rejected"),
        ("2", "origination_date", "unparsable_date", "rejected"),
    ]


def test_no_quarantine_is_written_unasked(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "tape.csv").write_text(HEAD + "1,LOAN,01.02.2020,5\n", encoding="utf-8")
    with pytest.raises(NoRowError):
        lt.tape_check(tmp_path / "tape.csv", tmp_path / "own.toml")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["own.toml", "tape.csv"]
