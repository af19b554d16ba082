"""Contract terms a tape states and the schedule does not carry: named, with their share of the book."""

from __future__ import annotations

import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.book.rules import TERM_NOT_CARRIED, TapeRule

AT_THE_END = ("interest_only", "revolving")
"""Products whose principal rests until the end: the schedule of a loan that is called bullet."""

CARRIED = {"amortisation": "annuity", "payment_frequency": "monthly", "day_count": "30/360"}
"""The checked columns of terms, and what the schedule does whatever they say."""

_BOOK = {"principal": "balance", "originated_amount": "amount lent"}
_WORDS = {
    "amortisation": "the schedule repays by level payments, or all at the end of interest-only loans",
    "payment_frequency": "the schedule pays monthly",
    "day_count": "the schedule takes a twelfth of the yearly rate each month",
}


def term_rules(rows: pl.DataFrame) -> tuple[TapeRule, ...]:
    """Return the rules of loans with a term that the schedule does not carry."""
    other = {name: _differs(name, rows) for name in CARRIED}
    return tuple(TapeRule(TERM_NOT_CARRIED, name, (name,), other[name], _WORDS[name]) for name in CARRIED)


def terms_said(rows: pl.DataFrame, mapping: TapeFormat) -> tuple[str, ...]:
    """Return in words which terms are not carried: how many loans, and which share of the book they are."""
    if not mapping.rules.get(TERM_NOT_CARRIED, True):
        return ()
    amount = next((name for name in ("principal", "originated_amount") if name in rows.columns), None)
    size = pl.lit(0.0) if amount is None else pl.col(amount).fill_null(0.0).clip(lower_bound=0.0)
    said = []
    for name in (name for name in CARRIED if name in rows.columns):
        terms = rows.select(pl.col(name).alias("term"), size.alias("size"), other=_differs(name, rows))
        found = terms.filter("other").group_by("term").agg(pl.len().alias("loans"), pl.col("size").sum())
        whole = float(rows.select(size.sum()).item())
        for term, loans, held in found.sort(["loans", "term"], descending=[True, False]).iter_rows():
            share = "" if not whole else f", {held / whole:.1%} of the {_BOOK[str(amount)]}"
            said.append(f"{name} {term}: {loans:,} of {rows.height:,} loans{share}; {_WORDS[name]}")
    return tuple(said)


def _differs(name: str, rows: pl.DataFrame) -> pl.Expr:
    """Return where a term is not what the schedule does; unknown where the tape does not say."""
    term = pl.col(name)
    if name != "amortisation":
        return term != CARRIED[name]
    if "product" not in rows.columns:
        return ~term.is_in([CARRIED[name], "bullet"])
    rests = pl.col("product").is_in(AT_THE_END)
    return pl.when(rests).then(term != "bullet").otherwise(term != CARRIED[name])
