"""Mappings are read strictly and give themselves back."""

import datetime as dt
import importlib.metadata
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from loantwin.book.mapping import FORMATS, PRESETS, ValueBands, from_dict, load_mapping
from loantwin.book.tape import check, read_tape
from loantwin.errors import MappingError

OWN = """
name = "own"
currency = "EUR"
segment_by = ["origination_grade", { column = "score", breaks = [600, 700] }]
observes = ["defaults", "prepayment"]

[columns.loan_id]
source = "No"
[columns.product]
constant = "mortgage"
[columns.origination_grade]
source = "Grade"
[columns.score]
source = "Score"
[columns.origination_date]
source = "Start"
formats = ["%d.%m.%Y"]
[columns.term_months]
source = "Years"
unit = "years"
[columns.originated_amount]
source = "Amount"
[columns.annual_rate]
source = "Rate"
unit = "percent"
[columns.weight]
source = "W"
[assumptions]
haircut = { value = 0.3, unit = "decimal", words = "Taken off the value of collateral." }
"""
TAPE = (
    "No,Grade,Score,Start,Years,Amount,Rate,W\n1,A,650,28.02.1997,7,60000,4.25 "
    "%,1\n2,B,,01.03.1997,2.5,1000,5,1\n"
)


def own(folder: Path, text: str = OWN) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_built_in_formats_load_and_give_themselves_back(name: str) -> None:
    mapping = load_mapping(name)
    assert mapping.name == name
    assert from_dict(mapping.to_dict()) == mapping
    assert mapping.currency == ("EUR" if name in PRESETS else "USD")
    assert mapping.words
    assert all(item.words and item.unit is not None for item in mapping.assumption_details.values())


def test_a_users_mapping(tmp_path: Path) -> None:
    mapping = load_mapping(own(tmp_path))
    assert mapping.segment_by == ("origination_grade", ValueBands("score", (600.0, 700.0)))
    (tmp_path / "tape.csv").write_text(TAPE, encoding="utf-8")
    loans = read_tape(tmp_path / "tape.csv", own(tmp_path)).loans
    assert loans["term_months"].to_list() == [84, 30]
    assert loans["annual_rate"].to_list() == [pytest.approx(0.0425), pytest.approx(0.05)]
    assert loans["origination_date"][0] == dt.date(1997, 2, 28)
    assert loans["score"].to_list() == [650.0, None]


