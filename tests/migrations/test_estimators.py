import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm, expm_frechet

from loantwin.errors import RiskError
from loantwin.migrations.estimators import (
    YEAR,
    aalen_johansen,
    cohort_sums,
    default_curve_errors,
    default_curves,
    default_slope,
    duration_sums,
    estimate,
    exact_interval,
    resampled,
    spells,
    standard_errors,
    yearly,
)
from loantwin.migrations.histories import RatingEvents, read_events
from loantwin.migrations.simulation import simulated_events

STATES = ("A", "B", "C", "D")
TRUTH = np.array(
    [[-0.15, 0.12, 0.025, 0.005], [0.06, -0.24, 0.15, 0.03], [0.01, 0.14, -0.4, 0.25], [0, 0, 0, 0]]
)


def events(rows: list[tuple[int, str, str]], states: tuple[str, ...], last: str) -> RatingEvents:
    return RatingEvents(
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows], dtype="datetime64[D]"),
        np.array([states.index(row[2]) for row in rows]),
        states,
        dt.date.fromisoformat(last),
        {"events": len(rows)},
    )


HAND = events(
    [
        (0, "2000-01-01", "A"), (0, "2000-07-01", "B"), (0, "2001-06-30", "D"), (0, "2001-12-01", "A"),
        (1, "2000-01-01", "A"), (1, "2001-03-01", "NR"),
        (2, "2000-01-01", "B"), (2, "2000-02-01", "NR"), (2, "2000-08-01", "A"),
        (3, "1999-12-31", "D"),
    ],
    ("A", "B", "D", "NR"),
    "2001-12-31",
)  # fmt: skip


@pytest.fixture(scope="module")
def history() -> RatingEvents:
    return simulated_events(TRUTH, STATES, np.arange(6000) % 3, 8.0, seed=11)


def test_spells_end_at_default() -> None:
    found = spells(HAND)
    assert found.customer.tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert (found.end - found.start)[:2].tolist() == [182, 364]
    assert found.to.tolist() == [1, 2, 3, -1, 3, 0, -1]


def test_durations_by_hand() -> None:
    found = duration_sums(HAND)
    days = np.array([182 + 425 + 517, 364 + 31, 0])
    np.testing.assert_allclose(found.at_risk.sum(axis=0) * YEAR, days)
    rates = estimate(found)
    np.testing.assert_allclose(rates[0], [-YEAR / 1124, YEAR / 1124, 0])
    np.testing.assert_allclose(rates[1], [0, -YEAR / 395, YEAR / 395])
    kept = duration_sums(HAND, "keep")
    np.testing.assert_allclose(estimate(kept)[3], [YEAR / (305 + 182), 0, 0, -YEAR / (305 + 182)])
    assert found.facts["in default at first sight, left out"] == 1
    assert found.facts["events after default, left out"] == 1


def test_cohorts_by_hand() -> None:
    """Cohorts of 2000 (ends 31 December) and 2001; on 31 December 1999 only customer 3 is rated, and in
    default.
    """
    found = cohort_sums(HAND)
    # start of 2001: customer 0 in B (ends D), 1 in A (ends withdrawn, left out), 2 in A (stays)
    np.testing.assert_allclose(estimate(found), [[1, 0, 0], [0, 0, 1], [0, 0, 1]])
    assert found.at_risk.sum(axis=0).tolist() == [1, 1, 0]
    harmless = cohort_sums(HAND, "no-default")
    assert harmless.at_risk.sum(axis=0).tolist() == [2, 1, 0]
    np.testing.assert_allclose(
        np.asarray(cohort_sums(HAND, "keep").moves.sum(axis=0)).reshape(4, 4)[0], [1, 0, 0, 1]
    )


def test_cohort_agrees_with_a_second_library(oracle: Any, history: RatingEvents) -> None:
    """Year by year, ends beside starts, through creditriskengine."""
    independent = oracle("creditriskengine.models.pd.transition_matrix")
    found = cohort_sums(history)
    ends = [dt.date(history.last.year - back, history.last.month, history.last.day) for back in range(9)]
    ends = [day for day in ends if day >= dt.date(2000, 1, 1)]

    def standing(day: dt.date) -> np.ndarray:
        made = np.full(6000, -1)
        for who, when, what in zip(history.customer, history.day.astype(dt.date), history.state, strict=True):
            if when <= day and made[who] != 3:
                made[who] = what
        return made

    table = [standing(day) for day in reversed(ends)]
    starts, finish = np.concatenate(table[:-1]), np.concatenate(table[1:])
    live = (starts >= 0) & (starts != 3)
    other = independent.estimate_transition_matrix(starts[live], finish[live], 4)
    np.testing.assert_allclose(estimate(found)[:3], other[:3], atol=1e-12)


def test_a_known_generator_is_recovered(history: RatingEvents) -> None:
    found = duration_sums(history)
    apart = (estimate(found) - TRUTH)[:3] / standard_errors(found)[:3]
    assert np.abs(apart).max() < 4
    assert 0.4 < apart.std() < 1.6
    cohorts = cohort_sums(history)
    distance = (estimate(cohorts) - expm(TRUTH))[:3] / standard_errors(cohorts)[:3]
    assert np.abs(distance).max() < 4


