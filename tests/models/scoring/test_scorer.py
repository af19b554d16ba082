"""A score kept open says what `predict` says, of a frame and of one case; hostile input is refused."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loantwin.errors import ModelError, TapeError
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.scorer import Scorer
from loantwin.models.scoring.store import predict
from loantwin.models.scoring.table import from_frame

from .test_scores import trained

FEW = ("logistic", "scorecard", "boosting", "stack")


@pytest.mark.parametrize("kind", FEW)
def test_a_frame_and_single_cases_are_read_as_a_table_is(frame: pl.DataFrame, kind: str) -> None:
    score, _ = trained(frame, kind)
    scorer = Scorer(score)
    odd = frame.head(40).with_columns(
        pl.Series("home", ["castle", None, " rent ", "?"] * 10), pl.Series("age", [140.0, None] * 20)
    )
    wanted, found = predict(score, from_frame(odd)), scorer.score(odd)
    assert found.pd == pytest.approx(wanted.pd, abs=1e-12)
    assert (found.encoded.unseen, found.encoded.beyond) == (wanted.encoded.unseen, wanted.encoded.beyond)
    assert (found.encoded.unseen, found.encoded.beyond) == ({"home": 10}, {"age": 20})
    single = [scorer.pd_of(case) for case in odd.rows(named=True)]
    assert single == pytest.approx(wanted.pd, abs=1e-12)


def test_hostile_cases_are_refused_naming_the_field(frame: pl.DataFrame) -> None:
    scorer = Scorer(trained(frame, "logistic")[0])
    good = frame.row(0, named=True)
    for change, words in (
        ({"age": "old"}, "field age: expected a number, was 'old'"),
        ({"age": float("inf")}, "field age: expected a finite number"),
    ):
        with pytest.raises(ModelError, match=words):
            scorer.pd_of({**good, **change})
    with pytest.raises(ModelError, match="field home: expected the columns"):
        scorer.pd_of({name: value for name, value in good.items() if name != "home"})
    with pytest.raises(TapeError, match="row 2, field age: expected finite numbers, was '-inf'"):
        scorer.score(frame.head(3).with_columns(pl.Series("age", [1.0, -np.inf, 2.0])))
    with pytest.raises(TapeError, match="row 3, field age: expected a number, was 'x'"):
        scorer.score(frame.head(3).with_columns(pl.Series("age", ["1", "2", "x"])))
    with pytest.raises(ModelError, match="field age: expected a column of kind number"):
        scorer.score(frame.head(3).with_columns(pl.lit("x").alias("age")))


def test_the_kernel_of_a_scorecard_sums_its_bins(frame: pl.DataFrame) -> None:
    score, table = trained(frame, "scorecard")
    values = predict(score, table).encoded.values
    many = np.tile(values, (3, 1))
    parts = KINDS["scorecard"].contributions(score.model, many).sum(axis=1)
    assert KINDS["scorecard"].log_odds(score.model, many) == pytest.approx(parts, abs=1e-12)
