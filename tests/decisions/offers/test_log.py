"""Bad logs and mappings: one clear message with file, row and field."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.offers.log import read_offers
from loantwin.decisions.offers.mapping import read_offer_format
from loantwin.errors import InputError, MappingError, ModelError, TapeError, UsageError

from . import made
from .test_effects import EXAMPLE

FRAME = made.log(400)
UP = int(FRAME["took"].arg_max() or 0)


def changed(**columns: Any) -> pl.DataFrame:
    return FRAME.with_columns(**columns)


def at(name: str, row: int, value: Any) -> pl.DataFrame:
    values = FRAME[name].to_list()
    values[row] = value
    return FRAME.with_columns(pl.Series(name, values, strict=False))


@pytest.mark.parametrize(
    ("frame", "kind", "words"),
    [
        (changed(rate=pl.lit(5.0)), ModelError, "differ within strata, was .one price in each of 3"),
        (changed(took=pl.lit(0)), ModelError, "some were taken up, was .none"),
        (changed(took=pl.lit(1), size=pl.lit(9.0)), ModelError, "was .all of them"),
        (at("rate", 6, -1.0), TapeError, "row 7, field rate: expected a rate of at least 0 in"),
        (at("rate", 6, None), TapeError, "row 7, field rate: expected a rate of at least 0"),
        (changed(rate=pl.col("rate") / 100, final=pl.col("final") / 100), TapeError, "if they are decimals"),
        (at("rate", 6, 600.0), TapeError, "row 7, field rate: expected a rate .*, at most 100"),
        (at("class", 8, None), TapeError, "row 9, field class: expected a stratum for every offer"),
        (at("took", 2, 3), TapeError, "row 3, field took: expected 1 or 0, was .3"),
        (at("took", 2, None), TapeError, "row 3, field took: expected 1 or 0, was .nothing"),
        (at("size", UP, 0.0), TapeError, f"row {UP + 1}, field size: expected an amount above 0"),
        (at("size", 2, -5.0), TapeError, "row 3, field size: expected a number of at least 0"),
        (FRAME.with_columns(size=pl.lit("much")), TapeError, "field size: expected numbers, was .much"),
        (FRAME.drop("income"), UsageError, "field covariates: expected one of class"),
        (FRAME.drop("late"), UsageError, "field arrears: expected one of class"),
    ],
)  # fmt: skip
def test_a_bad_log_is_refused_by_row_and_field(
    tmp_path: Path, frame: pl.DataFrame, kind: type[InputError], words: str
) -> None:
    log, mapping = made.files(tmp_path, frame)
    with pytest.raises(kind, match=words):
        read_offers(log, read_offer_format(mapping))


def test_percent_named_decimals_is_refused(tmp_path: Path) -> None:
    text = made.MAPPING.replace("percent a month", "decimal a month")
    log, mapping = made.files(tmp_path, FRAME.with_columns(rate=pl.col("rate") * 0.3), text)
    with pytest.raises(TapeError, match=r"if (they are percent|it is of another unit), change rate_unit"):
        read_offers(log, read_offer_format(mapping))


def test_units_come_to_the_same_points(tmp_path: Path) -> None:
    whole = lt.levers_fit(*made.files(tmp_path, FRAME))
    parts = FRAME.with_columns(pl.col("rate", "final") / 100)
    decimals = lt.levers_fit(*made.files(tmp_path, parts, made.MAPPING.replace("percent a", "decimal a")))
    assert decimals.take_up_slope.value == pytest.approx(whole.take_up_slope.value, rel=1e-9)
    assert decimals.mean_rate == pytest.approx(whole.mean_rate / 100)
    assert decimals.point == whole.point == "percentage point a month"


def test_one_stratum_and_one_price_in_a_stratum_are_fitted_and_told(tmp_path: Path) -> None:
    log, mapping = made.files(tmp_path, FRAME)
    alone = lt.levers_fit(log, mapping, within=[])
    assert [item.stratum for item in alone.strata] == ["all offers"]
    still = FRAME.with_columns(rate=pl.when(pl.col("class") == "a").then(5.0).otherwise(pl.col("rate")))
    told = lt.levers_fit(*made.files(tmp_path, still))
    assert "1 strata have one price and tell nothing of its effect" in told.notes


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('rate = "rate"', 'rate = "rate"\nrte = "x"', "field columns.rte"),
        ('taken_up = "took"\n', "", "field columns.taken_up: expected a column, was .none"),
        ("percent a month", "percent", "field rate_unit: expected one of percent a month"),
        ("format = 1", "format = 3", "field format: expected format = 1, was 3"),
        ('within = ["class"]', "within = 3", "field within: expected a list of columns, was 3"),
        ("rate = 0.05", "rate = -1", "field economics.funding_annual_rate"),
        ('name = "made"', 'name = ""', "field name: expected a text"),
        ('name = "made"', 'name = "made"\nrandomised = 1', "field randomised: expected true or false, was 1"),
        ('late"', 'late"\nstandard_rate = "a"\nabove_standard = "b"', "expected one of standard_rate"),
    ],
)
def test_a_wrong_mapping_is_refused_by_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in made.MAPPING
    (tmp_path / "m.toml").write_text(made.MAPPING.replace(old, new), encoding="utf-8")
    with pytest.raises(MappingError, match=words):
        read_offer_format(tmp_path / "m.toml")


def test_the_schema_takes_the_example_and_refuses_an_unknown_key() -> None:
    document, told = tomllib.loads(EXAMPLE.read_text(encoding="utf-8")), lt.schema("offers").to_dict()
    jsonschema.Draft202012Validator.check_schema(told)
    jsonschema.validate(document, told)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "weight": 1}, told)


def test_offers_above_a_standard_rate_are_found(tmp_path: Path) -> None:
    text = made.MAPPING.replace('late"\n', 'late"\nstandard_rate = "standard"\n')
    frame = FRAME.with_columns(standard=pl.lit(6.5))
    log, form = made.files(tmp_path, frame, text)
    offers = read_offers(log, read_offer_format(form))
    assert offers.beyond.tolist() == (FRAME["rate"] > 6.5).to_list()
    assert np.isfinite(offers.rate).all()
