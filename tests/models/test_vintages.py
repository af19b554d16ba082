"""Vintages that continue one another, paths with heavy tails, and size in the hazard."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.engine.rows import odds
from loantwin.models.book_columns import live_loans
from loantwin.models.counts import Counts
from loantwin.models.latent import MOST_SCALE, LatentProcess, path_scales, simulate_level, usual_scale
from loantwin.models.settings import FitSettings
from loantwin.models.transitions import chained_precision, segment_design


def test_the_precision_of_vintages_is_the_inverse_of_their_covariance() -> None:
    gap = np.abs(np.arange(7)[:, None] - np.arange(7)[None, :])
    covariance = 0.8**2 * 0.95**gap
    assert chained_precision(7, 0.8, 0.95) @ covariance == pytest.approx(np.eye(7), abs=1e-9)
    assert chained_precision(1, 0.8, 0.95) == pytest.approx(np.array([[1 / 0.64]]))
    assert chained_precision(0, 0.8, 0.95).shape == (0, 0)


def counted(years: int) -> Counts:
    """Return counts of one segment that lent in January of each year, a year old each."""
    month = 12 * (2000 + np.arange(years)) + 12
    cells = pl.DataFrame(
        {
            "from_state": np.zeros(years, dtype=np.int32),
            "segment": np.zeros(years, dtype=np.int32),
            "age": np.full(years, 12, dtype=np.int32),
            "month": month.astype(np.int32),
            "at_risk": np.full(years, 100.0),
            "moved_charged_off": np.full(years, 1.0),
        }
    )
    return Counts(("current", "charged_off"), 1, ("all",), cells, int(month[0]), int(month[-1]), 1.0)


def test_a_new_vintage_continues_the_last_one() -> None:
    """Its expectation is 0.95 of the last effect, its variance with that one's that of one more step."""
    settings = FitSettings()
    design = segment_design(("all",), settings, counted(5))
    new = design.rows[design.labels.index("all")]
    covariance = np.linalg.inv(design.prior.precision)
    last = design.rows[design.labels.index("all|vintage 2004")]
    own = settings.segment_own**2  # what the one segment has of its own, common to both
    assert new @ covariance @ new - own == pytest.approx(0.8**2)
    assert new @ covariance @ last - own == pytest.approx(0.95 * 0.8**2)


def test_without_frailty_no_vintage_differs() -> None:
    design = segment_design(("all",), FitSettings(vintage_frailty=0.0), counted(5))
    assert design.labels == ("all", "(pooled)")


def test_scales_of_paths_are_those_of_student_t_with_four_degrees() -> None:
    """Quantiles of |t4| (tables): 0.741 in the middle, 2.132 at 90 %, 2.776 at 95 %."""
    process = LatentProcess("credit", 0.97, 0.1, 0.0, 0.0, 0.0, 60, tails=4.0)
    random = np.random.default_rng(5)
    scale = path_scales(process, 400_000, random)
    drawn = np.abs(scale * random.standard_normal(400_000))
    assert np.quantile(drawn, 0.5) == pytest.approx(0.741, rel=0.01)
    assert np.quantile(drawn, 0.9) == pytest.approx(2.132, rel=0.02)
    assert scale.max() == MOST_SCALE
    assert np.sqrt((scale**2).mean()) == pytest.approx(usual_scale(4.0), rel=0.005)
    assert path_scales(LatentProcess("credit", 0.9, 0.1, 0.0, 0.0, 0.0, 6), 3, random).tolist() == [1, 1, 1]


def test_one_scale_a_path_keeps_its_months_joint() -> None:
    process = LatentProcess("credit", 0.9, 0.1, 0.0, 0.0, 0.0, 60, tails=4.0)
    random = np.random.default_rng(2)
    scale = path_scales(process, 100_000, random)
    paths, _ = simulate_level(process, np.zeros(100_000), 24, random, scale)
    early, late = np.abs(paths[:, 0]), np.abs(paths[:, 23] - process.phi**23 * paths[:, 0])
    # independent but for the scale: large early means large late
    assert np.corrcoef(early, late)[0, 1] > 0.1


@pytest.mark.data
def test_the_hazard_knows_size(data: Path, sba_home: Path) -> None:
    """Who is charged off within a year is smaller than the book (counted); so is who is forecast."""
    with lt.open(sba_home) as twin:
        outlook = lt.Outlook(twin)
        loans = live_loans(twin.book, twin.model)
        hazard = np.zeros(len(outlook.columns.segment))
        base = odds(twin.model.parameters)[0]
        age = np.minimum(outlook.columns.age + 6, base.shape[1] - 1)
        hazard = base[outlook.columns.segment, age]
        whole = twin.tables.loans
    size = loans["approved_amount"].to_numpy()
    came = whole.filter(
        (whole["charge_off_date"] > dt.date(2005, 12, 31))
        & (whole["charge_off_date"] <= dt.date(2006, 12, 31))
        & whole["loan_id"].is_in(loans["loan_id"].implode())
    )["approved_amount"]
    assert float(np.median(came)) < 0.8 * float(np.median(size))
    assert float(came.mean()) < hazard @ size / hazard.sum() < 0.9 * size.mean()
