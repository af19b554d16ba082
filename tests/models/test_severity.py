"""Loss given default: ratios of sums, chain ladder, shrinkage, clustered errors."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.models.severity import Believed, Defaults, clustered_ratio, fit_severity


def defaults(count: int, **changes: object) -> Defaults:
    values: dict[str, object] = {
        "segment": np.zeros(count, dtype=np.int64), "age": np.full(count, 20), "month": np.arange(count) % 12,
        "exposure": np.full(count, 100.0), "watched": np.full(count, 60), "weight": np.ones(count),
        "charged_off": np.full(count, 60.0), "recovered": np.zeros(count), "charge_off_lag": np.zeros(count,
            dtype=np.int64),
        "recovery_lag": np.full(count, -1), "cured": np.zeros(count, dtype=bool),
    }  # fmt: skip
    return Defaults(**{**values, **changes})  # type: ignore[arg-type]


def test_many_defaults_speak_for_themselves_and_none_leave_the_belief() -> None:
    many = fit_severity(defaults(5000), 1, 61, Believed())
    assert many.lgd.charged_off[0, 20] == pytest.approx(0.6, abs=0.002)
    none = fit_severity(defaults(0), 2, 61, Believed(charged_off=0.4))
    assert none.prior_only
    np.testing.assert_allclose(none.lgd.charged_off, 0.4)


def test_large_loans_count_for_what_they_are() -> None:
    exposure = np.array([1000.0, 10.0])
    fit = fit_severity(defaults(2, exposure=exposure, charged_off=np.array([900.0, 0.0])), 1, 61, Believed())
    assert fit.charged_off == pytest.approx(900 / 1010)


def test_recent_defaults_do_not_pull_the_loss_down() -> None:
    # every default loses 60 of 100, twelve months later; half were seen for six months only
    count = 2000
    watched = np.where(np.arange(count) % 2, 60, 6)
    lost = np.where(watched >= 12, 60.0, 0.0)
    lag = np.where(watched >= 12, 12, -1)
    belief = Believed(charge_off_is_default=False, charge_off_lag=(1.0,))
    fit = fit_severity(defaults(count, watched=watched, charged_off=lost, charge_off_lag=lag), 1, 61, belief)
    assert fit.lgd.charge_off_lag[12] == pytest.approx(1.0, abs=0.01)
    assert fit.lgd.charged_off[0, 20] == pytest.approx(0.6, abs=0.01)


def test_defaults_too_late_to_have_shown_anything_leave_the_belief() -> None:
    count = 3
    lag = (0.0, *[1.0 / 12.0] * 12)
    belief = Believed(0.4, 0.1, lag, lag, charge_off_is_default=False, recovery_observed=True)
    fresh = defaults(
        count,
        watched=np.zeros(count, dtype=np.int64),
        charged_off=np.zeros(count),
        charge_off_lag=np.full(count, -1),
    )
    fit = fit_severity(fresh, 2, 61, belief)
    np.testing.assert_allclose(fit.lgd.charged_off, 0.4)
    np.testing.assert_allclose(fit.lgd.recovered, 0.1)


def test_a_small_segment_stays_near_the_book_and_a_large_one_does_not() -> None:
    count = 3000
    segment = np.r_[np.zeros(2990, dtype=np.int64), np.ones(10, dtype=np.int64)]
    lost = np.where(segment == 0, 50.0, 100.0)
    fit = fit_severity(defaults(count, segment=segment, charged_off=lost), 3, 61, Believed())
    assert fit.lgd.charged_off[0, 20] == pytest.approx(0.5, abs=0.01)
    assert 0.51 < fit.lgd.charged_off[1, 20] < 0.75
    assert fit.lgd.charged_off[2, 20] == pytest.approx(0.5, abs=0.01), (
        "a segment without defaults reads the book's"
    )


def test_lags_sum_to_one_and_recoveries_unseen_are_said_so() -> None:
    fit = fit_severity(defaults(50), 1, 61, Believed(recovery_lag=(0.0, 0.5, 0.5)))
    assert fit.lgd.charge_off_lag.sum() == pytest.approx(1.0)
    assert fit.lgd.recovery_lag.sum() == pytest.approx(1.0)
    assert any("recoveries are not observed" in note for note in fit.notes)


def test_standard_error_of_the_ratio_is_clustered_by_month() -> None:
    # residuals are equal within a month: 10 months of 30 loans know as much as 10 loans
    random = np.random.default_rng(0)
    month = np.repeat(np.arange(10), 30)
    share = (0.5 + 0.1 * random.standard_normal(10))[month]
    ratio, deviation = clustered_ratio(100 * share, np.full(300, 100.0), np.ones(300), month)
    means = share.reshape(10, 30)[:, 0]
    assert ratio == pytest.approx(means.mean())
    assert deviation == pytest.approx(means.std(ddof=1) / np.sqrt(10))


def test_unfinished_workouts_are_unbiased_under_the_lags_that_hold() -> None:
    """Planted: 70 % of defaults lose 60 of 100, in months 1 to 24 alike; all were watched for 8 months."""
    random = np.random.default_rng(3)
    count = 4000
    lag = random.integers(1, 25, count)
    loses = random.random(count) < 0.7
    seen = loses & (lag <= 8)
    watched = np.full(count, 8)
    belief = Believed(charge_off_lag=(0.0, *[1 / 24] * 24), charge_off_is_default=False)
    fit = fit_severity(
        defaults(
            count,
            watched=watched,
            charged_off=np.where(seen, 60.0, 0.0),
            charge_off_lag=np.where(seen, lag, -1),
        ),
        1, 61, belief,
    )  # fmt: skip
    truth = 0.7 * 0.6
    assert fit.charged_off == pytest.approx(truth, abs=2 * fit.charged_off_deviation)
    assert fit.lgd.charged_off[0, 20] == pytest.approx(truth, abs=0.03)
    # what is still to come comes after month 8
    assert fit.lgd.charge_off_lag[9:].sum() == pytest.approx(2 / 3, abs=0.01)


def test_severity_is_the_belief_where_charge_offs_are_not_seen() -> None:
    belief = Believed(0.5, charge_off_is_default=False, charge_off_observed=False, deviation=(0.1, 0.0))
    fit = fit_severity(defaults(5000, charged_off=np.zeros(5000)), 1, 61, belief)
    np.testing.assert_allclose(fit.lgd.charged_off, 0.5)
    assert fit.prior_only
    assert (fit.charged_off, fit.charged_off_deviation) == (0.5, 0.1)
    assert any("charge-offs are not observed" in note for note in fit.notes)


@pytest.mark.parametrize(
    ("believed", "true", "watched", "level", "wanted"),
    [
        # believed and true months of charge-off, months watched, true share, and what may be found
        ((8, 24), (2, 4), 9, 0.30, (0.27, 0.33)),  # it came and stopped: the belief of time does not count
        ((8, 24), (2, 4), 12, 0.30, (0.27, 0.33)),
        ((8, 24), (2, 4), 6, 0.60, (0.55, 0.65)),
        ((1, 12), (1, 2), 3, 0.45, (0.40, 0.50)),
        ((1, 12), (1, 2), 6, 0.45, (0.40, 0.50)),
        ((1, 12), (12, 24), 14, 0.45, (0.20, 0.55)),  # still coming, later than believed
        ((1, 12), (1, 12), 6, 0.45, (0.40, 0.52)),  # as believed
        ((8, 24), (8, 24), 12, 0.30, (0.24, 0.38)),
    ],
)
def test_a_wrong_belief_of_when_is_not_multiplied_into_how_much(
    believed: tuple[int, int], true: tuple[int, int], watched: int, level: float, wanted: tuple[float, float]
) -> None:
    random = np.random.default_rng(8)
    count = 2000
    lag = random.integers(true[0], true[1] + 1, count)
    seen = lag <= watched
    first, last = believed
    months = np.concatenate([np.zeros(first), np.full(last - first + 1, 1.0 / (last - first + 1))])
    fit = fit_severity(
        defaults(
            count,
            watched=np.full(count, watched),
            charged_off=np.where(seen, 100.0 * level, 0.0),
            charge_off_lag=np.where(seen, lag, -1),
        ),
        1, 61, Believed(charged_off=0.45, charge_off_lag=tuple(months), charge_off_is_default=False),
    )  # fmt: skip
    assert wanted[0] <= fit.lgd.charged_off[0, 20] <= wanted[1]
    assert fit.lgd.charge_off_lag.sum() == pytest.approx(1.0)


def test_what_no_source_tells_is_not_observed() -> None:
    blind = fit_severity(defaults(500), 1, 61, Believed(recovery_observed=False))
    seen = fit_severity(defaults(500), 1, 61, Believed(recovery_observed=True))
    assert blind.observed == (True, False)
    assert seen.observed == (True, True)
    assert fit_severity(defaults(0), 1, 61, Believed(recovery_observed=True)).observed == (False, False)
