"""The IFRS 9 allowance along a scenario by cell: what the book would carry later, were it certain.

One pass backward over the remaining life gives every cell's lifetime loss and default probability in every
live state at every date; twelve steps back to a date give its 12-month loss. So a date costs twelve
small steps, not a run of all loans. Loans of a cell share segment, age and state; they differ in their
remaining terms, so stages are the cell's. The caller scales the figures to the loan-by-loan allowance of the
as-of date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.config import Ifrs9
from loantwin.engine.cells import Cells, LossGivenDefault
from loantwin.engine.path import convolved, loss_share, moved_shares, occupancy, severity
from loantwin.engine.rows import TransitionParameters, odds, published_state, rows_at
from loantwin.errors import RiskError, expected

BACKSTOP_STATES = ("dpd_30_59", "dpd_60_89")
"""Live states past the 30-day backstop: stage 2 whatever the probability of default (IFRS 9 5.5.11)."""
YEAR = 12


@dataclass(frozen=True)
class AllowancePath:
    """Allowance at K dates and net charge-offs over T months, book currency, net of guarantees.

    stage_1, stage_2 : (K,) of loans that are not in default. in_default : (K,) loss still to come of defaults
        since the as-of date. charge_offs : (T,) charged off less recovered in the month, of these defaults,
        net of guarantees.
    """

    stage_1: Floats
    stage_2: Floats
    in_default: Floats
    charge_offs: Floats

    @property
    def performing(self) -> Floats:
        """Return the allowance of loans that are not in default, (K,)."""
        return np.asarray(self.stage_1 + self.stage_2)


def allowance_path(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    historical: Floats,
    dates: Sequence[int],
    settings: Ifrs9,
    kept: Floats | None = None,
    origin: Mapping[int, Floats] | None = None,
) -> AllowancePath:
    """Return the allowance at the end of months `dates` (0: the as-of date).

    Parameters
    ----------
    cells : over the remaining life, H months. shocks : (H, R) month part of the odds, the scenario as far as
        it goes and
        reverting after. historical : (R,) the level of PD at origination (`provisions.long_run_shocks`).
    kept : (G, H) factor on what comes back of a month's defaults, by segment; None is 1. origin : what
        `origin_risk` returns, where it was made before.

    Raises
    ------
    RiskError : fewer months of shocks than the cells have, or a date outside them.
    """
    check.kind(TransitionParameters, parameters=parameters)
    check.kind(Cells, cells=cells)
    check.kind(LossGivenDefault, lgd=lgd)
    check.finite(shocks=shocks, historical=historical, **check.given(kept=kept))
    check.each((int, np.integer), dates=dates)
    check.kind(Ifrs9, settings=settings)
    check.kind(Mapping, **check.given(origin=origin))
    check.shaped((None, len(parameters.origin)), shocks=shocks)
    check.shaped((len(parameters.origin),), historical=historical)
    check.shaped((len(parameters.segments), None), **check.given(kept=kept))
    months = cells.interest.shape[1]
    last = max(dates, default=0)
    if shocks.shape[0] < months or last > months or min(dates, default=0) < 0:
        raise RiskError(
            expected(f"{months} months of shocks, and dates within them", f"{shocks.shape[0]}, {last}"),
            field="dates",
        )
    charged, recovered = severity(cells, lgd, months)
    if kept is not None:
        charged, recovered = moved_shares(charged, recovered, kept[cells.segment, :months])
    lost = cells.exposure * loss_share(cells, lgd, charged, recovered)
    fade = 1.0 / (1.0 + cells.annual_rate / 12.0)
    base = odds(parameters)
    lifetime, risk = _backward(parameters, base, cells, shocks, lost, fade, set(dates))
    if origin is None:
        origin = origin_risk(parameters, cells, historical, dates)
    where = occupancy(parameters, cells, shocks[: max(last, 1)])
    kept = 1.0 - cells.guaranteed
    live = parameters.states[: parameters.live]
    late = np.array([published_state(name) in BACKSTOP_STATES for name in live])
    rows: dict[int, Floats] = {}
    stages = np.zeros((2, len(dates)))
    for place, date in enumerate(dates):
        now, then = risk[date], origin[date][:, :1]  # at origination the loan was in the first live state
        worse = (now >= settings.lifetime_pd_ratio * then) & (now - then >= settings.lifetime_pd_difference)
        second = worse | late
        for month in range(date, min(date + YEAR, months)):
            if month not in rows:
                rows[month] = rows_at(parameters, base, shocks[month], cells.segment, cells.age + month + 1)
        year = _year(parameters, rows, lost, fade, date)
        rows = {month: found for month, found in rows.items() if month > date}
        held = where.live[date] * kept[:, None]
        stages[:, place] = (
            (held * np.where(second, 0.0, year)).sum(),
            (held * np.where(second, lifetime[date], 0.0)).sum(),
        )
    entered = where.entered[:, :, parameters.default_state - parameters.live].T[:, :last]
    defaulted = entered * cells.exposure[:, :last] * kept[:, None]
    to_charge, to_recover = ((defaulted * share[:, :last]).sum(axis=0) for share in (charged, recovered))
    flow = convolved(to_charge, lgd.charge_off_lag) - convolved(to_recover, lgd.recovery_lag)
    due = np.concatenate([[0.0], np.cumsum(to_charge - to_recover - flow)])
    return AllowancePath(stages[0], stages[1], due[list(dates)], flow)


def origin_risk(
    parameters: TransitionParameters, cells: Cells, historical: Floats, dates: Sequence[int]
) -> dict[int, Floats]:
    """Return the probability of default over what is left of the life at each date, (B, live) by date.

    With every month at the level of origination. The same under all scenarios: neither the index of floating
    rates nor severity moves it.
    """
    check.kind(TransitionParameters, parameters=parameters)
    check.kind(Cells, cells=cells)
    check.finite(historical=historical)
    check.each((int, np.integer), dates=dates)
    check.shaped((len(parameters.origin),), historical=historical)
    nothing = np.zeros((len(cells.segment), cells.interest.shape[1]))
    level = np.broadcast_to(historical, (nothing.shape[1], len(historical)))
    return _backward(parameters, odds(parameters), cells, level, nothing, np.ones(len(nothing)), set(dates))[
        1
    ]


def _backward(
    parameters: TransitionParameters,
    base: Floats,
    cells: Cells,
    shocks: Floats,
    lost: Floats,
    fade: Floats,
    dates: set[int],
) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """Return lifetime losses' present value and default probability at each date, (B, live) by date.

    Cells stand by how long they run, so that a month looks at those alone that still do.
    """
    live, months = parameters.live, lost.shape[1]
    runs = (cells.loans[:, :months] != 0.0) | (lost != 0.0)
    longest = np.where(runs.any(axis=1), months - np.argmax(runs[:, ::-1], axis=1), 0)
    order = np.argsort(-longest, kind="stable")
    segment, age, loans = cells.segment[order], cells.age[order], cells.loans[order]
    lost, fade = lost[order], fade[order, None]
    count = np.searchsorted(-longest[order], -np.arange(months), side="left")
    sorted_value, sorted_number = np.zeros((2, len(segment), live))
    values, risks = {}, {}
    for month in range(months - 1, -1, -1):
        own = slice(0, int(count[month]))
        rows = rows_at(parameters, base, shocks[month], segment[own], age[own] + month + 1)
        stay, default = rows[..., :live], rows[..., parameters.default_state]
        value, number = sorted_value[own], sorted_number[own]
        value[:] = fade[own] * (np.einsum("bij,bj->bi", stay, value) + default * lost[own, month, None])
        number[:] = np.einsum("bij,bj->bi", stay, number) + default * loans[own, month, None]
        if month in dates:
            running = loans[:, month, None]
            made = np.divide(sorted_number, running, out=np.zeros_like(sorted_number), where=running > 0.0)
            values[month], risks[month] = np.zeros((2, len(segment), live))
            values[month][order], risks[month][order] = sorted_value, np.minimum(made, 1.0)
    for date in dates - set(values):  # the last month: nothing is left
        values[date], risks[date] = np.zeros((2, len(segment), live))
    return values, risks


def _year(
    parameters: TransitionParameters, rows: Mapping[int, Floats], lost: Floats, fade: Floats, date: int
) -> Floats:
    """Return the present value of the next twelve months' losses by cell and state, (B, live).

    rows : of each month the probabilities of moving, (B, live, S).
    """
    live = parameters.live
    value = np.zeros((len(lost), live))
    for month in range(min(date + YEAR, lost.shape[1]) - 1, date - 1, -1):
        stay, default = rows[month][..., :live], rows[month][..., parameters.default_state]
        value = fade[:, None] * (np.einsum("bij,bj->bi", stay, value) + default * lost[:, month, None])
    return value
