"""Money taken apart: how many loans a loss comes from, how large each was, and what share of it was lost.

Amounts alone can be right while numbers are too low and losses a case too high: only apart they show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.performance.backtest.macro_scores import MacroScores
from loantwin.performance.backtest.observed import LEAST_EVENTS
from loantwin.performance.backtest.origin import AtOrigin, Exposed
from loantwin.performance.backtest.parts import PARTS, ApartRow, Part
from loantwin.performance.backtest.scores import BacktestScore
from loantwin.performance.outcomes import CHARGE_OFFS, DEFAULTS, LOANS, MONEY


def apart(found: Sequence[AtOrigin], mode: str) -> tuple[ApartRow, ...]:
    """Return rows by origin and closed window, then by window summed over the origins that knew enough."""
    rows = [row for item in found for row in item.apart.get(mode, ())]
    horizons = sorted({row.horizon for row in rows})
    summed = (_summed([row for row in rows if row.horizon == horizon]) for horizon in horizons)
    return (*rows, *(row for row in summed if row is not None))


def with_parts(view: MacroScores, rows: Sequence[ApartRow]) -> MacroScores:
    """Return scores with the rows, each loss figure with the parts summed over the scored origins."""
    summed = {row.horizon: row for row in rows if row.origin is None}

    def told(scores: Mapping[str, BacktestScore]) -> dict[str, BacktestScore]:
        return {
            horizon: score
            if int(horizon) not in summed
            else replace(
                score,
                counts=summed[int(horizon)].number,
                exposure_per_case=summed[int(horizon)].exposure_per_case,
                severity=summed[int(horizon)].severity,
                money=summed[int(horizon)].amount,
            )
            for horizon, score in scores.items()
        }

    figures = {
        name: told(scores) if name in (DEFAULTS, CHARGE_OFFS) else scores
        for name, scores in view.figures.items()
    }
    return replace(view, figures=figures, apart=tuple(rows))


def taken_apart(made: AtOrigin, mode: str, exposed: Exposed, closed: Sequence[int]) -> tuple[ApartRow, ...]:
    """Return an origin's rows of a mode; none where losses are not told in number."""
    predicted = made.predicted[mode]
    counted = (CHARGE_OFFS, LOANS) if (CHARGE_OFFS, LOANS) in predicted.mean else (DEFAULTS, LOANS)
    if counted not in predicted.mean:
        return ()
    few = made.events[counted[0]] < LEAST_EVENTS
    loss = (CHARGE_OFFS, MONEY)
    rows = []
    for place, horizon in enumerate(closed):
        number, drawn = (
            of[counted][:, :, place].sum(axis=1) for of in (predicted.given, predicted.simulated)
        )
        came = float(made.actual[counted][:, place].sum())
        money = paid = None
        lost, spread = None, None
        if loss in predicted.mean:
            money, spread = (
                of[loss][:, :, place].sum(axis=1) for of in (predicted.given, predicted.simulated)
            )
            paid, lost = float(made.actual[loss][:, place].sum()), float(money.mean())
        exposure, there = exposed.forecast[:, place], float(exposed.came[place])
        rows.append(
            ApartRow(
                made.date,
                horizon,
                few,
                1,
                Part(float(number.mean()), *_between(drawn), came),
                _ratio(exposure, number, there, came),
                _ratio(money, exposure, paid, there),
                Part(lost, *_between(spread), paid),
            )
        )
    return tuple(rows)


def _ratio(above: Floats | None, below: Floats, came_above: float | None, came_below: float) -> Part:
    """Return a ratio of means, with the interval of the paths' own ratios, and the ratio that came."""
    if above is None or came_above is None:
        return Part(None, None, None, None)
    came = came_above / came_below if came_below > 0 else None
    if not (below > 0).all():
        mean = float(above.mean() / below.mean()) if below.mean() > 0 else None
        return Part(mean, None, None, came)
    return Part(float(above.mean() / below.mean()), *_between(above / below), came)


def _between(values: Floats | None) -> tuple[float | None, float | None]:
    if values is None:
        return None, None
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)


def _summed(rows: Sequence[ApartRow]) -> ApartRow | None:
    """Return the sums over the origins scored: numbers and amounts added up, then divided."""
    used = [row for row in rows if not row.prior_only]
    if not used:
        return None
    totals: dict[str, list[float | None]] = {}
    for side in ("forecast", "came"):
        number = sum(getattr(row.number, side) for row in used)
        exposure = sum(
            getattr(row.number, side) * (getattr(row.exposure_per_case, side) or 0.0) for row in used
        )
        amounts = [getattr(row.amount, side) for row in used]
        amount = None if any(item is None for item in amounts) else float(sum(amounts))
        totals[side] = [
            float(number),
            exposure / number if number > 0 else None,
            amount / exposure if amount is not None and exposure > 0 else None,
            amount,
        ]
    parts: Mapping[str, Part] = {
        name: Part(totals["forecast"][place], None, None, totals["came"][place])
        for place, name in enumerate(PARTS)
    }
    return ApartRow(None, used[0].horizon, False, len(used), **parts)
