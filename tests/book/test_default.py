"""Default by a stated definition, each rule worked by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from loantwin.book.mapping import DEFINITIONS, from_dict, load_mapping
from loantwin.book.tape import Tape, check
from loantwin.errors import MappingError

Read = Callable[..., Tape]

SNAPSHOT = """
name = "own"
currency = "EUR"
kind = "snapshot"
as_of = 2022-12-31
observes = ["balance", "delinquency"]
segment_by = []
default = "eu"
[columns]
loan_id = "No"
borrower_id = "Debtor"
product = { constant = "instalment" }
origination_date = { constant = 2020-01-01 }
principal = "Owed"
days_past_due = "DPD"
[attributes]
class = "Class"
[checked]
past_due = "Late"
"""


def states(read_own: Read, mapping: str, rows: str) -> dict[str, str]:
    tape = read_own(mapping, rows.replace(" ", ""))
    return dict(tape.loans.select("loan_id", "state").iter_rows())


def test_arrears_below_either_limit_are_no_default(read_own: Read) -> None:
    rows = """No,Debtor,Owed,DPD,Class,Late
    above-both,a,9000,120,retail,101
    below-amount,b,5000,120,retail,99
    below-share,c,20000,120,retail,150
    young,d,9000,90,retail,900
    firm-below,e,9000,120,firm,400
    firm-above,f,9000,120,firm,600
    """
    assert states(read_own, SNAPSHOT, rows) == {
        "above-both": "default_0_3",
        "below-amount": "dpd_60_89",  # 99 is not above 100
        "below-share": "dpd_60_89",  # 1 % of 20,000 is 200
        "young": "dpd_60_89",  # 90 days are not more than 90
        "firm-below": "dpd_60_89",  # 400 is not above 500
        "firm-above": "default_0_3",
    }


def test_retail_is_judged_by_loan_and_pulled_beyond_a_fifth(read_own: Read) -> None:
    rows = """No,Debtor,Owed,DPD,Class,Late
    a1,a,2100,120,retail,2100
    a2,a,7900,0,retail,0
    b1,b,2000,120,retail,2000
    b2,b,8000,0,retail,0
    """
    # 2,100 of 10,000 is more than 20 %; 2,000 of 10,000 is not.
    assert states(read_own, SNAPSHOT, rows) == {
        "a1": "default_0_3",
        "a2": "default_0_3",
        "b1": "default_0_3",
        "b2": "current",
    }


def test_others_are_judged_by_debtor(read_own: Read) -> None:
    rows = """No,Debtor,Owed,DPD,Class,Late
    a1,a,100,120,firm,300
    a2,a,9900,0,firm,300
    b1,b,100,120,firm,300
    b2,b,9900,0,firm,0
    """
    # Together 600 are above 500 and above 1 % of 10,000, so that all that the debtor owes is in default.
    assert states(read_own, SNAPSHOT, rows) == {
        "a1": "default_0_3",
        "a2": "default_0_3",
        "b1": "dpd_60_89",
        "b2": "current",
    }


def test_the_breach_of_the_limits_starts_the_counter(read_own: Read) -> None:
    mapping = SNAPSHOT.replace(
        'past_due = "Late"', 'breach_date = { source = "Since", formats = ["%Y-%m-%d"] }'
    )
    rows = """No,Debtor,Owed,DPD,Class,Since
    long,a,9000,200,retail,2022-09-30
    short,b,9000,200,retail,2022-10-02
    never,c,9000,200,retail,
    """
    # 30 September to 31 December are 92 days, 2 October 90.
    assert states(read_own, mapping, rows) == {
        "long": "default_0_3",
        "short": "dpd_60_89",
        "never": "dpd_60_89",
    }


PANEL = SNAPSHOT.replace('kind = "snapshot"\nas_of = 2022-12-31', 'kind = "panel"').replace(
    'principal = "Owed"\ndays_past_due = "DPD"\n', ""
) + (
    '[panel]\nreport_date = { source = "Month", formats = ["%Y-%m-%d"] }\nprincipal = "Owed"\n'
    'days_past_due = "DPD"\n'
)


def test_in_a_panel_the_counter_runs_while_reports_show_material_arrears(read_own: Read) -> None:
    late = [0, 50, 150, 150, 50, 150, 150, 150, 150]  # above 100 in March and April, then from June on
    rows = "No,Debtor,Owed,DPD,Class,Late,Month\n" + "\n".join(
        f"x,a,9000,{30 * place},retail,{amount},2022-{place + 1:02}-28" for place, amount in enumerate(late)
    )
    panel = read_own(PANEL, rows).panel
    # From 28 June 92 days have passed on 28 September; the first run lasted a month.
    assert panel is not None
    assert panel["state"].to_list()[4:] == ["dpd_60_89", "dpd_60_89", "dpd_60_89", "dpd_60_89", "default_0_3"]


CHINA = SNAPSHOT.replace('"eu"', '"china"').replace(
    'past_due = "Late"', 'past_due_elsewhere = { source = "Elsewhere", unit = "percent" }'
)


def test_china_draws_in_a_debtor_beyond_a_tenth_here(read_own: Read) -> None:
    rows = """No,Debtor,Owed,DPD,Class,Elsewhere
    a1,a,1100,120,firm,
    a2,a,8900,0,firm,
    b1,b,1000,120,firm,
    b2,b,9000,0,firm,
    c1,c,5000,120,retail,
    c2,c,5000,0,retail,
    """
    assert states(read_own, CHINA, rows) == {
        "a1": "default_0_3",
        "a2": "default_0_3",  # 11 % of what it owes here
        "b1": "default_0_3",
        "b2": "current",  # 10 % is not more than 10 %
        "c1": "default_0_3",
        "c2": "current",  # retail, loan by loan
    }


def test_china_draws_in_a_debtor_beyond_a_fifth_anywhere(read_own: Read) -> None:
    rows = """No,Debtor,Owed,DPD,Class,Elsewhere
    a,a,1000,0,firm,21
    b,b,1000,0,firm,20
    c,c,1000,0,retail,50
    """
    assert states(read_own, CHINA, rows) == {"a": "default_0_3", "b": "current", "c": "current"}


def test_a_restructured_loan_is_watched_for_a_year(read_own: Read) -> None:
    mapping = CHINA.replace(
        "[checked]", '[checked]\nrestructured_date = { source = "Changed", formats = ["%Y-%m-%d"] }'
    ).replace(
        'days_past_due = "DPD"',
        'days_past_due = "DPD"\ndefault_date = { source = "Bad", formats = ["%Y-%m-%d"] }',
    )
    rows = """No,Debtor,Owed,DPD,Class,Elsewhere,Changed,Bad
    within,a,1000,0,firm,,2022-01-15,
    over,b,1000,0,firm,,2021-12-31,
    was-bad,c,1000,0,firm,,2022-01-15,2021-10-01
    never,d,1000,0,firm,,,
    """
    found = states(read_own, mapping, rows)
    assert found == {
        "within": "forborne_performing",
        "over": "current",  # a year is over on 31 December 2022
        "was-bad": "forborne_non_performing",
        "never": "current",
    }


def test_in_a_panel_a_loan_restructured_in_default_stays_non_performing(read_own: Read) -> None:
    mapping = PANEL.replace('"eu"', '"china"').replace(
        'past_due = "Late"',
        'past_due_elsewhere = { source = "Elsewhere" }\n'
        'restructured_date = { source = "Changed", formats = ["%Y-%m-%d"] }',
    )
    days = [0, 60, 120, 0, 0, 0]
    rows = "No,Debtor,Owed,DPD,Class,Elsewhere,Changed,Month\n" + "\n".join(
        f"x,a,9000,{late},firm,0,{'2022-03-31' if place > 2 else ''},2022-{place + 1:02}-28"
        for place, late in enumerate(days)
    )
    panel = read_own(mapping, rows).panel
    assert panel is not None
    assert panel["state"].to_list() == [
        "current",
        "dpd_60_89",
        "default_0_3",
        *["forborne_non_performing"] * 3,
    ]


def test_a_stated_default_stands(read_own: Read) -> None:
    mapping = SNAPSHOT.replace(
        'days_past_due = "DPD"',
        'days_past_due = "DPD"\nstate = { source = "S", values = { D = "default_6_9" } }',
    )
    rows = "No,Debtor,Owed,DPD,Class,Late,S\n1,a,9000,0,firm,0,D\n2,a,100,0,firm,0,\n"
    assert states(read_own, mapping, rows) == {"1": "default_6_9", "2": "default_0_3"}


def test_what_the_definition_did_is_said(read_own: Read) -> None:
    tape = read_own(SNAPSHOT, "No,Debtor,Owed,DPD,Class,Late\n1,a,9,120,firm,900\n2,a,9,0,firm,0\n")
    said = " ".join(check(tape).statements)
    assert "more than 90 days since the amount past due became material" in said
    assert "1 loans are in default with their debtor" in said


@pytest.mark.parametrize("name", DEFINITIONS)
def test_built_in_definitions_are_written_out_in_the_mapping(tmp_path: Path, name: str) -> None:
    (tmp_path / "own.toml").write_text(SNAPSHOT.replace('"eu"', f'"{name}"'), encoding="utf-8")
    mapping = load_mapping(tmp_path / "own.toml")
    assert mapping.default.days == 91
    assert mapping.document["default"]["days"] == 91
    assert from_dict(mapping.to_dict()) == mapping


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('default = "us"', "default"),
        ("[default]\ndays = 0", "default.days"),
        ("[default]\ndays = 90.5", "default.days"),
        ('[default]\ncounter = "first"', "default.counter"),
        ("[[default.group]]\npulling_share = 20", "default.group 1.pulling_share"),
        ("[[default.group]]\nlevel = 'bank'", "default.group 1.level"),
        ("[[default.group]]\nspeling = 1", "default.group 1.speling"),
    ],
)
def test_a_definition_is_read_strictly(tmp_path: Path, text: str, key: str) -> None:
    plain = SNAPSHOT.replace('default = "eu"\n', text + "\n" if text.startswith("default") else "")
    plain += "" if text.startswith("default") else text + "\n"
    (tmp_path / "own.toml").write_text(plain, encoding="utf-8")
    with pytest.raises(MappingError, match=key.replace(".", r"\.")):
        load_mapping(tmp_path / "own.toml")


def test_what_a_definition_needs_is_asked_for_by_name(read_own: Read) -> None:
    without = SNAPSHOT.replace('[checked]\npast_due = "Late"\n', "")
    with pytest.raises(
        MappingError, match=r"default\.counter: expected a checked column breach_date or past_due"
    ):
        read_own(without, "No,Debtor,Owed,DPD,Class\n1,a,9,120,firm\n")
    classless = SNAPSHOT.replace('[attributes]\nclass = "Class"\n', "")
    with pytest.raises(MappingError, match="attribute_class"):
        read_own(classless, "No,Debtor,Owed,DPD,Late\n1,a,9,120,0\n")