BROKEN = [
    ('name = "own"', 'name = "own"\nspeling = 1', "speling"),
    ('unit = "years"', 'unti = "years"', "columns.term_months.unti"),
    ('unit = "years"', 'unit = "decades"', "columns.term_months.unit"),
    ("[columns.score]", "[columns.skore]", "columns.skore"),
    ('observes = ["defaults", "prepayment"]', 'observes = ["luck"]', "observes"),
    ('formats = ["%d.%m.%Y"]', "", "columns.origination_date.formats"),
    ('source = "Grade"', "", "columns.origination_grade"),
    ('segment_by = ["origination_grade",', 'segment_by = ["status",', "segment_by"),
    ("breaks = [600, 700]", "breaks = [700, 600]", "segment_by"),
    ("value = 0.3", "value = nan", "assumptions.haircut.value"),
    ("value = 0.3", "valu = 0.3", "assumptions.haircut.valu"),
    ("[columns.loan_id]", "[columns.borrower_id]", "columns.loan_id"),
    ('name = "own"', 'name = "own"\nkind = "diary"', "kind"),
    ('name = "own"', 'name = "own"\nkind = "snapshot"', "as_of"),
    ('name = "own"', 'name = "own"\nlatest_date = "later"', "latest_date"),
    (
        "[assumptions]",
        '[[derive]]\ncolumn = "term_months"\nvalue = 1\nwhen = { status = "paid" }\n[assumptions]',
        "derive.term_months",
    ),
    ("[assumptions]", '[[derive]]\ncolumn = "score"\nvalu = 1\n[assumptions]', "derive 1.valu"),
    ("[assumptions]", '[[derive]]\ncolumn = "luck"\nvalue = 1\n[assumptions]', "derive"),
    ("[assumptions]", "[[derive]]\nvalue = 1\n[assumptions]", "derive 1.column"),
    ("[assumptions]", '[[derive]]\ncolumn = "score"\nvalue = "high"\n[assumptions]', "derive.score"),
    (
        "[assumptions]",
        '[[derive]]\ncolumn = "score"\nvalue = 1\nreplace = "yes"\n[assumptions]',
        "derive 1.replace",
    ),
    ('currency = "EUR"', 'currency = ["EUR"]', "currency"),
    ('observes = ["defaults", "prepayment"]', "observes = 3", "observes"),
    ('observes = ["defaults", "prepayment"]', 'observes = "defaults"', "observes"),
    ("breaks = [600, 700]", 'breaks = ["low"]', "segment_by"),
    ("breaks = [600, 700]", "breaks = [nan]", "segment_by"),
    ('column = "score", breaks', 'column = "region", breaks', "segment_by"),
    ('formats = ["%d.%m.%Y"]', 'formats = ["%Q"]', "columns.origination_date.formats"),
    ('formats = ["%d.%m.%Y"]', 'formats = ["%d.%m"]', "columns.origination_date.formats"),
    (
        'formats = ["%d.%m.%Y"]',
        'formats = ["%d.%m.%Y"]\nshift_months = "lag"',
        "columns.origination_date.shift_months",
    ),
    (
        'formats = ["%d.%m.%Y"]',
        'formats = ["%d.%m.%Y"]\nshift_months = 1e9',
        "columns.origination_date.shift_months",
    ),
    ('constant = "mortgage"', 'constant = "mortage"', "columns.product.constant"),
    ('constant = "mortgage"', "constant = [1]", "columns.product.constant"),
    ('constant = "mortgage"', 'source = "Grade"\nvalues = ["A"]', "columns.product.values"),
    ('constant = "mortgage"', 'source = "Grade"\nvalues = { A = "mortage" }', "columns.product.values.A"),
    ('source = "Score"', 'constant = "high"', "columns.score.constant"),
    ('source = "Score"', "constant = nan", "columns.score.constant"),
    ('source = "Score"', 'source = "Score"\noptional = "yes"', "columns.score.optional"),
    ('source = "Score"', 'source = "Score"\notherwise = "grade"', "columns.score.otherwise"),
    ('source = "Grade"', 'source = "Grade"\npattern = "("', "columns.origination_grade.pattern"),
    ("[assumptions]", '[weight]\nconstant = "many"\n[assumptions]', "weight"),
    ("[assumptions]", "[weight]\nconstant = -1\n[assumptions]", "weight"),
    ("[assumptions]", '[weight]\ncolumn = "product"\nvalues = [1]\n[assumptions]', "weight.values"),
    ("[assumptions]", '[rules]\nzero_term = "no"\n[assumptions]', "rules.zero_term"),
    ("[assumptions]", '[variants.other]\nwhen_header = "No"\n[assumptions]', "variants.other.when_header"),
    ("[assumptions]", "[assumptions]\nhair = 0.3", "assumptions.hair"),
    ('name = "own"', 'name = "own"\nearliest_date = 2020-01-01\nlatest_date = 2000-01-01', "latest_date"),
]

MISFITS = [
    ('source = "Score"', 'source = "Score"\nwhen = { term_months = { above = "long" } }', "when.term_months"),
    ('source = "Score"', 'source = "Score"\nwhen = { product = 3 }', "when.product"),
    ('source = "Score"', 'source = "Score"\nwhen = { luck = "good" }', "when.luck"),
    ("[assumptions]", "[rules]\nzero_terms = false\n[assumptions]", "rules.zero_terms"),
]


