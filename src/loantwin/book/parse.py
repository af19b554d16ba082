"""Text into values, and for each text that cannot be one, the rule it breaks.

A column's distinct texts are read once and put back in place; a column of mostly different texts is read as
it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin.book.dates import read_dates
from loantwin.book.kinds import KEPT, kind_of
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.numbers import any_number, is_number, mark_of, misplaced, plain_number
from loantwin.products.contract import HIGHEST_RATE, LOWEST_RATE

LARGEST = 1e13
"""Amounts above this are absurd in any currency a single loan is written in."""

_LONGEST = {"count": 1_200, "days": 100_000}
"""The most months and days that any contract or arrears run to: a hundred years and more."""

UNUSABLE = ("unusable_code", "unlike_pattern")
"""Rules that make a field missing, with a warning, and refuse no row."""

FINDINGS = {"position": pl.UInt32(), "field": pl.String(), "rule": pl.String()}
"""A table of findings: which row breaks which rule in which field (null: the row as a whole)."""

_SAMPLE = 20_000


@dataclass(frozen=True)
class Parsed:
    """Values of every column by row of the text, with what was refused and what is unusable (`FINDINGS`)."""

    values: pl.DataFrame
    rejected: pl.DataFrame
    unusable: pl.DataFrame


def parse(
    frame: pl.DataFrame, sources: Iterable[ColumnSource], mapping: TapeFormat, typed: bool = False
) -> Parsed:
    """Return the values of text columns.

    Parameters
    ----------
    frame : text columns named as in the tape's header.
    sources : columns to make, their `source` lists already narrowed to the one name the header has.
    typed : True for Parquet and Excel, whose dates and numbers arrive in one plain form whatever the mapping
        says.
    """
    if typed:
        mapping = replace(mapping, decimal=".")
    specs = {spec.name: spec for spec in sources if spec.source}
    # The same text read the same way is read once (an amount that is also the base of a share).
    first: dict[object, str] = {}
    chosen = {name: first.setdefault(_manner(spec), name) for name, spec in specs.items()}
    distinct = list(dict.fromkeys(chosen.values()))
    with ThreadPoolExecutor(max_workers=2) as pool:
        read = dict(
            zip(
                distinct,
                pool.map(lambda name: _column(frame, specs[name], mapping, typed), distinct),
                strict=True,
            )
        )
    values = pl.DataFrame([read[chosen[name]][0].alias(name) for name in specs])
    found = [
        read[name][1].with_columns(pl.lit(name).alias("field")).select(list(FINDINGS)) for name in distinct
    ]
    listed = pl.concat([pl.DataFrame(schema=FINDINGS), *found])
    unusable = pl.col("rule").is_in(UNUSABLE)
    return Parsed(values, listed.filter(~unusable), listed.filter(unusable))


def _column(
    frame: pl.DataFrame, spec: ColumnSource, mapping: TapeFormat, typed: bool
) -> tuple[pl.Series, pl.DataFrame]:
    """Return a column's values and its findings (position, rule)."""
    text = frame[spec.source[0]]
    few = text.head(_SAMPLE).n_unique() < 0.1 * min(len(text), _SAMPLE)
    if not few:
        clean = _clean_numbers(text, spec, mapping)
        if clean is not None:
            return clean, _none_found()
        made = _read(text, spec, mapping, typed)
        positions = made.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("position"), "rule")
        return made["value"], positions.filter(pl.col("rule").is_not_null())
    different = text.unique().drop_nulls()
    made = _read(different, spec, mapping, typed)
    kind = made.schema["value"]
    if not len(different):
        return pl.Series(spec.name, [None], dtype=kind).new_from_index(0, len(text)), _none_found()
    values = text.replace_strict(different, made["value"], default=None, return_dtype=kind)
    wrong = made["rule"].is_not_null()
    if not wrong.any():
        return values, _none_found()
    broken, rule_of = different.filter(wrong), made["rule"].filter(wrong)
    found = np.flatnonzero(text.is_in(broken.implode()).fill_null(False).to_numpy())
    places = pl.Series("position", found, dtype=pl.UInt32)
    rules = text.gather(found).replace_strict(broken, rule_of, return_dtype=pl.String).alias("rule")
    return values, pl.DataFrame([places, rules])


def _clean_numbers(text: pl.Series, spec: ColumnSource, mapping: TapeFormat) -> pl.Series | None:
    """Return the values of a number column that is missing at most the empty text, and clean, else None."""
    if spec.values is not None or spec.breaks is not None or not is_number(spec):
        return None
    value, raw, mark = pl.col("value"), pl.col("text"), mark_of(spec, mapping)
    made = pl.DataFrame([text.alias("text")]).with_columns(plain_number(raw, spec, mark).alias("value"))
    unread = (raw.is_not_null() & value.is_null()) | misplaced(raw, mark)
    tests = [unread, *(test for _, test in _tests(spec, mapping)[1:])]
    wrong = made.select(pl.any_horizontal(test.any() for test in tests)).item()
    return None if wrong else made["value"]


def _none_found() -> pl.DataFrame:
    return pl.DataFrame(schema={"position": pl.UInt32, "rule": pl.String})


