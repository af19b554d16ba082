"""Quarterly values to months and back: each rule keeps mean, compounded growth or closing level.

- rate, yield: a quadratic in each quarter that meets its neighbours and has exactly the quarter's mean; where
  the neighbouring means are not negative, neither is any month (the condition of Fritsch and Carlson, SIAM J.
  Numer. Anal. 17 (1980), on the running sum). A month depends on its own quarter and the two beside it, on
  nothing else.
- growth (annualised): turned into a level that closes each quarter, filled geometrically; the months of a
  quarter then all grow at the quarter's annualised rate, so three months compound to exactly the quarter's
  growth.
- index: the quarter's value closes the quarter; the months between move geometrically. The first quarter
  given has no value before it and holds its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected

Rule = Callable[[Floats], Floats]


def to_months(quarters: Floats, kinds: Sequence[str]) -> Floats:
    """Return monthly values of quarterly ones, each factor by the rule of its kind.

    Parameters
    ----------
    quarters : (..., Q, F) float64. NaN is 'not published' and stays so: it never reaches a neighbouring
        quarter.
    kinds : (F,) of growth, rate, yield, index. Index values must be positive.

    Returns
    -------
    (..., 3 Q, F) float64.

    Raises
    ------
    ScenarioError : an unknown kind.
    """
    months = np.empty((*quarters.shape[:-2], 3 * quarters.shape[-2], quarters.shape[-1]))
    for rule, chosen in _columns(kinds).items():
        months[..., chosen] = rule(quarters[..., chosen])
    return months


def to_quarters(months: Floats, kinds: Sequence[str]) -> Floats:
    """Return quarterly values (..., T // 3, F) of monthly ones (..., T, F) that start with a quarter.

    The inverse of `to_months`: rates and yields by mean, growth compounded, indices at the quarter's close.
    A quarter with a missing month is missing.

    Raises
    ------
    ScenarioError : months that are no whole quarters.
    """
    if months.shape[-2] % 3:
        raise ScenarioError(expected("whole quarters", f"{months.shape[-2]} months"))
    parts = months.reshape(*months.shape[:-2], months.shape[-2] // 3, 3, months.shape[-1])
    quarters: Floats = parts.mean(axis=-2)
    for column, kind in enumerate(kinds):
        if kind == "index":
            quarters[..., column] = np.where(
                np.isfinite(quarters[..., column]), parts[..., 2, column], np.nan
            )
        elif kind == "growth":
            quarters[..., column] = np.exp(np.log1p(parts[..., column]).mean(axis=-1)) - 1.0
    return quarters


def keep_means(quarters: Floats) -> Floats:
    """Return months (..., 3 Q, F) of rates (..., Q, F) with exactly the quarters' means."""
    before = _shifted(quarters, 1)
    after = _shifted(quarters, -1)
    left, right = _knot(before, quarters), _knot(quarters, after)
    # Where a side has no neighbour the quarter's own slope goes on, within the bounds that keep the sign.
    opening = np.where(np.isfinite(left), left, _end(quarters, right))
    closing = np.where(np.isfinite(right), right, _end(quarters, left))
    first = (4.0 * opening - 2.0 * closing + 7.0 * quarters) / 9.0
    third = (4.0 * closing - 2.0 * opening + 7.0 * quarters) / 9.0
    return _woven(first, 3.0 * quarters - first - third, third)


def repeat_growth(quarters: Floats) -> Floats:
    """Return months (..., 3 Q, F) of annualised growth (..., Q, F): the geometric path of the level."""
    return np.repeat(quarters, 3, axis=-2)


def geometric(quarters: Floats) -> Floats:
    """Return months (..., 3 Q, F) of levels (..., Q, F), the third at the quarter's value."""
    before = _shifted(quarters, 1)
    before = np.where(np.isfinite(before), before, quarters)
    step = np.log(quarters / before) / 3.0
    return _woven(before * np.exp(step), before * np.exp(2.0 * step), quarters)


def _columns(kinds: Sequence[str]) -> dict[Rule, list[int]]:
    rules: dict[str, Rule] = {
        "rate": keep_means,
        "yield": keep_means,
        "growth": repeat_growth,
        "index": geometric,
    }
    found: dict[Rule, list[int]] = {}
    for column, kind in enumerate(kinds):
        if kind not in rules:
            raise ScenarioError(expected("a kind of " + ", ".join(rules), kind))
        found.setdefault(rules[kind], []).append(column)
    return found


def _knot(left: Floats, right: Floats) -> Floats:
    middle = 0.5 * (left + right)
    lower = np.minimum(left, right)
    return np.where(lower >= 0.0, np.minimum(middle, 3.0 * lower), middle)


def _end(mean: Floats, other: Floats) -> Floats:
    straight = np.where(np.isfinite(other), 2.0 * mean - other, mean)
    return np.where(mean >= 0.0, np.clip(straight, 0.0, 3.0 * mean), straight)


def _shifted(values: Floats, step: int) -> Floats:
    out = np.full_like(values, np.nan)
    if step > 0:
        out[..., step:, :] = values[..., :-step, :]
    else:
        out[..., :step, :] = values[..., -step:, :]
    return out


def _woven(first: Floats, second: Floats, third: Floats) -> Floats:
    return np.stack([first, second, third], axis=-2).reshape(
        *first.shape[:-2], 3 * first.shape[-2], first.shape[-1]
    )
