"""Two shares compared while cases come in: an interval that holds however often somebody looks.

The difference of two shares with the plug-in variance is a sum that is nearly normal; a mixture over normal
alternatives makes of it a martingale, whose bound no number of looks breaks more often than `alpha`.

Source: Robbins' mixture as R. Johari, L. Pekelis and D. Walsh use it for comparisons of two arms, 'Always
Valid Inference: Continuous Monitoring of A/B Tests', whose abstract was opened on pdfslide.net, 30 November
2026; the formula is derived here, not copied: with V the variance of the difference and T that of the
mixture, the likelihood ratio of a difference d is sqrt(V / (V + T)) exp(d^2 T / (2 V (V + T))). For shares it
is a bound in the limit of many cases (assumed): `LEAST` keeps it from being read before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ALPHA = 0.05
LEAST = 10
"""Events, and cases without one, of both arms together in each, before the test says anything (assumed)."""
SCALE = 0.02
"""Standard deviation of the differences that are mixed over: what is looked for (assumed)."""


@dataclass(frozen=True)
class Seen:
    """Cases of an arm and how many of them had the event."""

    cases: int
    events: int


@dataclass(frozen=True)
class Sequential:
    """A difference of two shares, the second less the first.

    low, high : hold the difference at every look, all looks together, with probability 1 - alpha. ratio : the
    likelihood ratio against no difference. p : its always-valid p-value at this look. decided : whether no
    difference is ruled out. None where there are too few cases.
    """

    difference: float | None
    low: float | None
    high: float | None
    ratio: float | None
    p: float | None
    decided: bool


def compared(first: Seen, second: Seen, alpha: float = ALPHA, scale: float = SCALE) -> Sequential:
    """Return the difference of two shares with an interval that holds at any look.

    Parameters
    ----------
    first, second : of two arms. alpha : how often no difference is ever ruled out where there is none.
    scale : standard deviation of the mixture, a difference of shares; fixed before the first look.
    """
    cases, events = first.cases + second.cases, first.events + second.events
    if not first.cases or not second.cases:
        return Sequential(None, None, None, None, None, False)
    shares = first.events / first.cases, second.events / second.cases
    difference = shares[1] - shares[0]
    if min(events, cases - events) < LEAST:
        return Sequential(difference, None, None, None, None, False)
    pooled = events / cases
    variance = pooled * (1.0 - pooled) * (1.0 / first.cases + 1.0 / second.cases)
    mixed = scale**2
    ratio = math.sqrt(variance / (variance + mixed)) * math.exp(
        min(difference**2 * mixed / (2.0 * variance * (variance + mixed)), 700.0)
    )
    inside = 2.0 * math.log(1.0 / alpha) + math.log((variance + mixed) / variance)
    half = math.sqrt(variance * (variance + mixed) / mixed * inside)
    p = min(1.0, 1.0 / ratio)
    return Sequential(difference, difference - half, difference + half, ratio, p, ratio >= 1.0 / alpha)
