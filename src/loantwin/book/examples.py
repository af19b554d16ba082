"""One example of each rule that refused a row: where, what stood there, and what would have been read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from loantwin.book.kinds import kind_of
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.names import near
from loantwin.book.numbers import mark_of
from loantwin.book.sniff import RawTape, raw_lines

OF_ROWS = ("totals_row", "note_row", "repeated_header", "too_few_fields", "too_many_fields", "missing_id")
"""Rules of which the row says more than its field."""

MOST_SHOWN = 80
"""Letters of a text that are shown."""

_DAYS = re.compile(r"[1-6]\d{4}(?:\.0*)?")


@dataclass(frozen=True)
class Example:
    """The first row a rule refused. `value` is the text of the field, or of the row; `hint` says what
    helps.
    """

    row: int
    field: str | None
    value: str
    hint: str


def examples(
    found: pl.DataFrame,
    cell: Callable[[int, str], str | None],
    rows: pl.Series,
    raw: RawTape,
    sources: Mapping[str, ColumnSource],
    mapping: TapeFormat,
) -> dict[str, Example]:
    """Return an example of each rule in `found` (position, field, rule).

    Parameters
    ----------
    cell : returns what stands at a position in a field, None where the row as a whole says more. rows : row
        number of each position in the file, from 0. sources : the columns as they were read, by name.
    """
    made = {}
    for position, field, rule in found.unique("rule", keep="first", maintain_order=True).iter_rows():
        row = int(rows[position])
        spec = sources.get(field) if field is not None else None
        value = cell(position, field) if field is not None and rule not in OF_ROWS else None
        if value is None:
            value = raw_lines(raw, rows[position : position + 1].to_numpy().astype("int64"))[0]
        hint = "" if spec is None else hint_of(rule, value, spec, mapping)
        if rule == "missing_value" and field == "product":
            hint = "the product may be a constant for all loans"
        made[str(rule)] = Example(row + 1, field, value[:MOST_SHOWN], hint)
    return dict(sorted(made.items()))


def hint_of(rule: str, value: str, spec: ColumnSource, mapping: TapeFormat) -> str:
    """Return what would have been read in place of a text, and the key that reads it as it stands."""
    if rule == "code_outside_map":
        codes = [*(spec.values or ()), *(["a number"] if spec.breaks else [])]
        return "allowed: " + ", ".join(codes[:20]) + (", ..." if len(codes) > 20 else "") + near(value, codes)
    if rule == "unparsable_date":
        return _date_hint(value.strip(), spec)
    if rule == "unparsable_number":
        return _number_hint(value.strip(), spec, mapping)
    return {
        "impossible_date": f"from {mapping.earliest} to {mapping.latest} (earliest_date, latest_date)",
        "negative_amount": "at least 0; `times = -1` where a lender writes amounts with a minus",
        "absurd_amount": "at most 1e13",
        "absurd_rate": 'at most 2,000 % a year; `unit = "percent"` where rates are written like 4.25',
        "absurd_count": "at most 1,200 months or 100,000 days; `unit` says what is counted",
        "not_a_whole_number": "whole months or days; `unit` says what is counted",
        "formula_without_value": "open the workbook in a spreadsheet and save it",
        "share_outside_0_1": 'from 0 to 1; `unit = "percent"` where shares are written like 80',
    }.get(rule, "")


def _date_hint(value: str, spec: ColumnSource) -> str:
    forms = {
        r"\d{4}-\d{2}-\d{2}": "%Y-%m-%d",
        r"\d{4}/\d{1,2}/\d{1,2}": "%Y/%m/%d",
        r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y",
        r"\d{1,2}/\d{1,2}/\d{4}": "%d/%m/%Y or %m/%d/%Y",
        r"\d{1,2}-\d{1,2}-\d{4}": "%d-%m-%Y or %m-%d-%Y",
        r"\d{1,2}-[A-Za-z]{3}-\d{4}": "%d-%b-%Y",
        r"\d{1,2}-[A-Za-z]{3}-\d{2}": "%d-%b-%y",
        r"[A-Za-z]{3}-\d{4}": "%b-%Y",
        r"(?:19|20)\d{6}": "%Y%m%d",
        r"(?:19|20)\d{4}": "%Y%m",
        r"\d{4}-\d{2}": "%Y-%m",
        r"\d{2}/\d{4}": "%m/%Y",
        r"\d{4}-?[Qq][1-4]": "%Y-Q%q",
        r"[Qq][1-4][ -]\d{4}": "Q%q %Y",
        r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}": "%Y-%m-%dT%H:%M:%S",
        r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}": "%Y-%m-%d %H:%M:%S",
        r"1\d{12}": "epoch-milliseconds",
        r"1\d{9}": "epoch-seconds",
    }
    if _DAYS.fullmatch(value):
        return 'a day number as Excel counts them? `formats = ["excel-days"]` reads it'
    if re.fullmatch(r"-?\d{1,3}", value):
        return 'the number of a period? `zero = 1999-12-31` and `every = "1q"` count from a day'
    for pattern, form in forms.items():
        if re.fullmatch(pattern, value):
            return f"`formats` with {form} reads it"
    return "allowed: " + ", ".join(spec.formats)


def _number_hint(value: str, spec: ColumnSource, mapping: TapeFormat) -> str:
    mark = mark_of(spec, mapping)
    other = "," if mark == "." else "."
    if re.fullmatch(r"[\s\d.,'()%+-]*\d[\s\d.,'()%+-]*", value) and (mark in value or other in value):
        return (
            f'the decimal mark is {mark!r}; `decimal = "{other}"`, of the mapping or the column, reads the '
            "other"
        )
    if value.lower() in ("true", "false"):
        return "a flag is no amount"
    if value.startswith(("#", "=")):
        return "a cell in error, or a formula without a value"
    return f'a number of {kind_of(spec)}; `missing = ["{value[:20]}"]` where it means missing'
