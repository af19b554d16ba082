"""How many cases a comparison of two shares needs."""

from __future__ import annotations

import math

from scipy.stats import norm

from loantwin.errors import UsageError, expected


def cases_needed(
    share: float, difference: float, *, part: float = 0.5, alpha: float = 0.05, power: float = 0.8
) -> tuple[int, int]:
    """Return how many cases of champion and challenger a look at a fixed time needs, rounded up.

    The usual normal approximation with the variance of each share apart (assumed: a textbook's formula).

    Parameters
    ----------
    share : of the champion's cases that have the event, 0 to 1. difference : the smallest that must be found,
        of shares. part : of all cases that the challenger gets. alpha : of a two-sided test. power : how
        often such a difference is found.

    Raises
    ------
    UsageError : a share that leads outside 0 to 1, or a number that is none of 0 to 1.
    """
    for name, value in (("share", share), ("part", part), ("alpha", alpha), ("power", power)):
        if not 0.0 < value < 1.0:
            raise UsageError(expected("a number above 0 and below 1", value), field=name)
    other = share + difference
    if not 0.0 < other < 1.0 or difference == 0.0:
        words = expected("a difference that leads to another share above 0 and below 1", difference)
        raise UsageError(words, field="difference")
    spread = float(norm.ppf(1.0 - alpha / 2.0) + norm.ppf(power))
    per_case = share * (1.0 - share) / (1.0 - part) + other * (1.0 - other) / part
    cases = spread**2 * per_case / difference**2
    return math.ceil(cases * (1.0 - part)), math.ceil(cases * part)
