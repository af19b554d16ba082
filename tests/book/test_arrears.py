"""State follows from days past due: in tables of one date, in panels, from codes and from dates."""

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.book.arrears import state_of_days
from loantwin.book.as_of import book_at
from loantwin.book.tape import Tape
from loantwin.errors import MappingError

Read = Callable[..., Tape]

SNAPSHOT = """
name = "own"
currency = "EUR"
kind = "snapshot"
as_of = 2022-12-31
observes = ["balance", "delinquency"]
segment_by = []
[columns]
loan_id = "No"
product = { constant = "instalment" }
origination_date = { source = "Start", formats = ["%Y-%m-%d"] }
principal = "Balance"
"""
PANEL = """
name = "own"
currency = "EUR"
kind = "panel"
observes = ["balance", "delinquency", "defaults"]
segment_by = []
[columns]
loan_id = "No"
product = { constant = "instalment" }
origination_date = { source = "Start", formats = ["%Y-%m-%d"] }
[panel]
report_date = { source = "Month", formats = ["%Y-%m-%d"] }
principal = "Balance"
"""

# The states as their names read: days past due before default, months since 90 days past due after it.
WORKED = {
    0: "current",
    1: "dpd_1_29",
    29: "dpd_1_29",
    30: "dpd_30_59",
    59: "dpd_30_59",
    60: "dpd_60_89",
    89: "dpd_60_89",
    90: "default_0_3",
    149: "default_0_3",
    181: "default_3_6",
    271: "default_6_9",
    361: "default_9_12",
    451: "default_12_plus",
    5000: "default_12_plus",
}


def test_states_of_days() -> None:
    made = pl.DataFrame({"days": [*WORKED, None]}).select(state_of_days(pl.col("days")))
    assert made.to_series().to_list() == [*WORKED.values(), None]


@given(st.integers(0, 1000), st.integers(1, 200))
def test_more_days_are_never_a_better_state(days: int, more: int) -> None:
    order = ["current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default_0_3", "default_3_6", "default_6_9"]
    order += ["default_9_12", "default_12_plus"]
    few, many = pl.DataFrame({"days": [days, days + more]}).select(state_of_days(pl.col("days"))).to_series()
    assert order.index(few) <= order.index(many)


def test_a_snapshot_takes_its_states_from_days(read_own: Read) -> None:
    rows = "".join(f"{days},2020-01-01,100,{days}\n" for days in WORKED)
    tape = read_own(
        SNAPSHOT + 'days_past_due = "DPD"\n', "No,Start,Balance,DPD\n" + rows + "x,2020-01-01,100,\n"
    )
    assert tape.loans["state"].to_list() == [*WORKED.values(), None]
    book = book_at(tape.loans, tape.panel, tape.mapping, dt.date(2022, 12, 31))
    assert book.loans["state"].to_list() == [*WORKED.values(), "current"]


def test_a_stated_state_stands_beside_days(read_own: Read) -> None:
    mapping = SNAPSHOT + 'days_past_due = "DPD"\nstate = { source = "S", values = { P = "current" } }\n'
    tape = read_own(mapping, "No,Start,Balance,DPD,S\n1,2020-01-01,9,75,P\n2,2020-01-01,9,75,\n")
    assert tape.loans["state"].to_list() == ["current", "dpd_60_89"]


def test_a_date_of_default_stands_before_days(read_own: Read) -> None:
    mapping = SNAPSHOT + 'days_past_due = "DPD"\ndefault_date = { source = "D", formats = ["%Y-%m-%d"] }\n'
    tape = read_own(mapping, "No,Start,Balance,DPD,D\n1,2020-01-01,9,0,2022-07-15\n2,2020-01-01,9,0,\n")
    book = book_at(tape.loans, tape.panel, tape.mapping, dt.date(2022, 12, 31))
    assert book.loans["state"].to_list() == ["default_3_6", "current"]


