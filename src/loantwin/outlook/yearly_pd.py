"""Each loan's probability of default within a year, through the cycle or from today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.columns import LoanColumns
from loantwin.engine.loss import loan_losses
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import GENERATED_PATHS
from loantwin.risk.provisions.provisions import Portfolio
from loantwin.types import Progress, silent

THROUGH, POINT = "through-the-cycle", "point-in-time"
MONTHS = 12
PATHS_AT_ONCE = 20


def yearly_pd(outlook: Outlook, book: Portfolio, kind: str, progress: Progress = silent) -> Floats:
    """Return each loan's probability of default within a year, (N,), decimal.

    A whole year even where the contract ends sooner: Basel's PD is the borrower's. Through the cycle: every
    month at the level to which the economy returns. Point in time: mean over generated paths from today.
    """
    columns = replace(book.columns, remaining_months=np.maximum(book.columns.remaining_months, MONTHS))
    if kind == THROUGH:
        return np.minimum(_pd(book, columns, np.tile(book.historical, (1, MONTHS, 1)))[:, 0], 1.0)
    shocks = outlook.expected(outlook.simulated(MONTHS, GENERATED_PATHS, outlook.twin.config.run.seed))
    blocks = [slice(start, start + PATHS_AT_ONCE) for start in range(0, len(shocks), PATHS_AT_ONCE)]
    summed = np.zeros(len(columns.principal))
    for place, block in enumerate(blocks):
        progress(place / len(blocks))
        summed += _pd(book, columns, shocks[block]).sum(axis=1)
    return np.minimum(summed / len(shocks), 1.0)


def _pd(book: Portfolio, columns: LoanColumns, shocks: Floats) -> Floats:
    return loan_losses(book.parameters, columns, book.lgd, np.ascontiguousarray(shocks)).pd[:, :, 0]
