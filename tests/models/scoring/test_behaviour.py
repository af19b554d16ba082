"""Features of behaviour: by hand; from panels and wide tables; what comes after a date touches none."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.book.tape import read_tape
from loantwin.errors import InputError, MappingError, ModelError, TapeError, UsageError
from loantwin.models.scoring.behaviour import History, behaviour, slope
from loantwin.models.scoring.behaviour_panel import rows_at

NAN = np.nan
QUARTERS = ("2020-09-30", "2020-12-31", "2021-03-31", "2021-06-30", "2021-09-30")


def test_arrears_by_hand() -> None:
    # the latest first: two steps late after one; never late; late once, long ago; not seen
    made = behaviour(
        History(np.array([[2, 2, 1, 0, 0, 0.0], [0, -1, 0, 0, -2, 0], [0, 0, 0, 0, 3, 0], [NAN] * 6]))
    )
    wanted = {
        "arrears_now": [2, 0, 0, NAN],
        "arrears_worst_3": [2, 0, 0, NAN],
        "arrears_worst_6": [2, 0, 3, NAN],
        "arrears_months_3": [3, 0, 0, NAN],
        "arrears_months_6": [3, 0, 1, NAN],
        "arrears_since": [0, NAN, 4, NAN],
        "arrears_run": [3, 0, 0, NAN],
        "arrears_rolled_up_6": [2, 0, 1, NAN],
        "arrears_rolled_down_6": [0, 0, 1, NAN],
        "arrears_change_3": [2, 0, 0, NAN],
    }
    assert set(made) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(made[name], values, err_msg=name)


def test_money_by_hand() -> None:
    balance = np.array([[300.0, 200.0, 100.0, 100.0]])
    paid = np.array([[50.0, 0.0, 25.0, 10.0]])
    made = behaviour(History(np.zeros((1, 4)), balance, paid, np.array([400.0])))
    assert made["balance_trend_3"][0] == pytest.approx(100 / 200)
    assert made["utilisation_now"][0] == pytest.approx(0.75)
    assert made["utilisation_mean_6"][0] == pytest.approx(175 / 400)
    assert made["utilisation_trend_6"][0] == pytest.approx(
        np.polyfit(np.arange(4), [100, 100, 200, 300], 1)[0] / 400
    )
    assert made["payment_ratio_now"][0] == pytest.approx(50 / 200)
    assert made["payment_ratio_3"][0] == pytest.approx((50 / 200 + 0 + 25 / 100) / 3)
    assert made["months_without_payment_6"][0] == 1


def test_slopes_leave_out_what_is_missing() -> None:
    found = slope(np.array([[5.0, NAN, 3.0, 2.0], [1.0, 2.0, NAN, NAN]]))
    assert found[0] == pytest.approx(np.polyfit([0, -2, -3], [5, 3, 2], 1)[0])
    assert np.isnan(found[1])


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lender") / "lender"
    lt.synthetic(folder, loans=1200, months=40, seed=5, as_tape="mapping")
    return folder


def test_what_comes_after_a_date_touches_no_feature(lender: Path) -> None:
    tape = read_tape(lender / "tape.csv", str(lender / "mapping.toml"))
    assert tape.panel is not None
    at = date(2021, 12, 31)
    here = rows_at(tape.panel, tape.loans, at, 12)
    assert {"bad", "good"} <= set(here["outcome"].drop_nulls().to_list())
    late = pl.col("report_date") > at
    numbers = ("principal", "interest", "prepaid", "scheduled_principal", "annual_rate", "undrawn")
    changed = tape.panel.with_columns(
        pl.when(late).then(pl.lit("default_3_6")).otherwise(pl.col("state")).alias("state"),
        *[pl.when(late).then(pl.lit(7.5)).otherwise(pl.col(name)).alias(name) for name in numbers],
    )
    for other in (changed, tape.panel.filter(~late)):
        there = rows_at(other, tape.loans, at, 12)
        assert there.drop("outcome").equals(here.drop("outcome"), null_equal=True)
    assert rows_at(changed, tape.loans, at, 12)["outcome"].drop_nulls().unique().to_list() == ["bad"]
    assert rows_at(tape.panel.filter(~late), tape.loans, at, 12)["outcome"].null_count() == here.height


def test_outcomes_are_those_of_a_slow_reading(lender: Path) -> None:
    tape = read_tape(lender / "tape.csv", str(lender / "mapping.toml"))
    assert tape.panel is not None
    at, end = date(2021, 6, 30), date(2022, 6, 30)
    here = rows_at(tape.panel, tape.loans, at, 12)
    for row in here.head(150).iter_rows(named=True):
        after = tape.panel.filter(pl.col("loan_id") == row["loan_id"], pl.col("report_date") > at)
        states = after.filter(pl.col("report_date") <= end)["state"].to_list()
        bad = any(state.startswith("default") or state == "charged_off" for state in states)
        assert (row["outcome"] == "bad") == bad


def test_the_command_reads_a_panel_and_its_table_trains_a_score(lender: Path, tmp_path: Path) -> None:
    given: dict[str, Any] = {"format": str(lender / "mapping.toml"), "at": QUARTERS}
    made = lt.score_behaviour(
        lender / "tape.csv", out=tmp_path / "b.parquet", worth="logistic", folds="1x3", **given
    )
    rows = pl.read_parquet(tmp_path / "b.parquet")
    assert rows.height == made.rows == sum(item.rows for item in made.dates)
    assert made.worth is not None
    assert set(made.worth.sets) == {"other columns", "behaviour"}
    score = lt.score_train(tmp_path / "b.parquet", target="outcome", good="good", time="as_of",
                           models=("logistic",), exclude=("loan_id",), out=tmp_path / "s")  # fmt: skip
    assert score.leaks == ()
    assert score.models["logistic"].auc_low > 0.5
    assert made.worth.sets["behaviour"].auc > made.worth.sets["other columns"].auc


WIDE = """
arrears = ["p1", "p2", "p3"]
balance = ["b1", "b2", "b3"]
paid = ["a1", "a2", "a3"]
limit = "limit"
outcome = "end"
good = "0"
header = 2
"""


def wide(rows: int = 300) -> str:
    random = np.random.default_rng(2)
    strain = random.normal(0, 1, rows)
    lines = ["x,y,z,u,v,w,k,l,m,n,o", "p1,p2,p3,b1,b2,b3,a1,a2,a3,limit,end"]
    for item in strain:
        late = [int(item + random.normal() > 1) for _ in range(3)]
        money = [round(float(500 + 100 * item + 20 * random.normal()), 2) for _ in range(6)]
        end = int(item + 0.5 * random.normal() > 1)
        lines.append(",".join(map(str, [*late, *money, 1000, end])))
    return "\n".join(lines) + "\n"


def test_a_wide_table_with_two_lines_of_names(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(wide())
    (tmp_path / "c.toml").write_text(WIDE)
    made = lt.score_behaviour(tmp_path / "w.csv", out=tmp_path / "o.csv", columns=tmp_path / "c.toml",
                              worth="logistic", folds="1x3")  # fmt: skip
    rows = pl.read_csv(tmp_path / "o.csv")
    assert rows.height == made.rows == 300
    assert rows.columns[0] == "limit"
    first = [float(cell) for cell in wide().splitlines()[2].split(",")]
    assert rows["utilisation_now"][0] == pytest.approx(first[3] / 1000)
    assert rows["payment_ratio_now"][0] == pytest.approx(first[6] / first[4])
    assert made.worth is not None
    assert next((item.model, item.against) for item in made.worth.compared) == ("behaviour", "other columns")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("arrears = 3", "field arrears: expected a list of columns"),
        ("arears = []", "did you mean arrears?"),
        ("balance = ['b1']", "field arrears"),
        ("arrears = ['p1', 'p2']\npaid = ['a1']", "field paid: expected 2 columns"),
        ("arrears = ['q1']", "field arrears"),
        ("header = 0\narrears = ['p1']", "a line from 1"),
        ("arrears", "expected TOML"),
    ],
)
def test_a_file_of_columns_that_does_not_fit(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "w.csv").write_text(wide())
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(MappingError, match=words):
        lt.score_behaviour(tmp_path / "w.csv", out=tmp_path / "o.csv", columns=tmp_path / "c.toml")
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, UsageError, "field format"),
        ({"format": "mapping", "at": ()}, UsageError, "a day of the panel"),
        ({"format": "mapping", "at": "2021-12-31", "months": 0}, UsageError, "field months"),
        ({"format": "mapping", "at": "1990-12-31"}, ModelError, "live at 1990-12-31"),
        ({"format": "mapping", "at": "2021-12-31", "worth": "forest"}, UsageError, "field worth"),
    ],
)
def test_wrong_arguments(
    lender: Path, tmp_path: Path, options: dict[str, Any], error: type[InputError], words: str
) -> None:
    if options.get("format") == "mapping":
        options = {**options, "format": str(lender / "mapping.toml")}
    with pytest.raises(error, match=words):
        lt.score_behaviour(lender / "tape.csv", out=tmp_path / "o.csv", **options)
    with pytest.raises(UsageError, match="ends in"):
        lt.score_behaviour(lender / "tape.csv", out=tmp_path / "o.txt", format="sba")


def test_one_row_a_loan_is_no_panel(tmp_path: Path, lender: Path) -> None:
    rows = pl.read_csv(lender / "tape.csv", separator=";", infer_schema=False)
    last = rows.filter(pl.col("Month end") == rows["Month end"].to_list()[-1])
    last.write_csv(tmp_path / "one.csv", separator=";")
    with pytest.raises(TapeError, match="a panel"):
        lt.score_behaviour(tmp_path / "one.csv", out=tmp_path / "o.csv",
                           format=str(lender / "mapping.toml"), at="2021-12-31")  # fmt: skip
