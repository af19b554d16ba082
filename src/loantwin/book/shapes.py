"""Shapes of tapes beside a row a loan and month: one column a month, facts in a second file, reports
months apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.schema import CLOSED_STATES
from loantwin.book.sniff import RawTape, open_tape, read_columns
from loantwin.errors import MappingError, TapeError, expected

REPORT_DATE = "\nmonth"
"""Column of texts that dates a row made of one column of a month."""

JOINED = "join."
"""What stands before the name of a column that is taken from the second file though the first has one of
its name.
"""

STATES_KEPT = ("state", "principal", "annual_rate", "undrawn", "days_past_due")
"""What a report says of the months until the next one; amounts of a month it does not."""


def one_row_a_month(
    frame: pl.DataFrame, sources: Sequence[ColumnSource], mapping: TapeFormat
) -> pl.DataFrame:
    """Return a row a loan and month of texts that hold one column a month, the months in the mapping's order.

    A month in which all of a loan's monthly columns are empty has no row, unless no month has one.

    Parameters
    ----------
    frame : texts, a row a loan, with `\\nrow`.
    """
    monthly = [spec for spec in sources if spec.monthly]
    rest = [
        name for name in frame.columns if name not in {column for spec in monthly for column in spec.monthly}
    ]
    parts = []
    for place, month in enumerate(mapping.months):
        taken = [pl.col(spec.monthly[place]).alias(monthly_name(spec)) for spec in monthly]
        parts.append(frame.select(*rest, *taken, pl.lit(month.isoformat()).alias(REPORT_DATE)))
    rows = pl.concat(parts)
    told = pl.any_horizontal(pl.col(monthly_name(spec)).is_not_null() for spec in monthly)
    ever = told.any().over("\nrow")
    return rows.filter(told | (~ever & (pl.col(REPORT_DATE) == mapping.months[0].isoformat())))


def monthly_name(spec: ColumnSource) -> str:
    """Return the name of the column of texts that one column a month becomes."""
    return f"\nmonthly {spec.name}"


def second_file(raw: RawTape, mapping: TapeFormat) -> RawTape | None:
    """Return the file a mapping joins to the tape, beside it unless its path is absolute; None where none is.

    Raises
    ------
    TapeError : it cannot be read as a tape.
    """
    if mapping.join is None:
        return None
    path = Path(raw.source.path).parent / mapping.join.file
    wanted = ((mapping.join.key_there,), *mapping.told.wanted)
    return open_tape(path, replace(mapping.join.told, wanted=wanted))


def with_joined(
    frame: pl.DataFrame, names: Sequence[str], second: RawTape, mapping: TapeFormat
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the texts with the named columns of the second file beside them, and what was not found there.

    Parameters
    ----------
    frame : texts of the tape, with its key. names : columns to take, as sources name them.

    Raises
    ------
    TapeError : the second file has a key twice.
    """
    join = mapping.join
    if join is None:
        return frame, ()
    plain = [name.removeprefix(JOINED) for name in names]
    there, _ = read_columns(second, list(dict.fromkeys([join.key_there, *plain])))
    keyed = there.filter(pl.col(join.key_there).is_not_null())
    twice = keyed[join.key_there].is_duplicated()
    if twice.any():
        was = f"{keyed[join.key_there].filter(twice)[0]} twice"
        raise TapeError(expected(f"each {join.key_there} once", was), file=second.source.path, field="join")
    taken = keyed.select(
        pl.col(join.key_there).alias("\nkey"),
        *[pl.col(short).alias(name) for short, name in zip(plain, names, strict=True)],
        pl.lit(True).alias("\nfound"),
    )
    made = frame.join(taken, left_on=join.key_here, right_on="\nkey", how="left", maintain_order="left")
    lost = int(made["\nfound"].null_count())
    said = [
        f"joined with {Path(second.source.path).name} (sha256 {second.source.sha256[:12]}) by {join.key_here}"
    ]
    if lost:
        said.append(f"{lost:,} of {made.height:,} rows have no row in {Path(second.source.path).name}")
    return made.drop("\nfound"), tuple(said)


