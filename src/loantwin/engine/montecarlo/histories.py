"""Loan by loan: the state of each at each month's end, on one path, with the luck of `simulate_loans`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loantwin.arrays import Floats
from loantwin.engine.montecarlo.loans import Population, buckets, check_population
from loantwin.engine.randomness import key_of
from loantwin.engine.rows import TransitionParameters, odds


def loan_histories(
    parameters: TransitionParameters, loans: Population, shocks: Floats, seed: int, path: int = 0
) -> NDArray[np.int8]:
    """Return each loan's state at the end of each month, (N, T), an index of `parameters.states`.

    Parameters
    ----------
    shocks : (T, R) month part of the odds on the path. seed, path : a loan's draw depends on them, its number
        and the month alone, so that loans may be simulated in any parts.

    Raises
    ------
    ModelError : loans or shocks that do not fit the model.
    """
    check_population(parameters, loans, shocks[None], None)
    from loantwin.engine.montecarlo import kernels
    from loantwin.kernels import in_shares

    _, segment, age, place = buckets(loans)
    months, states, edges = len(shocks), len(parameters.states), len(parameters.origin)
    cumulated = np.empty((months, len(segment), edges), np.uint32)
    leaving = np.empty((months, len(segment), states), np.uint32)
    kernels.thresholds(
        odds(parameters), np.ascontiguousarray(shocks), segment, age, parameters.origin, states, cumulated,
        leaving,
    )  # fmt: skip
    found = np.empty((len(loans.state), months), np.int8)
    in_shares(
        kernels.loan_histories, len(found), np.array([*key_of(seed), path], dtype=np.int64), cumulated,
        leaving, parameters.origin, parameters.target, parameters.live, loans.number.astype(np.uint32), place,
        loans.state.astype(np.int64), found,
    )  # fmt: skip
    return found
