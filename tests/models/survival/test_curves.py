"""Curves by age alone: by hand, and beside an independent library."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from loantwin.models.scoring.table import from_frame
from loantwin.models.survival.curves import cumulative, empirical, last_rate
from loantwin.models.survival.lives import CENSORED, EVENT, Asked, Lives, lives_of

from .made import lives


def by_hand() -> Lives:
    """Thirty loans of one month: 11 events at 1, 4 out of sight at 2, 9 events at 3, 6 at the end."""
    months = [1] * 11 + [2] * 4 + [3] * 9 + [5] * 6
    ends = ["bad"] * 11 + [""] * 4 + ["bad"] * 9 + [""] * 6
    x = np.arange(30) % 7 + 0.5
    rows = pl.DataFrame({"start": ["2020-01-31"] * 30, "m": months, "end": ends, "x": x})
    return lives_of(from_frame(rows), Asked("start", event="end=bad", months="m"))


def test_kaplan_and_meier_by_hand() -> None:
    curve = empirical(by_hand())
    end = 1 - 19 / 30 * 6 / 15  # S(3) = (1 - 11/30) (1 - 9/15)
    for horizon, wanted in ((0, 0.0), (1, 11 / 30), (2, 11 / 30), (3, end), (5, end)):
        assert cumulative(curve, np.array([-1]), horizon)[0] == pytest.approx(wanted, abs=1e-15)
    assert cumulative(curve, np.array([1]), 2)[0] == pytest.approx(9 / 15, abs=1e-15)  # alive at age 1


def test_aalen_and_johansen_are_those_of_an_independent_library(oracle: Any) -> None:
    lifelines = oracle("lifelines")
    made = lives(800)
    curve = empirical(made)
    # that library reads no two ends of one time: in each month events first, other ends, then the rest
    turn = np.where(made.cause == CENSORED, 0.6, 0.3 * (made.cause - 1)) + 1e-4 * np.arange(800)
    fitter = lifelines.AalenJohansenFitter(calculate_variance=False)
    fitter.fit(made.last + 1 + turn, made.cause, event_of_interest=EVENT)
    for horizon in (12, 24, 48):
        wanted = float(fitter.cumulative_density_.loc[: horizon + 2].iloc[-1, 0])
        assert cumulative(curve, np.array([-1]), horizon)[0] == pytest.approx(wanted, abs=1e-12)


def test_without_another_end_it_is_the_library_s_kaplan_and_meier(oracle: Any) -> None:
    lifelines = oracle("lifelines")
    made = by_hand()
    fitter = lifelines.KaplanMeierFitter().fit(made.last, made.cause == EVENT)
    for horizon in range(6):
        found = 1 - cumulative(empirical(made), np.array([-1]), horizon)[0]
        assert found == pytest.approx(float(fitter.predict(horizon)), abs=1e-12)


def test_the_rate_of_the_last_year_by_hand() -> None:
    made = by_hand()  # watched from January to June 2020: 30 + 30 + 19 + 15 + 6 + 6 months, 20 events
    curve = last_rate(made)
    assert curve.event[0] == pytest.approx(20 / 106)
    assert cumulative(curve, np.array([3]), 2)[0] == pytest.approx(1 - (1 - 20 / 106) ** 2)
