"""Measures against independent libraries and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from loantwin.errors import ModelError
from loantwin.models.scoring import measures

RANDOM = np.random.default_rng(5)
BAD = RANDOM.random(300) < 0.3
RISK = np.round(RANDOM.normal(size=300) + BAD, 1)  # many ties
PD = 1 / (1 + np.exp(-RISK))


def test_auc_and_brier_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    assert measures.auc(BAD, RISK) == pytest.approx(metrics.roc_auc_score(BAD, RISK), abs=1e-14)
    assert measures.brier(BAD, PD) == pytest.approx(metrics.brier_score_loss(BAD, PD), abs=1e-14)


def test_ks_is_scipys() -> None:
    assert measures.kolmogorov_smirnov(BAD, RISK) == pytest.approx(ks_2samp(RISK[BAD], RISK[~BAD]).statistic)


def test_the_variance_is_that_of_the_placements() -> None:
    pairs = (RISK[BAD][:, None] > RISK[~BAD]) + 0.5 * (RISK[BAD][:, None] == RISK[~BAD])
    wanted = pairs.mean(axis=1).var(ddof=1) / BAD.sum() + pairs.mean(axis=0).var(ddof=1) / (~BAD).sum()
    assert measures.auc_variance(BAD, RISK) == pytest.approx(wanted, rel=1e-12)


def test_the_interval_of_the_area_covers_the_truth() -> None:
    random, inside = np.random.default_rng(11), 0
    bad = np.arange(120) < 40
    truth = 0.7602499389065233  # normal distribution function at 1 / sqrt(2)
    for _ in range(300):
        risk = random.normal(size=120) + bad
        low, high = measures.auc_interval(measures.auc(bad, risk), measures.auc_variance(bad, risk))
        inside += low <= truth <= high
    assert 0.91 <= inside / 300 <= 0.99


def test_the_slope_is_that_of_a_logistic_regression() -> None:
    api = pytest.importorskip("statsmodels.api")
    wanted = api.Logit(BAD.astype(float), api.add_constant(RISK)).fit(disp=0).params
    assert measures.calibration_slope(BAD, RISK) == pytest.approx(tuple(wanted), rel=1e-6)


def test_stability_by_hand() -> None:
    before = np.repeat([1.0, 2.0], [50, 50])
    after = np.repeat([1.0, 2.0], [25, 75])
    wanted = 0.25 * np.log(0.75 / 0.5) - 0.25 * np.log(0.25 / 0.5)
    assert measures.characteristic_stability(before, after) == pytest.approx(wanted)
    assert measures.stability(before, before) == 0
    many = np.arange(1000.0)
    assert measures.stability(many, many + 500) > 0.25


def test_a_missing_value_is_a_class_of_its_own() -> None:
    before = np.repeat([1.0, np.nan], [50, 50])
    after = np.repeat([1.0, np.nan], [25, 75])
    assert measures.characteristic_stability(before, after) == pytest.approx(0.27465307)


def test_deciles_hold_every_case_and_wilsons_interval() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    found = measures.deciles(BAD, PD)
    assert sum(item.cases for item in found) == len(BAD)
    for item in found:
        hits = round(item.observed * item.cases)
        wanted = proportion.proportion_confint(hits, item.cases, method="wilson")
        assert (item.low, item.high) == pytest.approx(wanted, abs=1e-9)


def test_one_class_is_refused() -> None:
    with pytest.raises(ModelError, match="both classes"):
        measures.auc(np.ones(5, bool), np.arange(5.0))
