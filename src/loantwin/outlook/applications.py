"""Applications with a score as a twin reads them: by published names, or in the format of its tape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.book.book import conform
from loantwin.book.mapping import TapeFormat, ValueBands
from loantwin.book.schema import LOANS, SCORE_COLUMN
from loantwin.book.segments import segment_labels
from loantwin.book.tape import read_tape
from loantwin.engine.columns import LONGEST, LoanColumns, loan_columns
from loantwin.errors import UsageError, expected
from loantwin.models.book_columns import by_size
from loantwin.models.scoring.store import predict
from loantwin.models.scoring.table import Table, read_table
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.scored import NamedScore, loan_numbers
from loantwin.products.registry import PRODUCTS
from loantwin.twin import Twin

WANTED = ("originated_amount", "term_months", "annual_rate")
"""What a table of published columns must have; `amount` is read as `originated_amount`."""


@dataclass(frozen=True)
class Applications:
    """N loans that are asked for, as the twin reads them; each is lent on the as-of date if it is approved.

    segment : (N,) the model's label, of segment, size and score. product : (N,) code. amount : currency.
    term : months. rate : decimal a year, kept to the end. log_odds : (N,) of bad by the score.
    said : what was left out or assumed, in words.
    """

    segment: Integers
    product: Integers
    amount: Floats
    term: Integers
    rate: Floats
    log_odds: Floats
    said: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.amount)

    def columns(
        self, discount: float, weight: Floats | float = 1.0, group: Integers | int = 0
    ) -> LoanColumns:
        """Return them as the engine's loans: new, up to date; `discount` of losses, decimal a year."""
        return loan_columns(
            segment=self.segment, age=0, state=0, product=self.product, remaining_months=self.term,
            principal=self.amount, annual_rate=self.rate, effective_annual_rate=discount, weight=weight,
            group=group,
        )  # fmt: skip


def applications_of(outlook: Outlook, loans: pl.DataFrame, log_odds: Floats) -> Applications:
    """Return applications from a table of the loan table's columns.

    Parameters
    ----------
    loans : (N,) with `originated_amount`, `term_months`, `annual_rate`, `product` and what segments of the
        twin are made of. log_odds : (N,) of bad by the twin's score; NaN reads the mean of the segment.

    Raises
    ------
    UsageError : an amount, term or rate that is missing or out of range, naming the row; a revolving line.
    """
    table = conform(loans, LOANS).with_columns(pl.Series(SCORE_COLUMN, log_odds))
    limits = {"originated_amount": (1e-2, 1e15), "term_months": (1, LONGEST), "annual_rate": (0.0, 10.0)}
    for name, (low, high) in limits.items():
        wrong = ~table[name].is_between(low, high).fill_null(False)
        if wrong.any():
            row = int(wrong.arg_true()[0])
            wanted = f"a number from {low:g} to {high:g}"
            raise UsageError(expected(wanted, table[name][row]), row=row + 1, field=name)
    lines = table["product"] == "revolving"
    if lines.any():
        row = int(lines.arg_true()[0])
        raise UsageError(expected("a loan with a term", "a revolving line"), row=row + 1, field="product")
    twin = outlook.twin
    labels = segment_labels(table, twin.mapping)
    strange = ~labels.is_in(list(twin.model.segments))
    said: tuple[str, ...] = ()
    if strange.any():
        names = ", ".join(sorted(set(labels.filter(strange).to_list()))[:3])
        said = (
            f"{int(strange.sum())} applications are of segments the twin never saw ({names}): they read the "
            "pooled one",
        )
    places = {name: place for place, name in enumerate(PRODUCTS)}
    return Applications(
        by_size(table, labels, twin.model),
        table["product"].replace_strict(places).to_numpy().astype(np.int64),
        table["originated_amount"].to_numpy(), table["term_months"].to_numpy().astype(np.int64),
        table["annual_rate"].to_numpy(), np.asarray(log_odds, dtype=np.float64), said,
    )  # fmt: skip


def read_applications(outlook: Outlook, file: Path | str, named: NamedScore) -> Applications:
    """Return the applications in a file, each with its score.

    A file with the columns `amount`, `term_months` and `annual_rate` is read by published names; another in
    the format of the twin's tape, as far as rows pass its rules.

    Raises
    ------
    TapeError, MappingError : neither. ModelError : a column of the score that is not there. UsageError : an
        application that cannot be lent, naming its row.
    """
    twin, path = outlook.twin, Path(file)
    if not path.is_file():
        raise UsageError(expected("a file of applications", "none"), file=file, field="applications")
    table = read_table(path)
    scored = predict(named.score, table)
    said = tuple(
        f"{name}: {count:,} values that {named.name} has never seen"
        for name, count in scored.encoded.unseen.items()
    )
    if {"term_months", "annual_rate"} <= set(table.names):
        loans, log_odds = _published(table, twin.mapping, path), scored.log_odds
    else:
        loans, log_odds, left = _of_tape(twin, path, table, scored.log_odds)
        said += left
    made = applications_of(outlook, loans, log_odds)
    return Applications(
        made.segment, made.product, made.amount, made.term, made.rate, made.log_odds, (*said, *made.said)
    )


def _published(table: Table, mapping: TapeFormat, file: Path) -> pl.DataFrame:
    """Return a table of published names as rows of the loan table."""
    names = {"originated_amount": "amount"} if "originated_amount" not in table.names else {}
    wanted = [
        *WANTED,
        *(part.column if isinstance(part, ValueBands) else part for part in mapping.segment_by),
    ]
    made: dict[str, pl.Series] = {"loan_id": pl.Series([str(row + 1) for row in range(table.rows)])}
    for name in dict.fromkeys((*wanted, "product", "approved_amount", "purpose", "region", "industry")):
        source = names.get(name, name)
        if source in table.raw:
            values = table.numbers.get(source)
            text = isinstance(values, type(None)) or name in _TEXTS
            made[name] = (
                pl.Series(table.raw[source], dtype=pl.String) if text else pl.Series(values).fill_nan(None)
            )
        elif name in wanted and name != "product":
            raise UsageError(expected(f"a column {source}", "none"), file=file, field=source)
    if "product" not in made:
        made["product"] = pl.Series(["instalment"] * table.rows)
    return pl.DataFrame(made)


_TEXTS = tuple(column.name for column in LOANS if column.kind in ("text", "choice"))


def _of_tape(
    twin: Twin, path: Path, table: Table, log_odds: Floats
) -> tuple[pl.DataFrame, Floats, tuple[str, ...]]:
    """Return a file in the tape's format as loans with their score, and how many rows its rules refuse."""
    tape = read_tape(path, twin.mapping)
    scores = pl.DataFrame({"loan_id": loan_numbers(table, twin.mapping, path), "\nscore": log_odds})
    loans = tape.loans.join(scores, on="loan_id", how="inner", maintain_order="left")
    left = table.rows - loans.height
    said = (f"{left:,} rows that the rules of the tape's format refuse are no applications",) if left else ()
    return loans.drop("\nscore"), loans["\nscore"].to_numpy(), said
