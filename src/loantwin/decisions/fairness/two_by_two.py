"""Approvals of a group beside a reference: share, ratio, difference and odds ratio of a table of four.

A table is (approved, cases) of the group and of the reference. Intervals are at 95 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, logsumexp

from loantwin.decisions.fairness.figures import LEVEL, Bounded, Z, bounded, on_log_scale
from loantwin.errors import ModelError, expected

EXACT_BELOW = 50
"""Smallest cell of a table below which the interval of an odds ratio is exact; assumed."""
FAR = 60.0
"""Logarithm of a ratio beyond which no end of an interval is looked for."""
EDGE = 1e-12


@dataclass(frozen=True)
class Four:
    """Approvals of two groups. approved, cases : of the group. others, other_cases : of the reference."""

    approved: int
    cases: int
    others: int
    other_cases: int

    def __post_init__(self) -> None:
        """Refuse counts that are no table.

        Raises
        ------
        ModelError : no case on a side, or more approved than there are.
        """
        if not (0 <= self.approved <= self.cases > 0 and 0 <= self.others <= self.other_cases > 0):
            words = f"{self.approved} of {self.cases}, {self.others} of {self.other_cases}"
            raise ModelError(expected("approved of cases, with a case on each side", words))


def share(approved: int, cases: int) -> Bounded:
    """Return a share with Wilson's interval (1927)."""
    p, spread = approved / cases, Z * Z / cases
    middle = (p + spread / 2) / (1 + spread)
    half = Z * math.sqrt(p * (1 - p) / cases + spread / (4 * cases)) / (1 + spread)
    return bounded(p, 0.0 if approved == 0 else middle - half, 1.0 if approved == cases else middle + half)


def approval_ratio(table: Four) -> Bounded:
    """Return the ratio of shares approved (the adverse impact ratio), score interval.

    The interval holds the ratios that a score test does not reject: Koopman (Biometrics 40, 1984) with the
    factor n / (n - 1) of Miettinen and Nurminen (Statistics in Medicine 4, 1985). It is right for small
    samples and for cells of zero, where the normal one on the log scale is none.
    """
    if table.others == 0:
        low = 0.0 if table.approved == 0 else math.exp(_end(lambda at: _ratio_score(table, at), False))
        return Bounded(None, low, None)
    value = table.approved * table.other_cases / (table.cases * table.others)
    low = 0.0 if table.approved == 0 else math.exp(_end(lambda at: _ratio_score(table, at), False))
    return bounded(value, low, math.exp(_end(lambda at: _ratio_score(table, at), True)))


def approval_ratio_log(table: Four) -> Bounded | None:
    """Return the same ratio with the interval that is normal on the log scale (Katz, Biometrics 34, 1978).

    None where nobody is approved on a side, or all on both: it has no value there, or no width.
    """
    if table.approved == 0 or table.others == 0:
        return None
    if table.approved == table.cases and table.others == table.other_cases:
        return None
    spread = 1 / table.approved - 1 / table.cases + 1 / table.others - 1 / table.other_cases
    value = table.approved * table.other_cases / (table.cases * table.others)
    return on_log_scale(value, math.sqrt(max(spread, 0.0)))


def _ratio_score(table: Four, log_ratio: float) -> float:
    """Return the signed root of the score statistic of a ratio: falls as the ratio rises."""
    ratio, n1, n0 = math.exp(log_ratio), table.cases, table.other_cases
    whole = n1 + n0
    a, b = whole * ratio, -(n1 * ratio + table.approved + n0 + table.others * ratio)
    c = table.approved + table.others
    p0 = 2 * c / (-b + math.sqrt(max(b * b - 4 * a * c, 0.0)))
    p1 = ratio * p0
    spread = (p1 * (1 - p1) / n1 + ratio * ratio * p0 * (1 - p0) / n0) * whole / (whole - 1)
    gap = table.approved / n1 - ratio * table.others / n0
    return _root(gap, spread)


