"""Calibration: the line where it holds, steps where it does not; contributions that still sum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from loantwin.models.scoring.calibration import ISOTONIC, PLATT, calibrate, calibrated, shared_out


def drawn(rows: int, truth: object, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    raw = random.normal(size=rows) * 2
    return random.random(rows) < expit(truth(raw)), raw  # type: ignore[operator]


def test_a_straight_truth_is_left_to_the_line() -> None:
    bad, raw = drawn(3000, lambda x: 0.6 * x - 1)
    found = calibrate(bad, raw, 0)
    assert found.kind == PLATT
    assert (found.shift, found.slope) == pytest.approx((-1, 0.6), abs=0.12)


def test_a_bent_truth_is_followed() -> None:
    def truth(x: np.ndarray) -> np.ndarray:
        return np.where(x < 0, -3.0, 1.0)

    bad, raw = drawn(6000, truth)
    found = calibrate(bad, raw, 0)
    assert found.kind == ISOTONIC
    at = np.array([-3.0, -1.0, 1.0, 3.0])
    assert expit(calibrated(found, at)) == pytest.approx(expit(truth(at)), abs=0.06)
    line = np.linspace(-9, 9, 400)
    assert (np.diff(calibrated(found, line)) >= 0).all()
    assert np.isfinite(calibrated(found, line)).all()


@pytest.mark.parametrize("bent", [False, True])
def test_contributions_sum_to_the_calibrated_log_odds(bent: bool) -> None:
    bad, raw = drawn(4000, (lambda x: np.where(x < 0, -3.0, 1.0)) if bent else (lambda x: x))
    found = calibrate(bad, raw, 0)
    parts = np.random.default_rng(1).normal(size=(50, 4))
    assert shared_out(found, parts.copy()).sum(axis=1) == pytest.approx(calibrated(found, parts.sum(axis=1)))
