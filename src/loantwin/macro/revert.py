"""Beyond the reasonable-and-supportable period: factors revert to long-run means (IFRS 9 B5.5.50)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected
from loantwin.macro.factors import MEAN_REVERTING_INDICES
from loantwin.macro.scenario import Scenario


def extend(
    scenario: Scenario, history: Scenario, supported_until: int, reversion_months: int, last: int
) -> Scenario:
    """Return the scenario to `supported_until`, then reverting, then at its long-run mean, to month `last`.

    Rates, yields and growth go in a straight line from their value in month `supported_until` to their mean
    over the known history in `reversion_months` months (0: at once). Indices do so with their monthly log
    growth, that of the 12 months up to `supported_until` going to the history's mean; a volatility index with
    the log of its level. A scenario's values after `supported_until` are not used. A factor without history
    has no long-run mean: its months from there on are missing, and `Scenario.require` names them; the same
    holds for a factor with no value in month `supported_until`.

    Raises
    ------
    ScenarioError : the scenario ends before `supported_until` or starts after it.
    """
    if reversion_months < 0:
        raise ScenarioError(
            expected("months of reversion of at least 0", reversion_months), field="reversion_months"
        )
    supported_until = min(supported_until, last)
    if not scenario.first <= supported_until <= scenario.last:
        raise ScenarioError(
            expected(
                f"scenario {scenario.name} to cover {months.label(supported_until)}, the end of the "
                "supported period",
                f"{months.label(scenario.first)} to {months.label(scenario.last)}",
            ),
            file=scenario.source or None,
        )
    length = supported_until - scenario.first + 1
    beyond = np.arange(1, last - supported_until + 1)
    share = np.minimum(beyond / reversion_months, 1.0) if reversion_months else np.ones(len(beyond))
    values = np.full((length + len(beyond), len(scenario.factors)), np.nan)
    for column, (factor, kind) in enumerate(zip(scenario.factors, scenario.kinds, strict=True)):
        known = scenario.values[:length, column]
        values[:length, column] = known
        past = (
            history.values[:, history.factors.index(factor)]
            if factor in history.factors
            else np.array([np.nan])
        )
        values[length:, column] = _reverted(known, past, factor, kind, share)
    return replace(scenario, values=values)


def _reverted(known: Floats, past: Floats, factor: str, kind: str, share: Floats) -> Floats:
    """Return the months beyond, (M,); NaN where the past holds nothing to revert to."""
    past = past[np.isfinite(past)]
    if len(past) < 2 or not np.isfinite(known[-1]):
        return np.full(len(share), np.nan)
    if kind != "index":
        return np.asarray(known[-1] + share * (past.mean() - known[-1]))
    if factor in MEAN_REVERTING_INDICES:
        start = np.log(known[-1])
        return np.asarray(np.exp(start + share * (np.log(past).mean() - start)))
    year = np.log(known[-13:])
    year = year[np.isfinite(year)]
    recent = (year[-1] - year[0]) / (len(year) - 1) if len(year) > 1 else 0.0
    steady = np.log(past[-1] / past[0]) / (len(past) - 1)
    return np.asarray(known[-1] * np.exp(np.cumsum(recent + share * (steady - recent))))
