"""One test that may be looked at every day: false alarms, what it finds, and how many cases that needs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from loantwin.decisions.rollout.automation import automation
from loantwin.decisions.rollout.sample_size import cases_needed
from loantwin.decisions.rollout.sequential import Seen, compared
from loantwin.errors import UsageError

DAYS, A_DAY = 90, 60


def alarms(runs: int, first: float, second: float, seed: int) -> tuple[int, int, int]:
    """Return in how many runs a difference was ever shown, and was ever significant by a test that forgets
    its looks; and how many intervals failed to hold the difference at some look.
    """
    random = np.random.default_rng(seed)
    shown = naive = missed = 0
    for _ in range(runs):
        counts = random.binomial(A_DAY, [first, second], (DAYS, 2)).cumsum(axis=0)
        cases = np.arange(1, DAYS + 1) * A_DAY
        looks = [
            compared(Seen(int(n), int(a)), Seen(int(n), int(b)))
            for n, (a, b) in zip(cases, counts, strict=True)
        ]
        shown += any(look.decided for look in looks)
        missed += any(
            look.low is not None and look.high is not None and not look.low <= second - first <= look.high
            for look in looks
        )
        share = counts / cases[:, None]
        pooled = share.mean(axis=1)
        z = (share[:, 1] - share[:, 0]) / np.sqrt(np.maximum(pooled * (1 - pooled) * 2 / cases, 1e-12))
        naive += bool((np.abs(z) > norm.ppf(0.975)).any())
    return shown, naive, missed


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_false_alarms_looked_at_daily_are_five_in_a_hundred_at_most(share: float) -> None:
    """2,000 runs of the same against the same, looked at on each of 90 days."""
    shown, naive, missed = alarms(2_000, share, share, 7)
    assert shown <= 0.05 * 2_000
    assert missed <= 0.05 * 2_000
    assert naive > 0.2 * 2_000, "a test that forgets its looks is no rival here"


def test_a_difference_that_is_there_is_found_and_held() -> None:
    shown, _, missed = alarms(60, 0.10, 0.16, 9)
    assert shown >= 57
    assert missed <= 6
    few = alarms(60, 0.10, 0.10, 9)[0]
    assert few <= 6


def test_the_bound_is_the_ratios_own() -> None:
    """Where the interval just leaves 0 out, the likelihood ratio is 1 / alpha: both are one statement."""
    random = np.random.default_rng(1)
    cases, shares = random.uniform(500, 5_000, (200, 2)), random.uniform(0.05, 0.3, (200, 2))
    for (one, other), (p, q) in zip(cases.tolist(), shares.tolist(), strict=True):
        told = compared(Seen(int(one), int(one * p)), Seen(int(other), int(other * q)))
        assert told.low is not None
        assert told.high is not None
        assert told.decided is (told.low > 0.0 or told.high < 0.0)
    nothing = compared(Seen(1000, 100), Seen(1000, 100))
    assert nothing.ratio == pytest.approx(np.sqrt(1.8e-4 / (1.8e-4 + 4e-4)))


def test_few_cases_say_nothing() -> None:
    assert compared(Seen(0, 0), Seen(40, 3)).difference is None
    told = compared(Seen(400, 3), Seen(400, 5))
    assert (told.low, told.p, told.decided) == (None, None, False)
    assert told.difference == pytest.approx(0.005)


def test_cases_needed_find_the_difference_as_often_as_asked() -> None:
    """Found by simulation, not by the formula: 80 in a hundred looks at a fixed time."""
    champion, challenger = cases_needed(0.10, 0.03, part=0.25)
    assert champion == pytest.approx(3 * challenger, abs=3)
    random = np.random.default_rng(2)
    one, two = random.binomial(champion, 0.10, 20_000), random.binomial(challenger, 0.13, 20_000)
    a, b = one / champion, two / challenger
    z = (b - a) / np.sqrt(a * (1 - a) / champion + b * (1 - b) / challenger)
    assert (z > norm.ppf(0.975)).mean() == pytest.approx(0.8, abs=0.015)
    assert cases_needed(0.5, 0.1) == (385, 385)  # two shares of a half and 60 %: 384.6 each by hand
    with pytest.raises(UsageError, match="difference: expected a difference that leads to another share"):
        cases_needed(0.9, 0.2)


def test_decided_alone_at_the_loss_of_another() -> None:
    """Ten approvals of 100; the two of the highest default lost 50 each. At 6 % one of them stays."""
    outcome = np.array([1.0] * 10 + [0.0] * 5 + [np.nan] * 5)
    lent = np.where(outcome == 1.0, 100.0, np.nan)
    pd = np.linspace(0.01, 0.2, 20)
    lost = np.where(outcome == 1.0, 0.0, np.nan)
    lost[8:10] = 50.0
    told = automation(outcome, lent, lost, pd, level=0.06)
    assert (told.alone, told.loss_rate) == (0.75, 0.1)
    assert told.at_equal_loss == (9 + 5) / 20
    assert automation(outcome, lent, lost, pd, level=0.1).at_equal_loss == 0.75
    assert automation(outcome, lent, lost, pd, level=0.0).at_equal_loss == (8 + 5) / 20
    assert automation(outcome, np.full(20, np.nan), lost, pd).loss_rate is None