def _read(raw: pl.Series, spec: ColumnSource, mapping: TapeFormat, typed: bool) -> pl.DataFrame:
    """Return `value` and `rule` of each text: the rule it breaks, null where it reads or is missing."""
    tokens = [token for token in (*mapping.missing, *spec.missing) if token]
    stripped = pl.col("raw").str.strip_chars()
    absent = (stripped == "") | stripped.is_in(tokens) if tokens else stripped == ""
    texts = pl.DataFrame([raw.alias("raw")]).select(pl.when(~absent).then(stripped).alias("text"))
    made = texts.with_columns(_values(texts["text"], spec, mapping, typed).alias("value"))
    # Numbers stand for the rules while every row has one: texts would cost more than the tests themselves.
    tests = _tests(spec, mapping)
    names = dict(enumerate((name for name, _ in tests), 1))
    rule = pl.lit(0, pl.UInt8)
    for number, (_, test) in reversed(list(enumerate(tests, 1))):
        rule = pl.when(test.fill_null(False)).then(pl.lit(number, pl.UInt8)).otherwise(rule)
    made = made.with_columns(rule.alias("rule"))
    if not (made["rule"] > 0).any():
        return made.select("value", pl.lit(None, pl.String).alias("rule"))
    named = pl.col("rule").replace_strict(names, default=None, return_dtype=pl.String)
    made = made.with_columns(named.alias("rule"))
    usable = pl.when(pl.col("rule").is_null() | ~pl.col("rule").is_in(UNUSABLE)).then(pl.col("value"))
    return made.select(usable.alias("value"), "rule")


def _values(text: pl.Series, spec: ColumnSource, mapping: TapeFormat, typed: bool) -> pl.Series:
    """Return the value of each text, null where it is missing or cannot be one."""
    if spec.unit == "date":
        return read_dates(text, spec, mapping, typed)
    numbers = any_number(text, spec, mark_of(spec, mapping)) if is_number(spec) else None
    if numbers is not None and spec.breaks is not None:
        numbers = pl.DataFrame([numbers.alias("number")]).select(_banded(pl.col("number"), spec)).to_series()
    if spec.values is None:
        return text if numbers is None else numbers
    meant = {code: str(mapping.resolve(value)) for code, value in spec.values.items()}
    coded = text.replace_strict(meant, default=None, return_dtype=pl.String)
    return coded if numbers is None else coded.zip_with(coded.is_not_null(), numbers)


def _banded(number: pl.Expr, spec: ColumnSource) -> pl.Expr:
    """Return the band of each number: the first whose upper end, included, is not below it."""
    band = pl.lit(None, pl.String)
    for name, end in reversed(list((spec.breaks or {}).items())):
        band = pl.when(number <= end).then(pl.lit(name)).otherwise(band)
    return pl.when(number.is_finite()).then(band)


def _tests(spec: ColumnSource, mapping: TapeFormat) -> list[tuple[str, pl.Expr]]:
    """Return the rules of a column, tests over `text` and `value`; the first that holds is named."""
    value, text = pl.col("value"), pl.col("text")
    unread = text.is_not_null() & value.is_null()
    if spec.values is not None or spec.breaks is not None:
        return [("code_outside_map", unread), ("unusable_code", value == "")]
    if spec.unit in ("text", "code"):
        return (
            [] if spec.pattern is None else [("unlike_pattern", ~value.str.contains(f"^(?:{spec.pattern})$"))]
        )
    if spec.unit == "date":
        outside = (value < mapping.earliest) | (value > mapping.latest)
        return [("unparsable_date", unread), ("impossible_date", outside)]
    tests = [
        ("unparsable_number", unread),
        ("not_finite", ~value.is_finite()),
    ]
    kind = kind_of(spec)
    if kind in _LONGEST:
        tests += [
            ("absurd_count", value.abs() > _LONGEST[kind]),
            ("not_a_whole_number", (value - value.round()).abs() > 1e-6),
        ]
    if kind == "rate":
        lowest = LOWEST_RATE if spec.name.endswith("annual_rate") else -HIGHEST_RATE
        tests += [("absurd_rate", (value > HIGHEST_RATE) | (value < lowest))]
    if _signed(spec):
        tests += [("negative_amount", value < 0)]
    if _signed(spec) or spec.name in KEPT:
        tests += [("absurd_amount", value.abs() > LARGEST)]
    return tests


def _manner(spec: ColumnSource) -> tuple[object, ...]:
    return (
        spec.source,
        spec.unit,
        spec.formats,
        spec.day,
        spec.missing,
        spec.pattern,
        str(spec.values),
        str(spec.breaks),
        _signed(spec),
        spec.decimal,
        spec.times,
        spec.percent_above,
        spec.zero,
        spec.every,
        kind_of(spec),
    )


def _signed(spec: ColumnSource) -> bool:
    """Return whether a negative value is refused: amounts that are no credits, whole numbers of months,
    days.
    """
    if spec.name in KEPT:
        return False
    return (
        spec.name == "weight"
        or spec.unit in ("money", "months", "years", "days")
        or kind_of(spec) in ("count", "days", "money")
    )
