"""What a tape lacks, filled by its mapping's rules from facts known at approval or origination."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from loantwin.book.book import TYPES
from loantwin.book.mapping import CaseWeight, ColumnSource, Derivation, TapeFormat
from loantwin.book.schema import LOANS
from loantwin.errors import MappingError, expected

_TYPES = {column.name: TYPES[column.kind] for column in LOANS}


def derive_columns(loans: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    """Return the loans with each `[[derive]]` rule of the mapping applied, in order."""
    for derivation in mapping.derivations:
        loans = loans.with_columns(_derived(loans, derivation, mapping).alias(derivation.column))
    return loans


def combine_columns(values: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    """Apply a column's own table: less, divided_by, or_source, when, shift_months, constants."""
    for spec in (*mapping.columns.values(), *mapping.panel.values(), *mapping.checked.values()):
        if spec.constant is not None:
            values = values.with_columns(pl.lit(spec.constant).alias(spec.name))
            continue
        if spec.name not in values.columns:
            continue
        column = pl.col(spec.name)
        if spec.or_source:
            column = pl.coalesce(column, pl.col(f"{spec.name}\nor"))
        if spec.less:
            column = column - pl.col(f"{spec.name}\nless")
        if spec.divided_by:
            bottom = pl.col(f"{spec.name}\ndivided_by")
            column = pl.when(bottom > 0).then(column / bottom)
        if spec.shift_months is not None:
            column = _shifted(column, spec, mapping)
        if spec.when:
            column = (
                pl.when(condition(spec.when, values.schema, mapping.file))
                .then(column)
                .otherwise(spec.otherwise)
            )
        values = values.with_columns(column.alias(spec.name))
    return values


def _shifted(column: pl.Expr, spec: ColumnSource, mapping: TapeFormat) -> pl.Expr:
    """Move a date by whole months: for all rows, or by status; the last day of a month stays one."""
    stated = spec.shift_months
    moves: dict[str, str | float] = (
        {"": stated} if isinstance(stated, str | int | float) else dict(stated or {})
    )
    moved = column
    for status, value in moves.items():
        months = int(float(mapping.resolve(value)))
        later = column.dt.offset_by(f"{months}mo")
        later = pl.when(column == column.dt.month_end()).then(later.dt.month_end()).otherwise(later)
        moved = later if not status else pl.when(pl.col("status") == status).then(later).otherwise(moved)
    return moved


def condition(when: Mapping[str, Any], columns: pl.Schema, file: str = "") -> pl.Expr:
    """Return the expression of a `when` table: all entries hold; a missing value fits only `missing`.

    Raises
    ------
    MappingError : a column that the mapping does not make, or a test whose value is of another kind than the
        column.
    """
    expression = pl.lit(True)
    for name, test in when.items():
        if name not in columns:
            raise MappingError(expected("a column the mapping makes", name), file=file, field=f"when.{name}")
        tests = test if isinstance(test, dict) else {"is": test}
        for key, value in tests.items():
            _check_test(key, value, columns[name], file, f"when.{name}")
            expression &= _one_test(pl.col(name), key, value).fill_null(False)
    return expression


def _check_test(key: str, value: Any, kind: pl.DataType, file: str, where: str) -> None:
    """Refuse a test whose value is of another kind than the column."""
    if key == "missing":
        fits, wanted = isinstance(value, bool), "true or false"
    else:
        held, wanted = (
            (str, "a text")
            if kind == pl.String
            else (dt.date, "a date")
            if kind == pl.Date
            else (float | int, "a number")
        )
        given = value if key == "is" and isinstance(value, list) else [value]
        fits = all(isinstance(item, held) and not isinstance(item, bool) for item in given)
    if not fits:
        raise MappingError(expected(f"{wanted} for {key}", value), file=file, field=where)


def case_weights(loans: pl.DataFrame, weight: CaseWeight, mapping: TapeFormat) -> pl.Series:
    """Return each loan's case weight; null where the mapping gives its column's value none.

    Raises
    ------
    MappingError : a weight by a column that the mapping does not make.
    """
    if weight.column is None and "weight" in loans.columns:
        return loans["weight"]
    if weight.column is None:
        value = mapping.resolve(weight.constant)
        return pl.Series("weight", [float(value)]).new_from_index(0, loans.height)
    numbers = {key: float(mapping.resolve(value)) for key, value in weight.values.items()}
    if weight.column not in loans.columns:
        raise MappingError(
            expected("a column the mapping makes", weight.column), file=mapping.file, field="weight.column"
        )
    return loans[weight.column].replace_strict(numbers, default=None, return_dtype=pl.Float64).alias("weight")


def _derived(loans: pl.DataFrame, derivation: Derivation, mapping: TapeFormat) -> pl.Expr:
    kind = _TYPES[derivation.column]
    present = derivation.column in loans.columns
    column = pl.col(derivation.column) if present else pl.lit(None, kind)
    if derivation.at_most is not None:
        return pl.when(column > pl.col(derivation.at_most)).then(pl.col(derivation.at_most)).otherwise(column)
    value = (
        pl.col(derivation.take)
        if derivation.take is not None
        else pl.lit(mapping.resolve(derivation.value or 0)).cast(kind)
    )
    applies = condition(derivation.when, loans.schema, mapping.file)
    if not derivation.replace:
        applies &= column.is_null()
    return pl.when(applies).then(value).otherwise(column)


def _one_test(column: pl.Expr, key: str, value: Any) -> pl.Expr:
    if key == "missing":
        return column.is_null() if value else column.is_not_null()
    if key == "is":
        return column.is_in(value if isinstance(value, list) else [value])
    limit = pl.lit(value)
    return column > limit if key == "above" else column <= limit
