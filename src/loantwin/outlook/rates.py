"""The effective rates of floating loans as they are now, from those the tape states at origination."""

from __future__ import annotations

import numpy as np
import polars as pl

from loantwin import months
from loantwin.macro.scenario import Scenario
from loantwin.risk.provisions.effective_rate import current_rate


def with_current_rates(
    loans: pl.DataFrame, known: pl.DataFrame, history: Scenario, anchor: int
) -> pl.DataFrame:
    """Return the book's loans with the current effective rate of those that float (IFRS 9 B5.4.5).

    Parameters
    ----------
    loans : the book. known : the loan table as known, whose effective rate is the tape's own, at origination.
        A loan without one keeps the contract's rate in force, which the book has.
    history : holds the index of the origination month; where it does not, fees cannot be told from the index
        and the rate in force stands in.
    """
    stated = loans.select("loan_id").join(
        known.select("loan_id", "effective_annual_rate"), on="loan_id", how="left", maintain_order="left"
    )["effective_annual_rate"]
    moves = (
        (loans["rate_type"] == "floating").fill_null(False)
        & loans["rate_spread"].is_not_null()
        & stated.is_not_null()
        & loans["annual_rate"].is_not_null()
    )
    if not moves.any():
        return loans
    chosen = loans.filter(moves)
    start = months.months_of(chosen["origination_date"].to_numpy(), anchor).astype(np.int64) - history.first
    inside = (start >= 0) & (start < len(history.values))
    index = np.full(chosen.height, np.nan)
    for name in chosen["rate_index"].drop_nulls().unique().sort():
        if name in history.factors:
            own = inside & (chosen["rate_index"] == name).fill_null(False).to_numpy()
            index[own] = history.values[start[own], history.factors.index(name)]
    then = np.clip(
        index + chosen["rate_spread"].to_numpy(),
        chosen["rate_floor"].fill_null(-np.inf).to_numpy(),
        chosen["rate_cap"].fill_null(np.inf).to_numpy(),
    )
    now = current_rate(stated.filter(moves).to_numpy(), then, chosen["annual_rate"].to_numpy())
    rate = loans["effective_annual_rate"].to_numpy().copy()
    rate[moves.to_numpy()] = now
    return loans.with_columns(effective_annual_rate=pl.Series(rate, dtype=pl.Float64).fill_nan(None))
