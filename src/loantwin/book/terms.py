"""Contract terms a tape states: the pattern its loans pay by, and what no schedule carries, with its
share.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Integers
from loantwin.book.mapping import TapeFormat
from loantwin.book.rules import TERM_NOT_CARRIED, TapeRule
from loantwin.products.pattern import DAY_COUNTS, FREQUENCIES, REPAYMENTS, pattern_codes

AT_THE_END = ("interest_only", "revolving")
"""Products whose principal rests until the end: the schedule of a loan that is called bullet."""

TAKEN = {"amortisation": "annuity", "payment_frequency": "monthly", "day_count": "30/360"}
"""The columns of terms, and what the schedule does where a tape says nothing, or only has them checked."""

_KNOWN = {"amortisation": (*REPAYMENTS, "bullet"), "payment_frequency": FREQUENCIES, "day_count": DAY_COUNTS}
_BOOK = {"principal": "balance", "originated_amount": "amount lent"}
_WORDS = {
    "amortisation": "the schedule repays by level payments, or all at the end of interest-only loans",
    "payment_frequency": "the schedule pays monthly",
    "day_count": "the schedule takes a twelfth of the yearly rate each month",
}
_NEXT = "; named under [columns] in place of [checked] it is carried"


def patterns_of(loans: pl.DataFrame, as_of: dt.date) -> Integers:
    """Return how loans of the published table pay, `products.pattern`, (N,); a missing term is as `TAKEN`.

    A term that no schedule carries (`other`, payment at the end) is taken so too; lines and loans whose
    principal rests keep their own repayment.
    """
    places = []
    for name, known in (
        ("amortisation", REPAYMENTS),
        ("payment_frequency", FREQUENCIES),
        ("day_count", DAY_COUNTS),
    ):
        if name not in loans.columns:
            places.append(np.zeros(loans.height, dtype=np.int64))
            continue
        codes = {value: place for place, value in enumerate(known)}
        found = loans[name].replace_strict(codes, default=0, return_dtype=pl.Int64).fill_null(0)
        places.append(found.to_numpy())
    line = (loans["product"] == "revolving").fill_null(False).to_numpy()
    repaid, often, days = places
    return pattern_codes(repaid, np.where(line, 0, often), days, as_of)


def rests(loans: pl.DataFrame) -> Flags:
    """Return which loans of a product that amortises repay all their principal at the end, (N,)."""
    if "amortisation" not in loans.columns:
        return np.zeros(loans.height, dtype=bool)
    return (loans["amortisation"] == "bullet").fill_null(False).to_numpy()


def term_rules(rows: pl.DataFrame, mapping: TapeFormat) -> tuple[TapeRule, ...]:
    """Return the rules of loans with a term that the schedule does not carry."""
    other = {name: _differs(name, rows, mapping) for name in TAKEN}
    return tuple(
        TapeRule(TERM_NOT_CARRIED, name, (name,), other[name], _words(name, mapping)) for name in TAKEN
    )


def terms_said(rows: pl.DataFrame, mapping: TapeFormat) -> tuple[str, ...]:
    """Return in words which terms are not carried: how many loans, and which share of the book they are."""
    if not mapping.rules.get(TERM_NOT_CARRIED, True):
        return ()
    amount = next((name for name in ("principal", "originated_amount") if name in rows.columns), None)
    size = pl.lit(0.0) if amount is None else pl.col(amount).fill_null(0.0).clip(lower_bound=0.0)
    said = []
    for name in (name for name in TAKEN if name in rows.columns):
        terms = rows.select(
            pl.col(name).alias("term"), size.alias("size"), other=_differs(name, rows, mapping)
        )
        found = terms.filter("other").group_by("term").agg(pl.len().alias("loans"), pl.col("size").sum())
        whole = float(rows.select(size.sum()).item())
        for term, loans, held in found.sort(["loans", "term"], descending=[True, False]).iter_rows():
            share = "" if not whole else f", {held / whole:.1%} of the {_BOOK[str(amount)]}"
            said.append(f"{name} {term}: {loans:,} of {rows.height:,} loans{share}; {_words(name, mapping)}")
    return tuple(said)


def _words(name: str, mapping: TapeFormat) -> str:
    return _WORDS[name] + (_NEXT if name in mapping.checked else "")


def _differs(name: str, rows: pl.DataFrame, mapping: TapeFormat) -> pl.Expr:
    """Return where a term is not what the schedule does; unknown where the tape does not say."""
    term = pl.col(name)
    kept = name in mapping.columns
    known = _KNOWN[name] if kept else (TAKEN[name],)
    if name != "amortisation":
        return ~term.is_in(known)
    if "product" not in rows.columns:
        return ~term.is_in({*known, "bullet"})
    resting = pl.col("product").is_in(AT_THE_END)
    return pl.when(resting).then(term != "bullet").otherwise(~term.is_in(known))
