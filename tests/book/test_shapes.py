"""Other shapes of tapes: months apart, one column a month, two files, fields in rows, instalments, terms
in days.
"""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.book.as_of import book_at
from loantwin.book.mapping import PRESETS, load_mapping
from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import InputError, MappingError, TapeError

Read = Callable[..., Tape]

PANEL = """
name = "own"
currency = "USD"
kind = "panel"
observes = ["balance", "delinquency"]
segment_by = []
{more}
[columns]
loan_id = "No"
product = {{ constant = "mortgage" }}
origination_date = {{ constant = 2019-01-15 }}
[panel]
report_date = {{ source = "Month", formats = ["%Y-%m-%d"] }}
principal = "Owed"
days_past_due = "DPD"
interest = "Interest"
"""
QUARTERS = "No,Month,Owed,DPD,Interest\n" + "".join(
    f"{loan},{day},{owed},{late},{interest}\n"
    for loan, day, owed, late, interest in [
        ("A", "2020-03-31", 100, 0, 3),
        ("A", "2020-06-30", 90, 40, 3),
        ("A", "2020-09-30", 80, 0, 3),
        ("A", "2020-12-31", 70, 0, 3),
        ("B", "2020-03-31", 50, 0, 1),
        ("B", "2020-06-30", 50, 120, 1),
        ("B", "2020-09-30", 50, 210, 1),
    ]
)


def test_reports_months_apart_are_carried_until_the_next_is_due(read_own: Read) -> None:
    tape = read_own(PANEL.format(more="report_every = 3"), QUARTERS)
    assert tape.panel is not None
    a = tape.panel.filter(pl.col("loan_id") == "A")
    assert a["report_date"].to_list()[:4] == [
        dt.date(2020, 3, 31),
        dt.date(2020, 4, 30),
        dt.date(2020, 5, 31),
        dt.date(2020, 6, 30),
    ]
    assert a["state"].to_list()[:7] == ["current"] * 3 + ["dpd_30_59"] * 3 + ["current"]
    assert a["principal"].to_list()[:4] == [100.0, 100.0, 100.0, 90.0]
    assert a["interest"].to_list()[:4] == [3.0, None, None, 3.0]  # an amount stays in its month
    assert a["report_date"].max() == dt.date(2020, 12, 31)  # nothing lies beyond the last report
    found = check(tape)
    assert found.rows_read == 7
    assert any("reports come every 3 months" in said for said in found.statements)


def test_a_loan_that_lacks_the_next_report_has_left(read_own: Read) -> None:
    tape = read_own(PANEL.format(more="report_every = 3"), QUARTERS)

    def on_book(day: dt.date) -> list[str]:
        return book_at(tape.loans, tape.panel, tape.mapping, day).loans["loan_id"].to_list()

    assert on_book(dt.date(2020, 10, 31)) == ["A", "B"]
    assert on_book(dt.date(2020, 12, 31)) == ["A"]


def test_what_is_carried_is_known_at_each_date(read_own: Read) -> None:
    """Reports of later days change nothing that was known before them."""
    whole = read_own(PANEL.format(more="report_every = 3"), QUARTERS)
    cut = "".join(line + "\n" for line in QUARTERS.splitlines() if "2020-12-31" not in line)
    less = read_own(PANEL.format(more="report_every = 3"), cut)
    assert whole.panel is not None
    assert less.panel is not None
    until = dt.date(2020, 9, 30)
    assert whole.panel.filter(pl.col("report_date") <= until).equals(less.panel)


def test_reports_months_apart_are_refused_with_the_key(read_own: Read) -> None:
    with pytest.raises(
        MappingError,
        match=r"field report_every: expected a report each month, was .*3 months.*`report_every = 3`",
    ):
        read_own(PANEL.format(more=""), QUARTERS)
    half = (
        QUARTERS.replace("2020-06-30", "2020-09-30x")
        .replace("2020-09-30,", "2021-03-31,")
        .replace("2020-09-30x", "2020-09-30")
    )
    rows = half.replace("2020-12-31", "2021-09-30")
    with pytest.raises(MappingError, match="6 months"):
        read_own(PANEL.format(more=""), rows)


