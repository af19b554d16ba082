"""Limits over a batch in its order: each application is decided beside the book and what went before it.

Exposures of an application are what is owed in the book and what was granted before it in the batch, to the
same borrower, group, sector, product and vintage.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.decisions.application_file import checked
from loantwin.decisions.graph_policy import GraphPolicy, decide_frame
from loantwin.errors import UsageError, expected

KEYS = {
    "borrower": "attributes.borrower_id",
    "group": "attributes.group_id",
    "sector": "sector",
    "product": "product",
    "vintage": "application_date",
}
"""Exposure -> the field of an application that says whose it is; of a vintage the year of its day."""


def decide_in_order(
    policy: GraphPolicy,
    applications: pl.DataFrame,
    book: pl.DataFrame | None = None,
    *,
    on: date | None = None,
    any_date: bool = False,
) -> pl.DataFrame:
    """Return the decisions on N applications that share limits, each after those before it.

    Over columns and not one after another: all are decided with what the round before granted to those
    before them. A decision reads earlier ones alone, so that each round settles at least the next, and
    what does not change any more is what one after another gives.

    Parameters
    ----------
    applications : (N, fields) in their order. Without a key (`attributes.borrower_id`, ...) an application
        shares that limit with nobody. book : (M, ...) what is owed already: the keys and `balance`, money;
        None takes `exposures` of the applications alone, which are added to the book's else.

    Returns
    -------
    As of `graph_policy.decide_frame`, with `exposures.*` as they were read.

    Raises
    ------
    UsageError : a row that is no application, a book without a balance. ConfigError : the policy is not in
    force on a day of theirs.
    """
    frame = checked(applications)
    keys = {name: key for name in KEYS if (key := _key(frame, name)) is not None}
    base = {name: _base(frame, book, name, keys.get(name)) for name in KEYS}
    granted, rounds = np.zeros(len(frame)), 0
    while True:
        shown = {name: base[name] + (_before(keys[name], granted) if name in keys else 0.0) for name in KEYS}
        asked = frame.with_columns(pl.Series(f"exposures.{name}", values) for name, values in shown.items())
        made = decide_frame(policy, asked, on=on, any_date=any_date)
        fresh = made["amount"].cast(pl.Float64).fill_null(0.0).to_numpy()
        rounds += 1
        if np.array_equal(fresh, granted) or rounds > len(frame) + 1:
            return made.with_columns(pl.Series(f"exposures.{name}", values) for name, values in shown.items())
        granted = fresh


def _key(frame: pl.DataFrame, name: str) -> pl.Series | None:
    """Return whose limit it is (N,), None where no application says."""
    field = KEYS[name]
    if field not in frame.columns:
        return None
    column = frame[field].cast(pl.String)
    return column.str.slice(0, 4) if name == "vintage" else column


def _base(frame: pl.DataFrame, book: pl.DataFrame | None, name: str, key: pl.Series | None) -> Floats:
    """Return what is owed before the batch (N,): in the book, and by the application's own word."""
    own = f"exposures.{name}"
    made = (
        frame[own].cast(pl.Float64).fill_null(0.0).to_numpy()
        if own in frame.columns
        else np.zeros(len(frame))
    )
    field = KEYS[name]
    if book is None or key is None or field not in book.columns:
        return made
    if "balance" not in book.columns:
        raise UsageError(expected("a column balance in the book", "none"), field="balance")
    whose = book[field].cast(pl.String)
    whose = whose.str.slice(0, 4) if name == "vintage" else whose
    owed = _sums(whose, book["balance"].cast(pl.Float64).fill_null(0.0).to_numpy())
    more = key.replace_strict(owed, default=0.0, return_dtype=pl.Float64).fill_null(0.0)
    return np.asarray(made + more.to_numpy())


def _sums(key: pl.Series, values: Floats) -> Mapping[str, float]:
    """Return the sum of each key, added up in the order of the rows."""
    names = key.fill_null("").unique(maintain_order=True)
    code = key.fill_null("").replace_strict(names, list(range(len(names))), return_dtype=pl.Int64).to_numpy()
    return dict(zip(names.to_list(), np.bincount(code, values, len(names)).tolist(), strict=True))


def _before(key: pl.Series, granted: Floats) -> Floats:
    """Return what was granted before each application to the same key (N,), 0 where it has none.

    Whole cents are summed, so that the order of additions does not matter.
    """
    code = key.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
    order = np.argsort(code, kind="stable")
    cents = np.round(granted[order] * 100.0).astype(np.int64)
    running = np.cumsum(cents) - cents
    first = np.searchsorted(code[order], code[order], side="left")
    made = np.empty(len(granted))
    made[order] = (running - running[first]) / 100.0
    return np.where(code == 0, 0.0, made)