def test_the_intervals_cover_as_they_promise() -> None:
    """Over many small histories the 90 % interval of the five-year default probability holds the truth in 85
    to 95 %.
    """
    truth = expm(5 * TRUTH)[:3, 3]
    hits = {"duration": [], "cohort": []}
    for seed in range(150):
        history = simulated_events(TRUTH, STATES, np.arange(600) % 3, 6.0, seed=seed)
        for name, make in (("duration", duration_sums), ("cohort", cohort_sums)):
            sums = make(history)
            value, error = (
                default_curves(sums, estimate(sums), 5)[4, :3],
                default_curve_errors(sums, 5)[4, :3],
            )
            hits[name].append(np.abs(value - truth) <= 1.6449 * error)
    for name, found in hits.items():
        assert 0.85 <= np.mean(found) <= 0.95, name


def test_analytic_errors_agree_with_the_bootstrap(history: RatingEvents) -> None:
    for sums in (duration_sums(history), cohort_sums(history)):
        drawn = resampled(sums, 400, seed=2)
        np.testing.assert_allclose(drawn.std(axis=0)[:3], standard_errors(sums)[:3], rtol=0.2, atol=1e-4)
        spread = default_curves(sums, drawn, 4).std(axis=0)[:, :3]
        np.testing.assert_allclose(spread, default_curve_errors(sums, 4)[:, :3], rtol=0.2)


def test_the_derivative_agrees_with_scipy(history: RatingEvents) -> None:
    sums = duration_sums(history)
    values = estimate(sums)
    slope = default_slope(sums, values, 7)
    for i, j in ((0, 1), (1, 3), (2, 2)):
        unit = np.zeros((4, 4))
        unit[i, j] = 7.0
        np.testing.assert_allclose(
            slope[:, i, j], expm_frechet(values * 7, unit, compute_expm=False)[:, 3], atol=1e-10
        )
    cohorts = cohort_sums(history)
    matrix, step = estimate(cohorts), 1e-6
    moved = matrix.copy()
    moved[1, 2] += step
    difference = (np.linalg.matrix_power(moved, 3) - np.linalg.matrix_power(matrix, 3))[:, 3] / step
    np.testing.assert_allclose(default_slope(cohorts, matrix, 3)[:, 1, 2], difference, atol=1e-5)


def test_durations_give_a_default_probability_where_cohorts_see_none(data: Path) -> None:
    """The point of continuous time (Lando and Skodeberg 2002): AAA falls to BBB, and BBB defaults."""
    found = read_events(data / "ratings/rating_data_raw.csv")
    cohorts, durations = cohort_sums(found), duration_sums(found)
    assert cohorts.facts["cohorts"] == 6
    assert durations.facts["defaults"] == 46
    assert estimate(cohorts)[0, 7] == estimate(cohorts)[1, 7] == 0
    one_year = yearly(durations, estimate(durations))
    assert 0 < one_year[0, 7] < 1e-4
    assert one_year[6, 7] == pytest.approx(estimate(cohorts)[6, 7], abs=0.03)


def test_aalen_johansen_moves_the_observed_shares(history: RatingEvents) -> None:
    """Without censoring the product of steps telescopes: the shares at the start become those at the end,
    exactly.
    """
    first, last = dt.date(2000, 6, 1), dt.date(2003, 1, 1)
    shares = []
    for day in (first, last):
        known = history.day <= np.datetime64(day)
        state = np.full(6000, -1)
        state[history.customer[known]] = history.state[known]
        shares.append(np.bincount(state, minlength=4) / 6000)
    np.testing.assert_allclose(shares[0] @ aalen_johansen(history, first, last), shares[1], atol=1e-12)


def test_aalen_johansen_by_hand() -> None:
    rows = [
        (0, "2000-01-01", "A"),
        (0, "2000-03-01", "B"),
        (1, "2000-01-01", "A"),
        (1, "2000-02-01", "NR"),
        (2, "2000-01-01", "A"),
    ]
    found = events(rows, ("A", "B", "D", "NR"), "2000-12-31")
    np.testing.assert_allclose(
        aalen_johansen(found, dt.date(2000, 1, 1), dt.date(2000, 12, 31))[0], [0.5, 0.5, 0, 0]
    )


def test_exact_interval_of_nothing() -> None:
    low, high = exact_interval(np.array([0.0, 3.0, 5.0]), np.array([50.0, 20.0, 5.0]))
    assert high[0] == pytest.approx(1 - 0.05 ** (1 / 50))
    assert low[0] == 0
    assert high[2] == 1
    assert (low[1], high[1]) == pytest.approx((0.0422, 0.3437), abs=5e-5)  # Clopper and Pearson, 3 of 20


def test_errors() -> None:
    with pytest.raises(RiskError, match="state B"):
        estimate(
            duration_sums(
                events([(0, "2000-01-01", "A"), (0, "2001-01-01", "D")], ("A", "B", "D"), "2002-01-01")
            )
        )
    with pytest.raises(RiskError, match="D or default"):
        duration_sums(events([(0, "2000-01-01", "A")], ("A", "B"), "2002-01-01"))
    with pytest.raises(RiskError, match="whole year"):
        cohort_sums(events([(0, "2000-01-01", "A")], ("A", "D"), "2000-06-01"))
    with pytest.raises(RiskError, match="horizon"):
        duration_sums(HAND, "no-default")
    with pytest.raises(RiskError, match="40 resamples"):
        resampled(duration_sums(HAND), 10)
    with pytest.raises(RiskError, match=r"years.*at least 1"):
        default_curves(duration_sums(HAND), estimate(duration_sums(HAND)), 0)
