"""Intervals of the forecast beside what happened, where they can be worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.stats import poisson

from loantwin.outlook.comparison import _by_band


def test_a_vintages_total_is_as_uncertain_as_its_count_of_names() -> None:
    """Every path alike, one name a loan: totals of a year are Poisson, with means 12 and 60."""
    number = np.ones((20_000, 2, 24)) * np.array([1.0, 5.0])[:, None]
    outlook: Any = SimpleNamespace(
        twin=SimpleNamespace(config=SimpleNamespace(run=SimpleNamespace(seed=7))),
        columns=SimpleNamespace(weight=np.ones(3)),
    )
    counts, amounts = _by_band(number, 100.0 * number, 100.0, outlook, 12)
    assert counts.shape == amounts.shape == (2, 2)
    assert counts.T.tolist() == [list(poisson.ppf([0.05, 0.95], mean)) for mean in (12.0, 60.0)]
    assert (amounts[0] < 100.0 * np.array([12.0, 60.0])).all()
    assert (amounts[1] > 100.0 * np.array([12.0, 60.0])).all()