@pytest.mark.parametrize(
    ("said", "rows", "words"),
    [
        (6, QUARTERS, r"a report every 6 months, was 'one every 3 months.*`report_every = 3`"),
        (
            3,
            "No,Month,Owed,DPD,Interest\n" + "".join(f"A,2020-0{m}-28,9,0,1\n" for m in range(1, 8)),
            "a report every 3 months, was 'one each month.*leave `report_every` out",
        ),
    ],
)
def test_reports_of_another_distance_than_said_are_refused(
    read_own: Read, said: int, rows: str, words: str
) -> None:
    with pytest.raises(MappingError, match=words):
        read_own(PANEL.format(more=f"report_every = {said}"), rows)


def test_a_panel_of_one_constant_date_is_refused_with_the_ways(read_own: Read) -> None:
    mapping = PANEL.format(more="").replace(
        'report_date = { source = "Month", formats = ["%Y-%m-%d"] }',
        "report_date = { constant = 2020-01-31 }",
    )
    with pytest.raises(MappingError, match=r"`months` for one column a month, or kind = .snapshot") as caught:
        read_own(mapping, QUARTERS)
    assert caught.value.field == "panel.report_date.constant"


def test_several_rows_a_month_are_refused_with_the_way_to_reshape(read_own: Read) -> None:
    rows = "No,Month,Owed,DPD,Interest\n" + "".join(f"A,2020-03-{day:02},100,0,1\n" for day in range(1, 9))
    with pytest.raises(
        TapeError, match=r"expected one row a loan and month, was .*instalments or repayments.*Shapes"
    ):
        read_own(PANEL.format(more=""), rows)


@pytest.mark.parametrize("tape", ["dcr.csv", "dcr_q.csv"])
def test_the_case_of_quarterly_panels(cases: Path, tape: str) -> None:
    case = cases / "F09-quarterly-period-panel"
    with pytest.raises(MappingError, match=r"formats|report_every = 3"):
        read_tape(case / tape, case / ("dcr.toml" if tape == "dcr.csv" else "dcr4.toml"))


WIDE = """
name = "cards"
currency = "TWD"
kind = "panel"
months = [2005-09-30, 2005-08-31, 2005-07-31]
observes = ["balance", "delinquency"]
segment_by = []
[columns]
loan_id = "ID"
product = { constant = "revolving" }
origination_date = { constant = 2004-01-01 }
approved_amount = "LIMIT_BAL"
[panel]
principal = { monthly = ["BILL_AMT1", "BILL_AMT2", "BILL_AMT3"] }
[panel.state]
monthly = ["PAY_0", "PAY_2", "PAY_3"]
breaks = { current = 0, dpd_1_29 = 1, dpd_30_59 = 2, dpd_60_89 = 3, default_0_3 = inf }
"""


def test_one_column_a_month_becomes_rows(cases: Path, tmp_path: Path) -> None:
    (tmp_path / "wide.toml").write_text(WIDE, encoding="utf-8")
    tape = read_tape(cases / "F17-wide-and-two-files/wide.csv", tmp_path / "wide.toml")
    assert tape.panel is not None
    assert tape.panel.select("loan_id", "report_date", "state", "principal").rows() == [
        ("1", dt.date(2005, 7, 31), "current", 689.0),
        ("1", dt.date(2005, 8, 31), "dpd_30_59", 3102.0),
        ("1", dt.date(2005, 9, 30), "dpd_30_59", 3913.0),
        ("2", dt.date(2005, 7, 31), "current", 0.0),  # a credit of 109
        ("2", dt.date(2005, 8, 31), "dpd_30_59", 1725.0),
        ("2", dt.date(2005, 9, 30), "current", 2682.0),
    ]
    found = check(tape)
    assert (found.rows_read, found.accepted_rows, found.loans, found.loan_months) == (2, 2, 2, 6)
    assert found.warnings == {"credit_balance": 1}


