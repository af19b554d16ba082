"""Rows of a tape: from the file to parsed values, with every row that cannot be read accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin.book.layout import clean_name, looks_like_data
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.nonloans import other_rows
from loantwin.book.parse import FINDINGS, Parsed, parse
from loantwin.book.repair import repair_rows
from loantwin.book.rules import RULES
from loantwin.book.sniff import EXTRA, RawTape, raw_lines, read_columns, short_rows
from loantwin.errors import MappingError, expected


@dataclass(frozen=True)
class Reading:
    """Rows as parsed. `rows` is each position's row number in the file; `kept` says which are accepted."""

    raw: RawTape
    values: pl.DataFrame
    texts: dict[str, pl.Series]
    rows: pl.Series
    rejected: pl.DataFrame
    unusable: pl.DataFrame
    kept: pl.Series
    said: tuple[str, ...]


def read_rows(raw: RawTape, mapping: TapeFormat) -> Reading:
    """Return a tape's rows as values of the published columns, with what was refused and what is unusable.

    Raises
    ------
    MappingError : a needed column that the header does not have.
    """
    sources = _resolved(raw, mapping)
    names = list(dict.fromkeys(spec.source[0] for spec in sources if spec.source))
    last = [] if raw.table is not None or raw.header[-1] in names else [raw.header[-1]]
    frame, raw = read_columns(raw, [*names, *last])
    frame = frame.with_row_index("\nrow")
    frame = _without_blank_lines(frame, names, raw)
    parsed = parse(frame, sources, mapping, typed=raw.table is not None)
    wrong = pl.concat([_misfits(frame, raw), parsed.rejected])
    if wrong.height:
        frame, parsed, wrong = _mended(frame, parsed, wrong, raw, sources, mapping)
    others = other_rows(frame, parsed.values, sources)
    rejected = pl.concat(
        [_of_others(pl.concat([wrong, _key_rejections(parsed, mapping)]), others.found), others.found]
    )
    kept = pl.Series(np.ones(frame.height, dtype=bool))
    if rejected.height:
        kept = kept.scatter(rejected["position"].unique(), False)
    # Texts are kept of the fields a warning can name, no more: they are most of a large tape's memory.
    named = {rule.field for rule in RULES} | {"loan_id"} | set(parsed.unusable["field"].unique())
    texts = {spec.name: frame[spec.source[0]] for spec in sources if spec.source and spec.name in named}
    return Reading(raw, parsed.values, texts, frame["\nrow"], rejected, parsed.unusable, kept, others.said)


def _of_others(found: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return the findings on rows that are loans: of a row that is none, nothing else is worth saying."""
    return found.filter(~pl.col("position").is_in(others["position"].implode())) if others.height else found


def _resolved(raw: RawTape, mapping: TapeFormat) -> list[ColumnSource]:
    """Return every column to read, its list of spellings narrowed to the one this header has."""
    found = []
    for spec in (
        *mapping.columns.values(),
        *mapping.panel.values(),
        *mapping.checked.values(),
        *mapping.attributes.values(),
    ):
        if not spec.source:
            continue
        parts = {
            "": spec.source,
            "\nless": spec.less,
            "\ndivided_by": spec.divided_by,
            "\nor": spec.or_source,
        }
        for suffix, spellings in parts.items():
            if not spellings:
                continue
            present = [name for name in map(clean_name, spellings) if name in raw.places]
            if present:
                found.append(replace(spec, name=spec.name + suffix, source=(present[0],)))
            elif not spec.optional:
                what = f"a column {' or '.join(spellings)} in {raw.source.path}"
                raise MappingError(
                    expected(what, "a header with " + ", ".join(raw.header[:40])) + _about(raw),
                    file=mapping.file,
                    field=spec.name,
                )
    return found


def _about(raw: RawTape) -> str:
    """Return what helps where the header is not the one a mapping speaks of."""
    if looks_like_data(raw.header):
        return (
            "; the first row looks like data: `header` in the mapping names the columns, `header_row = 0` "
            "numbers them"
        )
    return "; `header_row` in the mapping says which row holds the names"


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


def _key_rejections(parsed: Parsed, mapping: TapeFormat) -> pl.DataFrame:
    """Return rows without a loan number, and those that repeat an earlier one (panel: loan and date)."""
    keys = ["loan_id", "panel.report_date"] if mapping.kind == "panel" else ["loan_id"]
    if len(keys) == 1 and _plainly_distinct(parsed.values["loan_id"]):
        return pl.DataFrame(schema=FINDINGS)
    missing = pl.any_horizontal(pl.col(keys).is_null())
    first = pl.col("loan_id").is_first_distinct() if len(keys) == 1 else pl.struct(keys).is_first_distinct()
    found = parsed.values.select(
        position=pl.int_range(pl.len(), dtype=pl.UInt32), missing=missing, repeated=~first
    ).filter(pl.col("missing") | pl.col("repeated"))
    rule = pl.when("missing").then(pl.lit("missing_id")).otherwise(pl.lit("duplicate_id"))
    return found.select("position", pl.lit("loan_id").alias("field"), rule.alias("rule"))


def _plainly_distinct(loan_ids: pl.Series) -> bool:
    """Return True where loan numbers are whole, present and different: quicker than comparing texts."""
    numbers = loan_ids.cast(pl.Int64, strict=False)
    return numbers.null_count() == 0 and numbers.n_unique() == len(numbers)
