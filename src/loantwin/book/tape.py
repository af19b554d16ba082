"""Loan tapes: a lender's file read through a mapping into validated tables, with every row accounted for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from loantwin.book.book import check_table, conform
from loantwin.book.credits import keep_credits
from loantwin.book.default import with_standing
from loantwin.book.derive import case_weights, combine_columns, derive_columns
from loantwin.book.examples import Example, examples
from loantwin.book.mapping import TapeFormat, Value, load_mapping, with_variant
from loantwin.book.panel import after_end, balloon_shares, part_panel
from loantwin.book.parse import FINDINGS
from loantwin.book.quarantine import list_warnings, quarantine_rows
from loantwin.book.reading import Reading, read_rows
from loantwin.book.rules import (
    OTHER_CURRENCY,
    apply_rules,
    currency_rule,
    month_rules,
    switched_rules,
    unfit_rows,
)
from loantwin.book.schema import CLOSED_STATES, LOANS, PANEL
from loantwin.book.selection import finished_words
from loantwin.book.shapes import with_months_between, with_snapshot_date
from loantwin.book.sniff import Source, open_tape
from loantwin.book.terms import term_rules, terms_said
from loantwin.errors import NoRowError, expected
from loantwin.types import Progress, Result, silent, stretch

_LOANS = {column.name for column in LOANS}
_TOTALS = {"originated": "originated_amount", "charged_off": "charged_off", "balance": "principal"}


@dataclass(frozen=True)
class Tape:
    """A tape read in full, later facts included: `known_at` gives the view of a date.

    loans : the columns of `LOANS`, then `attribute_*`; one row an accepted loan, in the order of the file.
    panel : the columns of `PANEL`, or None for one-row-a-loan tapes; a snapshot has one row a loan.
    totals : source columns summed over accepted rows, before any rule of the mapping changed a value.
    quarantine, warnings : row, loan_id, field, rule, raw.
    """

    loans: pl.DataFrame
    panel: pl.DataFrame | None
    mapping: TapeFormat
    source: Source
    rows_read: int
    totals: Mapping[str, float | None]
    status_counts: Mapping[str, int]
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    loan_months: int | None = None
    examples: Mapping[str, Example] = field(default_factory=dict)
    credit_balances: float = 0.0
    """What is owed to borrowers whose balance is negative, and 0 in the book."""
    statements: tuple[str, ...] = ()
    """What was done to the rows that a reader of the figures should know."""

    @property
    def rejected(self) -> int:
        """Return how many rows were refused."""
        return self.quarantine["row"].n_unique()


@dataclass(frozen=True)
class AssumptionUsed:
    """An assumption in force: the tape does not hold this fact."""

    value: float | str
    unit: str
    words: str


@dataclass(frozen=True)
class TapeCheck(Result):
    """What is in a tape and what is wrong with it; the JSON of `tape check`."""

    SCHEMA: ClassVar[str] = "loantwin.tape_check/1"

    rows_read: int
    accepted_rows: int
    rejected: int
    loans: int
    loan_months: int | None
    rejections: Mapping[str, int]
    examples: Mapping[str, Example]
    warnings: Mapping[str, int]
    totals: Mapping[str, float | None]
    weighted_totals: Mapping[str, float | None]
    credit_balances: float
    loan_count_by_status: Mapping[str, int]
    format: str
    currency: str
    observes: tuple[str, ...]
    assumptions: Mapping[str, AssumptionUsed]
    statements: tuple[str, ...]
    provenance: Mapping[str, str | int]


def check(tape: Tape) -> TapeCheck:
    """Return what a tape holds: rows, totals, findings by rule, and what its mapping assumes."""
    mapping = tape.mapping
    statements = [mapping.words, *tape.source.statements, *tape.statements]
    if mapping.weight.look_ahead:
        statements.append("The case weights depend on the outcome: a look-ahead.")
    statements += finished_words(tape.loans, mapping)
    return TapeCheck(
        rows_read=tape.rows_read,
        accepted_rows=tape.rows_read - tape.rejected,
        rejected=tape.rejected,
        loans=tape.loans.height,
        loan_months=tape.loan_months,
        rejections=_rows_by_rule(tape.quarantine),
        examples=tape.examples,
        warnings=_rows_by_rule(tape.warnings),
        totals=tape.totals,
        weighted_totals=_weighted_totals(tape.loans),
        credit_balances=tape.credit_balances,
        loan_count_by_status=tape.status_counts,
        format=mapping.name,
        currency=mapping.currency,
        observes=mapping.observes,
        assumptions={
            name: AssumptionUsed(item.value, item.unit, item.words)
            for name, item in mapping.assumption_details.items()
        },
        statements=tuple(text for text in statements if text),
        provenance={
            "path": tape.source.path,
            "sha256": tape.source.sha256,
            "size": tape.source.size,
            "encoding": tape.source.encoding,
            "delimiter": tape.source.delimiter,
            "form": tape.source.form,
        },
    )


def read_tape(
    path: str | Path,
    format: str | Path | TapeFormat,  # noqa: A002  # the command's word
    *,
    overrides: Mapping[str, Value] | None = None,
    progress: Progress = silent,
) -> Tape:
    """Read a tape.

    Parameters
    ----------
    path : CSV (any usual delimiter and encoding, gzip or not), Parquet or Excel file.
    format : name of a format, path of a mapping file, or a mapping.
    overrides : values of the mapping's assumptions, by name.
    progress : told how far the work has come.

    Raises
    ------
    TapeError : the file cannot be read as a tape; NoRowError, one of them, where no row survives.
    MappingError : the mapping is wrong in itself, or names a column the tape does not have.
    """
    mapping = format if isinstance(format, TapeFormat) else load_mapping(format, overrides)
    progress(0.02, "reading the tape")
    raw = open_tape(path, mapping.told)
    mapping = with_variant(mapping, raw.header)
    reading = read_rows(raw, mapping, stretch(progress, 0.18, 0.86))
    if not reading.kept.any():
        raise _no_row(reading, reading.rejected, reading.examples)
    progress(0.86, "rules, and loans of rows")
    return _tape_of(reading, mapping)


def _tape_of(reading: Reading, mapping: TapeFormat) -> Tape:
    values = reading.values.with_row_index("\nposition")
    if "state_date" in values.columns:
        mapping = with_snapshot_date(mapping, values["state_date"].filter(reading.kept))
    if not reading.kept.all():
        values = values.filter(reading.kept)
    kept = keep_credits(combine_columns(values, mapping), mapping)
    values, said = with_standing(kept.values, mapping)
    refused = (
        unfit_rows(values, PANEL, "panel.") if mapping.kind == "panel" else pl.DataFrame(schema=FINDINGS)
    )
    values = _without(values, refused)
    parted = part_panel(values, mapping) if mapping.kind == "panel" else None
    if parted is not None:
        carried, between = with_months_between(parted.panel, mapping)
        parted, said = replace(parted, panel=carried), (*said, *between)
    rows = values if parted is None else parted.loans
    switched = switched_rules(mapping)
    warned = apply_rules(rows, switched, (currency_rule(mapping), *term_rules(rows, mapping)))
    by_month = pl.DataFrame(schema=FINDINGS) if parted is None else month_rules(values, switched)
    loans = _loan_table(warned.values, mapping)
    unfit = pl.concat([unfit_rows(loans, LOANS), _without_balance(warned.values, mapping)])
    panel = None if parted is None else parted.panel
    if unfit.height:
        loans, rows = _without(loans, unfit), _without(rows, unfit)
        unfit = _of_whole_loans(unfit, values) if panel is not None else unfit
        panel = (
            None
            if panel is None
            else panel.join(loans.select("loan_id"), on="loan_id", how="semi", maintain_order="left")
        )
    rejected = pl.concat([reading.rejected, refused, unfit])

    def cell(position: int, field: str) -> str | None:
        if field not in values.columns:
            return None
        return str(values.filter(pl.col("\nposition") == position)[field].item())

    later = examples(pl.concat([refused, unfit]), cell, reading.rows, reading.raw, {}, mapping)
    first = {**later, **reading.examples}
    if not loans.height:
        raise _no_row(reading, rejected, first)
    listed = [warned.found, by_month, reading.warned, kept.found, after_end(parted)]
    loans, panel = conform(loans, LOANS), None if panel is None else conform(panel, PANEL)
    check_table(loans, LOANS)
    ids = reading.values["loan_id"]
    return Tape(
        loans=loans,
        panel=panel,
        mapping=mapping,
        source=reading.raw.source,
        rows_read=reading.rows_read,
        totals={name: _sum(rows, column) for name, column in _TOTALS.items()} | _panel_balance(panel),
        status_counts=_status_counts(rows),
        quarantine=quarantine_rows(rejected, reading.rows, ids, reading.raw),
        warnings=list_warnings(_of_accepted(pl.concat(listed), rejected), reading.rows, ids, reading.texts),
        loan_months=None if panel is None else panel.height,
        statements=(
            *reading.said,
            *said,
            *_currencies(rows, mapping),
            *terms_said(rows, mapping),
            *_rates_said(loans, panel, mapping),
        ),
        examples=first,
        credit_balances=kept.credits,
    )


def _rates_said(loans: pl.DataFrame, panel: pl.DataFrame | None, mapping: TapeFormat) -> tuple[str, ...]:
    """Return in words that no loan tells a rate, and what follows; none where one does or one is stated."""
    tables = [loans] if panel is None else [loans, panel]
    told = any(
        table[name].null_count() < table.height
        for table in tables
        for name in ("annual_rate", "rate_spread")
        if name in table.columns
    )
    if told or "annual_rate_without_macro" in mapping.assumptions:
        return ()
    return (
        f"annual_rate is missing for all {loans.height:,} loans: forecast, provisions, loss, stress and "
        "capital refuse loans without a rate; map the column that holds it, or state one for all with "
        "--assume annual_rate_without_macro=RATE (a decimal a year, like 0.08)",
    )


def _currencies(rows: pl.DataFrame, mapping: TapeFormat) -> tuple[str, ...]:
    """Return in words which other currencies loans are in, the most frequent first."""
    if "currency" not in rows.columns or not mapping.rules.get(OTHER_CURRENCY, True):
        return ()
    names = rows["currency"].str.strip_chars().str.to_uppercase().alias("currency")
    others = names.filter(names != mapping.currency.upper())
    counts = others.value_counts().sort(["count", "currency"], descending=[True, False])
    if not counts.height:
        return ()
    shown = ", ".join(f"{name} {count}" for name, count in counts.head(10).iter_rows())
    more = f" and {counts.height - 10} more" if counts.height > 10 else ""
    total = int(counts["count"].sum())
    return (
        f"{total:,} of {rows.height:,} loans are in {counts.height} other currencies than {mapping.currency} "
        f"({shown}{more}): their amounts are added up as they stand",
    )


def _no_row(reading: Reading, rejected: pl.DataFrame, first: Mapping[str, Example]) -> NoRowError:
    """Return the error of a tape without a usable row, with an example of what was wrong most often."""
    message = expected("at least one usable row", why_none(rejected))
    most = rejected["rule"].value_counts(sort=True)["rule"][0]
    if most in first:
        example = first[most]
        where = f"row {example.row}" + ("" if example.field is None else f", field {example.field}")
        message += f"; {where}: {example.value!r}" + (f" ({example.hint})" if example.hint else "")
    error = NoRowError(message, file=reading.raw.source.path)
    error.quarantine = quarantine_rows(rejected, reading.rows, reading.values["loan_id"], reading.raw)
    return error


def _without_balance(values: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    """Return the loans of a snapshot that observes balances and gives none of theirs, unless they have
    ended.
    """
    observed = mapping.kind == "snapshot" and "balance" in mapping.observes
    if not observed or "principal" not in mapping.columns or "principal" not in values.columns:
        return pl.DataFrame(schema=FINDINGS)
    ends = [
        pl.col(name).is_not_null() for name in ("closed_date", "charge_off_date") if name in values.columns
    ]
    if "state" in values.columns:
        ends.append(pl.col("state").is_in(CLOSED_STATES).fill_null(False))
    ended = pl.any_horizontal(ends) if ends else pl.lit(False)
    lacking = values.filter(pl.col("principal").is_null() & ~ended)
    position = lacking["\nposition"].cast(pl.UInt32).alias("position")
    return pl.DataFrame([position]).with_columns(
        pl.lit("principal").alias("field"), pl.lit("missing_value").alias("rule")
    )


def _loan_table(values: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    """Return the loan table with `\\nposition`, before its values are held against the schema."""
    weights = case_weights(values, mapping.weight, mapping)
    loans = balloon_shares(derive_columns(values, mapping)).with_columns(weights)
    if mapping.as_of is not None and "state_date" not in loans.columns:
        loans = loans.with_columns(pl.lit(mapping.as_of).alias("state_date"))
    kept = [
        name
        for name in loans.columns
        if (name in _LOANS and name not in mapping.checked) or name.startswith("attribute_")
    ]
    return conform(loans.select(kept), LOANS).with_columns(loans["\nposition"])


def _without(frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(~pl.col("\nposition").is_in(found["position"].implode())) if found.height else frame


def _of_whole_loans(found: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Spread findings on loans, placed at each loan's first row, over all rows of the loan."""
    rows = values.select(pl.col("\nposition").alias("position"), "loan_id")
    marked = rows.join(found, on="position", how="inner", maintain_order="left").select(
        "loan_id", "field", "rule"
    )
    return rows.join(marked, on="loan_id", how="inner", maintain_order="left").select(list(FINDINGS))


