"""Size of the loan: bands by hand, a planted effect found and none where there is none, old files read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from loantwin.book.book import Book, conform
from loantwin.book.mapping import TapeFormat, from_dict
from loantwin.book.schema import LOANS
from loantwin.models.book_columns import by_size, loan_columns
from loantwin.models.fitted import FittedModel
from loantwin.models.model import fit_model
from loantwin.models.settings import FitSettings
from loantwin.models.severity import Believed, fit_severity, severity_by_size
from loantwin.models.sizes import SizeBands, band_of, size_bands, sized_labels
from loantwin.models.transitions import segment_design
from tests.models.conftest import AS_OF, Outcomes, mapping_of
from tests.models.test_severity import defaults

QUICK = FitSettings(effects=(), search=10)


def loans_of(amounts: list[float | None], products: list[str]) -> pl.DataFrame:
    return conform(
        pl.DataFrame(
            {"loan_id": [str(place) for place in range(len(amounts))], "product": products}
        ).with_columns(originated_amount=pl.Series(amounts, dtype=pl.Float64)),
        LOANS,
    )


def test_a_band_is_the_amount_over_the_median_of_its_own_product() -> None:
    # medians 30 and 3000: both products have ratios 1/3, 2/3, 1, 4/3, 5/3
    tens = [10.0, 20.0, 30.0, 40.0, 50.0]
    loans = loans_of([*tens, *(100 * ten for ten in tens)], ["instalment"] * 5 + ["revolving"] * 5)
    bands, words = size_bands(loans, mapping_of([]), 500.0, 2)
    assert bands is not None
    assert dict(bands.medians) == {"": 525.0, "instalment": 30.0, "revolving": 3000.0}
    assert bands.breaks == (1.0,)
    assert band_of(loans, bands).tolist() == [0, 0, 0, 1, 1] * 2
    assert "in 2 bands: up to 1; above 1" in words
    # a later loan of any amount, of a product never seen (median of all: 525), without an amount
    later = loans_of(
        [1e9, 0.01, 524.0, 526.0, None, 0.0], ["instalment"] * 2 + ["balloon"] * 2 + ["revolving"] * 2
    )
    assert band_of(later, bands).tolist() == [1, 0, 0, 1, -1, -1]
    labels = pl.Series("segment", ["a", "a", "b", "b", "c", "c"])
    assert sized_labels(labels, later, bands).to_list() == [
        "a|size band 2", "a|size band 1", "b|size band 1", "b|size band 2", "c", "c",
    ]  # fmt: skip


def banded() -> TapeFormat:
    document = dict(mapping_of([]).document)
    return from_dict({**document, "segment_by": [{"column": "originated_amount", "breaks": [50.0]}]})


@pytest.mark.parametrize(
    ("amounts", "events", "wanted", "said"),
    [
        ([100.0, 101.0] * 50, 500.0, 4, "barely vary"),
        ([10.0, 1000.0] * 50, 29.0, 4, "29 effective events known, fewer than 30"),
        ([None, None, 10.0] * 40, 500.0, 4, "67% is missing"),
        ([10.0, 1000.0] * 50, 500.0, 0, ""),
    ],
)
def test_size_is_left_out_where_it_cannot_tell(
    amounts: list[float | None], events: float, wanted: int, said: str
) -> None:
    loans = loans_of(amounts, ["instalment"] * len(amounts))
    bands, words = size_bands(loans, mapping_of([]), events, wanted)
    assert bands is None
    assert said in words


def test_a_mapping_that_bands_amounts_has_no_second_size_term() -> None:
    loans = loans_of([10.0, 1000.0] * 50, ["instalment"] * 100)
    assert size_bands(loans, banded(), 500.0, 4) == (None, "")
    found, _ = size_bands(loans, mapping_of([]), 500.0, 4)
    assert found is not None
    assert found.count == 2, "two amounts make two bands, not four"


def planted(outcomes: Outcomes, effect: float) -> pl.DataFrame:
    """Return the outcomes' loans with log-normal amounts; `effect` is what a small one adds to the log-odds.

    Charge-offs of large loans are struck out at random, so that the small ones' hazard is exp(effect) theirs.
    """
    random = np.random.default_rng(5)
    loans = outcomes.loans
    amount = 10_000.0 * np.exp(random.normal(0.0, 1.0, loans.height))
    struck = pl.Series((amount > np.median(amount)) & (random.random(loans.height) > np.exp(-effect)))
    return loans.with_columns(
        originated_amount=pl.Series(amount),
        charge_off_date=pl.when(struck).then(None).otherwise("charge_off_date"),
        charged_off=pl.when(struck).then(0.0).otherwise("charged_off"),
    )


@pytest.fixture(scope="module")
def small_fail(outcomes: Outcomes) -> FittedModel:
    return fit_model(
        planted(outcomes, np.log(3.0)), None, outcomes.mapping, AS_OF, outcomes.history, settings=QUICK
    )


def effects_of(model: FittedModel, segment: str = "instalment|A") -> list[float]:
    names = model.parameters.segments
    rows = [names.index(f"{segment}|size band {band}") for band in (1, 2, 3, 4)]
    return [float(model.parameters.segment[0, row]) for row in rows]


def test_a_planted_effect_of_size_is_found(small_fail: FittedModel) -> None:
    found = effects_of(small_fail)
    # odds three times as high below the median, alike within the halves
    assert np.mean(found[:2]) - np.mean(found[2:]) == pytest.approx(np.log(3.0), abs=0.15)
    assert abs(found[0] - found[1]) < 0.2
    told = small_fail.diagnostics["edges"][0]["sizes"]
    assert list(told) == ["1", "2", "3", "4"]
    assert told["1"]["low"] > 0.0 > told["4"]["high"]


def test_where_size_tells_nothing_it_adds_nothing(outcomes: Outcomes) -> None:
    model = fit_model(planted(outcomes, 0.0), None, outcomes.mapping, AS_OF, outcomes.history, settings=QUICK)
    told = model.diagnostics["edges"][0]["sizes"]
    assert all(abs(item["value"]) < 0.12 for item in told.values())
    assert all(item["low"] < 0.05 and item["high"] > -0.05 for item in told.values())


def test_segments_stay_those_of_the_mapping(small_fail: FittedModel) -> None:
    names = ("instalment|A", "instalment|B", "instalment|C")
    assert small_fail.segments == names
    assert list(small_fail.diagnostics["edges"][0]["segments"]) == [*names, "(pooled)"]


def test_a_loan_finds_its_band_whatever_its_amount(small_fail: FittedModel, outcomes: Outcomes) -> None:
    sizes = small_fail.sizes
    assert sizes is not None
    middle = sizes.medians["instalment"]
    loans = outcomes.loans.head(5).with_columns(
        originated_amount=pl.Series([middle / 1e6, middle * 1e6, None, middle / 1e6, middle * 0.99]),
        origination_grade=pl.Series(["A", "A", "A", "never seen", "B"]),
        charge_off_date=None,
        state=pl.lit("current"),
        origination_date=pl.lit(date(2015, 6, 15)),
        principal=pl.lit(middle),
    )
    names = small_fail.parameters.segments
    labels = pl.Series("segment", ["instalment|A"] * 3 + ["instalment|never seen", "instalment|B"])
    assert [names[code] for code in by_size(loans, labels, small_fail)] == [
        "instalment|A|size band 1", "instalment|A|size band 4", "instalment|A", "(pooled)|size band 1",
        "instalment|B|size band 2",
    ]  # fmt: skip
    book = Book(AS_OF, "USD", loans, *[pl.DataFrame()] * 3)
    with pytest.warns(UserWarning, match="never seen: 1 loans read the pooled effect"):
        read = loan_columns(book, small_fail, outcomes.mapping)
    assert [names[code] for code in read.segment][3:] == ["(pooled)|size band 1", "instalment|B|size band 2"]


def test_the_model_file_keeps_sizes_and_older_files_read_without(
    small_fail: FittedModel, outcomes: Outcomes
) -> None:
    again = FittedModel.from_dict(json.loads(small_fail.to_json()))
    assert again.sizes == small_fail.sizes
    np.testing.assert_array_equal(again.lgd.charged_off, small_fail.lgd.charged_off)
    plain = fit_model(
        outcomes.loans, None, outcomes.mapping, AS_OF, outcomes.history, settings=replace(QUICK, size_bands=0)
    )
    document = json.loads(plain.to_json())
    assert "sizes" not in document, "what an older program reads and writes stays as it was"
    assert FittedModel.from_dict(document).to_json() == plain.to_json()


def test_no_size_leaves_the_design_as_it_was() -> None:
    made = segment_design(("a", "b"), QUICK)
    assert made.labels == ("a", "b", "(pooled)")
    assert made.values.shape == (2, 6)
    assert made.base.tolist() == [0, 1]
    assert made.band.tolist() == [-1, -1]


def test_severity_by_size_by_hand() -> None:
    # 300 small defaults lose all of 10, 300 large ones half of 1,000: the ratio of sums is 0.50495
    small = np.arange(600) < 300
    exposure = np.where(small, 10.0, 1000.0)
    lost = np.where(small, 10.0, 500.0)
    known = defaults(600, exposure=exposure, charged_off=lost)
    believed = Believed()
    severity = fit_severity(known, 1, 61, believed)
    band = np.where(small, 0, 1).astype(np.int64)
    sizes = severity_by_size(SizeBands((1.0,), {"": 1.0}), known, band, severity, believed)
    share = severity.lgd.charged_off[0, 20]
    # (what came + 30 cases as expected) / (expected + the same)
    for place, (got, each) in enumerate(((3_000.0, 10.0), (150_000.0, 1000.0))):
        wanted, ballast = 300 * each * share, 30 * each * share
        assert sizes.charged_off[place] == pytest.approx((got + ballast) / (wanted + ballast))
    assert share * sizes.charged_off[0] == pytest.approx(1.0, abs=0.06)
    assert sizes.recovered == (1.0, 1.0), "recoveries are not observed: what is believed stands"