def approval_difference(table: Four) -> Bounded:
    """Return the difference of shares approved (group less reference), Miettinen and Nurminen's interval."""
    value = table.approved / table.cases - table.others / table.other_cases
    ends = []
    for upper in (False, True):
        wanted = -Z if upper else Z
        edge = 1 - EDGE if upper else EDGE - 1
        there = _difference_score(table, edge) - wanted
        here = _difference_score(table, value) - wanted
        ends.append(
            math.copysign(1.0, edge)
            if there * here > 0
            else brentq(lambda at, to=wanted: _difference_score(table, at) - to, min(edge, value),
             max(edge, value))
        )  # fmt: skip
    return bounded(value, ends[0], ends[1])


def _difference_score(table: Four, gap: float) -> float:
    n1, n0, x1, x0 = table.cases, table.other_cases, table.approved, table.others
    whole, c = n1 + n0, x1 + x0
    third, second = float(whole), (n1 + 2 * n0) * gap - whole - c
    first, none = (n0 * gap - whole - 2 * x0) * gap + c, x0 * gap * (1 - gap)
    q = (second / (3 * third)) ** 3 - first * second / (6 * third**2) + none / (2 * third)
    p = math.copysign(math.sqrt(max((second / (3 * third)) ** 2 - first / (3 * third), 0.0)), q)
    turn = 0.0 if p == 0 else q / p**3
    angle = (math.pi + math.acos(min(max(turn, -1.0), 1.0))) / 3
    p0 = min(max(2 * p * math.cos(angle) - second / (3 * third), 0.0), 1.0)
    p1 = min(max(p0 + gap, 0.0), 1.0)
    spread = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * whole / (whole - 1)
    return _root(x1 / n1 - x0 / n0 - gap, spread)


def odds_ratio(table: Four) -> Bounded:
    """Return the ratio of odds of approval; the interval is exact where a cell holds fewer than 50.

    Exact: the odds ratios that neither tail of the conditional distribution of the table (Fisher's noncentral
    hypergeometric) rejects at 2.5 % (Cornfield 1956; Agresti, Categorical Data Analysis, 3.6.1). Otherwise
    normal on the log scale (Woolf 1955).
    """
    a, b = table.approved, table.cases - table.approved
    c, d = table.others, table.other_cases - table.others
    value = (
        math.nan
        if min(a * d, b * c) == max(a * d, b * c) == 0
        else math.inf
        if b * c == 0
        else a * d / (b * c)
    )
    if min(a, b, c, d) >= EXACT_BELOW:
        return on_log_scale(value, math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
    least, most = max(0, a + c - table.other_cases), min(table.cases, a + c)
    if least == most:
        return Bounded(None, None, None)
    k = np.arange(least, most + 1)
    ways = -(
        gammaln(k + 1)
        + gammaln(table.cases - k + 1)
        + gammaln(a + c - k + 1)
        + gammaln(table.other_cases - a - c + k + 1)
    )

    def tail(log_odds: float, upper: bool) -> float:
        terms = ways + log_odds * (k - a)
        some = terms[k >= a] if upper else terms[k <= a]
        return float(logsumexp(some) - logsumexp(terms)) - math.log((1 - LEVEL) / 2)

    low = 0.0 if a == least else math.exp(brentq(lambda at: tail(at, True), -FAR, FAR))
    high = math.inf if a == most else math.exp(brentq(lambda at: tail(at, False), -FAR, FAR))
    return bounded(value, low, high)


def _end(score: object, upper: bool) -> float:
    """Return the log-ratio at which a score that falls is Z (lower end) or -Z (upper end)."""
    wanted = -Z if upper else Z
    return float(brentq(lambda at: score(at) - wanted, -FAR, FAR, xtol=1e-10))  # type: ignore[operator]


def _root(gap: float, spread: float) -> float:
    if spread <= 0:
        return 0.0 if abs(gap) < EDGE else math.copysign(1e9, gap)
    return gap / math.sqrt(spread)