@pytest.mark.parametrize(("old", "new", "key"), BROKEN)
def test_a_broken_mapping_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in OWN
    with pytest.raises(MappingError) as caught:
        load_mapping(own(tmp_path, OWN.replace(old, new)))
    assert caught.value.file is not None
    assert caught.value.file.endswith("own.toml")
    assert caught.value.field == key
    assert "expected" in caught.value.message
    assert "was" in caught.value.message


@pytest.mark.parametrize(("old", "new", "key"), MISFITS)
def test_a_mapping_that_does_not_fit_its_columns_names_file_and_key(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    (tmp_path / "tape.csv").write_text(TAPE, encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        read_tape(tmp_path / "tape.csv", own(tmp_path, OWN.replace(old, new)))
    assert caught.value.file is not None
    assert caught.value.file.endswith("own.toml")
    assert caught.value.field == key


def test_invalid_toml_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"own\.toml: expected a readable TOML file of a mapping"):
        load_mapping(own(tmp_path, "name ="))
    with pytest.raises(MappingError, match=r"none\.toml: expected a readable mapping file"):
        load_mapping(tmp_path / "none.toml")
    with pytest.raises(MappingError, match=r"sba, lending-club, .* or a file ending in \.toml, was"):
        load_mapping("no-such-format")


def test_assumptions_can_be_overridden_by_name(tmp_path: Path) -> None:
    mapping = load_mapping(own(tmp_path), {"haircut": 0.5})
    assert mapping.number("haircut") == 0.5
    assert "overridden" in mapping.assumption_details["haircut"].words
    assert from_dict(mapping.to_dict()).number("haircut") == 0.5
    with pytest.raises(MappingError, match="one of the assumptions haircut"):
        load_mapping(own(tmp_path), {"hair": 0.5})
    with pytest.raises(MappingError, match=r"a value like 0\.3"):
        load_mapping(own(tmp_path), {"haircut": "half"})


def test_an_assumption_the_program_reads_may_be_stated_for_any_mapping() -> None:
    made = load_mapping("lending-snapshot", {"loss_given_default": 0.62})
    assert made.number("loss_given_default") == 0.62
    assert "overridden" in made.assumption_details["loss_given_default"].words
    with pytest.raises(MappingError, match="a number of 0 to 1"):
        load_mapping("lending-snapshot", {"loss_given_default": 62.0})
    with pytest.raises(MappingError, match="one of the assumptions"):
        load_mapping("lending-snapshot", {"loss_given_defalt": 0.62})


def test_overrides_reach_the_check(tmp_path: Path) -> None:
    (tmp_path / "tape.csv").write_text(TAPE, encoding="utf-8")
    tape = read_tape(tmp_path / "tape.csv", own(tmp_path), overrides={"haircut": 0.5})
    assert check(tape).to_dict()["assumptions"]["haircut"] == {
        "value": 0.5,
        "unit": "decimal",
        "words": "Taken off the value of collateral. (overridden)",
    }


def test_a_weight_without_a_value_is_refused(tmp_path: Path) -> None:
    text = OWN.replace('[columns.weight]\nsource = "W"\n', "").replace(
        "[assumptions]", '[weight]\ncolumn = "origination_grade"\nvalues = { A = 2.0 }\n[assumptions]'
    )
    (tmp_path / "tape.csv").write_text(TAPE, encoding="utf-8")
    tape = read_tape(tmp_path / "tape.csv", own(tmp_path, text))
    assert tape.loans["weight"].to_list() == [2.0]
    assert tape.quarantine.select("row", "field", "rule").rows() == [(2, "weight", "missing_value")]


def test_third_party_formats_are_loaded_only_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = own(tmp_path), []

    def entry_points(group: str) -> list[EntryPoint]:
        asked.append(group)
        return [EntryPoint("own", "sys:prefix", group), EntryPoint("sba", "sys:prefix", group)]

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    monkeypatch.setattr(EntryPoint, "load", lambda _: path)
    assert load_mapping("own").currency == "EUR"
    assert set(asked) == {"loantwin.formats"}
    asked.clear()
    assert load_mapping("sba").currency == "USD", "a built-in name cannot be taken over"
    assert not asked
