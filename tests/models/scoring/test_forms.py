"""How cases write numbers and days: decided from whole columns, kept with the feature, read alike later."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import ModelError, UsageError
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.ids import why_id
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.sample import columns_of, sample_of, why_not
from loantwin.models.scoring.scorer import Scorer
from loantwin.models.scoring.store import Score, from_text, predict, to_text
from loantwin.models.scoring.table import Table, from_frame, read_table


def table_of(path: Path, text: str) -> Table:
    path.write_text(text, encoding="utf-8")
    return read_table(path)


@pytest.mark.parametrize(
    ("text", "wanted", "said"),
    [
        ("a;s\n0,295;x\n1,250;y\n", [0.295, 1.25], False),  # no thousands stand behind a lone 0
        ("a;s\n1,295;x\n2,250;y\n", [1.295, 2.25], True),  # ambiguous: the semicolon speaks for the comma
        ('a,s\n"1,295",x\n"2,250",y\n', [1295, 2250], True),
        ("a;s\n1.234,5;x\n12,75;y\n", [1234.5, 12.75], False),
        ('a,s\n"1,234.5",x\n12.75,y\n', [1234.5, 12.75], False),
        ("a;b\n4.857;1.1\n4.961;93.2\n", [4.857, 4.961], True),  # another column has decimal points
        ("a;s\n12;x\n7;y\n", [12, 7], False),
        ("a;s\n1,2345;x\n0,5;y\n", [1.2345, 0.5], False),
        ("a;s\n12,5 %;x\n7,25 %;y\n", [12.5, 7.25], False),
    ],
)
def test_a_column_tells_its_decimal_mark(tmp_path: Path, text: str, wanted: list[float], said: bool) -> None:
    table = table_of(tmp_path / "a.csv", text)
    assert table.numbers["a"].tolist() == pytest.approx(wanted)
    assert any("its own texts could be either" in words for words in table.said) is said


def test_thousands_of_thousandths_do_not_hide_the_one_text_that_tells(tmp_path: Path) -> None:
    rows = [f"{1 + at // 999},{at % 999:03d};x" for at in range(4000)]
    table = table_of(tmp_path / "a.csv", "a;s\n" + "\n".join([*rows, "1.234,5;x"]) + "\n")
    assert table.forms["a"] == ","
    assert table.numbers["a"][1] == pytest.approx(1.001)


def learnt(tmp_path: Path) -> Score:
    """Return a score of a German file: rates with a decimal comma, days before months."""
    random = np.random.default_rng(4)
    rate = random.uniform(0.1, 2.9, 200)
    bad = random.random(200) < rate / 3
    days = [f"{1 + at % 28:02d}/{1 + at % 12:02d}/2020" for at in range(200)]
    rows = [
        f"{value:.3f}".replace(".", ",") + f";{day};31/12/2020" for value, day in zip(rate, days, strict=True)
    ]
    table = table_of(tmp_path / "t.csv", "rate;opened;asked\n" + "\n".join(rows) + "\n")
    features = learn_features(table, ["rate", "opened"], "asked")
    values = encode(features, table, "asked").values
    assert values[1, 0] == pytest.approx(rate[1], abs=0.0006)
    return Score("logistic", KINDS["logistic"].train(features, values, bad, seed=1), "asked")


def test_other_cases_are_read_in_the_form_of_training(tmp_path: Path) -> None:
    score = learnt(tmp_path)
    assert from_text(to_text(score)) == score
    scorer = Scorer(score)
    head = "rate;opened;asked\n"
    alone = predict(score, table_of(tmp_path / "a.csv", head + "1,295;05/12/2020;31/12/2020\n"))
    beside = predict(
        score,
        table_of(tmp_path / "b.csv", head + "1,295;05/12/2020;31/12/2020\n0,5;25/12/2020;31/12/2020\n"),
    )
    assert alone.encoded.values.tolist() == [[1.295, 26.0]]
    assert beside.encoded.values[0].tolist() == [1.295, 26.0]
    case = {"rate": "1,295", "opened": "05/12/2020", "asked": "31/12/2020"}
    assert scorer.pd_of(case) == pytest.approx(alone.pd[0], abs=1e-12)
    assert scorer.score(pl.DataFrame([case])).pd[0] == pytest.approx(alone.pd[0], abs=1e-12)
    # numbers as numbers and days as days mean the same: the file types them
    typed = pl.DataFrame({"rate": [1.295], "opened": ["2020-12-05"], "asked": ["2020-12-31"]})
    typed = typed.with_columns(pl.col("opened", "asked").str.to_date())
    typed.write_parquet(tmp_path / "c.parquet")
    assert predict(score, read_table(tmp_path / "c.parquet")).pd[0] == pytest.approx(alone.pd[0], abs=1e-12)
    assert scorer.pd_of(typed.row(0, named=True)) == pytest.approx(alone.pd[0], abs=1e-12)


def test_what_does_not_fit_is_counted_and_never_misread(tmp_path: Path) -> None:
    score, head = learnt(tmp_path), "rate;opened;asked\n"
    odd = "0,5;01/02/2020;31/12/2020\n1,25;;31/12/2020\n0.295;12/31/2020;31/12/2020\n1,5;01/02/2020;\n"
    found = predict(score, table_of(tmp_path / "a.csv", head + odd)).encoded
    assert found.unseen == {"rate": 1, "opened": 1}
    assert found.values[:, 0].tolist() == pytest.approx([0.5, 1.25, np.nan, 1.5], nan_ok=True)
    assert np.isnan(found.values[:, 1]).tolist() == [False, True, True, True]
    pointed = table_of(tmp_path / "d.csv", head + "".join(f"{x};;31/12/2020\n" for x in ("0.295", "1.250")))
    with pytest.raises(ModelError, match="field rate: expected numbers with a decimal comma, as in training"):
        predict(score, pointed)
    one = predict(score, table_of(tmp_path / "b.csv", head + "0,5;;31/12/2020\n")).encoded
    assert np.isnan(one.values[0, 1])
    assert Scorer(score).pd_of({"rate": "0,5", "opened": "01/02/2020", "asked": None}) > 0
    for row, field in (("0.29;01/02/2020;31/12/2020", "rate"), ("0,5;12/31/2020;31/12/2020", "opened")):
        with pytest.raises(ModelError, match=f"field {field}: expected"):
            predict(score, table_of(tmp_path / "c.csv", head + row + "\n"))
    with pytest.raises(ModelError, match=r"field rate: expected a number, was '0\.295'"):
        Scorer(score).pd_of({"rate": "0.295", "opened": "01/02/2020", "asked": "31/12/2020"})
    with pytest.raises(ModelError, match="field opened: expected a day as %d/%m/%Y"):
        Scorer(score).pd_of({"rate": "0,5", "opened": "12/31/2020", "asked": "31/12/2020"})


def test_a_score_without_forms_is_read_as_before(tmp_path: Path) -> None:
    document = json.loads(to_text(learnt(tmp_path)))
    for feature in document["model"]["features"]:
        for name in ("form", "time_form", "blanks"):
            feature.pop(name, None)
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    old = from_text(text)
    assert to_text(old) == text
    case = table_of(tmp_path / "a.csv", 'rate,opened,asked\n"1,295",05/12/2020,12/31/2020\n')
    # 12/31 has the month first, and 05/12 alone was taken alike: 12 May is day 133 of 366
    assert predict(old, case).encoded.values.tolist() == [[1295.0, 233.0]]


def test_days_that_could_be_read_either_way_are_said(tmp_path: Path) -> None:
    said = "opened: days are read as month/day/year; its own texts could be day/month/year"
    assert said in table_of(tmp_path / "a.csv", "opened,x\n05/12/2020,1\n06/11/2020,2\n").said
    assert said not in table_of(tmp_path / "b.csv", "opened,x\n05/12/2020,1\n06/30/2020,2\n").said


def test_numbers_among_a_few_words_stay_numbers(tmp_path: Path) -> None:
    amounts = [str(100 + 7 * at) for at in range(60)]
    table = from_frame(pl.DataFrame({"a": [*amounts, *["unbekannt"] * 30], "b": ["1", "2", "3+"] * 30}))
    assert np.isnan(table.numbers["a"]).sum() == 30
    assert "a: 30 texts among numbers are taken as missing: 'unbekannt' (30)" in table.said
    assert "b" in table.texts
    features = learn_features(table, ["a"])
    later = encode(features, from_frame(pl.DataFrame({"a": ["130", "unbekannt", "k.A."]})))
    assert later.unseen == {"a": 1}
    assert later.values[:, 0].tolist() == pytest.approx([130, np.nan, np.nan], nan_ok=True)
    many = from_frame(pl.DataFrame({"a": [*amounts, *(f"word {at}" for at in range(30))]}))
    assert "a" in many.texts


def test_ids_are_numbers_in_sequence_or_so_named() -> None:
    random = np.random.default_rng(5)
    incomes = np.unique(random.lognormal(10, 0.6, 400).round())[:300]
    spread = np.unique(random.integers(10_000_000, 99_999_999, 300)).astype(float)
    held = np.arange(1.0, 401.0)[random.random(400) < 0.75]
    assert why_id("income", incomes) is None
    assert why_id("turnover", spread) is None
    assert why_id("number_of_units", spread) is None
    for name, values in (
        ("case", held),
        ("LoanNr_ChkDgt", spread),
        ("member_id", incomes),
        ("x", spread[:2]),
    ):
        assert "it names cases; --keep" in str(why_id(name, values)), name
    table = from_frame(pl.DataFrame({"case": [None, *range(2, 101)]}))
    assert "in sequence" in str(why_not(table, "case", None))
    assert why_not(table, "case", None, keep=True) is None


def test_names_with_commas_are_several_unless_a_column_is_called_so() -> None:
    table = from_frame(pl.DataFrame({"a": [1.0], "b": [2.0], "a,b": [3.0]}))
    assert columns_of(table, ["a, b", "a,b"], "exclude") == ("a", "b", "a,b")
    with pytest.raises(UsageError, match="field exclude"):
        columns_of(table, ["a,c"], "exclude")


def test_a_third_value_that_counts_as_bad_is_said() -> None:
    frame = pl.DataFrame({"x": [float(at % 7) for at in range(100)]}).with_columns(
        pl.Series("end", ["paid"] * 70 + ["default"] * 17 + ["in process"] * 13)
    )
    sample = sample_of(from_frame(frame), "end", "paid")
    (said,) = sample.bad_said("end")
    assert "end: 2 values count as bad: default (17), in process (13)" in said
    two = sample_of(from_frame(frame.filter(pl.col("end") != "in process")), "end", "paid")
    assert two.bad_said("end") == ()


def test_score_train_keeps_excludes_and_predicts_a_german_file(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    rate, incomes = random.uniform(0.1, 2.9, 300), np.unique(random.lognormal(10, 0.6, 600).round())
    income = random.permutation(incomes)[:300]
    bad = random.random(300) < rate / 3
    lines = ["nr;rate;income;junk;more;end"]
    for at, (value, pay, lost) in enumerate(zip(rate, income, bad, strict=True)):
        end = ("lost" if at % 9 else "in process") if lost else "ok"
        lines.append(f"{at + 1};{value:.3f};{pay:.0f};1;2;{end}".replace(".", ","))
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = lt.score_train(
        tmp_path / "t.csv", target="end", good="ok", out=tmp_path / "m", folds="1x4", models=("logistic",),
        exclude=["junk,more"],
    )  # fmt: skip
    assert {item.name for item in result.features} == {"rate", "income"}
    assert "names cases" in result.left_out["nr"]
    assert result.left_out["junk"] == result.left_out["more"] == "asked to be left out"
    assert any("in process (" in note for note in result.notes)
    (tmp_path / "p.csv").write_text("rate;income\n0,295;30000\n2,800;30000\n", encoding="utf-8")
    scored = lt.score_predict(tmp_path / "m", tmp_path / "p.csv", out=tmp_path / "o.parquet")
    assert scored.beyond == {}
    low, high = pl.read_parquet(tmp_path / "o.parquet")["pd"]
    assert low < 0.3 < 0.7 < high
