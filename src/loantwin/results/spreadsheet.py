"""Texts that a spreadsheet takes for no formula: what comes from a tape is shown there, never worked out."""

from __future__ import annotations

import re

import polars as pl

_START = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA = rf"^'*{_START}"
_NUMBER = r"^[+-]?[\d.,]*\d[\d.,]*$"
_INSIDE = re.compile(rf"([;\t])(?![+-][\d.,]*\d[\d.,]*(?:[;\t]|$))(?='*{_START})")
_HELD = rf"[;\t]'*{_START}"


def spreadsheet_safe(rows: pl.DataFrame) -> pl.DataFrame:
    """Return texts that a spreadsheet takes for no formula: such a one, unless it is a number, gets an
    apostrophe.

    The same behind a semicolon or tab, where spreadsheets of many countries begin a cell. One apostrophe less
    wherever one or more stand before a formula's sign, at a text's start or there, gives the text back.
    """
    text = pl.col(pl.String)
    number = text.str.contains(_NUMBER)
    made = rows.with_columns(
        pl.when(text.str.contains(_FORMULA) & ~number).then(pl.lit("'") + text).otherwise(text).name.keep()
    )
    for name, kind in made.schema.items():
        if kind == pl.String:
            places = made[name].str.contains(_HELD).fill_null(False).arg_true()
            if len(places):
                found = [_INSIDE.sub(r"\1'", value) for value in made[name].gather(places)]
                made = made.with_columns(made[name].scatter(places, found))
    return made
