"""What a column's values are: numbers by either decimal mark, dates by format, codes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.book.dates import read_dates
from loantwin.book.mapping import ColumnSource, TapeFormat, from_dict
from loantwin.book.numbers import any_number

MISSING_TEXTS = (
    *("NA", "N/A", "n/a", "na", "#N/A", "NULL", "Null", "null", "None", "none", "NaN", "nan", "NAN", "\\N"),
    *(
        "ND",
        "ND,1",
        "ND,2",
        "ND,3",
        "ND,4",
        "ND,5",
        "ND1",
        "ND2",
        "ND3",
        "ND4",
        "ND5",
        "k.A.",
        "k. A.",
        "n.v.",
    ),
    *(
        "s/d",
        "S/D",
        "n.d.",
        "无",
        "なし",
        "missing",
        "Missing",
        "MISSING",
        "(null)",
        "(blank)",
        "#NULL!",
        "Exempt",
    ),
)
"""Texts that mean missing wherever they stand; ND is that of the ECB's templates."""

MOST_READ = 3_000
"""Distinct texts of a column beyond this many tell nothing new of its form."""

FORMS: tuple[tuple[str, str], ...] = (
    ("%Y-%m-%d", r"^\d{4}-\d{1,2}-\d{1,2}$"),
    ("%Y/%m/%d", r"^\d{4}/\d{1,2}/\d{1,2}$"),
    ("%Y.%m.%d", r"^\d{4}\.\d{1,2}\.\d{1,2}$"),
    ("%d.%m.%Y", r"^\d{1,2}\.\d{1,2}\.\d{4}$"),
    ("%d/%m/%Y", r"^\d{1,2}/\d{1,2}/\d{4}$"),
    ("%m/%d/%Y", r"^\d{1,2}/\d{1,2}/\d{4}$"),
    ("%d-%m-%Y", r"^\d{1,2}-\d{1,2}-\d{4}$"),
    ("%m-%d-%Y", r"^\d{1,2}-\d{1,2}-\d{4}$"),
    ("%d.%m.%y", r"^\d{1,2}\.\d{1,2}\.\d{2}$"),
    ("%d/%m/%y", r"^\d{1,2}/\d{1,2}/\d{2}$"),
    ("%m/%d/%y", r"^\d{1,2}/\d{1,2}/\d{2}$"),
    ("%d-%m-%y", r"^\d{1,2}-\d{1,2}-\d{2}$"),
    ("%d-%b-%Y", r"^\d{1,2}-[A-Za-z]{3}-\d{4}$"),
    ("%d-%b-%y", r"^\d{1,2}-[A-Za-z]{3}-\d{2}$"),
    ("%d %b %Y", r"^\d{1,2} [A-Za-z]{3} \d{4}$"),
    ("%d/%b/%Y", r"^\d{1,2}/[A-Za-z]{3}/\d{4}$"),
    ("%d%b%Y", r"^\d{1,2}[A-Za-z]{3}\d{4}$"),
    ("%d %B %Y", r"^\d{1,2} [A-Za-z]{3,9} \d{4}$"),
    ("%b %d, %Y", r"^[A-Za-z]{3} \d{1,2}, \d{4}$"),
    ("%B %d, %Y", r"^[A-Za-z]{3,9} \d{1,2}, \d{4}$"),
    ("%b-%Y", r"^[A-Za-z]{3}-\d{4}$"),
    ("%b %Y", r"^[A-Za-z]{3} \d{4}$"),
    ("%b-%y", r"^[A-Za-z]{3}-\d{2}$"),
    ("%B %Y", r"^[A-Za-z]{3,9} \d{4}$"),
    ("%Y-%m", r"^\d{4}-\d{2}$"),
    ("%Y/%m", r"^\d{4}/\d{1,2}$"),
    ("%m/%Y", r"^\d{1,2}/\d{4}$"),
    ("%m.%Y", r"^\d{1,2}\.\d{4}$"),
    ("%m-%Y", r"^\d{1,2}-\d{4}$"),
    ("%Y-Q%q", r"^\d{4}-Q[1-4]$"),
    ("%YQ%q", r"^\d{4}Q[1-4]$"),
    ("%Y Q%q", r"^\d{4} Q[1-4]$"),
    ("Q%q %Y", r"^Q[1-4] \d{4}$"),
    ("%Y-%m-%d %H:%M:%S", r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"),
    ("%Y-%m-%d %H:%M", r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$"),
    ("%Y-%m-%d %H:%M:%S%.f", r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d+$"),
    ("%Y-%m-%dT%H:%M:%S", r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"),
    ("%Y-%m-%dT%H:%M:%S%.f", r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d+$"),
    ("%Y-%m-%dT%H:%M:%SZ", r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"),
    ("%Y/%m/%d %H:%M:%S", r"^\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2}$"),
    ("%Y/%m/%d %H:%M", r"^\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}$"),
    ("%d/%m/%Y %H:%M:%S", r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}$"),
    ("%m/%d/%Y %H:%M:%S", r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}$"),
    ("%d/%m/%Y %H:%M", r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}$"),
    ("%m/%d/%Y %H:%M", r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}$"),
    ("%d-%m-%Y %H:%M", r"^\d{1,2}-\d{1,2}-\d{4} \d{1,2}:\d{2}$"),
    ("%m-%d-%Y %H:%M", r"^\d{1,2}-\d{1,2}-\d{4} \d{1,2}:\d{2}$"),
    ("%d.%m.%Y %H:%M:%S", r"^\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}:\d{2}$"),
    ("%d.%m.%Y %H:%M", r"^\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}$"),
    ("%Y年%m月%d日", r"^\d{4}年\d{1,2}月\d{1,2}日$"),
    ("%Y年%m月", r"^\d{4}年\d{1,2}月$"),
)
"""Date formats and the texts that each may read; day before month where both read all."""

DIGIT_FORMS: tuple[tuple[str, str], ...] = (
    ("%Y%m%d", r"^(?:19|20|21)\d{6}$"),
    ("%Y%m", r"^(?:19|20|21)\d{4}$"),
    ("%d%m%Y", r"^\d{4}(?:19|20|21)\d{2}$"),
    ("%m%d%Y", r"^\d{4}(?:19|20|21)\d{2}$"),
    ("%m%Y", r"^\d{2}(?:19|20|21)\d{2}$"),
    ("%y%m%d", r"^\d{6}$"),
    ("%Y", r"^(?:19|20)\d{2}$"),
    ("excel-days", r"^[2-6]\d{4}(?:\.\d+)?$"),
    ("epoch-milliseconds", r"^1\d{12}$"),
    ("epoch-seconds", r"^1\d{9}$"),
)
"""Dates that are written as a number: taken for one only where the name says so."""

DAY_FIRST = {"%m/%d/%Y": "%d/%m/%Y", "%m-%d-%Y": "%d-%m-%Y", "%m/%d/%y": "%d/%m/%y", "%m%d%Y": "%d%m%Y"}
"""Formats with the month first -> the same texts with the day first."""
for _form in ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m-%d-%Y %H:%M"):
    DAY_FIRST[_form] = "%d" + _form[2] + "%m" + _form[5:]

_LOOK = 25
"""Texts at each end of a column whose forms are looked for in the rest."""

MOST_OF = 0.97
"""The share of a column's texts that must be of a form for the column to be of it."""

_FIRST_DAY, _LAST_DAY = dt.date(1930, 1, 1), dt.date(2120, 1, 1)
_NOWHERE: TapeFormat = from_dict({"name": "guess", "columns": {"loan_id": "x"}})
_ANY_NUMBER = ColumnSource("guess", ("x",), unit="money")
_TAIL = re.compile(
    r"(?:%\s*(?:p\.?\s?a|per annum)?|months?|mths?|mos?|years?|yrs?|days?|monate|jahre|tage"
    r"|个月|月|年|天|期|ヶ月|か月|日)\.?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DateForm:
    """The formats that read a column, the share read, and the other order of day and month where it reads
    all too.
    """

    formats: tuple[str, ...] = ()
    share: float = 0.0
    digits: bool = False
    other_order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Values:
    """A column of the rows looked at.

    texts : (N,) texts, null where missing. typed : True where the file itself says what is a number or date.
    """

    name: str
    texts: pl.Series
    typed: bool = False
    missing: tuple[str, ...] = field(default=())

    @cached_property
    def filled(self) -> int:
        """Return how many rows hold a value."""
        return len(self.texts) - self.texts.null_count()

    @cached_property
    def different(self) -> pl.Series:
        """Return the distinct texts, those of the first rows first."""
        return self.texts.drop_nulls().unique(maintain_order=True).head(MOST_READ)

    @cached_property
    def counts(self) -> pl.DataFrame:
        """Return the texts and how often each stands, the most frequent first."""
        return self.texts.drop_nulls().alias("text").value_counts(sort=True)

    @cached_property
    def bare(self) -> pl.Series:
        """Return the distinct texts without a unit behind them: 36 months is 36."""
        return self.different.str.strip_chars().str.replace(r"(?i)\s*" + _TAIL.pattern.rstrip("$") + "$", "")

    def number_share(self, mark: str) -> float:
        """Return the share of distinct texts that are numbers by a decimal mark."""
        if not len(self.different):
            return 0.0
        return 1.0 - any_number(self.bare, _ANY_NUMBER, mark).null_count() / len(self.different)

    @cached_property
    def votes(self) -> tuple[int, int]:
        """Return how many distinct texts can only be written with a point, and only with a comma, as
        decimal mark.
        """
        texts = self.bare
        dot = texts.str.contains(
            r"\d\.\d{1,2}\D*$|\d\.\d{4,}|,\d{3}\.|,\d{3},\d{3}|^\D*\d{1,2}(?:,\d\d)+,\d{3}\b|^\D*0?\.\d"
        )
        comma = texts.str.contains(r"\d,\d{1,2}\D*$|\d,\d{4,}|\.\d{3},|\.\d{3}\.\d{3}")
        return int((dot & ~comma).sum()), int((comma & ~dot).sum())

    @cached_property
    def thousandths(self) -> str:
        """Return the mark that always has exactly three digits behind it, "" where none has: thousands, or
        decimals.
        """
        for mark in ".,":
            held = self.bare.filter(self.bare.str.contains(mark, literal=True))
            if len(held) and held.str.contains(rf"^\D*\d{{1,3}}\{mark}\d{{3}}\D*$").all():
                return mark
        return ""

    def mark(self, usual: str) -> str:
        """Return the decimal mark of the column, the file's usual one where the column does not tell."""
        dot, comma = self.votes
        return usual if dot == comma else "." if dot > comma else ","

    def numbers(self, mark: str) -> Floats:
        """Return the numbers of all rows, (N,), NaN where none is."""
        texts = self.texts.str.strip_chars().str.replace(r"(?i)\s*" + _TAIL.pattern.rstrip("$") + "$", "")
        unique = texts.drop_nulls().unique()
        if not len(unique):
            return np.full(len(texts), np.nan)
        made = any_number(unique, _ANY_NUMBER, mark)
        read = texts.replace_strict(unique, made, default=None, return_dtype=pl.Float64)
        return np.asarray(read.to_numpy(), dtype=np.float64)

    @cached_property
    def dates(self) -> DateForm:
        """Return the date formats that read the column."""
        plain = _date_form(self.different, FORMS)
        if plain.share >= 0.5:
            return plain
        digits = _date_form(self.different, DIGIT_FORMS)
        return (
            DateForm(digits.formats, digits.share, True, digits.other_order)
            if digits.share > plain.share
            else plain
        )

    def days(self, formats: Sequence[str] = ()) -> Floats:
        """Return the dates of all rows as days since 1970, (N,), NaN where none is."""
        spec = ColumnSource("guess", ("x",), unit="date", formats=tuple(formats) or self.dates.formats)
        if not spec.formats:
            return np.full(len(self.texts), np.nan)
        read = read_dates(self.texts, spec, _NOWHERE, False)
        return np.asarray(read.cast(pl.Int32).cast(pl.Float64).to_numpy(), dtype=np.float64)


def _date_form(texts: pl.Series, forms: tuple[tuple[str, str], ...]) -> DateForm:
    """Return the format that reads most, then those that read what is left."""
    if not len(texts):
        return DateForm()
    first = [text.strip() for text in (*texts.head(_LOOK), *texts.tail(_LOOK))]
    forms = tuple((form, guard) for form, guard in forms if any(re.match(guard, text) for text in first))
    if not forms:
        return DateForm()
    left, found, read_all = texts, list[str](), 0.0
    other: tuple[str, ...] = ()
    for _ in range(3):
        shares = {form: _read_share(left, form, guard) for form, guard in forms}
        best = max(shares, key=lambda form: shares[form])
        if shares[best] * len(left) < max(1.0, 0.01 * len(texts)):
            break
        if not found:
            other = tuple(
                first for first, day in DAY_FIRST.items() if day == best and shares[first] == shares[best]
            )
        found.append(best)
        guard = dict(forms)[best]
        read = _dates(left, best)
        good = (left.str.contains(guard) & read.is_not_null()).fill_null(False)
        read_all += float(good.sum()) / len(texts)
        left = left.filter(~good)
        if not len(left):
            break
    return DateForm(tuple(found), read_all, other_order=other)


def _read_share(texts: pl.Series, form: str, guard: str) -> float:
    alike = texts.filter(texts.str.contains(guard))
    if not len(alike):
        return 0.0
    read = _dates(alike, form)
    sane = ((read >= _FIRST_DAY) & (read <= _LAST_DAY)).fill_null(False)
    return float(sane.sum()) / len(texts)


def _dates(texts: pl.Series, form: str) -> pl.Series:
    return read_dates(texts, ColumnSource("guess", ("x",), unit="date", formats=(form,)), _NOWHERE, False)
