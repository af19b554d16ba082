"""Lags chosen out of sample: a planted lag is found, a short history keeps what was stated, the future is
never read.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import nbinom

from loantwin.book.as_of import known_at
from loantwin.models.counts import EventCounts
from loantwin.models.lags import (
    COMMON_LAGS,
    LAGS,
    _negative_binomial,
    choose_lags,
    evident_lag,
    monthly_counts,
)
from loantwin.models.latent import LevelPrior
from loantwin.models.model import fit_model
from loantwin.models.settings import FitSettings, MacroPrior

from .conftest import AS_OF, Outcomes

MONTHS = 180
EFFECTS = (MacroPrior("x", "level", 3, (0.0, 0.5), (0.0, 0.5)),)


def series(seed: int) -> np.ndarray:
    """Return a wandering series of unit size that begins 12 months before the counts."""
    random = np.random.default_rng(seed)
    made = np.zeros(MONTHS + 12)
    for t in range(1, len(made)):
        made[t] = 0.9 * made[t - 1] + np.sqrt(1 - 0.81) * random.standard_normal()
    return made


def planted(seed: int, lag: int) -> tuple[EventCounts, np.ndarray]:
    random, x = np.random.default_rng(seed), series(seed)
    trials = np.full(MONTHS, 20_000.0)
    events = random.poisson(trials * 0.005 * np.exp(0.5 * x[12 - lag : 12 - lag + MONTHS])).astype(float)
    zero = np.zeros(MONTHS, dtype=np.int64)
    return EventCounts(zero, zero, np.arange(MONTHS), trials, events), x


@pytest.mark.parametrize("lag", LAGS)
def test_a_planted_lag_is_found(lag: int) -> None:
    cells, x = planted(7, lag)

    def values(effects: tuple[MacroPrior, ...]) -> np.ndarray:
        return np.column_stack([x[12 - one.lag : 12 - one.lag + MONTHS] for one in effects])

    chosen, scores = choose_lags(cells, 0, MONTHS, EFFECTS, values, LevelPrior(deviation=0.2))
    assert chosen[0].lag == lag
    assert len(scores) == len(LAGS)
    assert max(scores, key=lambda name: scores[name]) == chosen[0].name


@pytest.mark.parametrize("lag", COMMON_LAGS)
def test_a_planted_lag_is_evident(lag: int) -> None:
    cells, x = planted(7, lag)

    def values(effects: tuple[MacroPrior, ...]) -> np.ndarray:
        return np.column_stack([x[12 - one.lag : 12 - one.lag + MONTHS] for one in effects])

    chosen, found = evident_lag(cells, 0, MONTHS, EFFECTS, values, LevelPrior(deviation=0.2), 3.0)
    assert chosen[0].lag == lag
    assert found[3] == pytest.approx(0.0, abs=1e-4)
    assert max(found, key=lambda one: found[one]) == lag


@pytest.mark.parametrize("seed", range(5))
def test_a_covariate_without_effect_keeps_its_lag(seed: int) -> None:
    cells, _ = planted(seed, 0)
    other = series(seed + 100)

    def values(effects: tuple[MacroPrior, ...]) -> np.ndarray:
        return np.column_stack([other[12 - one.lag : 12 - one.lag + MONTHS] for one in effects])

    believed = (MacroPrior("x", "level", 3, (0.0, 0.1), (0.0, 0.1)),)
    chosen, found = evident_lag(cells, 0, MONTHS, believed, values, LevelPrior(), 3.0)
    assert chosen == believed
    assert max(found.values()) <= 3.0


def test_a_short_history_keeps_the_lags_it_was_given() -> None:
    cells, _ = planted(1, 0)
    assert choose_lags(cells, 0, 65, EFFECTS, lambda _: np.zeros((65, 1)), LevelPrior()) == (EFFECTS, {})


def test_expected_counts_add_up_to_the_events() -> None:
    cells, _ = planted(2, 3)
    events, expected = monthly_counts(cells, 0, MONTHS)
    assert expected.sum() == pytest.approx(events.sum(), rel=0.01)


def test_the_score_is_the_negative_binomials() -> None:
    # SciPy counts failures before the size-th success: p = size / (size + mean)
    assert _negative_binomial(7.0, 5.0, 0.25) == pytest.approx(nbinom.logpmf(7, 4.0, 4.0 / 9.0))


def test_a_fit_with_chosen_lags_says_so(outcomes: Outcomes) -> None:
    settings = FitSettings(choose_lags=True)
    fitted = fit_model(
        known_at(outcomes.loans, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history, settings=settings
    )
    assert any("chosen out of sample" in note for note in fitted.diagnostics["notes"])
    assert {item.lag for item in fitted.covariates} <= set(LAGS)
    assert dataclasses.asdict(settings)["choose_lags"] is fitted.provenance["settings"]["choose_lags"]
