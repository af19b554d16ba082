"""Rows of a tape: from the file to parsed values, with every row that cannot be read accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin.book.doubts import doubts
from loantwin.book.examples import Example, examples
from loantwin.book.keys import refused_keys
from loantwin.book.kinds import KEPT
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.marks import marked
from loantwin.book.nonloans import OtherRows, other_rows
from loantwin.book.parse import FINDINGS, UNUSABLE, Parsed, parse
from loantwin.book.repair import repair_rows
from loantwin.book.resolve import ROW_NUMBER, in_second, resolved
from loantwin.book.rules import RULES
from loantwin.book.shapes import one_row_a_month, second_file, with_joined
from loantwin.book.sniff import EXTRA, RawTape, raw_lines, read_columns, short_rows
from loantwin.types import Progress, silent


@dataclass(frozen=True)
class Reading:
    """Rows as parsed. `rows` is each position's row number in the file; `kept` says which are accepted."""

    raw: RawTape
    values: pl.DataFrame
    texts: dict[str, pl.Series]
    rows: pl.Series
    rejected: pl.DataFrame
    warned: pl.DataFrame
    kept: pl.Series
    said: tuple[str, ...]
    examples: dict[str, Example]
    rows_read: int


def read_rows(raw: RawTape, mapping: TapeFormat, progress: Progress = silent) -> Reading:
    """Return a tape's rows as values of the published columns, with what was refused and what is doubted.

    Raises
    ------
    MappingError : a needed column that the header does not have. TapeError : a second file that is no tape.
    """
    second = second_file(raw, mapping)
    sources = resolved(raw, second, mapping)
    progress(0.0, "rows and columns")
    frame, raw, misfits, told = _texts(raw, second, sources, mapping)
    progress(0.3, "values of texts")
    parsed = parse(frame, sources, mapping, typed=raw.table is not None)
    wrong = pl.concat([misfits, parsed.rejected])
    if raw.unvalued:
        wrong = pl.concat([wrong, _unvalued(frame["\nrow"], raw, sources, wrong)])
    if wrong.height and second is None and not mapping.months and not mapping.columns["loan_id"].number_rows:
        frame, parsed, wrong = _mended(frame, parsed, wrong, raw, sources, mapping)
    progress(0.85, "doubtful rows")
    parsed = _with_neighbours(parsed, sources)
    others = _other_rows(frame, parsed.values, sources, mapping)
    doubted = doubts(frame, parsed.values, sources, mapping)
    keys = refused_keys(parsed, frame["\nrow"], raw, mapping)
    rejected = pl.concat([_of_others(pl.concat([wrong, keys.found]), others.found), others.found])
    warned = pl.concat(
        [_unusable(parsed.unusable, parsed.values), doubted.found, marked(parsed.values, sources)]
    )
    # Texts are kept of the fields a warning can name, no more: they are most of a large tape's memory.
    named = (
        {rule.field for rule in RULES}
        | {"loan_id", "currency", "panel.state"}
        | set(warned["field"].unique())
    )
    named |= {name for name in KEPT if name in parsed.values.columns and (parsed.values[name] < 0).any()}
    texts = {spec.name: frame[spec.source[0]] for spec in sources if spec.name in named}
    read = {spec.name: spec for spec in sources}

    def cell(position: int, field: str) -> str | None:
        return frame[read[field].source[0]][position] or "" if field in read else None

    return Reading(
        raw=raw,
        values=parsed.values,
        texts=texts,
        rows=frame["\nrow"],
        rejected=rejected,
        warned=warned,
        kept=_kept(frame["\nrow"], rejected, mapping),
        said=(*told, *others.said, *keys.said, *doubted.said),
        examples=examples(rejected, cell, frame["\nrow"], raw, read, mapping),
        rows_read=frame["\nrow"].n_unique() if mapping.months else frame.height,
    )