def test_a_mapping_with_an_open_band_becomes_a_twin(cases: Path, tmp_path: Path) -> None:
    (tmp_path / "wide.toml").write_text(WIDE, encoding="utf-8")
    tape = cases / "F17-wide-and-two-files/wide.csv"
    lt.twin_create(tmp_path / "twin", tape, tmp_path / "wide.toml", "2005-09-30")
    with lt.open(tmp_path / "twin") as twin:
        assert twin.mapping.panel["state"].breaks["default_0_3"] == float("inf")
        assert twin.book.loans.sort("loan_id")["state"].to_list() == ["dpd_30_59", "current"]


def test_a_row_of_many_months_is_refused_as_a_whole(read_own: Read) -> None:
    rows = (
        "ID,LIMIT_BAL,PAY_0,PAY_2,PAY_3,BILL_AMT1,BILL_AMT2,BILL_AMT3\n1,9,0,0,0,5,x,y\n2,9,0,0,0,5,6,7\n"
        "3,z,0,0,0,5,6,7\n"
    )
    tape = read_own(WIDE, rows + "4,9,0,,,5,,\n1,9\nTotal,27,,,,15,12,14\n")
    found = check(tape)
    assert (found.rows_read, found.accepted_rows, found.loans) == (6, 2, 2)
    assert tape.quarantine.select("row", "field", "rule").rows()[:3] == [
        (1, "panel.principal", "unparsable_number"),
        (3, "approved_amount", "unparsable_number"),
        (5, None, "too_few_fields"),
    ]
    assert (6, "totals_row") in tape.quarantine.select("row", "rule").rows()
    assert tape.panel is not None
    assert tape.panel.filter(pl.col("loan_id") == "4").height == 1  # not reported before


def test_cards_of_a_bank_in_one_column_a_month(data: Path, tmp_path: Path) -> None:
    text = WIDE.replace("2005-07-31]", "2005-07-31, 2005-06-30, 2005-05-31, 2005-04-30]")
    text = text.replace('"PAY_3"]', '"PAY_3", "PAY_4", "PAY_5", "PAY_6"]')
    text = text.replace('"BILL_AMT3"]', '"BILL_AMT3", "BILL_AMT4", "BILL_AMT5", "BILL_AMT6"]')
    (tmp_path / "wide.toml").write_text(text, encoding="utf-8")
    tape = read_tape(data / "taiwan_default/card_clients_odd_ids.csv.gz", tmp_path / "wide.toml")
    found = check(tape)
    assert (found.rows_read, found.rejected, found.loans, found.loan_months) == (15_000, 0, 15_000, 90_000)


JOINED = PANEL.format(more='[join]\nfile = "static.csv"\non = { No = "Loan" }\n').replace(
    "origination_date = { constant = 2019-01-15 }",
    'origination_date = { source = "Start", formats = ["%Y-%m-%d"] }\noriginated_amount = "Amount"\nregion '
    '= "join.Month"',
)


def test_facts_in_a_second_file_stand_beside_the_months(read_own: Read, tmp_path: Path) -> None:
    (tmp_path / "static.csv").write_text(
        "Loan;Start;Amount;Month\nA;2019-01-15;1000;x\nZ;2019-01-15;1;y\n", encoding="utf-8"
    )
    rows = "No,Month,Owed,DPD,Interest\nA,2020-01-31,100,0,1\nA,2020-02-29,90,0,1\nB,2020-01-31,50,0,1\n"
    tape = read_own(JOINED, rows)
    assert tape.loans.select("loan_id", "origination_date", "originated_amount", "region").rows() == [
        ("A", dt.date(2019, 1, 15), 1000.0, "x"),
        ("B", None, None, None),
    ]
    said = check(tape).statements
    assert any("joined with static.csv" in words for words in said)
    assert "1 of 3 rows have no row in static.csv" in said


