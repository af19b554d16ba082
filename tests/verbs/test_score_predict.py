"""`score predict`: a row a case in the order of the file, and what the model did not know."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import InputError, ModelError, TapeError, UsageError

from .test_score_train import cases, train


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    cases().write_csv(folder / "cases.csv")
    train(folder / "cases.csv", folder / "kept", models=("logistic", "scorecard"))
    return folder / "kept"


def new(path: Path) -> Path:
    frame = cases(60, seed=9).drop("end").with_columns(
        pl.when(pl.col("id") == 3).then(pl.lit("pirate")).otherwise(pl.col("job")).alias("job"),
        pl.when(pl.col("id") == 4).then(None).otherwise(pl.col("income")).alias("income"),
        (pl.lit("N-") + pl.col("id").cast(pl.String)).alias("name"),
    )  # fmt: skip
    frame.write_csv(path)
    return path


def test_rows_keep_their_order_and_what_was_not_known_is_counted(scores: Path, tmp_path: Path) -> None:
    file = new(tmp_path / "new.csv")
    result = lt.score_predict(
        scores, file, out=tmp_path / "out.parquet", model="scorecard", id="name", reasons=True
    )
    made = pl.read_parquet(tmp_path / "out.parquet")
    assert made["name"].to_list() == [f"N-{number}" for number in range(1, 61)]
    assert tuple(made.columns) == result.columns
    assert result.columns[:3] == ("name", "pd", "points")
    assert (result.unseen, result.missing) == ({"job": 1}, {"income": 1})
    assert result.pd_mean == pytest.approx(made["pd"].mean())
    # 20 points more are twice the odds of good
    top, low = made.sort("points")[-1], made.sort("points")[0]
    odds = [(1 - row["pd"][0]) / row["pd"][0] for row in (top, low)]
    assert odds[0] / odds[1] == pytest.approx(2 ** ((top["points"][0] - low["points"][0]) / 20))
    assert "raises the odds" in made.sort("pd")["reason_1"][-1]
    again = lt.score_predict(scores, file, out=tmp_path / "out.csv", model="scorecard")
    assert pl.read_csv(tmp_path / "out.csv")["row"].to_list() == list(range(1, 61))
    assert again.columns == ("row", "pd", "points")
    assert pl.read_csv(tmp_path / "out.csv")["pd"].to_list() == pytest.approx(made["pd"].to_list())


@pytest.mark.parametrize(
    ("change", "options", "error", "words"),
    [
        ("income", {}, ModelError, "field income: expected the columns that the model was trained on"),
        (pl.lit("much").alias("income"), {}, ModelError, "field income: expected a column of kind number"),
        (pl.lit("-inf").alias("income"), {}, TapeError, "row 1, field income: expected finite numbers"),
        (None, {"model": "forest"}, ModelError, "field model: expected one of logistic, scorecard"),
        (None, {"id": "nmae"}, UsageError, "field id: .* did you mean name?"),
        (None, {"out": "x.txt"}, UsageError, "field out: expected a file ending in .csv or .parquet"),
    ],
)
def test_hostile_input_is_refused_in_one_message(
    scores: Path, tmp_path: Path, change: object, options: dict[str, str], error: type[InputError], words: str
) -> None:
    file = new(tmp_path / "new.csv")
    frame = pl.read_csv(file)
    if isinstance(change, str):
        frame.drop(change).write_csv(file)
    elif change is not None:
        frame.with_columns(change).write_csv(file)
    given = {**options, "out": tmp_path / options.get("out", "x.csv")}
    with pytest.raises(error, match=words):
        lt.score_predict(scores, file, **given)
    assert not (tmp_path / "x.csv").exists()
