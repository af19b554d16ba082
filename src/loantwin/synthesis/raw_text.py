"""Values as a raw lender's export writes them: commas, percent, its own date form; and planted dirt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from loantwin.synthesis.draws import Purpose, pick, uniforms


def grouped_money(amount: pl.Expr) -> pl.Expr:
    """Return an amount below a billion with commas and two decimals, "1,234,567.80"; null stays null."""
    cents = (amount * 100.0).round().cast(pl.Int64)
    whole = cents // 100
    millions, thousands = whole // 1_000_000, _three(whole // 1_000 % 1_000)
    grouped = (
        pl.when(millions > 0)
        .then(pl.format("{},{},{}", millions, thousands, _three(whole % 1_000)))
        .when(whole >= 1_000)
        .then(pl.format("{},{}", whole // 1_000, _three(whole % 1_000)))
        .otherwise(whole.cast(pl.String))
    )
    return pl.format("{}.{}", grouped, (cents % 100).cast(pl.String).str.zfill(2))


def _three(part: pl.Expr) -> pl.Expr:
    return part.cast(pl.String).str.zfill(3)


def percent_text(column: str, decimals: int = 4) -> pl.Expr:
    """Return a rate or share in percent, "8.2500"; a null stays null."""
    scaled = (pl.col(column) * 100.0 * 10**decimals).round().cast(pl.Int64)
    size = 10**decimals
    sign = pl.when(scaled < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole = (scaled.abs() // size).cast(pl.String)
    rest = (scaled.abs() % size).cast(pl.String).str.zfill(decimals)
    return pl.concat_str(sign, whole, pl.lit("."), rest).alias(column)


def date_text(column: str, form: str) -> pl.Expr:
    """Return a date in the given form; a null stays null."""
    return pl.col(column).dt.to_string(form).alias(column)


def coded(column: str, codes: Mapping[str, str]) -> pl.Expr:
    """Return the lender's code for each of our values; a value without a code is an error."""
    return pl.col(column).replace_strict(dict(codes), return_dtype=pl.String).alias(column)


DIRT = ("unparsable_number", "unparsable_date", "negative_amount", "code_outside_map")
"""What `planted` rows hold, by `plant`'s columns: the names of the rules that should reject them."""


def plant(
    frame: pl.DataFrame, rate: float, seed: int, first_row: int, where: tuple[str, str, str, str]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return text rows with dirt planted in a share `rate` of them, and how many rows of each kind.

    Parameters
    ----------
    first_row : number of rows written before this frame, so that dirt does not depend on the block size.
    where : a column of amounts, of dates, of amounts, of codes: where each kind of `DIRT` goes.
    """
    if rate == 0.0:
        return frame, {}
    rows = frame.height
    hit = uniforms(seed, Purpose.DIRT, first_row, rows) < rate
    kind = np.where(hit, pick(uniforms(seed, Purpose.DIRT_KIND, first_row, rows), np.ones(len(DIRT))), -1)
    texts = (pl.lit("n/a ?"), pl.lit("31.02.2020"), pl.concat_str(pl.lit("-"), pl.lit("1.00")), pl.lit("??"))
    made = frame.with_columns(pl.Series("_dirt", kind))
    for code, (column, text) in enumerate(zip(where, texts, strict=True)):
        made = made.with_columns(
            pl.when(pl.col("_dirt") == code).then(text).otherwise(pl.col(column)).alias(column)
        )
    return made.drop("_dirt"), {name: int((kind == code).sum()) for code, name in enumerate(DIRT)}