def _unusable(found: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Return what is unusable without the codes of states that are left to the days past due beside them."""
    for state, days in (("state", "days_past_due"), ("panel.state", "panel.days_past_due")):
        if days in values.columns and found.height:
            told = values[days].is_not_null().gather(found["position"])
            left = (found["field"] == state) & (found["rule"] == UNUSABLE[0]) & told
            found = found.filter(~left)
    return found


def _texts(
    raw: RawTape, second: RawTape | None, sources: list[ColumnSource], mapping: TapeFormat
) -> tuple[pl.DataFrame, RawTape, pl.DataFrame, tuple[str, ...]]:
    """Return the texts of every column to read, rows that do not fit the header, and what was put beside
    them.
    """
    wanted = [name for spec in sources for name in (spec.monthly or spec.source)]
    names = list(dict.fromkeys(name for name in wanted if not name.startswith("\n")))
    there = in_second(names, raw, second)
    here = [name for name in names if name not in there]
    if mapping.join is not None:
        here = list(dict.fromkeys([*here, mapping.join.key_here]))
    last = [] if raw.table is not None or raw.header[-1] in here else [raw.header[-1]]
    frame, raw = read_columns(raw, [*here, *last])
    frame = _without_blank_lines(frame.with_row_index("\nrow"), here, raw)
    misfits = _misfits(frame, raw)
    said: tuple[str, ...] = ()
    if second is not None:
        frame, said = with_joined(frame, there, second, mapping)
    if mapping.columns["loan_id"].number_rows:
        frame = frame.with_columns((pl.lit("row ") + (pl.col("\nrow") + 1).cast(pl.String)).alias(ROW_NUMBER))
    if not mapping.months:
        return frame, raw, misfits, said
    number = frame["\nrow"].gather(misfits["position"])
    rows = one_row_a_month(frame, sources, mapping)
    first = (
        rows.with_row_index("\nat").unique("\nrow", keep="first", maintain_order=True).select("\nrow", "\nat")
    )
    moved = pl.DataFrame([number]).join(first, on="\nrow", how="left", maintain_order="left")["\nat"]
    return rows, raw, misfits.with_columns(moved.alias("position")), said


def _other_rows(
    frame: pl.DataFrame, values: pl.DataFrame, sources: list[ColumnSource], mapping: TapeFormat
) -> OtherRows:
    """Return the rows that are no loans; of one column a month, a row of the file is looked at once."""
    if not mapping.months:
        return other_rows(frame, values, sources)
    first = frame["\nrow"].is_first_distinct()
    own = [spec for spec in sources if spec.name != "panel.report_date"]
    found = other_rows(frame.filter(first), values.filter(first), own)
    places = first.arg_true().gather(found.found["position"]).cast(pl.UInt32)
    return replace(found, found=found.found.with_columns(places.alias("position")))


def _kept(rows: pl.Series, rejected: pl.DataFrame, mapping: TapeFormat) -> pl.Series:
    """Return which positions are accepted; of one column a month, a row of the file is refused as a whole."""
    kept = pl.Series(np.ones(len(rows), dtype=bool))
    if not rejected.height:
        return kept
    positions = rejected["position"].unique()
    if mapping.months:
        return ~rows.is_in(rows.gather(positions).unique().implode())
    return kept.scatter(positions, False)


def _with_neighbours(parsed: Parsed, sources: list[ColumnSource]) -> Parsed:
    """Return the values with the text of a second column behind that of the first, where a mapping asks
    for it.
    """
    names = [spec.name.removesuffix("\nbeside") for spec in sources if spec.name.endswith("\nbeside")]
    if not names:
        return parsed
    joined = [pl.concat_str([name, f"{name}\nbeside"], separator="/").alias(name) for name in names]
    values = parsed.values.with_columns(joined).drop(f"{name}\nbeside" for name in names)
    return replace(parsed, values=values)


def _of_others(found: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return the findings on rows that are loans: of a row that is none, nothing else is worth saying."""
    return found.filter(~pl.col("position").is_in(others["position"].implode())) if others.height else found


def _without_blank_lines(frame: pl.DataFrame, names: list[str], raw: RawTape) -> pl.DataFrame:
    empty = frame.select(pl.all_horizontal(pl.col(names).is_null())).to_series()
    if not empty.any():
        return frame
    if raw.table is not None:
        blank = raw.table.select(pl.all_horizontal(pl.all().is_null())).to_series().arg_true()
        return frame.filter(~pl.col("\nrow").is_in(blank.implode()))
    rows = frame["\nrow"].filter(empty).to_numpy().astype(np.int64)
    marks = raw.source.delimiter + " \t\r"
    nothing = [
        int(row) for row, line in zip(rows, raw_lines(raw, rows), strict=True) if not line.strip(marks)
    ]
    return frame.filter(~pl.col("\nrow").is_in(nothing))


def _unvalued(
    rows: pl.Series, raw: RawTape, sources: list[ColumnSource], wrong: pl.DataFrame
) -> pl.DataFrame:
    """Return the rows in which a formula that no program worked out stands where a text is read.

    Where a number or a date is read its words are none, which is in `wrong` already.
    """
    parts = []
    for spec in sources:
        for name in {*spec.source, *(spec.monthly or ())} & set(raw.unvalued):
            positions = rows.is_in(list(raw.unvalued[name])).arg_true().cast(pl.UInt32)
            fields = pl.Series([spec.name.split("\n")[0]]).new_from_index(0, len(positions))
            rule = pl.Series(["formula_without_value"]).new_from_index(0, len(positions))
            parts.append(
                pl.DataFrame({"position": positions, "field": fields, "rule": rule}, schema=FINDINGS)
            )
    found = pl.concat(parts) if parts else pl.DataFrame(schema=FINDINGS)
    return found.join(wrong, on=["position", "field"], how="anti", maintain_order="left").unique(
        maintain_order=True
    )


def _misfits(frame: pl.DataFrame, raw: RawTape) -> pl.DataFrame:
    """Return the rows with more or fewer fields than the header."""
    if raw.table is not None:
        return pl.DataFrame(schema=FINDINGS)
    rows = frame["\nrow"].to_numpy().astype(np.int64)
    short = frame[raw.header[-1]].is_null().to_numpy()
    too_long = frame.height - frame[EXTRA].null_count()
    short[short] = np.isin(rows[short], short_rows(raw, rows[short], frame.height, too_long))
    long = pl.col(EXTRA).is_not_null()
    rule = pl.when(long).then(pl.lit("too_many_fields")).when(pl.Series(short)).then(pl.lit("too_few_fields"))
    found = frame.select(position=pl.int_range(pl.len(), dtype=pl.UInt32), rule=rule).filter(
        pl.col("rule").is_not_null()
    )
    return found.select("position", pl.lit(None, pl.String).alias("field"), "rule")


def _mended(
    frame: pl.DataFrame,
    parsed: Parsed,
    wrong: pl.DataFrame,
    raw: RawTape,
    sources: list[ColumnSource],
    mapping: TapeFormat,
) -> tuple[pl.DataFrame, Parsed, pl.DataFrame]:
    """Return text, values and findings with every row put right that broken quotes had taken apart."""
    position = wrong["position"].unique().sort()
    rows = frame["\nrow"].gather(position)
    mended = repair_rows(raw, rows.to_numpy().astype(np.int64), sources, mapping)
    if not mended:
        return frame, parsed, wrong
    names = [name for name in frame.columns if name not in ("\nrow", EXTRA)]
    put = pl.DataFrame(
        [{name: cells[name] for name in names} for cells in mended.values()],
        schema=dict.fromkeys(names, pl.String),
    )
    again = parse(put, sources, mapping)
    places = position.filter(rows.is_in(list(mended)))
    where = pl.Series("\nat", places, dtype=pl.UInt32)
    unusable = again.unusable.with_columns(places.gather(again.unusable["position"]).alias("position"))
    return (
        _put(frame, put, where),
        Parsed(
            _put(parsed.values, again.values, where),
            parsed.rejected.filter(~pl.col("position").is_in(places.implode())),
            pl.concat([parsed.unusable.filter(~pl.col("position").is_in(places.implode())), unusable]),
        ),
        wrong.filter(~pl.col("position").is_in(places.implode())),
    )


def _put(frame: pl.DataFrame, rows: pl.DataFrame, where: pl.Series) -> pl.DataFrame:
    indexed = frame.with_row_index("\nat").update(
        rows.with_columns(where), on="\nat", how="left", include_nulls=True
    )
    return indexed.drop("\nat")
