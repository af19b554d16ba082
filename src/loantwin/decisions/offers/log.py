"""An offer log as columns: prices in percentage points, strata, what was taken up, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.decisions.offers.covariates import encoded
from loantwin.decisions.offers.mapping import OfferFormat
from loantwin.errors import ModelError, TapeError, UsageError, expected, unknown
from loantwin.models.scoring.table import Table, read_table

YES, NO = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
MOST_POINTS = {"month": 100.0, "year": 1000.0}
"""Percentage points above which a rate is taken for one of another unit."""
LEAST_PERCENT = 0.5
"""Where the highest rate of a log in percent is below this, its rates are taken for decimals."""


@dataclass(frozen=True)
class Offers:
    """Offers, (N,) each. Rates are percentage points of the period of the log's unit; money is the log's.

    rate : offered. taken : bool. amount : lent, 0 where not taken up. contract : the rate of the contract.
    arrears, revenue, months : of borrowers. All three, and `contract`, are NaN where the log says nothing.
    beyond : bool, above the client's standard rate. propensity : known probability of the price, NaN where
    none is. stratum : place in `strata`. strata : (S,) the values of the columns `within`. cluster : code, or
    the offer's own place. covariates : (N, K), known before the price. covariate_names : (K,).
    """

    rate: Floats
    taken: Flags
    amount: Floats
    contract: Floats
    arrears: Floats
    revenue: Floats
    months: Floats
    beyond: Flags
    propensity: Floats
    stratum: Integers
    cluster: Integers
    covariates: Floats
    strata: tuple[tuple[str, ...], ...]
    within: tuple[str, ...]
    covariate_names: tuple[str, ...]
    clustered: bool
    days: tuple[str, str] | None
    sha256: str
    said: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rate)

    def take(self, rows: Array) -> Offers:
        """Return some of the offers: a mask or places."""
        columns = {item.name: getattr(self, item.name) for item in fields(self)}
        arrays = {name: value[rows] for name, value in columns.items() if isinstance(value, np.ndarray)}
        return Offers(**{**columns, **arrays})

    def name_of(self, stratum: int) -> str:
        """Return a stratum in words, "risk HIGH, wave 2"."""
        values = zip(self.within, self.strata[stratum], strict=True)
        return ", ".join(f"{name} {value}" for name, value in values) or "all offers"


def read_offers(path: Path | str, mapping: OfferFormat, within: Sequence[str] | None = None) -> Offers:
    """Return the offers of a file: text, Excel or Parquet.

    Parameters
    ----------
    within : columns whose values make the strata; None takes the mapping's.

    Raises
    ------
    UsageError : no such column. TapeError : a value that is missing or none of its kind, naming row and
    column; rates that are negative, or of another unit than the mapping says. ModelError : no offer taken up,
    or all of them, or prices that do not differ within the strata.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(expected("a file of offers", "none"), file=path, field="offers")
    return offers_of(read_table(file), mapping, within, file)


def offers_of(
    table: Table, mapping: OfferFormat, within: Sequence[str] | None = None, file: Path | None = None
) -> Offers:
    """Return the offers of a table; see `read_offers`.

    Raises
    ------
    UsageError, TapeError, ModelError : as `read_offers`.
    """
    reader = _Reader(table, mapping, file)
    strata_by = tuple(mapping.within if within is None else within)
    rate, taken = reader.rates("offered_rate"), reader.flags("taken_up")
    amount = reader.numbers("amount", least=0.0)
    reader.refuse("amount", taken & ~(amount > 0.0), "an amount above 0 where an offer was taken up")
    stratum, strata = reader.strata(strata_by)
    cluster, clustered = reader.codes("cluster")
    matrix, names = encoded(table, [reader.named(name, "covariates") for name in mapping.covariates])
    offers = Offers(
        rate=rate,
        taken=taken,
        amount=np.where(taken, amount, 0.0),
        contract=reader.rates("contract_rate"),
        arrears=np.where(taken, reader.numbers("arrears", least=0.0), np.nan),
        revenue=np.where(taken, reader.numbers("revenue"), np.nan),
        months=np.where(taken, reader.numbers("term_months", least=0.0), np.nan),
        beyond=_beyond(reader, rate),
        propensity=reader.shares("propensity"),
        stratum=stratum,
        cluster=cluster,
        covariates=matrix,
        strata=strata,
        within=strata_by,
        covariate_names=names,
        clustered=clustered,
        days=reader.days(),
        sha256=table.sha256,
        said=table.said,
    )
    _check(offers, file)
    return offers


def _beyond(reader: _Reader, rate: Floats) -> Flags:
    if "above_standard" in reader.columns:
        return reader.flags("above_standard")
    standard = reader.rates("standard_rate")
    return np.asarray(rate > standard + 1e-9)


def _check(offers: Offers, file: Path | None) -> None:
    """Raise ModelError where the log cannot say what price does."""
    below = offers.take(~offers.beyond)
    if not 0 < below.taken.sum() < len(below):
        was = "none" if not below.taken.any() else "all of them"
        raise ModelError(expected("offers of which some were taken up", was), file=file, field="taken_up")
    mean = np.bincount(below.stratum, below.rate) / np.maximum(np.bincount(below.stratum), 1)
    if np.abs(below.rate - mean[below.stratum]).max() < 1e-9:
        words = "prices that differ within strata"
        raise ModelError(
            expected(words, f"one price in each of {len(np.unique(below.stratum))}"),
            file=file, field="offered_rate",
        )  # fmt: skip


