"""Age, period and vintage: what the rule may change and what not, planted effects, and an independent
regression.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from loantwin.errors import ModelError
from loantwin.models.age_period_cohort.decomposition import (
    RULES,
    AgePeriodCohort,
    ApcSettings,
    decompose,
    slope_weights,
)
from loantwin.models.age_period_cohort.fit import lines, trendless
from loantwin.models.age_period_cohort.macro import departures, fit_period_macro, forecast_period
from loantwin.models.counts import EventCounts
from loantwin.models.latent import LevelPrior, process_covariance
from loantwin.models.regression import independent_prior
from loantwin.models.settings import FitSettings
from loantwin.models.transitions import Segments, segment_design

FIRST, MONTHS, VINTAGES, AGES = 24_000, 96, 96, 72
SEGMENTS = ("a|x", "a|y", "b|x")


def planted(seed: int, loans: float = 3000.0) -> tuple[EventCounts, dict[str, np.ndarray]]:
    """Return counts of 96 monthly vintages over 96 months from known effects, and the effects."""
    draw = np.random.Generator(np.random.Philox(key=seed))
    age = -5.5 + 1.2 * np.log1p(np.arange(AGES) / 6.0) - 0.035 * np.arange(AGES)
    x = np.sin(np.arange(MONTHS) / 11.0) + 0.4 * np.cos(np.arange(MONTHS) / 5.0)
    x = (x - x.mean()) / x.std()
    noise = np.zeros(MONTHS)
    for t in range(1, MONTHS):
        noise[t] = 0.9 * noise[t - 1] + 0.06 * draw.standard_normal()
    period = 0.30 * x + noise + 0.05 * np.arange(MONTHS) / 12.0
    vintage = 0.25 * np.sin(np.arange(VINTAGES) / 9.0) + 0.03 * np.arange(VINTAGES) / 12.0
    segment = np.array([0.0, 0.4, -0.3])
    c, a = np.meshgrid(np.arange(VINTAGES), np.arange(AGES), indexing="ij")
    inside = c + a < MONTHS
    c, a = c[inside], a[inside]
    parts = []
    for place, own in enumerate(segment):
        chance = expit(own + age[a] + period[c + a] + vintage[c])
        trials = np.round(loans / 3 * 0.985**a)
        parts.append(
            (
                np.full(len(a), place),
                a,
                FIRST + c + a,
                trials,
                draw.binomial(trials.astype(int), chance).astype(float),
            )
        )
    return EventCounts(*(np.concatenate(column) for column in zip(*parts, strict=True))), {
        "age": age, "period": period, "vintage": vintage, "segment": segment, "x": x,
    }  # fmt: skip


def design() -> Segments:
    return segment_design(SEGMENTS, FitSettings())


@pytest.fixture(scope="module")
def history() -> tuple[EventCounts, dict[str, np.ndarray]]:
    return planted(1)


@pytest.fixture(scope="module")
def found(history: tuple[EventCounts, dict[str, np.ndarray]]) -> AgePeriodCohort:
    return decompose(history[0], design())


@pytest.mark.parametrize("width", [1, 3, 12])
def test_fitted_values_and_second_differences_do_not_depend_on_the_rule(
    history: tuple[EventCounts, dict[str, np.ndarray]], width: int
) -> None:
    cells, _ = history
    settings = ApcSettings(vintage_months=width, choose=False)
    made = {rule: decompose(cells, design(), settings=replace(settings, rule=rule)) for rule in RULES}
    for one in made.values():  # components add up to the fit, whatever the split
        assert (
            np.abs(one.log_odds(cells.segment, cells.age, cells.month) - logit(one.fit.fitted)).max() < 1e-10
        )
    base = made["vintage"]
    for rule, one in made.items():
        assert one.drift == pytest.approx(base.drift, abs=1e-12)
        for name in ("age", "period", "vintage"):
            ours, theirs = getattr(one, name), getattr(base, name)
            assert np.abs(np.diff(ours.value, 2) - np.diff(theirs.value, 2)).max() < 1e-9
        slopes = [
            slope_weights(part.at.astype(float), part.weight) @ part.value
            for part in (one.period, one.vintage)
        ]
        assert slopes == pytest.approx([RULES[rule] * base.drift, (1 - RULES[rule]) * base.drift], abs=1e-9)


def test_the_rules_share_the_drift_and_age_gives_it_back(
    history: tuple[EventCounts, dict[str, np.ndarray]],
) -> None:
    cells, _ = history
    made = {rule: decompose(cells, design(), settings=ApcSettings(rule=rule, choose=False)) for rule in RULES}
    tilt = made["period"].age.value - made["vintage"].age.value
    assert np.diff(tilt) * 12 == pytest.approx(np.full(len(tilt) - 1, made["vintage"].drift), abs=1e-9)
    assert made["shared"].age.value == pytest.approx(
        (made["period"].age.value + made["vintage"].age.value) / 2, abs=1e-9
    )


def test_planted_effects_are_recovered_within_their_intervals() -> None:
    inside: dict[str, list[bool]] = {"age": [], "period": [], "vintage": [], "segment": [], "drift": []}
    for seed in range(2, 8):
        cells, truth = planted(seed)
        one = decompose(cells, design())
        bands = truth["vintage"].reshape(-1, 3).mean(axis=1)
        wanted = {
            "age": _flat(truth["age"][one.age.at], one.age.weight),
            "period": _flat(truth["period"], one.period.weight),
            "vintage": _flat(bands, one.vintage.weight),
        }
        for name, values in wanted.items():
            part = getattr(one, name)
            enough = part.weight >= 20
            error = np.abs(_flat(part.value, part.weight) - values)[enough]
            assert error.max() < 0.45, name
            inside[name] += list(error < 1.645 * part.deviation[enough])
        share = np.array([(cells.trials * one.fit.fitted)[cells.segment == g].sum() for g in range(3)])
        own = truth["segment"] - np.average(truth["segment"], weights=share)
        inside["segment"] += list(np.abs(one.segments - own) < 1.645 * one.segment_deviation)
        inside["drift"].append(abs(one.drift - 0.08 - _macro_slope(truth, one)) < 1.645 * one.drift_deviation)
    share_inside = {name: float(np.mean(values)) for name, values in inside.items()}
    assert all(share_inside[name] >= 0.78 for name in ("age", "period", "vintage", "segment")), share_inside
    assert share_inside["drift"] >= 0.5, share_inside


def _flat(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    at = np.arange(len(values), dtype=float)
    return departures(values, weight) if len(values) else at


def _macro_slope(truth: dict[str, np.ndarray], one: AgePeriodCohort) -> float:
    """Return the slope that the period and vintage effects have beyond their planted straight lines."""
    extra = truth["period"] - 0.05 * np.arange(MONTHS) / 12.0
    wave = (truth["vintage"] - 0.03 * np.arange(VINTAGES) / 12.0).reshape(-1, 3).mean(axis=1)
    at = one.vintage.at.astype(float)
    slope = slope_weights(one.period.at.astype(float), one.period.weight) @ extra
    return float(slope + slope_weights(at, one.vintage.weight) @ wave)


def test_an_independent_regression_fits_the_same_values(oracle: Any) -> None:
    """Statsmodels' binomial regression on dummies of every month and vintage: the priors made weak, fitted
    log-odds agree.
    """
    sm = oracle("statsmodels.api")
    cells, _ = planted(9, 30_000.0)
    keep = (cells.month < FIRST + 36) & (cells.age < 24) & (cells.segment == 0)
    small = EventCounts(
        *(getattr(cells, name)[keep] for name in ("segment", "age", "month", "trials", "events"))
    )
    weak = LevelPrior(half_life=1.0, deviation=300.0, noise=300.0)
    settings = ApcSettings(period=weak, vintage=weak, age_bend=1e4, drift=1e3, vintage_months=1, choose=False)
    one = decompose(small, segment_design(("only",), FitSettings()), settings=settings)
    vintage = small.month - small.age - FIRST
    columns = [
        one.fit.block("age").values[small.age],
        np.eye(36)[small.month - FIRST][:, 1:],
        np.eye(36)[vintage][
            :, 2:
        ],  # without the first two: a constant and a line are in age and period already
    ]
    whole = np.column_stack(columns)
    other = sm.GLM(
        np.column_stack([small.events, small.trials - small.events]), whole, family=sm.families.Binomial()
    ).fit()
    assert np.abs(logit(one.fit.fitted) - logit(other.mu)).max() < 2e-4
    assert np.abs(one.fit.fitted / other.mu - 1).max() < 2e-4


def test_the_prior_of_a_process_about_a_line_says_nothing_of_lines() -> None:
    at = np.arange(50, dtype=float)
    precision = trendless(process_covariance(50, 0.9, 0.5, 0.2), at)
    assert np.abs(precision @ lines(at)).max() < 1e-8
    values = np.linalg.eigvalsh(precision)
    assert (values[:2] < 1e-8).all()
    assert (values[2:] > 0.1).all()


def test_macro_effect_share_and_forecast(
    history: tuple[EventCounts, dict[str, np.ndarray]], found: AgePeriodCohort
) -> None:
    cells, truth = history
    prior = independent_prior(np.zeros(1), np.full(1, 0.5))
    macro = fit_period_macro(cells, design(), found, truth["x"][:, None], prior, ("x",))
    assert abs(macro.effects[0] - 0.30) < 1.645 * macro.deviations[0] + 0.02
    assert 0.5 < macro.share_explained < 1.0
    # explained and rest are the effect's departures from its line
    effect = departures(macro.whole.period.value, macro.whole.period.weight)
    assert macro.explained + macro.rest == pytest.approx(effect, abs=1e-9)
    steady = forecast_period(macro, np.zeros((24, 1)))
    stressed = forecast_period(macro, np.full((24, 1), 2.0))
    assert stressed.mean - steady.mean == pytest.approx(np.full(24, 2.0 * macro.effects[0]))
    assert (np.diff(steady.deviation) > 0).all()
    assert stressed.macro == pytest.approx(2.0 * macro.deviations[0])
    assert (steady.macro == 0).all()
    # the trend is held: what is left far ahead does not move
    far = forecast_period(macro, np.zeros((900, 1)))
    assert abs(far.mean[-1] - far.mean[-12]) < 1e-6
    assert far.mean[-1] == pytest.approx(macro.held, abs=1e-6)


def test_forecast_starts_where_history_ends(
    history: tuple[EventCounts, dict[str, np.ndarray]], found: AgePeriodCohort
) -> None:
    """With a process that hardly fades or moves, the first month ahead is the last of history."""
    cells, truth = history
    prior = independent_prior(np.zeros(1), np.full(1, 0.5))
    macro = fit_period_macro(cells, design(), found, truth["x"][:, None], prior, ("x",))
    rest = float(macro.level.smoothed[-1])
    ahead = forecast_period(macro, truth["x"][-1:, None])
    noise = macro.whole.fit.part("period")[-1] - rest  # of the single last month
    fading = (1.0 - macro.process.phi) * rest
    assert ahead.mean[0] + noise + fading == pytest.approx(macro.whole.period.value[-1], abs=1e-8)


def test_bad_input_is_named() -> None:
    cells, _ = planted(3)
    none = replace(cells, events=np.zeros_like(cells.events))
    with pytest.raises(ModelError, match="a default to learn from"):
        decompose(none, design())
    short = cells.month < FIRST + 6
    few = EventCounts(
        *(getattr(cells, name)[short] for name in ("segment", "age", "month", "trials", "events"))
    )
    with pytest.raises(ModelError, match="12 months and 2 vintages"):
        decompose(few, design())
    with pytest.raises(ModelError, match="a rule of vintage, period, shared"):
        ApcSettings(rule="cohort")
