"""How a column of cases writes numbers and days: decided from the whole column, kept with the feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from loantwin.book.guess.values import Values
from loantwin.book.mapping import ColumnSource
from loantwin.book.numbers import any_number

POINT, COMMA, FREE = ".", ",", "free"
"""Forms of numbers: the decimal mark; FREE where the file types the column or no text bears a mark."""
NAMES = {POINT: "point", COMMA: "comma"}
ISO = "%Y-%m-%d"
"""Read beside a model's own form of days: it cannot be mistaken for another."""
DATES = (ISO, "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%b-%y", "%d-%b-%Y", "%Y/%m/%d")
MONTHS = ("%b-%Y", "%Y-%m", "%m/%Y")
OTHER_ORDER = {"%m/%d/%Y": "%d/%m/%Y"}
"""Forms whose texts may all be read with day and month changed over."""
MOSTLY = 0.5
"""Share of numbers from which a column has a say in how its file writes them."""

_ANY = ColumnSource("case", ("x",), unit="number")
_SIGN = r"^[$€£¥]\s*|\s*[%$€£¥]$"
# No thousands mark stands behind a lone 0: 0,295 has a decimal comma, 0.295 a decimal point.
_AFTER_NOTHING = {POINT: r"^\D*0+,", COMMA: r"^\D*0+\."}


@dataclass(frozen=True)
class NumberForm:
    """How a column writes numbers. told : whether its own texts tell; else other columns or the file do."""

    form: str
    told: bool


def bare(column: pl.Series) -> pl.Series:
    """Return texts without a sign of money or percent; 12 % stays 12."""
    return column.str.replace_all(_SIGN, "")


def numbers_in(column: pl.Series, form: str) -> pl.Series:
    """Return the numbers of texts written in a form, (N,) float, null where a text does not fit it."""
    mark = POINT if form == FREE else form
    if mark == POINT:
        plain = column.cast(pl.Float64, strict=False)
        if plain.null_count() == column.null_count():
            return plain
    texts = bare(column)
    held = texts.unique().drop_nulls()
    if not len(held):
        return pl.Series(column.name, [None], dtype=pl.Float64).new_from_index(0, len(column))
    made = any_number(held, _ANY, mark)
    made = made.set(held.str.contains(_AFTER_NOTHING[mark]), None)
    read = texts.replace_strict(held, made, default=None, return_dtype=pl.Float64)
    return read.alias(column.name)


def votes(column: pl.Series) -> tuple[int, int]:
    """Return how many distinct texts can only have a decimal point, and only a decimal comma."""
    held = bare(column.drop_nulls().unique(maintain_order=True))
    held = held.filter(
        held.str.contains(r"[.,]") & held.str.contains(r"\d") & ~held.str.contains(r"[A-DF-Za-df-z]")
    )
    held = held.filter(~held.str.contains(r"^\D*[1-9]\d{0,2}[.,]\d{3}\D*$"))  # thousands, or a mark
    early = [int(held.str.contains(_AFTER_NOTHING[mark]).sum()) for mark in (COMMA, POINT)]
    late = held.filter(~held.str.contains(r"^\D*0+[.,]"))
    point, comma = Values("case", late).votes
    return point + early[0], comma + early[1]


def contradicts(column: pl.Series, form: str) -> bool:
    """Return whether texts tell that another decimal mark is theirs: most do, or some could be either.

    Fewer are texts that do not fit.
    """
    own, other = votes(column) if form == POINT else votes(column)[::-1]
    either = column.str.contains(rf"^\D*[1-9]\d{{0,2}}\{COMMA if form == POINT else POINT}\d{{3}}\D*$").any()
    return other > own and (either or 2 * other >= column.n_unique() - bool(column.null_count()))


def number_forms(frame: pl.DataFrame, delimiter: str, typed: Sequence[str]) -> dict[str, NumberForm]:
    """Return how each column of texts writes numbers; those that do not tell are as most others are.

    Where no column tells, a file with `;` between its columns has decimal commas.
    """
    found: dict[str, NumberForm] = {}
    open_, say = [], [0, 0]
    for name in frame.columns:
        column = frame[name].drop_nulls()
        if name in typed or not column.str.contains(r"\d[.,]|[.,]\d").any():
            found[name] = NumberForm(FREE, True)
            continue
        point, comma = votes(column)
        if point == comma:
            open_.append(name)
            continue
        mark = POINT if point > comma else COMMA
        found[name] = NumberForm(mark, True)
        if numbers_in(column, mark).is_not_null().sum() >= MOSTLY * len(column):
            say[mark == COMMA] += 1
    usual = POINT if say[0] > say[1] else COMMA if say[1] > say[0] or delimiter == ";" else POINT
    return found | {name: NumberForm(usual, False) for name in open_}


def date_form(column: pl.Series) -> str | None:
    """Return the form of days that reads every text of a column, None where none does or there is no text."""
    there = column.drop_nulls().unique(maintain_order=True)
    if not len(there):
        return None
    for form in (*DATES, *MONTHS):
        if not days_in(there.head(50), form).is_null().any() and not days_in(there, form).is_null().any():
            return form
    return None


def days_in(column: pl.Series, form: str) -> pl.Series:
    """Return the days of texts written in a form, null where one does not fit; a month is its first day."""
    if form in MONTHS:
        return ("01-" + column).str.to_date(f"%d-{form}", strict=False).alias(column.name)
    return column.str.to_date(form, strict=False)


def known_days(column: pl.Series, form: str) -> pl.Series:
    """Return the days of texts in a model's form, else as YYYY-MM-DD; null where neither reads one."""
    found = days_in(column, form)
    return found if form == ISO else found.zip_with(found.is_not_null(), days_in(column, ISO))


def either_order(column: pl.Series, form: str) -> bool:
    """Return whether all of a column's texts may be read with day and month changed over, too."""
    other = OTHER_ORDER.get(form)
    return other is not None and not days_in(column.drop_nulls().unique(), other).is_null().any()


def in_words(forms: Mapping[str, NumberForm], name: str) -> str:
    """Return what was assumed of a column whose texts do not tell how it writes numbers."""
    mark = NAMES[forms[name].form]
    return f"{name}: numbers are read with a decimal {mark}; its own texts could be either"
