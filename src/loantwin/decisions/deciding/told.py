"""Reasons of many decisions as lists of codes and texts, in the language asked for."""

from __future__ import annotations

import polars as pl

from loantwin.language import said, speaking
from loantwin.models.scoring.reasons import MOST

TEXTS = pl.List(pl.String)


def told(reasons: pl.DataFrame, rows: int, language: str) -> pl.DataFrame:
    """Return codes and reasons of N decisions, (N, 2) lists: the first four of each, none twice.

    Parameters
    ----------
    reasons : row, order, code, en, zh: a row each.
    """
    shown = reasons.sort("row", "order").unique(["row", "code"], keep="first", maintain_order=True)
    shown = shown.with_columns(_words(shown, language).alias("text"))
    lists = shown.group_by("row", maintain_order=True).agg(
        pl.col("code").head(MOST).alias("codes"), pl.col("text").head(MOST).alias("reasons")
    )
    numbered = pl.DataFrame({"row": pl.Series(range(rows), dtype=pl.Int64)})
    none = pl.lit([], dtype=TEXTS)
    return numbered.join(lists, on="row", how="left", maintain_order="left").select(
        pl.col("codes").fill_null(none), pl.col("reasons").fill_null(none)
    )


def _words(shown: pl.DataFrame, language: str) -> pl.Series:
    """Return each reason in a language: its own words there, else those of the catalogue, else English."""
    if language == "en":
        return shown["en"]
    with speaking(language):
        other = {text: said(text) for text in shown.filter(pl.col("zh").is_null())["en"].unique()}
    spoken = pl.col("en").replace_strict(other, default=None, return_dtype=pl.String)
    return shown.select(pl.coalesce("zh", spoken, "en").alias("text")).to_series()