def with_months_between(panel: pl.DataFrame, mapping: TapeFormat) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return a panel whose reports are months apart with each report carried over the months until the next
    is due.

    Nothing is carried beyond the last report of the tape, nor behind the end of a loan. Amounts of a month
    (payments, charge-offs) stay in the month of the report.

    Raises
    ------
    MappingError : most reports of a loan are further apart, or less far, than the mapping says. TapeError :
        several rows of a loan in most months.
    """
    every = mapping.report_every
    _check_distance(panel, mapping)
    if every == 1:
        return panel, ()
    last = panel["report_date"].max()
    open_ = ~pl.col("state").is_in(CLOSED_STATES).fill_null(False)
    held = [name for name in STATES_KEPT if name in panel.columns]
    ends = pl.col("report_date") == pl.col("report_date").dt.month_end()
    parts = [panel]
    for months in range(1, every):
        moved = pl.col("report_date").dt.offset_by(f"{months}mo")
        day = pl.when(ends).then(moved.dt.month_end()).otherwise(moved).alias("report_date")
        parts.append(panel.filter(open_).select("loan_id", day, *held))
    every_row = pl.concat(parts, how="diagonal")
    month = [
        every_row["report_date"].dt.year().alias("\ny"),
        every_row["report_date"].dt.month().alias("\nm"),
    ]
    made = every_row.with_columns(month).unique(["loan_id", "\ny", "\nm"], keep="first", maintain_order=True)
    made = made.filter(pl.col("report_date") <= last).drop("\ny", "\nm").sort("loan_id", "report_date")
    carried = made.height - panel.height
    words = (
        f"reports come every {every} months: each is carried until the next is due, {carried:,} of "
        f"{made.height:,}"
    )
    return made.select(panel.columns), (words + " loan-months",)


def _check_distance(panel: pl.DataFrame, mapping: TapeFormat) -> None:
    """Refuse reports of another distance than the mapping says, or several of a loan in most months."""
    month = panel["report_date"].dt.year().cast(pl.Int32) * 12 + panel["report_date"].dt.month()
    same = panel["loan_id"] == panel["loan_id"].shift(-1)
    gaps = (month.shift(-1) - month).filter(same.fill_null(False)).drop_nulls()
    if len(gaps) < FEW_GAPS:
        return
    gap, count = gaps.value_counts(sort=True).row(0)
    if count <= MOST_OF * len(gaps) or gap == mapping.report_every:
        return
    file = mapping.file
    if gap == 0:
        was = f"{count:,} rows in a month that another row of the loan has"
        hint = "; instalments or repayments are put together by month first: docs/formats.md, Shapes"
        raise TapeError(
            expected("one row a loan and month", was) + hint, file=file, field="panel.report_date"
        )
    if gap <= MOST_APART:
        raise MappingError(
            expected(
                f"a report {_words(mapping.report_every)}",
                f"one {_words(gap)}, in {count:,} of {len(gaps):,} pairs",
            )
            + ("; leave `report_every` out" if gap == 1 else "")
            + (
                f"; `report_every = {gap}` in the mapping carries each report until the next is due"
                * (gap > 1)
            ),
            file=file,
            field="report_every",
        )


def _words(months: int) -> str:
    return "each month" if months == 1 else f"every {months} months"


FEW_GAPS = 3
MOST_OF = 0.6
MOST_APART = 12
"""Pairs of reports beyond which their distance is looked at, the share of pairs that decides, the
longest distance.
"""


def with_snapshot_date(mapping: TapeFormat, dates: pl.Series) -> TapeFormat:
    """Return the mapping with the date that all rows of a snapshot state, where it states none itself.

    Raises
    ------
    TapeError : no date, or several.
    """
    if mapping.kind != "snapshot" or mapping.as_of is not None:
        return mapping
    found: list[dt.date] = dates.drop_nulls().unique().sort().to_list()
    if len(found) != 1:
        was = ", ".join(map(str, found[:5])) or "none"
        raise TapeError(
            expected("one date of the snapshot in state_date", was), file=mapping.file, field="state_date"
        )
    return replace(mapping, as_of=found[0], document={**mapping.document, "as_of": found[0]})