class _Reader:
    """The columns of a table by the mapping's names, each value checked; refusals name row and column."""

    def __init__(self, table: Table, mapping: OfferFormat, file: Path | None) -> None:
        self.table, self.mapping, self.file = table, mapping, file
        self.columns = {name: self.named(column, name) for name, column in mapping.columns.items()}

    def named(self, column: str, field: str) -> str:
        if column not in self.table.names:
            raise UsageError(unknown(column, self.table.names), field=field, file=self.file)
        return column

    def refuse(self, name: str, bad: Any, words: str) -> None:
        places = np.flatnonzero(bad)
        if len(places):
            row, column = int(places[0]), self.columns[name]
            was = self.table.raw[column][row]
            raise TapeError(
                expected(words, "nothing" if was is None else str(was)),
                file=self.file, row=row + 1, field=column,
            )  # fmt: skip

    def numbers(self, name: str, least: float | None = None) -> Floats:
        """Return a column's numbers, NaN where missing or where the mapping has no such column."""
        if name not in self.columns:
            return np.full(self.table.rows, np.nan)
        column = self.columns[name]
        if column not in self.table.numbers:
            texts = self.table.raw[column]
            self.refuse(name, [text is not None for text in texts], "numbers")
            return np.full(self.table.rows, np.nan)
        values = np.asarray(self.table.numbers[column], dtype=np.float64)
        if least is not None:
            self.refuse(name, values < least, f"a number of at least {least:g}")
        return values

    def shares(self, name: str) -> Floats:
        values = self.numbers(name)
        if name in self.columns:
            self.refuse(name, ~((values > 0.0) & (values <= 1.0)), "a probability above 0 and at most 1")
        return values

    def rates(self, name: str) -> Floats:
        """Return a column of rates in percentage points, checked against its unit."""
        values = self.numbers(name)
        if name not in self.columns:
            return values
        unit = self.mapping.rate_unit
        needed = np.isnan(values) if name == "offered_rate" else np.zeros(len(values), dtype=bool)
        self.refuse(name, needed | (values < 0.0), f"a rate of at least 0 in {unit}")
        most = MOST_POINTS[unit.rpartition(" ")[2]] / self.mapping.points
        hint = f"a rate in {unit}, at most {most:g}; if it is of another unit, change rate_unit"
        self.refuse(name, values > most, hint)
        top = float(np.nanmax(values)) if np.isfinite(values).any() else np.inf
        if unit.startswith("percent") and top < LEAST_PERCENT:
            words = f"rates in {unit}, the highest above {LEAST_PERCENT:g}"
            raise TapeError(
                expected(words, f"a highest rate of {top:g}")
                + "; if they are decimals, change rate_unit",
                file=self.file, field=self.columns[name],
            )  # fmt: skip
        if unit.startswith("decimal") and float(np.nanmedian(values)) > 1.0:
            middle = f"a middle rate of {float(np.nanmedian(values)):g}"
            raise TapeError(
                expected(f"rates in {unit}, most below 1", middle)
                + "; if they are percent, change rate_unit",
                file=self.file, field=self.columns[name],
            )  # fmt: skip
        return values * self.mapping.points

    def flags(self, name: str) -> Flags:
        raw = self.table.raw[self.columns[name]]
        yes = np.array([text is not None and text.lower() in YES for text in raw], dtype=bool)
        no = np.array([text is not None and text.lower() in NO for text in raw], dtype=bool)
        self.refuse(name, ~(yes | no), "1 or 0")
        return yes

    def strata(self, columns: Sequence[str]) -> tuple[Integers, tuple[tuple[str, ...], ...]]:
        """Return each offer's stratum and the values of each; one stratum where no column is named."""
        if not columns:
            return np.zeros(self.table.rows, dtype=np.int64), ((),)
        texts = []
        for name in columns:
            self.named(name, "within")
            column = self.table.raw[name]
            missing = [place for place, text in enumerate(column) if text is None]
            if missing:
                raise TapeError(
                    expected("a stratum for every offer", "nothing"),
                    file=self.file, row=missing[0] + 1, field=name,
                )  # fmt: skip
            texts.append(np.asarray(column).astype(str))
        values, places = np.unique(np.column_stack(texts), axis=0, return_inverse=True)
        return places.reshape(-1).astype(np.int64), tuple(tuple(map(str, row)) for row in values)

    def codes(self, name: str) -> tuple[Integers, bool]:
        if name not in self.columns:
            return np.arange(self.table.rows, dtype=np.int64), False
        raw = self.table.raw[self.columns[name]]
        self.refuse(name, [text is None for text in raw], "a cluster for every offer")
        return np.unique(np.asarray(raw).astype(str), return_inverse=True)[1].astype(np.int64), True

    def days(self) -> tuple[str, str] | None:
        if "date" not in self.columns:
            return None
        column = self.columns["date"]
        if column not in self.table.dates:
            raise TapeError(expected("days", "other values"), file=self.file, field=column)
        told = self.table.dates[column]
        known = told[~np.isnat(told)]
        return (str(known.min()), str(known.max())) if len(known) else None
