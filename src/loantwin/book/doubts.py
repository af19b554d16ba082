"""Columns whose size cannot be right: rates of hundreds of percent, amounts of three decimals, two units
in one.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loantwin.book.currencies import THREE_DECIMALS
from loantwin.book.kinds import kind_of
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.numbers import is_number, mark_of
from loantwin.book.parse import FINDINGS

RULES = ("rate_unit", "three_decimals", "term_under_a_month")
"""Warnings of rows whose value is doubted because of the column it stands in; the value is kept."""

ANNUAL = frozenset({"annual_rate", "effective_annual_rate", "panel.annual_rate"})
"""Columns of rates a year, of which a median is known to lie between a tenth of a percent and one."""

LOWEST_MEDIAN = 0.002
"""A median rate below this, decimal a year, is taken for decimals read as percent."""

TIMES_APART = 30.0
"""Rates this many times below the median are of another unit."""

LEAST_DAYS = 28
"""A term below this many days is shorter than any month."""

_FEW = 3
_SAMPLE = 5_000


@dataclass(frozen=True)
class Doubts:
    """Doubted rows (`FINDINGS`), and for each column a sentence with the key that mends it."""

    found: pl.DataFrame
    said: tuple[str, ...]


def doubts(
    frame: pl.DataFrame, values: pl.DataFrame, sources: list[ColumnSource], mapping: TapeFormat
) -> Doubts:
    """Return what is doubtful about the sizes of columns.

    Parameters
    ----------
    frame : texts of the read columns. values : the same rows parsed; what could not be read is null.
    """
    parts, said = [pl.DataFrame(schema=FINDINGS)], []
    for spec in sources:
        rows, words, rule = None, "", RULES[0]
        if spec.name in ANNUAL:
            rows, words = _rates(values[spec.name], spec)
        elif kind_of(spec) == "money" and is_number(spec) and mapping.currency not in THREE_DECIMALS:
            rows, words = _thousandths(frame[spec.source[0]], spec, mapping)
            rule = RULES[1]
        elif kind_of(spec) == "count" and spec.unit == "days":
            days = frame[spec.source[0]].str.extract(r"^\s*(\d+(?:\.\d+)?)").cast(pl.Float64)
            rows, words = (
                (days > 0) & (days < LEAST_DAYS),
                "terms of days are held as whole months, at least one",
            )
            rule = RULES[2]
        if rows is None or not rows.any():
            continue
        positions = pl.DataFrame([rows.arg_true().cast(pl.UInt32).alias("position")])
        parts.append(positions.with_columns(pl.lit(spec.name).alias("field"), pl.lit(rule).alias("rule")))
        said.append(f"{spec.name.removeprefix('panel.')} (column {spec.source[0]}): {words}")
    return Doubts(pl.concat(parts), tuple(said))


def _rates(rates: pl.Series, spec: ColumnSource) -> tuple[pl.Series | None, str]:
    """Return which rates are of another unit than the mapping says, or than most of the column, and why."""
    nonzero = rates.filter((rates != 0).fill_null(False)).abs()
    if not len(nonzero):
        return None, ""
    median = float(nonzero.median() or 0.0)  # type: ignore[arg-type]  # of numbers
    percent = spec.unit == "percent"
    size = rates.abs().fill_null(0.0)
    if median > 1.0:
        rows = size > 1.0
        mend = "`times = 0.01`" if percent else '`unit = "percent"`'
        return rows, f"the median rate is {median:,.0%} a year; {mend} reads it as {0.01 * median:.2%}"
    if percent and median < LOWEST_MEDIAN:
        return (
            size > 0,
            f'the median rate is {median:.4%} a year; `unit = "decimal"` reads it as {100 * median:.2%}',
        )
    high = size > max(1.0, TIMES_APART * median) if not percent else size > 2.0
    if high.any():
        count, most = int(high.sum()), f"{len(nonzero):,}"
        words = f"{count:,} of {most} rates are above 100 % a year beside a median of {median:.2%}"
        return high, words + "; `percent_above = 1.0` reads such as percent"
    low = (size > 0) & (size * TIMES_APART < median) & (size < 0.005)
    if percent and low.any():
        words = (
            f"{int(low.sum()):,} of {len(nonzero):,} rates are below {median / TIMES_APART:.3%} a year "
            "beside a median"
        )
        return low, words + f" of {median:.2%}: decimals among percent; correct them in the source"
    return None, ""


def _thousandths(text: pl.Series, spec: ColumnSource, mapping: TapeFormat) -> tuple[pl.Series | None, str]:
    """Return which amounts have three digits behind their mark, where all that have a mark do, and why
    it matters.
    """
    mark = mark_of(spec, mapping)
    pattern = rf"^[^\d]*\d{{1,3}}(?:\{mark}\d{{3}})?[^\d]*$"
    marked = rf"\{mark}\d{{3}}[^\d]*$"
    head = text.head(_SAMPLE).drop_nulls()
    if not len(head) or not head.str.contains(pattern).all() or not head.str.contains(marked).any():
        return None, ""
    rows = text.str.contains(marked).fill_null(False)
    if not text.str.contains(pattern).fill_null(True).all() or int(rows.sum()) < min(
        _FEW, text.len() - text.null_count()
    ):
        return None, ""
    other = "," if mark == "." else "."
    example = next(str(item) for item in text.filter(rows).head(1))
    words = f"every amount with a {mark!r} has exactly three digits behind it, like {example.strip()}"
    return rows, words + f'; `decimal = "{other}"` for the column reads thousands'
