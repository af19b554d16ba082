"""Every key of a mapping is held against the kind of its column before a row is read; nothing ends in a
traceback.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loantwin.book.mapping import from_dict, load_mapping
from loantwin.book.mapping_checks import KINDS_OF, UNITS_OF
from loantwin.book.mapping_parts import UNITS
from loantwin.book.schema import LOANS, PANEL
from loantwin.book.tape import Tape, read_tape
from loantwin.errors import InputError, MappingError

Read = Callable[..., Tape]


def document(**columns: Any) -> dict[str, Any]:
    base = {"loan_id": "No", "product": {"constant": "mortgage"}}
    return {"name": "own", "file": "own.toml", "columns": {**base, **columns}}


# One key that cannot be said of the column's kind, and the key that the message names.
UNFIT = [
    (
        {"origination_date": {"source": "x", "formats": ["%Y"], "values": {"a": "b"}}},
        "columns.origination_date.values",
    ),
    (
        {"origination_date": {"source": "x", "formats": ["%Y"], "unit": "days"}},
        "columns.origination_date.unit",
    ),
    (
        {"origination_date": {"source": "x", "formats": ["%Y"], "otherwise": 0.0}},
        "columns.origination_date.otherwise",
    ),
    ({"origination_date": {"source": "x", "formats": ["%Y"], "times": 2}}, "columns.origination_date.times"),
    ({"origination_date": {"source": "x", "zero": dt.date(1999, 12, 31)}}, "columns.origination_date"),
    (
        {"origination_date": {"source": "x", "zero": dt.date(1999, 12, 31), "every": "q"}},
        "columns.origination_date.every",
    ),
    ({"term_months": {"source": "x", "values": {"a": "36"}}}, "columns.term_months.values"),
    ({"term_months": {"source": "x", "unit": "percent"}}, "columns.term_months.unit"),
    ({"term_months": {"source": "x", "formats": ["%Y"]}}, "columns.term_months.formats"),
    ({"originated_amount": {"source": "x", "unit": "text"}}, "columns.originated_amount.unit"),
    ({"originated_amount": {"source": "x", "unit": "months"}}, "columns.originated_amount.unit"),
    ({"originated_amount": {"source": "x", "times": 0}}, "columns.originated_amount.times"),
    ({"originated_amount": {"source": "x", "percent_above": 1}}, "columns.originated_amount.percent_above"),
    ({"guaranteed_share": {"source": "x", "unit": "text"}}, "columns.guaranteed_share.unit"),
    ({"guaranteed_share": {"source": "x", "unit": "money"}}, "columns.guaranteed_share.divided_by"),
    ({"days_past_due": {"source": "x", "unit": "months"}}, "columns.days_past_due.unit"),
    ({"score": {"source": "x", "pattern": "a"}}, "columns.score.pattern"),
    ({"score": {"source": "x", "breaks": {"a": 1}}}, "columns.score.breaks"),
    ({"score": {"source": "x", "shift_months": 1}}, "columns.score.shift_months"),
    ({"region": {"source": "x", "unit": "number"}}, "columns.region.unit"),
    ({"region": {"source": "x", "less": "y"}}, "columns.region.less"),
    ({"region": {"source": "x", "take": "max"}}, "columns.region.take"),
    ({"region": {"source": "x", "constant": "a"}}, "columns.region.constant"),
    ({"region": {"constant": "a", "values": {"a": "b"}}}, "columns.region.source"),
    ({"state": {"source": "x", "breaks": {"late": 1}}}, "columns.state.breaks.late"),
    ({"score": {"source": "x", "otherwise": 1}}, "columns.score.when"),
    ({"score": {"source": "x", "when": {"scor": 1}}}, "when.scor"),
    ({"score": {"source": "x", "when": {"term_months": "long"}}, "term_months": "t"}, "when.term_months"),
    (
        {
            "score": {"source": "x", "when": {"closed_date": "2020"}},
            "closed_date": {"source": "d", "formats": ["%Y"]},
        },
        "when.closed_date",
    ),
    (
        {"closed_date": {"source": "x", "formats": ["%Y"], "shift_months": {"paid": 1}}},
        "columns.closed_date.shift_months",
    ),
    ({"loan_id": {"constant": "x"}}, "columns.loan_id.constant"),
    ({"score": {"source": "x", "number_rows": True}}, "columns.score.number_rows"),
]


@pytest.mark.parametrize(
    ("columns", "key"), UNFIT, ids=[key + str(place) for place, (_, key) in enumerate(UNFIT)]
)
def test_a_key_that_does_not_fit_its_column_names_file_and_key(columns: dict[str, Any], key: str) -> None:
    with pytest.raises(MappingError) as caught:
        from_dict(document(**columns))
    assert (caught.value.file, caught.value.field) == ("own.toml", key)


@pytest.mark.parametrize(
    ("rest", "key"),
    [
        ({"derive": [{"column": "guaranteed_share", "take": "region"}]}, "derive 1.take"),
        ({"derive": [{"column": "origination_grade", "at_most": "score"}]}, "derive 1.at_most"),
        ({"derive": [{"column": "approval_date", "value": 5}]}, "derive.approval_date"),
        ({"derive": [{"column": "region"}]}, "derive 1"),
        ({"derive": [{"column": "term_months", "take": "approved_amount"}]}, "derive 1.take"),
        ({"weight": {"column": "score", "values": {"1": 2.0}}}, "weight.column"),
        ({"weight": {"column": "nothing", "values": {"1": 2.0}}}, "weight.column"),
        ({"attributes": {"dti": {"source": "x", "unit": "percent"}}}, "attributes.dti.unit"),
        ({"checked": {"past_due": {"source": "x", "unit": "text"}}}, "checked.past_due.unit"),
    ],
)
def test_rules_and_weights_that_do_not_fit_their_columns(rest: dict[str, Any], key: str) -> None:
    plain = document(region="r", score="s", guaranteed_share={"source": "g", "unit": "percent"})
    with pytest.raises(MappingError) as caught:
        from_dict({**plain, **rest})
    assert (caught.value.file, str(caught.value.field).split(".unit")[0]) == (
        "own.toml",
        key.split(".unit")[0],
    )


@pytest.mark.parametrize(
    ("text", "offer"),
    [
        ("[columns.balance]\nsource = 'x'", "did you mean principal?"),
        ("[columns.dpd]\nsource = 'x'", "did you mean days_past_due?"),
        ("[columns.Interest_Rate]\nsource = 'x'", "did you mean annual_rate?"),
        ("[columns.orgination_date]\nsource = 'x'", "did you mean origination_date?"),
        ("[columns.score]\nsource = 'x'\nmising = ['a']", "did you mean missing?"),
        ("[columns.score]\nsource = 'x'\nformat = '%Y'", "did you mean formats?"),
        ("[columns.state]\nsource = 'x'\nvalues = { a = 'curent' }", "did you mean current?"),
        ("[columns.score]\nsource = 'x'\nunit = 'percents'", "did you mean percent?"),
    ],
)
def test_near_names_are_offered(read_own: Read, text: str, offer: str) -> None:
    base = "name = 'own'\n[columns.loan_id]\nsource = 'No'\n[columns.product]\nconstant = 'mortgage'\n"
    with pytest.raises(MappingError) as caught:
        read_own(base + text, "No,x\n1,2\n")
    assert offer in str(caught.value)


def test_near_names_of_a_tapes_columns_are_offered(read_own: Read) -> None:
    mapping = (
        "name = 'own'\n[columns]\nloan_id = 'Loan No'\nproduct = { constant = 'mortgage' }\nscore = 'Score'\n"
    )
    with pytest.raises(MappingError, match=r"expected a column Score in .*; did you mean Skore\?"):
        read_own(mapping, "Loan No,Skore\n1,2\n")


@pytest.mark.parametrize(("mapping", "tape"), [("dcr3.toml", "dcr.csv"), ("hm2.toml", "hm.csv")])
def test_the_cases_of_keys_that_do_not_fit(cases: Path, mapping: str, tape: str) -> None:
    case = cases / "F08-mapping-key-unfit-values"
    with pytest.raises(MappingError, match=rf"{mapping}, field columns\.\w+\.(values|constant): expected"):
        read_tape(case / tape, case / mapping)


def test_every_key_and_unit_is_held_against_kinds() -> None:
    assert set(UNITS) == {unit for units in UNITS_OF.values() for unit in units}
    assert {column.kind for column in (*LOANS, *PANEL)} == set(UNITS_OF)
    assert all(kinds <= set(UNITS_OF) for kinds in KINDS_OF.values())


KEYS: dict[str, st.SearchStrategy[Any]] = {
    "unit": st.sampled_from(UNITS),
    "formats": st.sampled_from([["%Y-%m-%d"], ["excel-days"], ["%Y-Q%q"], ["epoch-seconds"]]),
    "day": st.sampled_from(["first", "last"]),
    "values": st.sampled_from([{"a": "current", "1": "default_0_3"}, {"a": "2020-01-01"}, {}]),
    "breaks": st.sampled_from([{"current": 0, "default_0_3": float("inf")}, {"low": 1.0}]),
    "pattern": st.sampled_from(["a+", r"\d"]),
    "missing": st.sampled_from([["a"], ["1", "NA"]]),
    "constant": st.sampled_from(["a", 1.5, dt.date(2020, 1, 1), "mortgage"]),
    "less": st.just("y"),
    "divided_by": st.just("y"),
    "or_source": st.just("y"),
    "beside": st.just("y"),
    "optional": st.booleans(),
    "when": st.sampled_from(
        [{"product": "mortgage"}, {"score": {"above": 1}}, {"x": 1}, {"loan_id": {"missing": False}}]
    ),
    "otherwise": st.sampled_from([0.0, 1.0]),
    "shift_months": st.sampled_from([1, "lag", {"paid": 2}]),
    "take": st.sampled_from(["first", "last", "max"]),
    "decimal": st.sampled_from([".", ","]),
    "times": st.sampled_from([1000, -1, 0]),
    "percent_above": st.just(1.0),
    "zero": st.just(dt.date(1999, 12, 31)),
    "every": st.sampled_from(["1d", "1q", "3m"]),
    "number_rows": st.booleans(),
}
CELLS = [
    "",
    "a",
    "1",
    "-2",
    "2.5",
    "2020-01-31",
    "44957",
    "12.345",
    "(5)",
    "1e300",
    "NA",
    "x y",
    "0.05",
    "%",
    "₪",
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([column.name for column in LOANS if column.name != "loan_id"]),
    st.lists(st.sampled_from(sorted(KEYS)), max_size=4, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: KEYS[key] for key in keys})
    ),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS)), min_size=1, max_size=6),
)
def test_any_key_on_any_column_reads_or_is_refused_by_name(
    tmp_path: Path, name: str, keys: dict[str, Any], sourced: bool, cells: list[tuple[str, str]]
) -> None:
    entry = {**({"source": "x"} if sourced else {}), **keys}
    plain = document(**{name: entry})
    plain["assumptions"] = {"lag": {"value": 3, "unit": "months", "words": "A lag."}}
    text = "No,x,y\n" + "".join(f"{place},{x},{y}\n" for place, (x, y) in enumerate(cells))
    (tmp_path / "tape.csv").write_text(text, encoding="utf-8")
    refusal = None
    try:
        tape = read_tape(tmp_path / "tape.csv", from_dict(plain))
    except InputError as error:
        refusal = error
    if refusal is not None:
        assert refusal.file is not None
        assert refusal.field is not None or "every row refused" in str(refusal)
        return
    dates = tape.loans[name] if tape.loans.schema[name].is_temporal() else tape.loans["loan_id"].head(0)
    assert dt.date(1970, 1, 1) not in dates.to_list()


def test_a_built_in_format_still_fits(tmp_path: Path) -> None:
    assert load_mapping("sba").columns["guaranteed_share"].divided_by == ("GrAppv", "gr_appv")
