"""The loans of a twin that were charged off before the as-of date and whose recovery goes on."""

from __future__ import annotations

import numpy as np
import polars as pl

from loantwin import months
from loantwin.book.segments import segment_labels
from loantwin.models.book_columns import by_size
from loantwin.outlook.outlook import Outlook
from loantwin.risk.provisions.written_off import WrittenOff


def written_off(outlook: Outlook) -> WrittenOff | None:
    """Return loans charged off whose recovery has not ended by the as-of date; None where there are none.

    What was recovered so far is the panel's, where it tells, else the loan table's. A loan that is on the
    book still, or whose closing date is known, is left out: nothing more is awaited of it here.
    """
    twin = outlook.twin
    loans = twin.known_loans.filter(
        pl.col("charge_off_date").is_not_null()
        & (pl.col("charged_off") > 0.0)
        & pl.col("closed_date").is_null()
        & pl.col("origination_date").is_not_null()
    ).join(outlook.book.loans.select("loan_id"), on="loan_id", how="anti", maintain_order="left")
    if not loans.height:
        return None
    back = loans["recovered"].fill_null(0.0)
    if twin.known_panel is not None:
        places = loans.select("loan_id").with_row_index("place")
        told = twin.known_panel.join(places, on="loan_id", how="inner", maintain_order="left")
        seen = np.bincount(told["place"], told["recovered"].fill_null(0.0), loans.height)
        back = pl.Series(np.maximum(seen, back.to_numpy()))
    since = loans.select(pl.coalesce("default_date", "charge_off_date"))["default_date"]
    start = months.months_of(loans["origination_date"].to_numpy(), outlook.anchor).astype(np.int64)
    default = months.months_of(since.to_numpy(), outlook.anchor).astype(np.int64)
    rate = pl.coalesce("effective_annual_rate", "annual_rate").fill_null(0.0)
    return WrittenOff(
        segment=by_size(loans, segment_labels(loans, twin.mapping), twin.model),
        age=default - start,
        passed=np.maximum(outlook.month0 - default, 0),
        charged_off=loans["charged_off"].to_numpy(),
        recovered=back.to_numpy(),
        weight=loans["weight"].to_numpy(),
        annual_rate=loans.select(rate.alias("rate"))["rate"].to_numpy(),
        guaranteed=loans["guaranteed_share"].fill_null(0.0).to_numpy(),
    )
