"""Each contradiction, alone in one row."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from loantwin.book.rules import RULES
from loantwin.book.tape import Tape, check, read_tape

Row = Callable[..., dict[str, str]]
File = Callable[..., Path]

PAID_RULES = [
    ({"MIS_Status": ""}, "status_missing", None),
    ({"ApprovalDate": ""}, "approval_date_missing", "approval_date"),
    ({"DisbursementDate": ""}, "origination_date_missing", "origination_date"),
    ({"ChgOffDate": "15-Jun-02", "ChgOffPrinGr": "5"}, "charge_off_date_with_status_paid", None),
    ({"ChgOffDate": "15-Jun-02"}, "charge_off_date_without_amount", "charge_off_date"),
    ({"ChgOffPrinGr": "5"}, "charged_off_without_date", "charge_off_date"),
    ({"DisbursementDate": "27-Feb-97"}, "originated_before_approval", "origination_date"),
    ({"DisbursementGross": "60001"}, "originated_above_approved", None),
    ({"Term": "0"}, "zero_term", None),
    ({"RevLineCr": "T"}, "unusable_code", None),
    ({"SBA_Appv": "60001"}, "guaranteed_share_above_one", "guaranteed_share"),
]


@pytest.mark.parametrize(("cells", "rule", "masked"), PAID_RULES)
def test_rules_of_paid_loans(
    paid: Row, tape_file: File, cells: dict[str, str], rule: str, masked: str | None
) -> None:
    tape = read_tape(tape_file(paid(), paid(**cells)), "sba")
    assert check(tape).warnings.get(rule) == 1
    listed = tape.warnings.filter(tape.warnings["rule"] == rule).row(0, named=True)
    assert (listed["row"], listed["loan_id"]) == (2, "1000000002")
    assert tape.rejected == 0
    if masked is not None:
        assert tape.loans[masked][1] is None


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"ChgOffDate": ""}, "charged_off_without_date"),
        ({"ChgOffPrinGr": "60001"}, "charged_off_above_originated"),
        ({"Term": "47"}, "term_leaks"),
        ({"ChgOffDate": "1-Mar-97"}, "charge_off_before_origination"),
    ],
)
def test_rules_of_charged_off_loans(
    charged_off: Row, tape_file: File, cells: dict[str, str], rule: str
) -> None:
    found = check(read_tape(tape_file(charged_off(), charged_off(**cells)), "sba"))
    assert found.warnings[rule] == 1
    assert found.accepted_rows == 2


def test_a_clean_tape_has_no_warning(paid: Row, charged_off: Row, tape_file: File) -> None:
    found = check(read_tape(tape_file(paid(), charged_off()), "sba"))
    assert (found.warnings, found.rejections) == ({}, {})


def test_warnings_keep_the_raw_text_of_the_field(paid: Row, tape_file: File) -> None:
    tape = read_tape(tape_file(paid(DisbursementGross="$60,001.00 ")), "sba")
    assert tape.warnings.row(0, named=True)["raw"] == "$60,001.00 "


def test_the_outcome_follows_date_and_amount_not_the_status(charged_off: Row, tape_file: File) -> None:
    tape = read_tape(tape_file(charged_off(MIS_Status="P I F"), charged_off(MIS_Status="")), "sba")
    assert tape.loans["charge_off_date"].null_count() == 0
    assert tape.loans["charged_off"].to_list() == [20000.0, 20000.0]


def test_totals_are_of_the_source_before_any_rule(paid: Row, tape_file: File) -> None:
    line = paid(RevLineCr="Y", DisbursementGross="150000", GrAppv="60000")
    tape = read_tape(tape_file(line), "sba")
    assert check(tape).totals["originated"] == 150000.0
    assert tape.loans["originated_amount"][0] == 60000.0  # draws over life are an outcome


def test_a_rule_has_words() -> None:
    assert all(rule.words for rule in RULES)


def test_current_loans_that_are_late_are_named_in_every_month(read_own: Callable[..., Tape]) -> None:
    mapping = """
name = "own"
currency = "USD"
kind = "panel"
observes = ["delinquency", "balance"]
[columns.loan_id]
source = "id"
[columns.origination_date]
source = "start"
formats = ["%Y-%m-%d"]
[columns.product]
constant = "instalment"
[columns.rate_type]
constant = "fixed"
[panel.report_date]
source = "day"
formats = ["%Y-%m-%d"]
[panel.principal]
source = "owed"
[panel.days_past_due]
source = "late"
[panel.state]
source = "state"
values = { A = "current", B = "dpd_30_59", C = "" }
"""
    rows = ["a,2024-01-31,0,A", "a,2024-02-29,29,A", "a,2024-03-31,30,A", "a,2024-04-30,95,A"]
    rows += ["b,2024-01-31,60,B", "b,2024-02-29,90,B", "c,2024-01-31,95,C"]
    lines = [f"{row[:1]},2023-01-31,{row[2:12]},100,{row[13:]}" for row in rows]
    tape = read_own(mapping, "\n".join(["id,start,day,owed,late,state", *lines]) + "\n")
    named = tape.warnings.filter(pl.col("rule") == "state_against_days")
    assert named["row"].to_list() == [3, 4, 6]
    assert named["raw"].to_list() == ["A", "A", "B"]
    # C is left to the days on purpose: nothing to warn of.
    assert set(tape.warnings["rule"]) == {"state_against_days"}
    quiet = read_own(
        mapping + "[rules]\nstate_against_days = false\n", "id,start,day,owed,late,state\n" + lines[3] + "\n"
    )
    assert not quiet.warnings.height


def test_a_tape_without_rates_says_so_at_once(read_own: Callable[..., Tape]) -> None:
    mapping = """
name = "own"
currency = "USD"
kind = "snapshot"
as_of = 2024-01-31
observes = ["balance"]
[columns.loan_id]
source = "id"
[columns.origination_date]
source = "start"
formats = ["%Y-%m-%d"]
[columns.principal]
source = "owed"
unit = "money"
[columns.product]
constant = "instalment"
"""
    rate = '[columns.annual_rate]\nsource = "rate"\nunit = "percent"\n'
    stated = '[assumptions]\nannual_rate_without_macro = { value = 0.08, unit = "decimal", words = "w" }\n'
    text = "id,start,owed,rate\na,2023-01-31,100,\nb,2023-02-28,50,{}\n"
    said = "annual_rate is missing for all 2 loans"
    assert [item.startswith(said) for item in read_own(mapping, text.format(5)).statements] == [True]
    assert [item.startswith(said) for item in read_own(mapping + rate, text.format("")).statements] == [True]
    assert read_own(mapping + rate, text.format(5)).statements == ()
    assert read_own(mapping + stated, text.format(5)).statements == ()
