"""Risk-weighted assets along a scenario by the internal-ratings function, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.engine.cells import Cells, LossGivenDefault
from loantwin.engine.path import occupancy
from loantwin.engine.rows import TransitionParameters, odds, rows_at
from loantwin.risk.capital.irb import irb_risk_weight


def irb_weights(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    historical: Floats,
    dates: Sequence[int],
    asset_class: str,
) -> Floats:
    """Return risk-weighted assets at the end of `dates`, (K,): performing balance x risk weight (CRE31).

    The probability of default is the cell's of twelve months at the historical level of macro and period
    effect: through the cycle, so that assets move by amortisation, default and arrears, not by the scenario's
    own forecast (CRE36.29). Loss given default is the model's at that age, at most 1. The guaranteed share
    weighs nothing. Loans in default are left out: their loss is in the allowance.

    Parameters
    ----------
    shocks : (T, R) of the scenario, T at least the last date. historical : (R,). asset_class : of
        `irb_capital`.
    """
    check.kind(TransitionParameters, parameters=parameters)
    check.kind(Cells, cells=cells)
    check.kind(LossGivenDefault, lgd=lgd)
    check.finite(shocks=shocks, historical=historical)
    check.each((int, np.integer), dates=dates)
    check.word(asset_class=asset_class)
    check.shaped((None, len(parameters.origin)), shocks=shocks)
    check.shaped((len(parameters.origin),), historical=historical)
    base, live = odds(parameters), parameters.live
    where = occupancy(parameters, cells, shocks[: max(max(dates), 1)])
    width = lgd.charged_off.shape[1] - 1
    made = np.zeros(len(dates))
    for place, date in enumerate(dates):
        state = np.broadcast_to(np.eye(live), (len(cells.segment), live, live))
        pd = np.zeros((len(cells.segment), live))
        for step in range(12):
            rows = rows_at(parameters, base, historical, cells.segment, cells.age + date + step + 1)
            pd = pd + np.einsum("bij,bj->bi", state, rows[..., parameters.default_state])
            state = np.einsum("bij,bjk->bik", state, rows[..., :live])
        age = np.minimum(cells.age + date, width)
        loss = np.clip((lgd.charged_off - lgd.recovered)[cells.segment, age], 0.0, 1.0)
        weight = irb_risk_weight(
            np.minimum(pd, 1.0 - 1e-12), np.broadcast_to(loss[:, None], pd.shape), asset_class=asset_class
        )
        held = where.live[date] * (cells.balance[:, date] * (1.0 - cells.guaranteed))[:, None]
        made[place] = (held * weight).sum()
    return made
