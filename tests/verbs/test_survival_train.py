"""`survival train`: figures on what came later, files, both forms of data, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import ExtraError, ModelError, TapeError, UsageError
from loantwin.models.survival.store import read_survival
from tests.models.survival.made import frame

COLUMNS: dict[str, Any] = {
    "start": "start",
    "event": "end=bad",
    "competing": "end=paid",
    "event_date": "ended",
}
WHEN: dict[str, Any] = {"as_of": ("2012-12-31", "2013-12-31"), "until": "2015-12-31"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("loans") / "loans.csv"
    made = frame(2500, seed=3)
    told = made.with_columns(loss=pl.when(pl.col("end") == "bad").then(pl.lit(100.0)).otherwise(0.0))
    told.write_csv(path)
    return path


def train(file: Path, out: Path, **options: Any) -> Any:
    return lt.survival_train(file, out=out, **{**COLUMNS, **WHEN, **options})


@pytest.fixture(scope="module")
def result(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return train(file, tmp_path_factory.mktemp("model") / "a", macro=("us",))


def test_the_hazards_beat_both_rivals_where_the_truth_is_planted(result: Any) -> None:
    live = {(item.horizon, item.against): item for item in result.compared if item.group == "new"}
    assert set(live) == {(h, name) for h in (12, 24) for name in ("Aalen-Johansen", "last year's rate")}
    assert all(item.shown == "lower" and item.brier_high < 0 for item in live.values())
    told = next(item for item in result.judged if item.as_of == "all" and item.model == "hazard")
    assert told.figures.auc == pytest.approx(0.72, abs=0.06)
    assert told.figures.predicted == pytest.approx(told.figures.observed, abs=0.03)  # three errors


def test_a_copy_of_the_outcome_is_named_and_left_out(result: Any) -> None:
    assert [item.column for item in result.leaks] == ["loss"]
    assert {item.name for item in result.features} == {"size", "kind"}
    assert result.left_out["end"] == "says how a loan ended"


def test_the_model_is_kept_as_text_with_a_record(result: Any) -> None:
    record = json.loads((Path(result.out) / "record.json").read_text())
    assert record["registry_id"] == result.registry_id
    assert record["champion"] == "survival"
    assert read_survival(result.out).calendar.names[0] == "unemployment rate"
    text = Path(result.out) / "survival.json"
    kept = text.read_text()
    try:
        text.write_text(kept.replace('"intercept"', '"intercept" ', 1))
        with pytest.raises(ModelError, match="names by hash"):
            read_survival(result.out)
    finally:
        text.write_text(kept)


def test_the_same_run_gives_the_same_model_to_the_bit(file: Path, result: Any, tmp_path: Path) -> None:
    again = train(file, tmp_path / "a", macro=("us",))
    assert again.registry_id == result.registry_id
    assert (tmp_path / "a/survival.json").read_bytes() == (Path(result.out) / "survival.json").read_bytes()


def test_outcomes_after_a_date_only_judge(file: Path, tmp_path: Path) -> None:
    rows = pl.read_csv(file)
    late = (pl.col("ended") > "2013-12-31") & (pl.col("end") == "bad")
    rows.with_columns(end=pl.when(late).then(pl.lit("paid")).otherwise("end")).write_csv(tmp_path / "x.csv")
    given: dict[str, Any] = {"as_of": "2013-12-31", "exclude": ("loss",)}
    one, two = train(file, tmp_path / "a", **given), train(tmp_path / "x.csv", tmp_path / "b", **given)
    for before, after in zip(one.judged, two.judged, strict=True):
        assert before.figures.predicted == after.figures.predicted
    seen = [item.figures.observed for item in two.judged if item.group == "new"]
    assert max(seen) == 0.0


def panel() -> pl.DataFrame:
    """Return 300 loans by month whose hazard is that of their last month's strain."""
    random = np.random.default_rng(8)
    rows = []
    for loan in range(300):  # a test's own slow way
        begin, strain = random.integers(0, 30), random.normal()
        for age in range(48 - begin):
            month = np.datetime64("2016-01") + int(begin + age)
            ended = age > 0 and random.random() < 0.02 * np.exp(strain)
            rows.append(
                (loan, str(np.datetime64("2016-01") + int(begin)) + "-05", str(month) + "-20", strain, ended)
            )
            if ended:
                break
            strain = 0.9 * strain + 0.4 * random.normal()
    told = pl.DataFrame(rows, schema=["loan", "begun", "seen", "strain", "bad"], orient="row")
    return told.with_columns(pl.col("bad").cast(pl.Int8))


def test_a_panel_reads_what_the_month_before_knew(tmp_path: Path) -> None:
    panel().write_csv(tmp_path / "p.csv")
    given: dict[str, Any] = {"start": "begun", "loan": "loan", "month": "seen", "event": "bad>0"}
    made = lt.survival_train(tmp_path / "p.csv", out=tmp_path / "a", as_of="2017-12-31", **given)
    assert made.loans == 300
    assert made.spans > 3000
    model = read_survival(tmp_path / "a")
    line = np.array(model.event.own) @ np.array([1.0] + [0.0] * (len(model.event.own) - 1))
    assert line > 0
    live = next(item for item in made.judged if item.group == "live" and item.horizon == 12)
    assert live.figures.auc is None or live.figures.auc > 0.6
    pl.concat([panel(), panel().head(1)]).write_csv(tmp_path / "q.csv")
    with pytest.raises(TapeError, match="one row a loan and month"):
        lt.survival_train(tmp_path / "q.csv", out=tmp_path / "b", as_of="2017-12-31", **given)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"start": "begin"}, UsageError, "field start"),
        ({"event": "end"}, UsageError, "field event: expected COLUMN=VALUE"),
        ({"event": "end=badd"}, UsageError, r"a value of end \(bad, paid\)"),
        ({"event": "end>3"}, UsageError, "numbers to compare"),
        ({"event_date": None}, UsageError, "field event_date"),
        ({"months": "size"}, UsageError, "field event_date"),
        ({"event_date": "size"}, UsageError, "a column of dates"),
        ({"as_of": "2020-12-31"}, UsageError, "field as_of"),
        ({"as_of": ()}, UsageError, "field as_of"),
        ({"as_of": "2010-01-31"}, ModelError, "20 events were known"),
        ({"loan": "kind"}, UsageError, "field loan"),
        ({"since": "2031-01-01"}, UsageError, "field since"),
        ({"exclude": ("sise",)}, UsageError, "did you mean size?"),
    ],
)
def test_wrong_arguments(
    file: Path, tmp_path: Path, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        train(file, tmp_path / "a", **options)
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_cox_is_refused(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loantwin.extras.find_spec", lambda name: None)
    with pytest.raises(ExtraError, match="scoring"):
        train(file, tmp_path / "a", cox=True)


def test_cox_stands_beside(file: Path, tmp_path: Path, oracle: Any) -> None:
    oracle("lifelines")
    made = train(file, tmp_path / "a", as_of="2013-12-31", cox=True)
    found = {item.model: item.figures for item in made.judged if item.group == "live" and item.horizon == 12}
    assert found["cox"].brier == pytest.approx(found["hazard"].brier, rel=0.05)
