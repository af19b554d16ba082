"""What `tape map` says and writes: unsure guesses marked, codes left to people, samples masked, mappings
that read.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.book.guess.codes import meant
from loantwin.book.guess.names import fields_of, meanings
from loantwin.book.guess.results import TapeMap, masked
from loantwin.book.guess.values import Values
from loantwin.book.mapping import load_mapping
from loantwin.book.tape import read_tape
from loantwin.errors import TapeError, UsageError

TAPE = """Loan No;Borrower Name;Paid out on;Term;Amount;Balance;Rate %;Bucket;Product
A-1;Ann Miller;28.02.2019;60;12.000,00;7.000,00;4,25;X1;Ratenkredit
A-2;Bob Stone;15.06.2019;84;30.000,00;21.000,00;6,50;X2;Ratenkredit
A-3;Cy Young;01.02.2020;36;50.000,00;50.000,00;3,90;X1;Sonderding
"""


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    path = tmp_path / "tape.csv"
    path.write_text(TAPE, encoding="utf-8")
    return path


def test_the_result_is_its_schema(tape: Path) -> None:
    document = json.loads(json.dumps(lt.tape_map(tape).to_dict(), allow_nan=False))
    jsonschema.validate(document, TapeMap.json_schema())
    assert document["mapping"] is None
    assert document["columns"]["principal"]["source"] == "Balance"
    assert document["columns"]["origination_date"]["format"] == "%d.%m.%Y"
    assert document["columns"]["annual_rate"]["unit"] == "percent"
    assert document["decimal"] == ","


def test_unknown_codes_are_left_to_people(tape: Path, tmp_path: Path) -> None:
    found = lt.tape_map(tape, out=tmp_path / "mine.toml")
    assert found.columns["state"].values == {"X1": None, "X2": None}
    assert "state" in found.unsure
    text = (tmp_path / "mine.toml").read_text(encoding="utf-8")
    assert '# "X1" = ""  # UNSURE, 2 rows looked at' in text
    assert "state" not in tomllib.loads(text)["columns"]
    # A partly known vocabulary is written with what is known, the rest as a line to fill in.
    assert tomllib.loads(text)["columns"]["product"]["values"] == {"Ratenkredit": "instalment"}
    assert '# "Sonderding" = ""' in text
    assert found.trial.rejections == {"code_outside_map": 1}


def test_every_unsure_guess_is_marked(tape: Path, tmp_path: Path) -> None:
    found = lt.tape_map(tape, out=tmp_path / "mine.toml")
    text = (tmp_path / "mine.toml").read_text(encoding="utf-8")
    for name, item in found.columns.items():
        assert (item.confidence <= 0.9) == (name in found.unsure)
        assert (f"# UNSURE {name}:" in text) == (name in found.unsure)
        assert bool(item.check) == (name in found.unsure)
    assert set(found.doubts) <= set(found.unsure)
    load_mapping(str(tmp_path / "mine.toml"))


def test_nobody_is_named(tape: Path, tmp_path: Path) -> None:
    found = lt.tape_map(tape, out=tmp_path / "mine.toml")
    said = json.dumps(found.to_dict()) + (tmp_path / "mine.toml").read_text(encoding="utf-8")
    assert "Miller" not in said
    assert "A-1" not in said
    assert found.columns["loan_id"].samples == ("x-9", "x-9", "x-9")
    assert masked("Ann Miller, 4711") == "xxx xxxxxx, 9999"


def test_contradicting_values_lower_a_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "loan_id,maturity_date,current_balance\n1,yes,2020-01-01\n2,no,2021-05-05\n3,no,2022-06-06\n",
        encoding="utf-8",
    )
    found = lt.tape_map(path)
    assert "maturity_date" not in found.columns
    assert "principal" not in found.columns


def test_an_amount_above_another_is_not_its_balance(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{place},{place * 1000},{place * 500},2021-01-0{place}\n" for place in range(1, 10))
    path.write_text("loan_id,amount_a,amount_b,start\n" + rows, encoding="utf-8")
    found = lt.tape_map(path)
    assert all(item.confidence <= 0.9 for name, item in found.columns.items() if name != "loan_id")


def test_day_and_month_that_nothing_tells_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "loan_id,origination_date,balance\n1,01/02/2020,5\n2,03/04/2021,6\n3,05/06/2021,7\n", encoding="utf-8"
    )
    found = lt.tape_map(path).columns["origination_date"]
    assert (found.format, found.confidence <= 0.9) == ("%d/%m/%Y", True)
    path.write_text(
        "loan_id,state,origination_date,balance\n1,CA,01/02/2020,5\n2,NY,03/04/2021,6\n3,OH,05/06/2021,7\n",
        encoding="utf-8",
    )
    assert lt.tape_map(path).columns["origination_date"].format == "%m/%d/%Y"


def test_months_in_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "contract,start date,balance_202401,balance_202402,balance_202403,dpd_202401,dpd_202402,dpd_202403\n"
        "c1,2020-02-03,1200.5,1100,1340.25,0,0,0\nc2,2019-07-21,8100,8350.1,8400,0,28,59\n",
        encoding="utf-8",
    )
    found = lt.tape_map(path, out=tmp_path / "m.toml")
    assert found.kind == "panel"
    assert found.columns["principal"].monthly == ("balance_202401", "balance_202402", "balance_202403")
    checked = lt.tape_check(path, tmp_path / "m.toml")
    assert (checked.loans, checked.loan_months, checked.totals["balance"]) == (2, 6, 9740.25)


def test_a_built_in_format_is_offered(tmp_path: Path) -> None:
    mapping = load_mapping("lending-club")
    names = [spec.source[0] for spec in mapping.columns.values() if spec.source] + [
        "collection_recovery_fee",
        "home_ownership",
        "verification_status",
    ]
    path = tmp_path / "t.csv"
    path.write_text(",".join(dict.fromkeys(names)) + "\n", encoding="utf-8")
    found = lt.tape_map(path, out=tmp_path / "m.toml")
    assert found.formats == ("lending-club",)
    assert load_mapping(str(tmp_path / "m.toml")).document["observes"] == mapping.document["observes"]


def test_a_date_the_title_states(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Loan tape as of 31.12.2020;;\nLoan;Balance;DPD\nA;5,00;0\nB;7,50;3\n", encoding="utf-8")
    found = lt.tape_map(path)
    assert (found.as_of, found.doubts["as_of"]) == (
        dt.date(2020, 12, 31),
        "the date of the data is taken from the line above the header",
    )


def test_a_large_file_is_looked_at_in_parts(tmp_path: Path) -> None:
    draw, loans, months = np.random.default_rng(3), 5_000, 24
    frame = pl.DataFrame(
        {
            "account": np.tile(np.arange(loans), months),
            "reporting date": np.repeat(
                [f"{2020 + month // 12}-{month % 12 + 1:02d}-28" for month in range(months)], loans
            ),
            "outstanding balance": draw.uniform(10, 1000, loans * months).round(2),
            "days past due": draw.choice([0, 0, 0, 31], loans * months),
        }
    )
    frame.write_csv(tmp_path / "t.csv")
    found = lt.tape_map(tmp_path / "t.csv")
    assert (found.kind, found.rows) == ("panel", loans * months)
    assert found.rows_looked_at <= 11_000
    # In memory, too; and no header without an end takes more than a look at each name.
    assert lt.tape_map(frame).kind == "panel"
    wide = tmp_path / "w.csv"
    wide.write_text(
        ",".join(["loan_id", "balance", *(f"c{place}" for place in range(20_000))]) + "\n", encoding="utf-8"
    )
    assert lt.tape_map(wide).columns["principal"].source == "balance"


def test_control_marks_stay_inside(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "loan id,bal\x1b[31mance \u202eoutstanding,current balance\nA,5,6\nB,7,8\n", encoding="utf-8"
    )
    lt.tape_map(path, out=tmp_path / "m.toml")
    text = (tmp_path / "m.toml").read_text(encoding="utf-8")
    assert "\x1b" not in text
    load_mapping(str(tmp_path / "m.toml"))


def test_what_is_refused(tape: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ending in \.toml"):
        lt.tape_map(tape, out=tmp_path / "mine.txt")
    with pytest.raises(TapeError, match="readable file"):
        lt.tape_map(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(TapeError, match="an empty file"):
        lt.tape_map(tmp_path / "empty.csv")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Restschuld", "principal"),
        ("Kreditnehmernummer", "borrower_id"),
        ("贷款余额", "principal"),
        ("逾期天数", "days_past_due"),
        ("融資実行日", "origination_date"),
        ("Fecha de Vencimiento", "maturity_date"),
        ("Taux d'intérêt", "annual_rate"),
        ("reportingPeriodActualEndBalanceAmount", "principal"),
        ("CURR_PRIN_BAL", "principal"),
        ("NumberOfBorrowers", "nothing"),
        ("Current Interest Rate Index", "rate_index"),
        ("loan to value", "nothing"),
    ],
)
def test_names(name: str, field: str) -> None:
    found = fields_of(name)
    assert max(found, key=lambda item: found[item]) == field


def test_compounds_and_signs_are_taken_apart() -> None:
    assert meanings("Auszahlungsdatum") == ("disbursement", "date")
    assert meanings("合同编号") == ("contract", "id")
    assert meanings("issue_d") == ("issue", "date")


def test_codes() -> None:
    known = meant("state", ["Late (16-30 days)", "31-60", "90+", "0 days", "SMA-1", "Z9"])
    assert known == {
        "Late (16-30 days)": "dpd_1_29",
        "31-60": "dpd_30_59",
        "90+": "default_0_3",
        "0 days": "current",
        "SMA-1": "dpd_30_59",
        "Z9": None,
    }


def test_dates_and_marks() -> None:
    assert Values("d", pl.Series(["28-feb-97", "4-Oct-89"])).dates.formats == ("%d-%b-%y",)
    assert Values("d", pl.Series(["2023年1月5日"])).dates.formats == ("%Y年%m月%d日",)
    assert Values("d", pl.Series(["2016-12-01", "2/28/1997"])).dates.formats == ("%Y-%m-%d", "%m/%d/%Y")
    assert Values("n", pl.Series(["1.234,50", "12,3"])).mark(".") == ","
    assert Values("n", pl.Series(["1,00,000.00"])).mark(",") == "."
    assert Values("n", pl.Series(["12.345", "1.200"])).thousandths == "."


def test_live_loans_leave_their_state_to_the_days_past_due(tmp_path: Path) -> None:
    rows = [
        f"A{loan},2024-0{month}-28,2023-01-15,10000.00,9000.00,{days},{code}"
        for loan, days, code in ((1, 0, "ACTIVE"), (2, 45, "ACTIVE"), (3, 95, "Open"), (4, 0, "CURRENT"))
        for month in (1, 2, 3)
    ]
    rows += ["A5,2024-01-28,2023-01-15,10000.00,0.00,0,PAID OFF"]
    tape, mapping = tmp_path / "t.csv", tmp_path / "m.toml"
    header = "account number,report date,contract date,amount financed,principal balance,days past due,status"
    tape.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    found = lt.tape_map(tape, out=mapping)
    assert found.columns["state"].values == {
        "ACTIVE": "",
        "Open": "",
        "CURRENT": "current",
        "PAID OFF": "prepaid",
    }
    panel = read_tape(tape, mapping).panel
    assert panel is not None
    states = panel.group_by("loan_id").agg(pl.col("state").first()).sort("loan_id")["state"].to_list()
    # Without the days, an active loan is taken for one that pays.
    assert states == ["current", "dpd_30_59", "default_0_3", "current", "prepaid"]
    bare = tmp_path / "b.csv"
    pl.read_csv(tape).drop("days past due").write_csv(bare)
    assert (lt.tape_map(bare).columns["state"].values or {})["ACTIVE"] == "current"


@pytest.mark.parametrize(("apart", "every"), [(1, 1), (3, 3)])
def test_the_rows_looked_at_do_not_decide_how_far_reports_lie_apart(
    tmp_path: Path, apart: int, every: int
) -> None:
    # Sorted by date and five times as long as what is looked at: pieces show few months of a loan.
    months, loans, draw = 24, 2_500, np.random.default_rng(1)
    day = [f"{(1 + apart * month % 12):02d}/28/{2015 + apart * month // 12}" for month in range(months)]
    pl.DataFrame(
        {
            "Report Date": np.repeat(day, loans),
            "Account Number": np.concatenate([draw.permutation(loans) for _ in day]),
            "Principal Balance": np.repeat(np.linspace(9e3, 1e3, months).round(2), loans),
            "Days Past Due": 0,
        }
    ).write_csv(tmp_path / "t.csv")
    found = lt.tape_map(tmp_path / "t.csv", out=tmp_path / "m.toml")
    assert (found.kind, found.rows) == ("panel", months * loans)
    assert found.rows_looked_at < 0.3 * months * loans
    stated = tomllib.loads((tmp_path / "m.toml").read_text(encoding="utf-8"))
    assert stated.get("report_every", 1) == every


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ("APR", ("8.24%", "6.18%", "11.90%", "19.9%", "4%")),
        ("Tasa Anual", ("8.24%", "6.18%", "11.90%", "19.9%", "4%")),
        ("Interest Rate", ("8.24 %", "6.18 %", "11.90 %", "19.90 %", "4.00 %")),
        ("Zinssatz", ("8.24% p.a.", "6.18% p.a.", "11.90% p.a.", "19.90% p.a.", "4.00% p.a.")),
    ],
)
def test_rates_with_a_percent_sign(tmp_path: Path, header: str, texts: tuple[str, ...]) -> None:
    rows = [f"L{at},2020-01-0{1 + at},60,10000.00,9000.00,{text}" for at, text in enumerate(texts)]
    tape, mapping = tmp_path / "t_20240131.csv", tmp_path / "m.toml"
    tape.write_text(
        "\n".join([f"loan id,origination date,term months,loan amount,balance,{header}", *rows]) + "\n",
        encoding="utf-8",
    )
    lt.tape_map(tape, out=mapping)
    read = read_tape(tape, mapping).loans["annual_rate"].to_list()
    assert read == pytest.approx([0.0824, 0.0618, 0.119, 0.199, 0.04])


STATUS_WORDS = {
    ("Estatus", "outcomes"): {"CASTIGADO": "charged_off", "LIQUIDADO": "paid", "VIGENTE": "current"},
    ("Statut", "snapshot"): {"Sain": "current", "Impayé": "dpd_30_59", "Douteux": "default_0_3"},
    ("Status", "days"): {"ordnungsgemäß": "current", "in Verzug": "", "gekündigt": "default_0_3"},
}


@pytest.mark.parametrize(("header", "kind"), STATUS_WORDS)
def test_words_of_a_status(tmp_path: Path, header: str, kind: str) -> None:
    meant_ = STATUS_WORDS[header, kind]
    more = {
        "outcomes": ("charge off date,charged off,closed date", ("2023-05-31,100.00,", ",,2023-05-31", ",,")),
        "snapshot": ("balance", ("900.00", "800.00", "700.00")),
        "days": ("balance,days past due", ("900.00,0", "800.00,45", "700.00,120")),
    }[kind]
    rows = [
        f"L{at},2022-0{1 + at % 9}-15,60,1000.00,{code},{more[1][at % 3]}"
        for at, code in enumerate([*meant_] * 20)
    ]
    tape = tmp_path / "t_20240131.csv"
    head = f"loan id,origination date,term months,loan amount,{header},{more[0]}"
    tape.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    found = lt.tape_map(tape)
    assert found.kind == ("outcomes" if kind == "outcomes" else "snapshot")
    assert found.columns["status" if kind == "outcomes" else "state"].values == meant_
    assert found.trial.accepted == 60
    assert "no known meaning" not in str(found.to_dict())


def test_words_of_a_rate() -> None:
    words = ["Révisable", "variable rate", "Taux révisable", "Fixe", "tipo fijo"]
    assert list(meant("rate_type", words).values()) == ["floating"] * 3 + ["fixed"] * 2


def test_a_card_book(tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    limit = draw.choice([1000.0, 2500.0, 5000.0, 10000.0], 400)
    pl.DataFrame(
        {
            "acct_nbr": 4929_0000_0000 + np.arange(400),
            "open_dt": [f"20{10 + at % 14}0{1 + at % 9}15" for at in range(400)],
            "crd_lmt": limit.astype(int),
            "cur_bal": (limit * draw.uniform(0, 1, 400)).round(2),
            "purch_apr": draw.choice([19.99, 24.99], 400),
            "arrears_cd": draw.choice([0] * 30 + [1, 2, 3, 4, 5, 6], 400),
            "proc_dt": "20250531",
        }
    ).write_csv(tmp_path / "t.csv", separator="|")
    found = lt.tape_map(tmp_path / "t.csv", out=tmp_path / "m.toml")
    assert found.assumed["product"] == "revolving"
    assert {
        name: item.source for name, item in found.columns.items() if name in ("approved_amount", "principal")
    } == {
        "approved_amount": "crd_lmt",
        "principal": "cur_bal",
    }
    assert found.columns["state"].source == "arrears_cd"
    assert "past_due" not in found.columns
    assert "term_months" not in found.missing
    read = read_tape(tmp_path / "t.csv", tmp_path / "m.toml").loans
    one_month_late = read["state"].filter(pl.read_csv(tmp_path / "t.csv", separator="|")["arrears_cd"] == 1)
    assert set(one_month_late) == {"dpd_30_59"}