def _of_accepted(listed: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    return (
        listed.filter(~pl.col("position").is_in(rejected["position"].unique().implode()))
        if rejected.height
        else listed
    )


def _panel_balance(panel: pl.DataFrame | None) -> dict[str, float | None]:
    """Return the balance of loans still on the book at the last report."""
    if panel is None:
        return {}
    last = (
        panel.group_by("loan_id", maintain_order=True)
        .last()
        .filter(~pl.col("state").is_in(CLOSED_STATES).fill_null(False))
    )
    return {"balance": _sum(last, "principal")}


def _rows_by_rule(listed: pl.DataFrame) -> dict[str, int]:
    counts = listed.group_by("rule").agg(pl.col("row").n_unique()).sort("rule")
    return dict(counts.iter_rows())


MOST_CENTS = 2**62
"""Cents that a sum of whole numbers can hold, with room to spare; larger amounts are added as floats."""


def _sum(values: pl.DataFrame, column: str) -> float | None:
    """Return the sum, exact where the amounts are whole cents; None where the tape has no such column."""
    if column not in values.columns:
        return None
    amounts = values[column].drop_nulls().to_numpy()
    if float(np.abs(amounts).max(initial=0.0)) * len(amounts) < MOST_CENTS / 100:
        cents = np.rint(amounts * 100.0)
        if (np.abs(amounts * 100.0 - cents) < 1e-4).all():
            return int(cents.astype(np.int64).sum()) / 100
    return math.fsum(amounts.tolist())


def _weighted_totals(loans: pl.DataFrame) -> dict[str, float | None]:
    weight = loans["weight"].to_numpy()
    totals: dict[str, float | None] = {"loans": float(weight.sum())}
    for name, column in _TOTALS.items():
        empty = loans[column].null_count() == loans.height
        totals[name] = None if empty else float((loans[column].fill_null(0.0).to_numpy() * weight).sum())
    return totals


def _status_counts(values: pl.DataFrame) -> dict[str, int]:
    if "status" not in values.columns:
        return {}
    counts = values["status"].fill_null("unknown").value_counts(sort=True)
    return {str(name): int(count) for name, count in counts.iter_rows()}


def why_none(rejected: pl.DataFrame) -> str:
    """Return why no row was left: how many rows broke each rule."""
    counts = rejected.group_by("rule").agg(pl.col("position").n_unique()).sort("rule")
    return "every row refused: " + ", ".join(f"{rule} {count}" for rule, count in counts.iter_rows())
