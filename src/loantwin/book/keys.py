"""The numbers of loans: missing, given twice, told twice the same, or damaged on their way."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.book.panel import ORDER, in_order
from loantwin.book.parse import FINDINGS, Parsed
from loantwin.book.sniff import RawTape, raw_lines

RULES = ("missing_id", "duplicate_id", "duplicate_row", "damaged_id")

_LONG = re.compile(r"\d{16,}|\d(?:\.\d+)?[eE]\+?\d{2,}")
_SAMPLE = 1_000
_MOST_COMPARED = 200_000
"""Repeated rows beyond this many are not compared: all are called duplicates."""


@dataclass(frozen=True)
class KeyFindings:
    """Rows refused because of their loan number (`FINDINGS`), and what should be known of the numbers."""

    found: pl.DataFrame
    said: tuple[str, ...] = ()


def refused_keys(parsed: Parsed, rows: pl.Series, raw: RawTape, mapping: TapeFormat) -> KeyFindings:
    """Return rows without a loan number, and those that repeat an earlier one (panel: loan and date).

    In a panel a row that repeats an earlier one to the letter is told from one that differs. Long numbers
    that
    all passed through floating point are damaged: what they repeat are other loans.

    Parameters
    ----------
    rows : number of each parsed row in the file, from 0.
    """
    ids = parsed.values["loan_id"]
    panel = mapping.kind == "panel"
    if in_order(parsed.values) if panel else _plainly_distinct(ids):
        return KeyFindings(pl.DataFrame(schema=FINDINGS))
    keys = list(ORDER) if panel else ["loan_id"]
    missing = pl.any_horizontal(pl.col(keys).is_null())
    key = pl.struct(keys) if panel else pl.col("loan_id")
    found = parsed.values.select(
        position=pl.int_range(pl.len(), dtype=pl.UInt32), missing=missing, repeated=~key.is_first_distinct()
    ).filter(pl.col("missing") | pl.col("repeated"))
    rule = pl.when("missing").then(pl.lit("missing_id")).otherwise(pl.lit("duplicate_id"))
    found = found.select("position", pl.lit("loan_id").alias("field"), rule.alias("rule"))
    repeated = found.filter(pl.col("rule") == "duplicate_id")["position"]
    if not len(repeated):
        return KeyFindings(found)
    if passed_through_floats(ids):
        return KeyFindings(_named(found, repeated, "damaged_id"), (_damage(ids, mapping),))
    if panel and len(repeated) <= _MOST_COMPARED:
        found = _named(found, _told_twice(parsed.values, keys, rows, raw, repeated), "duplicate_row")
    return KeyFindings(found)


def passed_through_floats(ids: pl.Series) -> bool:
    """Return whether loan numbers are long and all of them numbers that floating point holds exactly.

    Of numbers of eighteen digits one in 128 is; a spreadsheet keeps fifteen digits and writes the rest as
    zeros.
    """
    sample = ids.drop_nulls().unique(maintain_order=True).head(_SAMPLE).to_list()
    if not sample or not all(_LONG.fullmatch(text) for text in sample):
        return False
    if any(not text.isdecimal() for text in sample):
        return True
    numbers = [int(text) for text in sample]
    held = min(numbers) > 2**53 and all(int(float(number)) == number for number in numbers)
    return held or all(not text[15:].strip("0") for text in sample)


def _damage(ids: pl.Series, mapping: TapeFormat) -> str:
    number, count = ids.value_counts(sort=True).row(0)
    source = " or ".join(mapping.columns["loan_id"].source)
    return (
        f"loan numbers (column {source}) are damaged: they passed through floating point, {number} stands "
        f"{count} times; "
        "take them from the source as text, or `number_rows = true` for loan_id numbers the rows instead"
    )


def _told_twice(
    values: pl.DataFrame, keys: list[str], rows: pl.Series, raw: RawTape, repeated: pl.Series
) -> pl.Series:
    """Return which of the repeated rows say to the letter what an earlier row of their key says."""
    again = values[repeated].select(keys).unique()
    places = (
        values.select(*keys)
        .with_row_index("\nat")
        .join(again, on=keys, how="semi", maintain_order="left")["\nat"]
    )
    lines = pl.Series("line", raw_lines(raw, rows.gather(places).to_numpy().astype(np.int64)))
    same = pl.DataFrame([places.alias("position"), lines]).filter(~pl.col("line").is_first_distinct())
    return same["position"].cast(pl.UInt32)


def _named(found: pl.DataFrame, positions: pl.Series, rule: str) -> pl.DataFrame:
    chosen = pl.col("position").is_in(positions.implode())
    return found.with_columns(pl.when(chosen).then(pl.lit(rule)).otherwise("rule").alias("rule"))


def _plainly_distinct(loan_ids: pl.Series) -> bool:
    """Return True where loan numbers are whole, present and different: quicker than comparing texts."""
    numbers = loan_ids.cast(pl.Int64, strict=False)
    return numbers.null_count() == 0 and numbers.n_unique() == len(numbers)
