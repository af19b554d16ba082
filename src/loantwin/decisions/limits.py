"""Limits over a batch in its order: each application is decided beside the book and what went before it.

Exposures of an application are what is owed in the book and what was granted before it in the batch, to the
same borrower, group, sector, product and vintage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.decisions.application_file import checked
from loantwin.decisions.graph_policy import GraphPolicy, decide_frame
from loantwin.errors import TapeError, UsageError, expected

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
    last: list[pl.DataFrame] = []

    def granted(asked: pl.DataFrame) -> Floats:
        last[:] = [decide_frame(policy, asked, on=on, any_date=any_date)]
        return last[0]["amount"].cast(pl.Float64).fill_null(0.0).to_numpy()

    shown = in_order(applications, book, granted)
    return last[0].with_columns(shown[f"exposures.{name}"] for name in KEYS)


def in_order(
    applications: pl.DataFrame, book: pl.DataFrame | None, granted: Callable[[pl.DataFrame], Floats]
) -> pl.DataFrame:
    """Return N applications with `exposures.*` as each meets them: the book and what went before it.

    Parameters
    ----------
    applications, book : as of `decide_in_order`. granted : applications (N, fields) -> money granted to each,
        (N,), 0 where none. It is asked about all of them, in rounds, until nothing changes.

    Raises
    ------
    UsageError : a row that is no application, a book without a balance.
    """
    frame = checked(applications)
    keys = {name: key for name in KEYS if (key := _key(frame, name)) is not None}
    base = {name: _base(frame, book, name, keys.get(name)) for name in KEYS}
    given, rounds = np.zeros(len(frame)), 0
    while True:
        shown = {name: base[name] + (_before(keys[name], given) if name in keys else 0.0) for name in KEYS}
        asked = frame.with_columns(pl.Series(f"exposures.{name}", values) for name, values in shown.items())
        fresh = granted(asked)
        rounds += 1
        if np.array_equal(fresh, given) or rounds > len(frame) + 1:
            return asked
        given = fresh


def read_owed(path: Path | str) -> pl.DataFrame:
    """Return what is owed already, (M, ...): `balance`, money, and the keys of limits that the file has.

    Parameters
    ----------
    path : .csv or .parquet with columns `balance` and those of `KEYS`.

    Raises
    ------
    TapeError : no such file, none of these. UsageError : no balance, a balance that is none, or no key.
    """
    file = Path(path)
    try:
        found = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as problem:
        words = expected("a table of what is owed, .csv or .parquet", str(problem).splitlines()[0])
        raise TapeError(words, file=file) from problem
    if "balance" not in found.columns:
        words = expected("a column balance", ", ".join(found.columns))
        raise UsageError(words, file=path, field="balance")
    there = [name for name in KEYS.values() if name in found.columns]
    if not there:
        words = expected("a column that says whose it is: " + ", ".join(KEYS.values()), "none")
        raise UsageError(words, file=path)
    balance = found["balance"].cast(pl.String).cast(pl.Float64, strict=False)
    bad = (~(balance.is_finite() & (balance >= 0.0))).fill_null(True).arg_true()
    if len(bad):
        row = int(bad[0])
        words = expected("money of at least 0", str(found["balance"][row]))
        raise UsageError(words, file=path, row=row + 1, field="balance")
    return found.select(balance, *(pl.col(name).cast(pl.String) for name in there))


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