def test_a_second_file_that_does_not_fit_is_named(read_own: Read, tmp_path: Path) -> None:
    rows = "No,Month,Owed,DPD,Interest\nA,2020-01-31,100,0,1\n"
    with pytest.raises(TapeError, match=r"static\.csv"):
        read_own(JOINED, rows)
    (tmp_path / "static.csv").write_text(
        "Loan;Start;Amount;Month\nA;2019-01-15;1;x\nA;2019-01-16;2;x\n", encoding="utf-8"
    )
    with pytest.raises(TapeError, match=r"static\.csv, field join: expected each Loan once, was 'A twice'"):
        read_own(JOINED, rows)
    (tmp_path / "static.csv").write_text("Loan;Begin;Amount;Month\nA;2019-01-15;1;x\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r"expected a column Start in .*tape\.csv or .*static\.csv"):
        read_own(JOINED, rows)


def test_static_facts_and_months_of_mortgages(cases: Path, tmp_path: Path) -> None:
    """A file of facts without a header beside one of months, as two mortgage agencies publish them."""
    facts = (cases / "F17-wide-and-two-files/../F05-no-header-freddie/fre_h.txt").read_text(encoding="utf-8")
    (tmp_path / "static.txt").write_text(facts.partition("\n")[2], encoding="utf-8")
    names = facts.splitlines()[0].split("|")
    (tmp_path / "months.txt").write_text(
        "F99Q10000077|199905|116000|0\nF99Q10000077|199906|115900|1\nF99Q10000102|199905|54000|RA\n",
        encoding="utf-8",
    )
    (tmp_path / "own.toml").write_text(
        'name = "two-files"\ncurrency = "USD"\nkind = "panel"\nsegment_by = []\n'
        'header = ["LOAN", "MONTH", "OWED", "LATE"]\nobserves = ["balance", "delinquency"]\n'
        f'[join]\nfile = "static.txt"\non = "LOAN"\nheader = {names}\n'
        '[columns]\nloan_id = "LOAN"\nproduct = { constant = "mortgage" }\noriginated_amount = "UPB"\n'
        'term_months = "TERM"\nannual_rate = { source = "RATE", unit = "percent" }\n'
        'origination_date = { source = "FPD", formats = ["%Y%m"], shift_months = -1 }\n'
        '[panel]\nreport_date = { source = "MONTH", formats = ["%Y%m"], day = "last" }\nprincipal = "OWED"\n'
        '[panel.state]\nsource = "LATE"\nvalues = { RA = "settled" }\n'
        "breaks = { current = 0, dpd_30_59 = 1, dpd_60_89 = 2, default_0_3 = inf }\n",
        encoding="utf-8",
    )
    tape = read_tape(tmp_path / "months.txt", tmp_path / "own.toml")
    assert check(tape).totals["originated"] == 172_000.0  # the sum of the two loans of the case
    assert tape.panel is not None
    assert tape.panel["state"].to_list() == ["current", "dpd_30_59", "settled"]


def test_instalment_rows_are_refused_by_name(cases: Path) -> None:
    case = cases / "F17-wide-and-two-files"
    with pytest.raises(MappingError, match=r"inst\.toml, field panel\.report_date\.unit.*`zero` and `every`"):
        read_tape(case / "inst.csv", case / "inst.toml")


ESMA = """
name = "esma"
currency = "EUR"
kind = "snapshot"
{more}
observes = ["balance", "delinquency"]
[columns]
loan_id = "{loan}"
product = {{ constant = "instalment" }}
state_date = {{ source = "AUTL6", formats = ["%d/%m/%Y"] }}
origination_date = {{ source = "AUTL24", formats = ["%d/%m/%Y"] }}
originated_amount = "AUTL29"
principal = "AUTL30"
annual_rate = {{ source = "AUTL40", unit = "percent" }}
days_past_due = "AUTL69"
[checked]
currency = "AUTL28"
"""


def test_fields_in_rows_are_turned_or_named(data: Path, tmp_path: Path) -> None:
    tape = data / "templates/esma_auto_synthetic.csv"
    (tmp_path / "own.toml").write_text(
        ESMA.format(more="loans_from_column = 4", loan="AUTL1"), encoding="utf-8"
    )
    read = read_tape(tape, tmp_path / "own.toml")
    found = check(read)
    assert (found.loans, found.rejected, found.warnings) == (5, 0, {})
    first = read.loans.row(0, named=True)
    assert (first["loan_id"], first["originated_amount"], first["principal"]) == (
        "AUT-2024-001-A",
        35_000.0,
        28_500.0,
    )
    assert first["annual_rate"] == pytest.approx(0.0425)
    assert read.mapping.as_of == dt.date(2024, 12, 31)  # the tape states its date
    (tmp_path / "own.toml").write_text(ESMA.format(more="", loan="AUTL4"), encoding="utf-8")
    with pytest.raises(MappingError, match="the fields lie in rows: `loans_from_column`"):
        read_tape(tape, tmp_path / "own.toml")


@pytest.mark.parametrize("title", [0, 2])
def test_fields_in_the_rows_of_a_workbook_are_turned_or_named(read_own: Read, title: int) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter", reason="the extra 'excel' writes the workbooks")
    rows = [
        ["Code", "Name", "L1", "L2"],
        *(["R1", "No", "A", "B"], ["R2", "Start", "2020-01-31", "2020-02-29"], ["R3", "Owed", 1000, 2000.5]),
    ]
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.add_worksheet("Notes").write(0, 0, "to be filled in")
    sheet = book.add_worksheet("Annex")
    for place, row in enumerate([["Annex 2"]] * title + rows):
        sheet.write_row(place, 0, row)
    book.close()
    mapping = """
name = "own"
kind = "snapshot"
as_of = 2022-12-31
{more}
[columns]
loan_id = "No"
product = {{ constant = "mortgage" }}
origination_date = {{ source = "Start", formats = ["%Y-%m-%d"] }}
principal = "Owed"
"""
    read = read_own(mapping.format(more="loans_from_column = 3"), made.getvalue(), "t.xlsx")
    assert read.loans.select("loan_id", "principal").rows() == [("A", 1000.0), ("B", 2000.5)]
    with pytest.raises(MappingError, match="the fields lie in rows: `loans_from_column`"):
        read_own(mapping.format(more=""), made.getvalue(), "t.xlsx")


def test_a_snapshot_states_one_date(read_own: Read) -> None:
    mapping = ESMA.format(more="", loan="No").replace('[checked]\ncurrency = "AUTL28"\n', "")
    rows = (
        "No,AUTL6,AUTL24,AUTL29,AUTL30,AUTL40,AUTL69\n1,31/12/2024,01/01/2020,9,8,4,0\n"
        "2,30/11/2024,01/01/2020,9,8,4,0\n"
    )
    with pytest.raises(
        TapeError, match=r"expected one date of the snapshot in state_date, was '2024-11-30, 2024-12-31'"
    ):
        read_own(mapping, rows)


def test_terms_in_days_become_months_of_at_least_one(read_own: Read) -> None:
    mapping = 'name = "own"\n[columns]\nloan_id = "No"\nproduct = { constant = "instalment" }\n'
    mapping += 'term_months = { source = "Days", unit = "days" }\n'
    tape = read_own(mapping, "No,Days\n1,14\n2,30\n3,91\n4,365 days\n5,0\n6,730\n")
    assert tape.loans["term_months"].to_list() == [1, 1, 3, 12, None, 24]
    assert check(tape).warnings == {"zero_term": 1, "term_under_a_month": 1}


def test_presets_of_published_templates(cases: Path, data: Path, tmp_path: Path) -> None:
    for name in PRESETS:
        mapping = load_mapping(name)
        assert (mapping.name, mapping.currency, mapping.kind) == (name, "EUR", "snapshot")
    found = check(read_tape(cases / "F20-opennpl/npl.csv", "opennpl"))
    assert (found.loans, found.rejected) == (20, 0)
    assert found.warnings["default_before_origination"] == 7
    fields = pl.read_csv(data / "templates/opennpl_fields.csv").filter(
        pl.col("model").str.ends_with(".loan")
    )["field"]
    mapping = load_mapping("opennpl")
    read = {name for spec in (*mapping.columns.values(), *mapping.checked.values()) for name in spec.source}
    assert read <= set(fields)


def test_the_template_of_the_supervisor(tmp_path: Path) -> None:
    (tmp_path / "loan.csv").write_text(
        "Loan Identifier;Cut-off date;Inception Date;Currency;Principal Amount;Days in Past-Due;Interest "
        "rate\n"
        "L1;31/12/2023;15/03/2019;EUR;100000;400;4.5\nL2;31/12/2023;15/03/2019;EUR;20000;30;4.5\n",
        encoding="utf-8",
    )
    tape = read_tape(tmp_path / "loan.csv", "eba-npl")
    assert tape.loans["state"].to_list() == ["default_9_12", "dpd_30_59"]
    assert tape.mapping.as_of == dt.date(2023, 12, 31)


def test_lending_clubs_usual_file_reads_every_status(tmp_path: Path, data: Path) -> None:
    frame = pl.read_csv(data / "lending_club/accepted_1000_finished.csv", infer_schema=False)
    statuses = [
        *("Current", "Issued", "In Grace Period", "Late (16-30 days)", "Late (31-120 days)", "Default"),
        *("Fully Paid", "Charged Off"),
        "Does not meet the credit policy. Status:Fully Paid",
        "Does not meet the credit policy. Status:Charged Off",
    ]
    made = frame.with_columns(
        pl.Series("loan_status", [statuses[place % len(statuses)] for place in range(frame.height)])
    )
    text = (
        "Notes offered by Prospectus (https://www.lendingclub.com/info/prospectus.action)\n"
        + made.write_csv()
    )
    text += "\nTotal amount funded in policy code 1: 14658925\n\nTotal amount funded in policy code 2: 0\n"
    (tmp_path / "club.csv").write_text(text, encoding="utf-8")
    tape = read_tape(tmp_path / "club.csv", "lending-club")
    found = check(tape)
    assert found.rejections == {"note_row": 2}
    assert found.loans == 1000
    assert found.loan_count_by_status == {
        "current": 200, "paid": 200, "charged_off": 200,
        "in_grace_period": 100, "late_16_30": 100, "late_31_120": 100, "default": 100,
    }  # fmt: skip
    running = tape.loans.filter(pl.col("status").is_in(["current", "default", "late_31_120"]))
    assert running["closed_date"].null_count() == running.height


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('kind = "panel"', 'kind = "outcomes"', "months"),
        ("months = [2005-09-30, 2005-08-31, 2005-07-31]\n", "", "panel.report_date"),
        ("2005-07-31]", "2005-08-31]", "months"),
        (', "BILL_AMT3"', "", "panel.principal.monthly"),
        (
            'approved_amount = "LIMIT_BAL"',
            'approved_amount = { monthly = ["a", "b", "c"] }',
            "columns.approved_amount.monthly",
        ),
        (
            "[panel]\n",
            '[panel]\nreport_date = { source = "m", formats = ["%Y-%m-%d"] }\n',
            "panel.report_date",
        ),
        ('kind = "panel"', 'kind = "panel"\nreport_every = 13', "report_every"),
        ('kind = "panel"', 'kind = "panel"\nloans_from_column = 1', "loans_from_column"),
        ('kind = "panel"', 'kind = "panel"\njoin = { file = "a.csv" }', "join.on"),
        ('kind = "panel"', 'kind = "panel"\njoin = { on = "a" }', "join.file"),
    ],
)
def test_shapes_are_read_strictly(tmp_path: Path, old: str, new: str, key: str) -> None:
    (tmp_path / "own.toml").write_text(WIDE.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_mapping(tmp_path / "own.toml")
    assert caught.value.field == key
