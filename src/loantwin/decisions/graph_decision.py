"""What a policy says of an application, from the fields that its graph gives: one by one and over columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import polars as pl

from loantwin.decisions.policy_decision import OUTCOMES, Outcome, PolicyDecision
from loantwin.products.term_sheet import AMORTISATIONS

NO_OUTCOME = "no row of the policy decides"
NO_RATE = "the policy approves without a rate"
TOO_MUCH = "the policy grants more than was asked for"
NONE_OF = "{} {} is none of {}"
LISTS = {"reasons": "reasons", "codes": "reason_codes", "reasons_zh": "reasons_zh"}
"""Lists of a decision, and the field of the graph that each is read from: a text or a list of texts."""


def referred(name: str, words: str, rules: tuple[str, ...] = ()) -> PolicyDecision:
    """Return the decision on an application of which the policy could not say, and why."""
    return PolicyDecision(name, "refer", None, None, None, (words,), rules, problem=True)


def decision_of(
    name: str, asked: Mapping[str, Any], result: Mapping[str, Any], rules: tuple[str, ...]
) -> PolicyDecision:
    """Return the decision in a graph's fields on what was asked."""
    outcome = result.get("outcome")
    amount, rate, term = (result.get(key) for key in ("amount", "annual_rate", "term_months"))
    pattern = result.get("pattern")
    words: dict[str, Any] = {key: _texts(result.get(field)) for key, field in LISTS.items()}
    problem = ""
    if outcome is None:
        problem = NO_OUTCOME
    elif outcome not in OUTCOMES:
        problem = NONE_OF.format("outcome", outcome, ", ".join(OUTCOMES))
    elif outcome == "approve" and rate is None:
        problem = NO_RATE
    elif outcome == "approve" and amount is not None and amount > asked["amount"]:
        problem = TOO_MUCH
    elif outcome == "approve" and pattern is not None and pattern not in AMORTISATIONS:
        problem = NONE_OF.format("pattern", pattern, ", ".join(AMORTISATIONS))
    if problem:
        return referred(name, problem, rules)
    if outcome != "approve":
        return PolicyDecision(name, cast("Outcome", outcome), None, None, None, rules=rules, **words)
    granted = float(asked["amount"] if amount is None else amount)
    months = int(asked["term_months"] if term is None else term)
    return PolicyDecision(
        name, "approve", granted, float(cast("float", rate)), months, rules=rules, pattern=pattern, **words
    )


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(item) for item in value if item is not None)
    return () if value is None else (str(value),)


def decided_columns(frame: pl.DataFrame, result: pl.DataFrame, wrong: pl.Series) -> pl.DataFrame:
    """Return the decisions (N, 10) in a graph's fields on N applications.

    Parameters
    ----------
    result : (N, ...) the fields by name. wrong : (N,) text of what was missing or failed, null elsewhere.
    """
    rows = len(frame)
    kinds: dict[str, type[pl.DataType]] = {
        "outcome": pl.String, "amount": pl.Float64, "annual_rate": pl.Float64, "term_months": pl.Float64,
        "pattern": pl.String,
    }  # fmt: skip
    found = {key: _series(_field(result, key), kind, rows).alias(key) for key, kind in kinds.items()}
    made = pl.DataFrame(list(found.values())).with_columns(
        wrong.alias("wrong"),
        frame["application_id"],
        frame["amount"].cast(pl.Float64).alias("asked"),
        frame["term_months"].cast(pl.Int64).alias("months"),
        *(_listed(_field(result, field), rows).alias(key) for key, field in LISTS.items()),
    )
    approve = pl.col("outcome") == "approve"
    made = made.with_columns(_problem(approve).alias("problem"))
    well = pl.col("problem").is_null()
    granted = well & approve
    none = pl.lit([], dtype=pl.List(pl.String))
    return made.select(
        "application_id",
        pl.when(well).then(pl.col("outcome")).otherwise(pl.lit("refer")).alias("outcome"),
        pl.when(granted).then(pl.coalesce("amount", "asked")).alias("amount"),
        pl.when(granted).then(pl.col("annual_rate")).alias("annual_rate"),
        pl.when(granted)
        .then(pl.coalesce(pl.col("term_months").cast(pl.Int64), "months"))
        .alias("term_months"),
        pl.when(granted).then(pl.col("pattern")).alias("pattern"),
        pl.when(well).then("reasons").otherwise(pl.concat_list("problem")).alias("reasons"),
        pl.when(well).then("codes").otherwise(none).alias("codes"),
        pl.when(well).then("reasons_zh").otherwise(none).alias("reasons_zh"),
        "problem",
    )


def _problem(approve: pl.Expr) -> pl.Expr:
    """Return why a policy could not say, null where it could."""
    outcome, pattern = pl.col("outcome"), pl.col("pattern")
    return (
        pl.when(pl.col("wrong").is_not_null())
        .then(pl.col("wrong"))
        .when(outcome.is_null())
        .then(pl.lit(NO_OUTCOME))
        .when(~outcome.is_in(OUTCOMES))
        .then(pl.format(NONE_OF, pl.lit("outcome"), outcome, pl.lit(", ".join(OUTCOMES))))
        .when(approve & pl.col("annual_rate").is_null())
        .then(pl.lit(NO_RATE))
        .when(approve & (pl.col("amount") > pl.col("asked")))
        .then(pl.lit(TOO_MUCH))
        .when(approve & ~pattern.is_in(AMORTISATIONS))
        .then(pl.format(NONE_OF, pl.lit("pattern"), pattern, pl.lit(", ".join(AMORTISATIONS))))
    )


def _field(result: pl.DataFrame, name: str) -> pl.Series | None:
    return result[name] if name in result.columns else None


def _listed(value: pl.Series | None, rows: int) -> pl.Series:
    """Return texts of each row (N,) as lists, missing ones left out."""
    kind = pl.List(pl.String)
    if value is not None and isinstance(value.dtype, pl.List):
        made = value.cast(kind).list.drop_nulls().to_frame("made")
        return made.select(pl.col("made").fill_null(pl.lit([], dtype=kind))).to_series()
    texts = _series(value, pl.String, rows)
    if texts.null_count() == rows:
        return pl.Series([[]], dtype=kind).new_from_index(0, rows)
    lists = texts.reshape((rows, 1)).arr.to_list()
    return lists.list.drop_nulls() if texts.null_count() else lists


def _series(value: pl.Series | None, kind: type[pl.DataType], rows: int) -> pl.Series:
    """Return a field of the result; one that the graph does not give, or of another kind, is missing."""
    if value is None or value.dtype == pl.Null:
        return pl.Series(pl.Series([None] * rows, dtype=kind))
    if value.dtype == kind:
        return value
    return value.cast(kind, strict=False)