def test_days_are_counted_from_the_oldest_unpaid_instalment(read_own: Read) -> None:
    mapping = SNAPSHOT + 'oldest_unpaid_date = { source = "Due", formats = ["%Y-%m-%d"] }\n'
    tape = read_own(mapping, "No,Start,Balance,Due\n1,2020-01-01,9,2022-10-17\n2,2020-01-01,9,2022-10-02\n")
    # 17 October to 31 December: 14 + 30 + 31 days; 2 October: 15 more.
    assert tape.loans["days_past_due"].to_list() == [75, 90]
    assert tape.loans["state"].to_list() == ["dpd_60_89", "default_0_3"]


def test_numeric_codes_take_breaks(read_own: Read) -> None:
    mapping = SNAPSHOT + (
        'state = { source = "Late", values = { RA = "settled" }, '
        "breaks = { current = 0, dpd_30_59 = 1, dpd_60_89 = 2, default_0_3 = 5, default_3_6 = inf } }\n"
    )
    codes = ["-2", "0", "1", "02", "3", "5", "6", "99", "RA", "?"]
    rows = "".join(f"{place},2020-01-01,9,{code}\n" for place, code in enumerate(codes))
    tape = read_own(mapping, "No,Start,Balance,Late\n" + rows)
    assert tape.loans["state"].to_list() == [
        *("current", "current", "dpd_30_59", "dpd_60_89", "default_0_3", "default_0_3"),
        *("default_3_6", "default_3_6", "settled"),
    ]
    assert tape.quarantine["rule"].to_list() == ["code_outside_map"]


@pytest.mark.parametrize(
    "breaks", ["{}", "{ current = 1, dpd_1_29 = 1 }", "{ current = 0, late = 1 }", '{ current = "0" }', "3"]
)
def test_breaks_are_states_with_rising_ends(read_own: Read, breaks: str) -> None:
    mapping = SNAPSHOT + f'state = {{ source = "Late", breaks = {breaks} }}\n'
    with pytest.raises(MappingError, match=r"own\.toml, field columns\.state\.breaks"):
        read_own(mapping, "No,Start,Balance,Late\n1,2020-01-01,9,0\n")


def panel(read_own: Read, extra: str, rows: list[str], more: str = "") -> list[str]:
    header = "No,Start,Month,Balance,DPD" + more + "\n"
    return (
        read_own(PANEL + 'days_past_due = "DPD"\n' + extra, header + "\n".join(rows)).panel["state"].to_list()
    )


def test_a_panel_without_states_takes_them_from_days(read_own: Read) -> None:
    rows = [f"1,2020-01-01,2022-{month:02}-28,100,{30 * (month - 1)}" for month in range(1, 7)]
    assert panel(read_own, "", rows) == [
        *("current", "dpd_30_59", "dpd_60_89", "default_0_3", "default_0_3", "default_0_3")
    ]


def test_a_panel_without_states_ends_where_nothing_is_owed(read_own: Read) -> None:
    paid = ["1,2020-01-01,2022-01-31,100,0", "1,2020-01-01,2022-02-28,0,0"]
    lost = [
        "2,2020-01-01,2022-01-31,90,120,0",
        "2,2020-01-01,2022-02-28,0,150,90",
        "2,2020-01-01,2022-03-31,,,0",
    ]
    assert panel(read_own, "", paid) == ["current", "prepaid"]
    assert panel(
        read_own,
        'charged_off = "Lost"\n',
        [row if row.count(",") == 5 else row + ",0" for row in lost],
        ",Lost",
    ) == [
        "default_0_3",
        "charged_off",
        "charged_off",
    ]
    gone = ["3,2020-01-01,2022-01-31,90,120", "3,2020-01-01,2022-02-28,0,0"]
    assert panel(read_own, "", gone) == [
        "default_0_3",
        "settled",
    ]  # no loss is told: how it ended is not known


def test_a_panel_that_tells_neither_state_nor_arrears_is_refused_by_name(read_own: Read) -> None:
    with pytest.raises(
        MappingError, match=r"own\.toml, field panel\.state: expected a panel column state or days"
    ):
        read_own(PANEL, "No,Start,Month,Balance\n1,2020-01-01,2022-01-31,100\n")
