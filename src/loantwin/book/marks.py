"""Control and direction marks in the texts of a tape: kept as they are, shown as escapes, and warned of."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from loantwin.book.mapping import ColumnSource
from loantwin.book.parse import FINDINGS
from loantwin.errors import CONTROLS

RULE = "control_characters"

_MARKS = "[" + "".join(f"\\x{{{point:x}}}" for point in (*CONTROLS, 0x09, 0x0A)) + "]"


def marked(values: pl.DataFrame, sources: Iterable[ColumnSource]) -> pl.DataFrame:
    """Return the rows with such a mark in a text that is kept as it stands (`FINDINGS`)."""
    parts = [pl.DataFrame(schema=FINDINGS)]
    for spec in sources:
        plain = spec.unit in ("text", "code") and spec.values is None and spec.pattern is None
        if not plain or spec.name not in values.columns:
            continue
        held = values[spec.name].str.contains(_MARKS).fill_null(False)
        if held.any():
            position = held.arg_true().cast(pl.UInt32).alias("position")
            found = pl.DataFrame([position])
            parts.append(found.with_columns(pl.lit(spec.name).alias("field"), pl.lit(RULE).alias("rule")))
    return pl.concat(parts)
