"""Warnings: contradictions inside a row. It is kept; the field that cannot be right, if any, goes missing."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.book.parse import FINDINGS
from loantwin.book.schema import Column
from loantwin.errors import MappingError, expected


@dataclass(frozen=True)
class TapeRule:
    """One contradiction.

    name : as counted in results.
    field : the column it is reported under, whose raw text is listed.
    needs : columns the rule reads; without one of them it does not apply.
    test : true where the contradiction occurs.
    masks : the column that goes missing, if one can be named.
    """

    name: str
    field: str
    needs: tuple[str, ...]
    test: pl.Expr
    words: str
    masks: str | None = None


def _missing(column: str, words: str) -> TapeRule:
    return TapeRule(f"{column}_missing", column, (column,), pl.col(column).is_null(), words)


def _months(start: str, end: str) -> pl.Expr:
    first, last = pl.col(start), pl.col(end)
    return 12 * (last.dt.year() - first.dt.year()) + last.dt.month().cast(pl.Int32) - first.dt.month()


_c = pl.col
_charged_off = _c("charge_off_date").is_not_null() & (_c("charged_off") > 0)

RULES: tuple[TapeRule, ...] = (
    _missing("status", "the status is empty or unknown"),
    _missing("approval_date", "the approval date is empty"),
    _missing("origination_date", "the disbursement date is empty: the loan cannot be placed in time"),
    TapeRule(
        "charge_off_date_with_status_paid",
        "status",
        ("charge_off_date", "status"),
        _c("charge_off_date").is_not_null() & (_c("status") == "paid"),
        "the loan has a charge-off date and is called paid; the outcome follows date and amount, not the "
        "status",
    ),
    TapeRule(
        "charged_off_without_date",
        "charge_off_date",
        ("charge_off_date", "charged_off", "status"),
        _c("charge_off_date").is_null() & ((_c("charged_off") > 0) | (_c("status") == "charged_off")),
        "the loan is called charged off, or has a charged-off amount, and no date",
    ),
    TapeRule(
        "charge_off_date_without_amount",
        "charged_off",
        ("charge_off_date", "charged_off"),
        _c("charge_off_date").is_not_null() & ~(_c("charged_off") > 0).fill_null(False),
        "the loan has a charge-off date and no charged-off amount: no charge-off",
        masks="charge_off_date",
    ),
    TapeRule(
        "charged_off_above_originated",
        "charged_off",
        ("charged_off", "originated_amount"),
        _c("charged_off") > _c("originated_amount"),
        "more was charged off than disbursed",
    ),
    TapeRule(
        "originated_before_approval",
        "origination_date",
        ("origination_date", "approval_date"),
        _c("origination_date") < _c("approval_date"),
        "the loan was disbursed before it was approved",
        masks="origination_date",
    ),
    TapeRule(
        "originated_above_approved",
        "originated_amount",
        ("originated_amount", "approved_amount"),
        _c("originated_amount") > _c("approved_amount"),
        "more was disbursed than approved, as lines do over their life",
    ),
    TapeRule(
        "charge_off_before_origination",
        "charge_off_date",
        ("charge_off_date", "origination_date"),
        _c("charge_off_date") < _c("origination_date"),
        "the loan was charged off before it was disbursed",
        masks="charge_off_date",
    ),
    TapeRule(
        "default_before_origination",
        "default_date",
        ("default_date", "origination_date"),
        _c("default_date") < _c("origination_date"),
        "the loan defaulted before it was disbursed",
        masks="default_date",
    ),
    TapeRule(
        "charge_off_before_default",
        "charge_off_date",
        ("charge_off_date", "default_date"),
        _c("charge_off_date") < _c("default_date"),
        "the loan was charged off before it defaulted",
    ),
    TapeRule(
        "closed_before_origination",
        "closed_date",
        ("closed_date", "origination_date"),
        _c("closed_date") < _c("origination_date"),
        "the loan left the book before it was disbursed",
        masks="closed_date",
    ),
    TapeRule(
        "maturity_before_origination",
        "maturity_date",
        ("maturity_date", "origination_date"),
        _c("maturity_date") <= _c("origination_date"),
        "the contract ends before it begins",
        masks="maturity_date",
    ),
    TapeRule(
        "principal_above_originated",
        "principal",
        ("principal", "originated_amount"),
        _c("principal") > 1.0001 * _c("originated_amount"),
        "more is outstanding than was disbursed",
    ),
    TapeRule(
        "zero_term",
        "term_months",
        ("term_months",),
        _c("term_months") == 0,
        "the term is zero",
        masks="term_months",
    ),
    TapeRule("zero_term", "stated_term", ("stated_term",), _c("stated_term") == 0, "the term is zero"),
    TapeRule(
        "term_leaks",
        "stated_term",
        ("stated_term", "charge_off_date", "charged_off"),
        _charged_off & (_c("stated_term") > 0) & (_c("stated_term") % 12 != 0),
        "the term of a charged-off loan is no round number: an outcome, not a contract; it is used nowhere",
    ),
    TapeRule(
        "term_against_maturity",
        "term_months",
        ("term_months", "maturity_date", "origination_date"),
        (_c("term_months") > 0)
        & ((_months("origination_date", "maturity_date") - _c("term_months")).abs() > 2),
        "the term and the dates of the contract differ by more than two months",
    ),
    TapeRule(
        "state_against_days",
        "state",
        ("state", "days_past_due"),
        ((_c("state") == "current") & (_c("days_past_due") >= 30))
        | (_c("state").is_in(["dpd_1_29", "dpd_30_59"]) & (_c("days_past_due") >= 90)),
        "the loan is called current at 30 days past due or more, or performing at 90; its state stands",
    ),
    TapeRule(
        "floor_above_cap",
        "rate_floor",
        ("rate_floor", "rate_cap"),
        _c("rate_floor") > _c("rate_cap"),
        "the lowest rate is above the highest",
    ),
    TapeRule(
        "guaranteed_share_above_one",
        "guaranteed_share",
        ("guaranteed_share",),
        _c("guaranteed_share") > 1,
        "more is guaranteed than approved",
        masks="guaranteed_share",
    ),
)
"""Every rule of one-row tapes, in order of use; a mapping turns one off by `rules = {NAME = false}`."""


OTHER_CURRENCY = "other_currency"
TERM_NOT_CARRIED = "term_not_carried"


def currency_rule(mapping: TapeFormat) -> TapeRule:
    """Return the rule of loans in another currency than the book's, which a checked column `currency`
    states.
    """
    stated = pl.col("currency").str.strip_chars().str.to_uppercase()
    words = f"the amounts are in another currency than {mapping.currency}: they are added up as they stand"
    return TapeRule(OTHER_CURRENCY, "currency", ("currency",), stated != mapping.currency.upper(), words)


@dataclass(frozen=True)
class Warned:
    """Values after masking, and one line for each warning: position, field, rule."""

    values: pl.DataFrame
    found: pl.DataFrame


def switched_rules(mapping: TapeFormat) -> dict[str, bool]:
    """Return which rules the mapping turns on or off, by name.

    Raises
    ------
    MappingError : a rule that does not exist.
    """
    names = {rule.name for rule in RULES} | {OTHER_CURRENCY, TERM_NOT_CARRIED}
    for name in mapping.rules:
        if name not in names:
            raise MappingError(
                expected("one of " + ", ".join(sorted(names)), name), file=mapping.file, field=f"rules.{name}"
            )
    return dict(mapping.rules)


def apply_rules(
    values: pl.DataFrame, switched: dict[str, bool], further: tuple[TapeRule, ...] = ()
) -> Warned:
    """Return the values with contradicted fields missing, and every contradiction found.

    Parameters
    ----------
    values : parsed columns, named as in the schema or under `[checked]` of the mapping, and `\\nposition`.
    switched : rule names to False where the mapping turns the rule off. further : rules beside `RULES`.
    """
    rules = [
        rule
        for rule in (*RULES, *further)
        if set(rule.needs) <= set(values.columns) and switched.get(rule.name, True)
    ]
    tests = values.select(
        [rule.test.fill_null(False).alias(f"\n{number}") for number, rule in enumerate(rules)]
    )
    counts = tests.select(pl.all().sum()).row(0) if rules else ()
    parts = [pl.DataFrame(schema=FINDINGS)]
    masks: dict[str, pl.Expr] = {}
    for name, rule, count in zip(tests.columns, rules, counts, strict=True):
        if count:
            parts.append(_found(values["\nposition"].filter(tests[name]), rule.field, rule.name))
            if rule.masks:
                masks[rule.masks] = masks.get(rule.masks, pl.lit(False)) | pl.col(name)
    if masks:
        hidden = [pl.when(~mask).then(pl.col(name)).alias(name) for name, mask in masks.items()]
        values = values.hstack(tests).with_columns(hidden).select(values.columns)
    return Warned(values, pl.concat(parts))


def month_rules(values: pl.DataFrame, switched: dict[str, bool]) -> pl.DataFrame:
    """Return what contradicts itself in the months of a panel: position, field, rule.

    Parameters
    ----------
    values : parsed rows with `\\nposition`; columns of a month carry the prefix `panel.`.
    """
    names = [name for name in ("state", "days_past_due") if f"panel.{name}" in values.columns]
    month = values.select("\nposition", *[pl.col(f"panel.{name}").alias(name) for name in names])
    found = apply_rules(month, switched).found
    return found.with_columns((pl.lit("panel.") + pl.col("field")).alias("field"))


def unfit_rows(frame: pl.DataFrame, table: tuple[Column, ...], prefix: str = "") -> pl.DataFrame:
    """Return the rows that would break a published table: a required value missing, or one not allowed.

    Parameters
    ----------
    frame : values with `\\nposition`, columns named as in the table after `prefix`.
    """
    parts = [pl.DataFrame(schema=FINDINGS)]
    for column in table:
        name = prefix + column.name
        if name not in frame.columns:
            continue
        values = frame[name]
        tests = {"missing_value": values.is_null() if column.required else None}
        if column.allowed:
            tests["code_outside_map"] = ~values.is_in(list(column.allowed)).fill_null(True)
        if column.kind == "share":
            tests["share_outside_0_1"] = ~values.is_between(0, 1).fill_null(True)
        if column.kind in ("money", "count", "days"):
            tests["negative_amount"] = (values < 0).fill_null(False)
        for rule, test in tests.items():
            if test is not None and test.any():
                parts.append(_found(frame["\nposition"].filter(test), column.name, rule))
    return pl.concat(parts)


def _found(position: pl.Series, field: str, rule: str) -> pl.DataFrame:
    found = pl.DataFrame([position.cast(pl.UInt32).alias("position")])
    return found.with_columns(pl.lit(field).alias("field"), pl.lit(rule).alias("rule"))
