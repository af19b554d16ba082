"""What of the tape stands outside the balance that a forecast opens with: how many loans, and how much."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loantwin.book.schema import DEFAULT_STATES
from loantwin.outlook.outlook import Outlook


@dataclass(frozen=True)
class LeftOut:
    """Loans (or rows) outside the opening balance. balance : book currency, null where nothing tells it."""

    count: int
    balance: float | None


def left_out(outlook: Outlook) -> dict[str, LeftOut]:
    """Return what the opening balance leaves out, by reason; a reason that nothing has is not there.

    in_default : on the book in default, their principal (their workout is in the flows). charged_off : no
    longer on the book, what was charged off. closed : others that have ended. not_yet_on_book : known, and
    still to come. rejected_rows : rows of the tape that were refused. Loans of which the tape tells only
    later are not counted: nobody knew of them.
    """
    twin, book = outlook.twin, outlook.book
    weight = pl.col("weight") * pl.col("on_book_probability").fill_null(1.0)
    bad = book.loans.filter(pl.col("state").is_in(list(DEFAULT_STATES)).fill_null(False))
    gone = twin.known_loans.filter(pl.col("charge_off_date").is_not_null()).join(
        book.loans.select("loan_id"), on="loan_id", how="anti", maintain_order="left"
    )
    blob = twin.loaded.data.get("quarantine_blob")
    rejected = 0 if blob is None else twin.home.read_frame(blob)["row"].n_unique()
    closed = max(book.counts["closed_before_as_of"] - gone.height, 0)
    coming = max(twin.known_loans.height - book.loans.height - gone.height - closed, 0)
    made = {
        "in_default": LeftOut(bad.height, _sum(bad, weight * pl.col("principal"))),
        "charged_off": LeftOut(gone.height, _sum(gone, pl.col("weight") * pl.col("charged_off"))),
        "closed": LeftOut(closed, None),
        "not_yet_on_book": LeftOut(coming, None),
        "rejected_rows": LeftOut(rejected, None),
    }
    return {name: item for name, item in made.items() if item.count}


def _sum(loans: pl.DataFrame, amount: pl.Expr) -> float:
    return float(loans.select(amount.sum()).item() or 0.0)
