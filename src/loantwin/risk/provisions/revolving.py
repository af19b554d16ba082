"""Revolving lines: the life they are measured over, and the loss on what is not drawn, told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags
from loantwin.engine.columns import LoanColumns
from loantwin.products.registry import product_flags


@dataclass(frozen=True)
class Commitments:
    """Undrawn commitments of a book. Money in the book's currency, weighted.

    loans : with something undrawn. undrawn : committed and not drawn. conversion_factor : share drawn by the
        time of default.
    provision, provision_gross : the part of the allowance (net and gross of guarantees) that the undrawn
    amounts cause; it is inside `allowance` and belongs under liabilities where it can be told apart (IFRS 7
    B8E).
    behavioural_months : life over which lines are measured, 0 for the contractual one.
    """

    loans: int
    undrawn: float
    conversion_factor: float
    provision: float
    provision_gross: float
    behavioural_months: int


def lines(columns: LoanColumns) -> Flags:
    """Return which loans are revolving lines, (N,)."""
    check.kind(LoanColumns, columns=columns)
    return np.asarray(product_flags()[1][columns.product])


def behavioural(columns: LoanColumns, months: int) -> LoanColumns:
    """Return the columns with revolving lines running for their behavioural life.

    For a line that the lender may cancel but does not cancel in practice, losses are measured over the period
    in which it is exposed and its credit risk management would not end the exposure, even beyond the contract
    (IFRS 9 5.5.20, B5.5.39, B5.5.40). `months` 0 keeps the contractual end. Interest-only months beyond the
    new end are cut.
    """
    check.kind(LoanColumns, columns=columns)
    check.count(0, months=months)
    if months == 0:
        return columns
    left = np.where(lines(columns), months, columns.remaining_months)
    return replace(
        columns, remaining_months=left, interest_only_months=np.minimum(columns.interest_only_months, left)
    )
