"""A score in the transition model: bands by hand, a planted coefficient found, none where there is none."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from loantwin.book.book import conform
from loantwin.book.schema import LOANS, SCORE_COLUMN
from loantwin.engine.rows import base_label
from loantwin.errors import ModelError
from loantwin.macro.scenario import Scenario
from loantwin.models.book_columns import by_size
from loantwin.models.fitted import FittedModel
from loantwin.models.model import fit_model
from loantwin.models.scored import (
    ScoreBands,
    band_of_score,
    full_labels,
    log_odds_of,
    score_bands,
    score_design,
    score_in,
)
from loantwin.models.settings import FitSettings
from loantwin.models.sizes import SizeBands, band_in
from tests.models.conftest import AS_OF, FIRST, Outcomes, mapping_of

QUICK = FitSettings(effects=(), search=10)
NAMED = ScoreBands((), (), 0.0, (), "made", "0123")


def scored(log_odds: list[float | None]) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"loan_id": [str(place) for place in range(len(log_odds))], "product": ["instalment"] * len(log_odds)}
    )
    return conform(frame, LOANS).with_columns(pl.Series(SCORE_COLUMN, log_odds, dtype=pl.Float64))


def test_bands_are_filled_equally_and_read_their_mean() -> None:
    bands = score_bands(scored([-4.0, -3.0, -2.0, -1.0, None]), NAMED, 2)
    assert bands.breaks == (-3.0,)
    assert bands.values == (-3.5, -1.5)
    assert bands.centre == -2.5
    assert (bands.name, bands.registry_id) == ("made", "0123")
    later = scored([-9.0, -3.0, -2.999, 5.0, None])
    assert band_of_score(log_odds_of(later), bands).tolist() == [0, 0, 1, 1, -1]
    labels = pl.Series("segment", ["a", "b", "a|c", "b", "b"])
    assert full_labels(labels, later, None, bands).to_list() == [
        "a|score band 1", "b|score band 1", "a|c|score band 2", "b|score band 2", "b",
    ]  # fmt: skip


def test_labels_of_size_score_and_vintage_are_read_back() -> None:
    label = "a|b|size band 2|score band 10|vintage 2005"
    assert (base_label(label), band_in(label), score_in(label)) == ("a|b", 1, 9)
    assert (base_label("a|score band 3"), band_in("a|score band 3"), score_in("a|score band 3")) == (
        "a", -1, 2,
    )  # fmt: skip
    assert (band_in("a|size band 4"), score_in("a|size band 4")) == (3, -1)


def test_who_has_no_score_reads_the_mean_of_his_own_segment() -> None:
    bands = ScoreBands((0.0,), (-1.0, 2.0), 0.5)
    labels = ("a|score band 1", "a|score band 2", "a", "b|score band 2")
    made = score_design(bands, labels, np.array([0, 0, 0, 1]), np.array([0.3, 0.1, 0.4, 0.2]))
    assert made.mean[:, 0] == pytest.approx([(0.3 * -1.5 + 0.1 * 1.5) / 0.4, 1.5])
    assert made.values[:, 0] == pytest.approx([-1.5, 1.5, made.mean[0, 0], 1.5])


def test_too_few_scores_and_scores_that_are_one_are_refused() -> None:
    with pytest.raises(ModelError, match=r"expected a score of 50% of the loans, was .one of 1 of 3"):
        score_bands(scored([1.0, None, None]), NAMED)
    with pytest.raises(ModelError, match="expected scores that differ"):
        score_bands(scored([1.0, 1.0, 1.0]), NAMED)


def planted(slope: float, count: int = 12_000, seed: int = 5) -> pl.DataFrame:
    """Return loans of 2006 to 2014 whose log-odds of a charge-off a month rise by `slope` x the score."""
    random = np.random.default_rng(seed)
    start = FIRST + random.integers(0, 108, count)
    score = random.normal(-3.0, 0.9, count)
    odds = 0.006 * np.exp(slope * (score + 3.0))
    lived = random.geometric(odds / (1.0 + odds))
    gone = (lived <= 60) & (start + lived <= 12 * 2015 + 11)
    days = [dt.date(int(m) // 12, int(m) % 12 + 1, 15) for m in start]
    ends = [
        dt.date(int(m) // 12, int(m) % 12 + 1, 15) if ok else None
        for m, ok in zip(start + lived, gone, strict=True)
    ]
    frame = pl.DataFrame(
        {
            "loan_id": [str(place) for place in range(count)],
            "product": ["instalment"] * count,
            "origination_grade": random.choice(["A", "B"], count),
            "approval_date": days, "origination_date": days, "term_months": np.full(count, 60),
            "charge_off_date": ends, "charged_off": np.where(gone, 50.0, 0.0),
            "approved_amount": np.full(count, 100.0), "originated_amount": np.full(count, 100.0),
            "annual_rate": np.full(count, 0.08), "weight": np.ones(count),
        }
    )  # fmt: skip
    return conform(frame, LOANS).with_columns(pl.Series(SCORE_COLUMN, score))


def nothing_known() -> Scenario:
    return Scenario("Actual", FIRST, (), (), np.zeros((120, 0)))


def coefficient(model: FittedModel) -> dict[str, float]:
    edge = model.diagnostics["edges"][0]
    assert edge["edge"] == "current -> charged_off"
    found: dict[str, float] = edge["score"]
    return found


def fitted(loans: pl.DataFrame, score: ScoreBands | None = NAMED) -> FittedModel:
    mapping = mapping_of(["charge_offs"])
    return fit_model(loans, None, mapping, AS_OF, nothing_known(), settings=QUICK, score=score)


@pytest.mark.parametrize("slope", [1.0, 0.6])
def test_a_planted_coefficient_lies_in_its_interval(slope: float) -> None:
    found = coefficient(fitted(planted(slope)))
    assert found["low"] < slope < found["high"]
    assert found["high"] - found["low"] < 0.2


def test_a_shuffled_score_tells_nothing() -> None:
    loans = planted(1.0)
    shuffled = np.random.default_rng(1).permutation(loans[SCORE_COLUMN].to_numpy())
    found = coefficient(fitted(loans.with_columns(pl.Series(SCORE_COLUMN, shuffled))))
    assert found["low"] < 0.0 < found["high"]
    assert abs(found["value"]) < 0.1


def test_bands_of_a_label_are_apart_by_the_coefficient_and_the_model_is_read_back() -> None:
    loans = planted(1.0, 3_000)
    model = fitted(loans)
    assert model.score is not None
    assert len(model.score.values) == 10
    labels, effect = model.parameters.segments, model.parameters.segment[0]
    place = {label: at for at, label in enumerate(labels)}
    apart = [effect[place[f"instalment|A|score band {band}"]] for band in range(1, 11)]
    assert np.diff(apart) == pytest.approx(coefficient(model)["value"] * np.diff(model.score.values))
    again = FittedModel.from_dict(json.loads(model.to_json()))
    assert again.score == model.score
    codes = by_size(loans, pl.Series("segment", ["instalment|A"] * loans.height), again)
    own = band_of_score(loans[SCORE_COLUMN].to_numpy(), model.score)
    assert [labels[code] for code in codes[:50]] == [
        f"instalment|A|score band {band + 1}" for band in own[:50]
    ]
    assert model.segments == ("instalment|A", "instalment|B")


def test_a_fit_that_is_told_of_no_score_does_not_read_the_column(outcomes: Outcomes) -> None:
    loans = planted(1.0, 3_000)
    with_column, without = fitted(loans, None), fitted(loans.drop(SCORE_COLUMN), None)
    assert with_column.to_json() == without.to_json()
    assert '"score"' not in without.to_json()


def test_loss_given_default_is_that_of_the_segment_and_size_alone() -> None:
    loans = planted(1.0, 3_000).with_columns(
        originated_amount=pl.Series(np.random.default_rng(2).lognormal(4.6, 0.6, 3_000))
    )
    model = fitted(loans)
    assert isinstance(model.sizes, SizeBands)
    labels = model.parameters.segments
    place = {label: at for at, label in enumerate(labels)}
    one = [place[f"instalment|A|size band 2|score band {band}"] for band in (1, 10)]
    assert (model.lgd.charged_off[one] == model.lgd.charged_off[place["instalment|A|size band 2"]]).all()


def test_the_first_year_by_band_is_that_of_the_loans_themselves() -> None:
    loans = planted(1.0)
    model = fitted(loans)
    assert model.score is not None
    record = model.diagnostics["score"]
    # by hand: loans made by 2014-12, their band by the score, an end within twelve months of their month
    band = np.searchsorted(model.score.breaks, loans[SCORE_COLUMN].to_numpy(), side="left")
    made, ended = (
        loans[name].dt.year() * 12 + loans[name].dt.month()
        for name in ("origination_date", "charge_off_date")
    )
    bad = ((ended - made) <= 12).fill_null(False).to_numpy()
    for row in record["bands"]:
        own = band == row["band"] - 1
        assert row["loans"] == own.sum()
        assert row["observed"] == pytest.approx(bad[own].mean())
        assert row["low"] < row["observed"] < row["high"]
        exact = binomtest(int(bad[own].sum()), int(own.sum())).proportion_ci(0.9, "wilson")
        assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high))
        pd = 1 / (1 + np.exp(-loans[SCORE_COLUMN].to_numpy()[own]))
        assert row["score"] == pytest.approx(pd.mean())
    inside = [row["low"] < row["twin"] < row["high"] for row in record["bands"]]
    assert sum(inside) >= 7  # nine of ten on average
    assert sum(row["twin"] * row["loans"] for row in record["bands"]) == pytest.approx(
        bad[(made <= 12 * 2014 + 12).to_numpy()].sum(), rel=0.1
    )
    assert record["slopes"]["twin"]["low"] < 1.0 < record["slopes"]["twin"]["high"]
