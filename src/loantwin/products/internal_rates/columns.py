"""The effective annual rates of many loans at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.kernels import in_shares
from loantwin.products.internal_rates import kernels
from loantwin.products.internal_rates.roots import internal_rate


def effective_annual_rates(flows: ArrayLike, times: ArrayLike) -> Floats:
    """Return the rate of each loan at which its flows are worth nothing, compounded once a unit of time.

    Parameters
    ----------
    flows : (N, T) currency, positive to the lender; 0 where a loan has none any more.
    times : (T,) for all loans, or (N, T): years (or any unit) when each falls, ascending in each row.

    Returns
    -------
    (N,) float64, decimal; NaN where there is no rate or are several, as `roots.internal_rate` tells apart.

    Raises
    ------
    ArgumentError : what is no number, NaN, shapes that do not fit. RiskError : times that do not ascend.
    """
    amounts, when = check.numbers(flows, "flows"), np.atleast_2d(check.numbers(times, "times"))
    check.finite(flows=amounts, times=when)
    check.shaped((None, None), flows=amounts)
    check.fitting(amounts.shape, times=when)
    steps = np.diff(when, axis=1)
    if (steps < 0).any():
        raise RiskError(expected("times that ascend", "some that fall"), field="times")
    even = len(when) == 1 and steps.size and np.ptp(steps) <= 1e-12 * max(float(np.abs(when).max()), 1e-300)
    step = float(when[0, -1] - when[0, 0]) / steps.shape[1] if even else 0.0
    forces = np.empty(len(amounts))
    status = np.empty(len(amounts), dtype=np.int8)
    in_shares(
        kernels.forces_of_rows,
        len(amounts),
        np.ascontiguousarray(amounts),
        np.ascontiguousarray(when),
        step,
        forces,
        status,
    )
    with np.errstate(over="ignore"):
        rates = np.expm1(forces)
    for row in np.flatnonzero(status != kernels.SOLVED):
        rates[row] = _alone(amounts[row], when[row if len(when) > 1 else 0])
    rates[np.isinf(rates)] = np.nan
    return np.asarray(rates)


def _alone(flows: Floats, times: Floats) -> float:
    try:
        return internal_rate(flows, times).rate
    except RiskError:
        return float("nan")
