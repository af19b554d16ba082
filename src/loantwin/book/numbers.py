"""Numbers as people write them: signs, currencies and marks of many countries, without guessing what a
mark is.
"""

from __future__ import annotations

import re

import polars as pl

from loantwin.book.currencies import CODES, SIGNS
from loantwin.book.kinds import kind_of
from loantwin.book.mapping import SCALES, ColumnSource, TapeFormat

MONTHS_A_DAY = 12.0 / 365.25

UNITS_END = {"percent": "% ", "months": " months", "years": " years", "days": " days"}
"""What may stand behind a number of each unit."""

# A thousands mark stands before exactly three digits and never after the decimal mark.
_BAD_MARK = {".": r",\d{0,2}(?:\D|$)|,\d{4}|\.\d*,", ",": r"\.\d{0,2}(?:\D|$)|\.\d{4}|,\d*\."}

_DIGITS = {chr(first + digit): str(digit) for first in (0x660, 0x6F0, 0x966, 0xFF10) for digit in range(10)}
_SIGNS_ALIKE = {
    **_DIGITS,
    **dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2019\u2018\u02bc`\u00b4", "'"),
    **dict.fromkeys("\u00a0\u202f\u2009\u2007\u2002\u3000", " "),
    "\uff0c": ",",
    "\uff0e": ".",
    "\u066b": ".",
    "\u066c": "'",
    "\uff05": "%",
    "\uff08": "(",
    "\uff09": ")",
}
_CURRENCY = "(?:" + "|".join([*sorted(CODES), *map(re.escape, SIGNS), r"\p{Sc}", "元", "円", "원"]) + ")"
_GROUPED = {
    mark: (
        rf"^(?:\d+|\d{{1,3}}(?:{thousands}\d{{3}})+)(?:{decimal}\d*)?$|^{decimal}\d+$"  # 1234.5 1,234.5 .5
        rf"|^\d{{1,3}}(?: \d{{3}})+(?:{decimal}\d*)?$"  # 1 234,5
        rf"|^\d{{1,3}}(?:'\d{{3}})+(?:[.,]\d*)?$"  # 1'234.5: what follows is the decimal mark
        rf"|^\d{{1,2}}(?:,\d{{2}})+,\d{{3}}(?:\.\d*)?$"  # 1,00,000.5: two groups of two, likewise
    )
    for mark, decimal, thousands in ((".", r"\.", ","), (",", ",", r"\."))
}


def is_number(spec: ColumnSource) -> bool:
    """Return whether a column's texts are numbers, or codes that are."""
    return spec.unit not in ("text", "code", "date")


def mark_of(spec: ColumnSource, mapping: TapeFormat) -> str:
    """Return the decimal mark of a column's texts: its own or the mapping's."""
    return spec.decimal or mapping.decimal


def plain_number(text: pl.Expr, spec: ColumnSource, decimal: str) -> pl.Expr:
    """Return the numbers of texts in the one usual form, null for other texts; `misplaced` says where
    they lie.
    """
    if spec.unit == "money":
        text = text.str.strip_chars(' $€£¥"')
    elif spec.unit in UNITS_END:
        text = text.str.strip_chars_end(UNITS_END[spec.unit])
    plain = text.str.replace_all("." if decimal == "," else ",", "", literal=True)
    if decimal == ",":
        plain = plain.str.replace(",", ".", literal=True)
    return scaled(plain.cast(pl.Float64, strict=False), spec)


def misplaced(text: pl.Expr, decimal: str) -> pl.Expr:
    """Return where a mark stands as no thousands mark can: the text means another number than it reads."""
    return text.str.contains(_BAD_MARK[decimal])


def any_number(text: pl.Series, spec: ColumnSource, decimal: str) -> pl.Series:
    """Return the numbers of texts: in the one usual form, else in any other that means one number only."""
    raw = pl.col("text")
    made = pl.DataFrame([text.alias("text")]).select(
        value=plain_number(raw, spec, decimal), misplaced=misplaced(raw, decimal)
    )
    value = made["value"].set(made["misplaced"].fill_null(False), None)
    left = (value.is_null() & text.is_not_null()).arg_true()
    return value.scatter(left, _other_number(text.gather(left), spec, decimal)) if len(left) else value


def _other_number(text: pl.Series, spec: ColumnSource, decimal: str) -> pl.Series:
    """Return the numbers of texts in any of the usual forms, null for what is none.

    Blanks and apostrophes between groups of three, groups of two as in India, currencies by code or sign,
    amounts
    in brackets or with a minus behind them, wide and Arabic digits; a lone dash among amounts is 0. A percent
    or per mille sign says so whatever the unit; "p.a." may stand behind a rate.
    """
    body = pl.col("text").str.replace_many(list(_SIGNS_ALIKE), list(_SIGNS_ALIKE.values())).str.strip_chars()
    rate = spec.unit in ("percent", "decimal", "number")
    if rate:
        body = body.str.replace(r"(?i)\s*(?:p\.?\s?a\.?|per annum)$", "")
    thousandth = body.str.ends_with("‰") & pl.lit(rate)
    body = pl.when(thousandth).then(body.str.strip_chars_end("‰ ")).otherwise(body)
    if spec.unit in UNITS_END:
        body = body.str.strip_chars_end(UNITS_END[spec.unit])
    dash = (body == "-") if spec.unit == "money" else pl.lit(False)
    if spec.unit == "money":
        sign = rf"(?i)^([(+-]?)\s*{_CURRENCY}\s*|\s*{_CURRENCY}\s*([)-]?)$"
        body = body.str.replace(sign, "${1}${2}").str.replace(sign, "${1}${2}")
    body = body.str.replace(r"[.,]-+$", "")  # 12.- and 12,-- are written for no cents
    signed_once = body.str.contains(r"^[+-]?[^()+-]+$|^[^()+-]+-$|^\([^()+-]+\)$")
    minus = body.str.contains(r"^-|-$|^\(")
    body = pl.when(signed_once).then(body.str.strip_chars("()+- "))
    percent = body.str.ends_with("%") & pl.lit(spec.unit in ("decimal", "number"))
    body = pl.when(percent).then(body.str.strip_chars_end("% ")).otherwise(body)
    fits = body.str.contains(_GROUPED[decimal])
    english = body.str.contains(r"'\d{3}\.\d*$|^\d{1,2}(?:,\d{2})+,\d{3}")
    plain = body.str.replace_all(r"[' ]", "")
    dotted = plain.str.replace_all(",", "", literal=True)
    comma = plain.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    number = (
        pl.when(english | pl.lit(decimal == ".")).then(dotted).otherwise(comma).cast(pl.Float64, strict=False)
    )
    signed = pl.when(minus).then(-number).otherwise(number)
    part = pl.when(percent).then(0.01).when(thousandth).then(0.1 if spec.unit == "percent" else 0.001)
    value = pl.when(dash).then(0.0).when(fits).then(signed * part.otherwise(1.0))
    return pl.DataFrame([text.alias("text")]).select(scaled(value, spec).alias("value"))["value"]


def scaled(number: pl.Expr, spec: ColumnSource) -> pl.Expr:
    """Return the numbers in the column's own unit; what is above `percent_above` stands for percent.

    Days of a term become whole months, at least one.
    """
    scale = SCALES.get(spec.unit, 1.0) * spec.times
    if spec.unit == "days" and kind_of(spec) == "count":
        return (
            pl.when(number > 0).then((number * MONTHS_A_DAY).round().clip(lower_bound=1.0)).otherwise(number)
        )
    made = number * scale if scale != 1.0 else number
    if spec.percent_above is None:
        return made
    return pl.when(made.abs() > spec.percent_above).then(0.01 * made).otherwise(made)
