"""Modification of contractual cash flows: gain or loss, and whether the old loan is replaced by a new one.

    gain or loss = present value of the modified contractual flows at the original effective rate - gross
    carrying amount

Source: IFRS 9 5.4.3 and appendix A (modification gain or loss). Costs and fees incurred adjust the carrying
amount and are not in it. The 10 % test of B3.3.6 is written for financial liabilities; using it for loans
granted is a common policy, not a rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.columns import LoanColumns, contract_terms, take
from loantwin.errors import RiskError, expected
from loantwin.products.contract import schedule

AT_ONCE = 5_000
LEAST_CHANGE = 1e-6
"""Change of a fixed annual rate from which a contract counts as modified: below, a tape has rounded."""


@dataclass(frozen=True)
class Modified:
    """N loans after modification, (N,) each. gain : negative for a loss. change : gain / gross amount.

    substantial : the change is at least the threshold, either way: derecognise the old loan and recognise a
    new one at fair value; its gain or loss is then one of derecognition (3.2.12), not of modification.
    """

    gain: Floats
    change: Floats
    substantial: Flags


@dataclass(frozen=True)
class Modifications:
    """Modified loans of a book, weighted. loans : not substantially so. gain : sum of gains and losses.

    substantial : loans whose change passes the threshold. substantial_amount : their gross carrying amount.
    """

    loans: int
    gain: float
    substantial: int
    substantial_amount: float
    threshold: float


def modification(gross_carrying_amount: Floats, present_value: Floats, threshold: float = 0.1) -> Modified:
    """Return gain or loss of each modified loan.

    Parameters
    ----------
    gross_carrying_amount : (N,) book currency, > 0, before the modification.
    present_value : (N,) of the modified contractual cash flows at the original effective rate
        (credit-adjusted for POCI).
    threshold : decimal from which a modification is substantial.

    Raises
    ------
    RiskError : shapes that differ, an amount that is not finite, a carrying amount of 0 or less, a threshold
        below 0.
    """
    check.money(gross_carrying_amount=gross_carrying_amount)
    check.finite(present_value=present_value)
    check.number(0, threshold=threshold)
    if present_value.shape != gross_carrying_amount.shape or not np.isfinite(present_value).all():
        raise RiskError(
            expected(f"finite values of shape {gross_carrying_amount.shape}", "something else"),
            field="present_value",
        )
    if not (np.isfinite(gross_carrying_amount).all() and (gross_carrying_amount > 0.0).all()):
        raise RiskError(expected("carrying amounts above 0", "another"), field="gross_carrying_amount")
    if not threshold >= 0.0:
        raise RiskError(expected("a decimal of at least 0", threshold), field="threshold")
    gain = present_value - gross_carrying_amount
    change = gain / gross_carrying_amount
    return Modified(gain, change, np.abs(change) >= threshold)


def present_value(columns: LoanColumns, original_rate: Floats) -> Floats:
    """Return what the loans' contractual flows as they stand are worth at the original effective rates, (N,).

    Interest, scheduled principal and what is due at the end, month by month, no prepayment; floating rates
    stay in force.
    """
    check.kind(LoanColumns, columns=columns)
    check.finite(original_rate=original_rate)
    check.shaped(columns.principal.shape, original_rate=original_rate)
    months = int(columns.remaining_months.max(initial=1))
    table = schedule(contract_terms(columns), months)
    opening = np.concatenate([columns.principal[:, None], table.closing[:, :-1]], axis=1)
    flows = table.interest + opening - table.closing
    step = np.arange(1, months + 1)
    return np.asarray((flows * np.exp(-np.log1p(original_rate / 12.0)[:, None] * step)).sum(axis=1))


def repriced(loans: pl.DataFrame, panel: pl.DataFrame | None) -> tuple[Integers, Floats] | None:
    """Return fixed-rate loans whose rate differs from the first reported: places and first rates.

    None where the source has no history of rates. A changed term is not seen: schedules are not in a panel.
    """
    check.kind(pl.DataFrame, loans=loans)
    check.kind(pl.DataFrame, **check.given(panel=panel))
    if panel is None or "annual_rate" not in panel.columns or not panel["annual_rate"].is_not_null().any():
        return None
    known = panel.filter(pl.col("annual_rate").is_not_null()).sort("report_date")
    first = known.group_by("loan_id").agg(pl.col("annual_rate").first().alias("\nfirst"))
    joined = loans.select("loan_id", "annual_rate", "rate_type").join(
        first, on="loan_id", how="left", maintain_order="left"
    )
    moved = (pl.col("annual_rate") - pl.col("\nfirst")).abs() > LEAST_CHANGE
    fixed = pl.col("rate_type").fill_null("fixed") == "fixed"
    chosen = joined.select((moved & fixed).fill_null(False).alias("moved"))["moved"].to_numpy()
    places = np.flatnonzero(chosen)
    return places, joined["\nfirst"].to_numpy()[places]


def modifications(
    columns: LoanColumns, places: Integers, original_rate: Floats, threshold: float
) -> Modifications:
    """Return a book's modified loans added up; the carrying amount is the principal flows repay."""
    check.kind(LoanColumns, columns=columns)
    check.codes(0, places=places)
    check.finite(original_rate=original_rate)
    check.number(threshold=threshold)
    chosen = take(columns, places)
    owing = chosen.principal > 0.0
    chosen, rate = take(chosen, owing), original_rate[owing]
    if not len(chosen.principal):
        return Modifications(0, 0.0, 0, 0.0, threshold)
    starts = range(0, len(rate), AT_ONCE)  # a schedule is a row of months a loan
    worth = [
        present_value(take(chosen, slice(start, start + AT_ONCE)), rate[start : start + AT_ONCE])
        for start in starts
    ]
    made = modification(chosen.principal, np.concatenate(worth), threshold)
    kept = ~made.substantial
    weight = chosen.weight
    return Modifications(
        loans=int(kept.sum()),
        gain=float((made.gain * weight)[kept].sum()),
        substantial=int(made.substantial.sum()),
        substantial_amount=float((chosen.principal * weight)[made.substantial].sum()),
        threshold=threshold,
    )
