"""What the run-off of a book assumes beside its contracts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Floats
from loantwin.errors import ModelError, expected
from loantwin.products.registry import PRODUCTS


@dataclass(frozen=True)
class RunoffAssumptions:
    """What the run-off assumes beside the contracts.

    partial_monthly : (number of products,) partial prepayment, decimal a month of the balance after scheduled
        principal.
    arrears_months : instalments unpaid when a loan enters default (3 where default is 90 days past due, 0
        where it is an event without arrears, such as a charge-off).
    conversion_factor : share of the undrawn amount that is drawn by the time of default.
    """

    partial_monthly: Floats
    arrears_months: int
    conversion_factor: float


def assumptions(
    partial_monthly: ArrayLike = 0.0, arrears_months: int = 0, conversion_factor: float = 0.0
) -> RunoffAssumptions:
    """Return checked Assumptions; one number of `partial_monthly` serves all products.

    Raises
    ------
    ModelError : a monthly share outside [0, 1), months of arrears not whole, a factor outside [0, 1].
    """
    partial = np.broadcast_to(np.asarray(partial_monthly, dtype=float), (len(PRODUCTS),)).copy()
    if not ((partial >= 0.0) & (partial < 1.0)).all():
        raise ModelError(expected("decimals a month in [0, 1)", partial), field="partial_monthly")
    if arrears_months < 0 or arrears_months != int(arrears_months):
        raise ModelError(expected("a whole number of at least 0", arrears_months), field="arrears_months")
    if not 0.0 <= conversion_factor <= 1.0:
        raise ModelError(expected("a decimal in [0, 1]", conversion_factor), field="conversion_factor")
    return RunoffAssumptions(partial, int(arrears_months), float(conversion_factor))
