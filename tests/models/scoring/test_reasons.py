"""Reasons by code: exact sums, never one that lowers the risk, texts by language, what a file may not say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loantwin.errors import ConfigError, ModelError
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.reasons import parts_of, reasons_by_code
from loantwin.models.scoring.reasons_file import asked_never, read_reasons, reasons_schema
from loantwin.models.scoring.store import predict

from .test_scores import trained

FILE = """
covered = true

[[reason]]
code = "A"
features = ["age", "income"]
en = "Age of the household's earner and what is earned"
zh = "主要收入者的年龄和收入"

[[reason]]
code = "B"
features = ["home"]
levels = ["rent"]
en = "No home of one's own"
zh = "没有自有住房"

[[reason]]
code = "C"
features = ["home", "noise"]
en = "Other facts of the household"

[[change]]
feature = "income"
direction = "up"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "reasons.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_codes_sum_what_their_features_add_and_only_what_raises_risk_is_a_reason(
    frame: pl.DataFrame, kind: str, tmp_path: Path
) -> None:
    score, table = trained(frame, kind)
    file = read_reasons(written(tmp_path, FILE))
    values = predict(score, table).encoded.values
    parts = parts_of(score, values)
    assert parts.log_odds.sum(axis=1) + parts.base == pytest.approx(predict(score, table).log_odds, abs=1e-9)
    found = reasons_by_code(score, values, file)
    rent = (frame["home"] == "rent").to_numpy()
    age, income, home, noise = parts.log_odds.T
    wanted = {"A": age + income, "B": np.where(rent, home, 0), "C": noise + np.where(rent, 0, home)}
    for row in range(0, len(frame), 7):
        expected = sorted(
            ((worth[row], code) for code, worth in wanted.items() if worth[row] > 0), reverse=True
        )
        told = [found.codes[at] for at in found.place[row] if at >= 0]
        assert told == [code for _, code in expected]
        assert found.log_odds[row, : len(told)] == pytest.approx([worth for worth, _ in expected])
        assert np.isnan(found.log_odds[row, len(told) :]).all()
    at = found.codes.index("C")
    assert found.texts["en"][at] == found.texts["zh"][at] == "Other facts of the household"
    assert found.texts["zh"][found.codes.index("B")] == "没有自有住房"
    assert found.columns[at] == ("home", "noise")


def test_zero_is_the_average_case_of_training(frame: pl.DataFrame) -> None:
    score, table = trained(frame, "scorecard")
    parts = parts_of(score, predict(score, table).encoded.values)
    assert parts.log_odds.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert np.unique(parts.base).size == 1


def test_without_a_file_reasons_are_plain_and_at_most_four(frame: pl.DataFrame) -> None:
    score, table = trained(frame, "additive")
    values = predict(score, table).encoded.values
    found = reasons_by_code(score, values, most=2)
    assert found.place.shape == (len(frame), 2)
    assert found.texts["en"][found.codes.index("home")] == "The value of home"
    assert found.texts["zh"][found.codes.index("home")] == "home的取值"
    assert reasons_by_code(score, values).place.shape[1] == 4


def test_numbers_are_told_apart_by_value_and_by_being_missing(frame: pl.DataFrame, tmp_path: Path) -> None:
    text = "".join(
        f'[[reason]]\ncode = "{code}"\nfeatures = ["income"]\n{when}\nen = "{code}"\n'
        for code, when in (
            ("none", "missing = true"),
            ("low", "below = 15"),
            ("some", "above = 15\nbelow = 30"),
        )
    )
    score, table = trained(frame, "logistic")
    values = predict(score, table).encoded.values
    file = read_reasons(written(tmp_path, text))
    one = reasons_by_code(
        score, np.array([[40.0, income, 0.0, 0.0] for income in (np.nan, 5, 14.9)]), file, 9
    )
    high = reasons_by_code(score, values[values[:, 1] >= 30], file, 9)
    codes = [{one.codes[at] for at in row if at >= 0} for row in one.place]
    assert "low" in codes[1] & codes[2]
    assert not codes[0] & {"low", "some"}
    assert not {high.codes[at] for at in np.unique(high.place) if at >= 0} & {"none", "low", "some"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[reasons]]\ncode = "A"', "field reasons: expected one of reason, change, covered"),
        ('[[reason]]\ncode = "A"\nfeatures = ["a"]\nen = "x"\nde = "y"', r"field reason\[1\].de"),
        ('[[reason]]\ncode = "A"\nen = "x"', r"field reason\[1\].features: expected a value, was 'none'"),
        ('[[reason]]\ncode = "A"\nfeatures = "a"\nen = "x"', "expected a list of texts"),
        ('[[reason]]\ncode = "A"\nfeatures = ["a"]\nen = "x"\nabove = 2\nbelow = 1', "above to be less"),
        (
            '[[reason]]\ncode="A"\nfeatures=["a"]\nen="x"\n[[reason]]\ncode="A"\nfeatures=["b"]\nen="y"',
            r"field reason\[2\].code: expected one text for code A, was 'two'",
        ),
        (
            'covered=true\n[[reason]]\ncode="A"\nfeatures=["a"]\nen="Low qualifying score"',
            r"expected a specific reason \(Regulation B",
        ),
        ('[[change]]\nfeature = "applicantAge"', "which no one is asked to"),
        ('[[change]]\nfeature = "a"\ndirection = "left"', r"field change\[1\].direction"),
        ('[[change]]\nfeature = "a"\nstep = 0', r"field change\[1\].step: expected above 0"),
        ('[[change]]\nfeature = "a"\n[[change]]\nfeature = "a"', "expected one change a feature"),
        ("covered = 1", "field covered: expected true or false"),
        ("covered", "expected TOML"),
    ],
)
def test_a_file_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_reasons(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[[reason]]\ncode = "A"\nfeatures = ["wage"]\nen = "x"',
            "reason A: expected columns that the model",
        ),
        ('[[reason]]\ncode = "A"\nfeatures = ["home"]\nen = "x"\nlevels = ["boat"]', r"levels of home \("),
        ('[[reason]]\ncode = "A"\nfeatures = ["home"]\nen = "x"\nabove = 1', "levels for home"),
        ('covered = true\n[[reason]]\ncode = "A"\nfeatures = ["home"]\nen = "x"', "was 'none of age'"),
    ],
)
def test_a_file_must_fit_the_model(frame: pl.DataFrame, tmp_path: Path, text: str, words: str) -> None:
    score, table = trained(frame, "logistic")
    with pytest.raises(ModelError, match=words):
        reasons_by_code(score, predict(score, table).encoded.values, read_reasons(written(tmp_path, text)))


def test_what_no_one_is_asked_to_change_is_known_by_name() -> None:
    assert all(map(asked_never, ("Age", "sex", "birth_date", "maritalStatus", "申请人年龄")))
    assert not any(map(asked_never, ("mortgage", "wage", "amount", "essex", "stage")))


def test_the_schema_is_of_the_file(tmp_path: Path) -> None:
    schema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    check = schema.Draft202012Validator(reasons_schema())
    assert not list(check.iter_errors(tomllib.loads(FILE)))
    for text in ('[[reason]]\ncode = "A"', "[[change]]\nfeature = 1", "cover = true"):
        assert list(check.iter_errors(tomllib.loads(text))), text
