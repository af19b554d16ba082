"""Brier with weights for what was not seen: by hand; and an interval that a loan of many rows widens."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import ModelError
from loantwin.models.survival.judge import Outcomes, compared, interval, judged, losses, weights


def made(months: list[int], cause: list[int]) -> Outcomes:
    size = len(months)
    return Outcomes(np.array(months), np.array(cause), np.full(size, 24), np.arange(size))


def test_brier_by_hand() -> None:
    # five loans, horizon 4: event at 1, out of sight at 2, event at 3, other end at 3, alive to 6
    # in sight after month 2: at risk 4 then, one lost: 3/4; weights: 1, 0, 4/3, 4/3, 4/3
    outcomes = made([1, 2, 3, 3, 6], [1, 0, 1, 2, 0])
    assert weights(outcomes, 4) == pytest.approx([1, 0, 4 / 3, 4 / 3, 4 / 3])
    chance = np.array([0.5, 0.5, 0.25, 0.1, 0.2])
    wanted = [0.25, 0.0, 4 / 3 * 0.75**2, 4 / 3 * 0.1**2, 4 / 3 * 0.2**2]
    assert losses(outcomes, chance, 4) == pytest.approx(wanted)
    found = judged(outcomes, chance, 4, 0)
    assert found.brier == pytest.approx(sum(wanted) / 5)
    assert found.observed == pytest.approx((1 + 4 / 3) / 5)
    assert found.auc is None


def test_a_loan_out_of_sight_in_the_horizon_s_month_is_known_to_have_lived_through_it() -> None:
    assert weights(made([4, 4, 6, 2], [0, 0, 0, 1]), 4) == pytest.approx([1, 1, 1, 1])


def test_weights_stand_for_all_loans() -> None:
    random = np.random.default_rng(3)
    end, lost = random.geometric(0.05, 4000), random.integers(1, 30, 4000)
    outcomes = Outcomes(np.minimum(end, lost), (end <= lost).astype(int), np.full(4000, 40), np.arange(4000))
    assert weights(outcomes, 12).mean() == pytest.approx(1.0, abs=0.02)
    observed = judged(outcomes, np.full(4000, 0.4), 12, 0).observed
    assert observed == pytest.approx(1 - 0.95**12, abs=0.03)


def test_no_loan_watched_long_enough_is_said() -> None:
    with pytest.raises(ModelError, match="watched for 12 months"):
        weights(made([3, 4], [0, 0]), 12)


def test_intervals_draw_loans_with_all_their_rows() -> None:
    random = np.random.default_rng(5)
    values = random.normal(size=300)
    once = interval(values, np.arange(300), 1)
    again = interval(np.repeat(values, 4), np.repeat(np.arange(300), 4), 1)
    assert again == pytest.approx(once)


def test_a_difference_that_may_be_nothing_is_not_shown() -> None:
    random = np.random.default_rng(5)
    base = random.random(400)
    noise = base + random.normal(0, 0.1, 400)
    for other, word in ((noise, "not shown"), (base + 0.01, "lower"), (base - 0.01, "higher")):
        found = compared("new", ("a", "b"), 12, {"a": base, "b": other}, np.arange(400), 0)
        assert found.shown == word
