"""Large exposures: connected borrowers added up, against limits of tier 1 capital (LEX, or national)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.options import Options

SHOWN = 10
"""Largest groups that a result lists at least."""
CONNECTING = ("borrower", "co_borrower")
"""Roles of the parties table that make loans one risk; a guarantor's exposure is the covered part, apart."""


@dataclass(frozen=True)
class LargeExposure:
    """Connected borrowers. names : the first few. exposure : before, net : after guarantees of others.

    of_tier1 : net / tier 1, null without own funds. limit : share of tier 1. large, breach : null without own
        funds.
    """

    names: tuple[str, ...]
    loans: int
    borrowers: int
    exposure: float
    net: float
    share_of_book: float
    of_tier1: float | None
    limit: float
    large: bool | None
    breach: bool | None


@dataclass(frozen=True)
class LargeExposures:
    """The largest groups, and how many are large or above their limit (null without tier 1 capital)."""

    groups: tuple[LargeExposure, ...]
    counted: int
    connected_by: str
    tier1: float | None
    large: int | None
    breaches: int | None
    paragraph: str


def connected(
    loan_ids: Sequence[str], borrower: pl.Series, parties: pl.DataFrame | None = None
) -> tuple[Integers, str]:
    """Return the group of each loan, (N,) from 0, and in words by what loans were connected.

    Parameters
    ----------
    borrower : the lender's number of the borrower, null where unknown: the loan then stands alone.
    parties : link table; loans that share a borrower or co-borrower are one group, and so on through shared
        parties.
    """
    check.words(loan_ids=loan_ids)
    check.kind(pl.Series, borrower=borrower)
    check.kind(pl.DataFrame, **check.given(parties=parties))
    count = len(loan_ids)
    parent = np.arange(count)

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = int(parent[item])
        return item

    def join(keys: Sequence[object], rows: Sequence[int]) -> None:
        first: dict[object, int] = {}
        for key, row in zip(keys, rows, strict=True):
            other = first.setdefault(key, row)
            if other != row:
                parent[max(root(row), root(other))] = min(root(row), root(other))

    known = borrower.is_not_null().arg_true().to_list()
    join(borrower.gather(known).to_list(), known)
    by = ["borrower_id"] if known else []
    if parties is not None and parties.height:
        place = {name: row for row, name in enumerate(loan_ids)}
        links = parties.filter(pl.col("role").is_in(list(CONNECTING)) & pl.col("loan_id").is_in(list(place)))
        join(links["party_id"].to_list(), [place[name] for name in links["loan_id"].to_list()])
        by += ["parties"] if links.height else []
    groups = np.array([root(row) for row in range(count)], dtype=np.int64)
    words = " and ".join(by) if by else "nothing: no borrower numbers and no parties, each loan stands alone"
    return np.unique(groups, return_inverse=True)[1], words


def large_exposures(
    group: Integers,
    borrower: pl.Series,
    loan_ids: Sequence[str],
    exposure: Floats,
    net: Floats,
    connected_by: str,
    options: Options,
    tier1: float | None = None,
) -> LargeExposures:
    """Return the largest groups of connected borrowers and those above the limits.

    Parameters
    ----------
    group : (N,) from `connected`. exposure, net : (N,) currency, expected amounts of each row (case weights
        are not multiplied in: a row that stands for many loans is many borrowers). net : less the part that
        others guarantee.
    tier1 : tier 1 capital; None leaves limits untested.

    Raises
    ------
    RiskError : tier 1 capital of 0 or less.
    """
    check.codes(0, group=group)
    check.kind(pl.Series, borrower=borrower)
    check.words(loan_ids=loan_ids)
    check.money(exposure=exposure)
    check.finite(net=net)
    check.word(connected_by=connected_by)
    check.kind(Options, options=options)
    check.number(0, **check.given(tier1=tier1))
    check.shaped((len(loan_ids),), group=group, exposure=exposure, net=net)
    if tier1 is not None and tier1 <= 0:
        raise RiskError(expected("tier 1 capital above 0", tier1), field="own_funds")
    rule = options.large_exposure
    count = int(group.max(initial=-1)) + 1
    gross, after, loans = (
        np.bincount(group, weights=item, minlength=count) for item in (exposure, net, np.ones(len(group)))
    )
    borrowers = np.zeros(count, dtype=np.int64)
    if count:
        firms = (
            pl.DataFrame({"group": group, "borrower": borrower})
            .group_by("group")
            .agg(pl.col("borrower").drop_nulls().n_unique())
        )
        borrowers[firms["group"].to_numpy()] = firms["borrower"].to_numpy()
    limits = np.where(borrowers > 1, rule["group"], rule["single"])
    share = None if tier1 is None else after / tier1
    large = None if share is None else share >= rule["report"]
    breach = None if share is None else share > limits
    order = np.argsort(-after, kind="stable")
    shown = order[: max(SHOWN, 0 if large is None else int(large.sum()))] if count else order
    total = float(gross.sum())
    made = []
    for item in shown[:100]:
        rows = np.flatnonzero(group == item)[:3]
        names = tuple(dict.fromkeys(str(borrower[int(row)] or loan_ids[int(row)]) for row in rows))
        made.append(
            LargeExposure(
                names,
                int(loans[item]),
                max(int(borrowers[item]), 1),
                float(gross[item]),
                float(after[item]),
                float(gross[item]) / total if total else 0.0,
                None if share is None else float(share[item]),
                float(limits[item]),
                None if large is None else bool(large[item]),
                None if breach is None else bool(breach[item]),
            )
        )
    return LargeExposures(
        tuple(made),
        count,
        connected_by,
        tier1,
        None if large is None else int(large.sum()),
        None if breach is None else int(breach.sum()),
        rule.words("large exposures"),
    )
