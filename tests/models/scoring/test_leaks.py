"""The leak check: it names what knows the outcome, and is silent on what is only strong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.leaks import find_future, find_leaks
from loantwin.models.scoring.sample import sample_of
from loantwin.models.scoring.table import Table, from_frame, read_table

from .conftest import cases


def suspects(table: Table, target: str, good: str, exclude: tuple[str, ...] = ()) -> set[str]:
    sample = sample_of(table, target, good, exclude=exclude)
    features = learn_features(sample.table, sample.names)
    return {item.column for item in find_leaks(features, encode(features, sample.table).values, sample.bad)}


def test_planted_leaks_are_named() -> None:
    frame = cases(3000)
    assert suspects(from_frame(frame), "end", "paid") == set()
    bad = (frame["end"] == "default").to_numpy()
    random = np.random.default_rng(0)
    leaky = frame.with_columns(
        pl.Series("recovered", np.where(bad & (random.random(len(bad)) < 0.6), 5.0, 0.0)),
        pl.Series("status", np.where(bad, "C", "P")),
        pl.Series("rate", np.where(bad, np.nan, random.random(len(bad)))).fill_nan(None),
        pl.Series("later_score", random.normal(size=len(bad)) - 2.6 * bad),
        pl.Series("strong", random.normal(size=len(bad)) - 1.2 * bad),
    )
    assert suspects(from_frame(leaky), "end", "paid") == {"recovered", "status", "rate", "later_score"}


def test_dates_after_the_case_are_named() -> None:
    frame = pl.DataFrame(
        {
            "opened": ["2001-05-01"] * 4,
            "ended": ["2003-05-01", "2004-01-01", None, None],
            "born": ["1970-01-01"] * 4,
        }
    )
    found = find_future(dict(from_frame(frame).dates), "opened")
    assert [item.column for item in found] == ["ended"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "target", "good", "exclude", "wanted"),
    [
        ("scoring/aer_creditcard.csv", "card", "yes", (), {"share", "expenditure"}),
        ("scoring/australian.csv", "class", "1", (), set()),
        ("scoring/crx_credit_approval.csv", "A16", "+", (), set()),
        ("scoring/credit_data_modeldata.csv", "Status", "good", (), set()),
        ("german_credit/german.data", "A21", "1", (), set()),
        ("scoring/wooldridge_loanapp.csv", "approve", "1", (), {"reject", "action"}),
        ("scoring/wooldridge_loanapp.csv", "approve", "1", ("reject", "action"), set()),
        ("hmda/hmda_extract.csv.gz", "action_taken", "1", (), {"interest_rate"}),
        ("sba/sba_block.csv.gz", "MIS_Status", "P I F", (), {"ChgOffPrinGr", "Term"}),
    ],
)
def test_on_real_files(
    data: Path, file: str, target: str, good: str, exclude: tuple[str, ...], wanted: set[str]
) -> None:
    assert suspects(read_table(data / file), target, good, exclude) == wanted
