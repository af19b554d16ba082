"""Rows of a tape: from the file to parsed values, with every row that cannot be read accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin.book.doubts import doubts
from loantwin.book.examples import Example, examples
from loantwin.book.keys import refused_keys
from loantwin.book.kinds import KEPT
from loantwin.book.layout import clean_name, looks_like_data
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.names import near
from loantwin.book.nonloans import other_rows
from loantwin.book.parse import FINDINGS, Parsed, parse
from loantwin.book.repair import repair_rows
from loantwin.book.rules import RULES
from loantwin.book.sniff import EXTRA, RawTape, raw_lines, read_columns, short_rows
from loantwin.errors import MappingError, expected

ROW_NUMBER = "\nnumber"
"""Name of the column that numbers rows where a mapping asks for it."""


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


def read_rows(raw: RawTape, mapping: TapeFormat) -> Reading:
    """Return a tape's rows as values of the published columns, with what was refused and what is unusable.

    Raises
    ------
    MappingError : a needed column that the header does not have.
    """
    sources = _resolved(raw, mapping)
    names = list(dict.fromkeys(spec.source[0] for spec in sources if spec.source[0] != ROW_NUMBER))
    last = [] if raw.table is not None or raw.header[-1] in names else [raw.header[-1]]
    frame, raw = read_columns(raw, [*names, *last])
    frame = _without_blank_lines(frame.with_row_index("\nrow"), names, raw)
    if mapping.columns["loan_id"].number_rows:
        frame = frame.with_columns((pl.lit("row ") + (pl.col("\nrow") + 1).cast(pl.String)).alias(ROW_NUMBER))
    parsed = parse(frame, sources, mapping, typed=raw.table is not None)
    wrong = pl.concat([_misfits(frame, raw), parsed.rejected])
    if wrong.height and not mapping.columns["loan_id"].number_rows:
        frame, parsed, wrong = _mended(frame, parsed, wrong, raw, sources, mapping)
    parsed = _with_neighbours(parsed, sources)
    others = other_rows(frame, parsed.values, sources)
    doubted = doubts(frame, parsed.values, sources, mapping)
    keys = refused_keys(parsed, frame["\nrow"], raw, mapping)
    rejected = pl.concat([_of_others(pl.concat([wrong, keys.found]), others.found), others.found])
    kept = pl.Series(np.ones(frame.height, dtype=bool))
    if rejected.height:
        kept = kept.scatter(rejected["position"].unique(), False)
    # Texts are kept of the fields a warning can name, no more: they are most of a large tape's memory.
    named = {rule.field for rule in RULES} | {"loan_id", "currency"} | set(parsed.unusable["field"].unique())
    named |= set(doubted.found["field"].unique())
    named |= {name for name in KEPT if name in parsed.values.columns and (parsed.values[name] < 0).any()}
    texts = {spec.name: frame[spec.source[0]] for spec in sources if spec.source and spec.name in named}
    said = (*others.said, *keys.said, *doubted.said)
    warned = pl.concat([parsed.unusable, doubted.found])
    read = {spec.name: spec for spec in sources}

    def cell(position: int, field: str) -> str | None:
        return frame[read[field].source[0]][position] or "" if field in read else None

    first = examples(rejected, cell, frame["\nrow"], raw, read, mapping)
    return Reading(raw, parsed.values, texts, frame["\nrow"], rejected, warned, kept, said, first)


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


def _resolved(raw: RawTape, mapping: TapeFormat) -> list[ColumnSource]:
    """Return every column to read, its list of spellings narrowed to the one this header has."""
    found = []
    for spec in (
        *mapping.columns.values(),
        *mapping.panel.values(),
        *mapping.checked.values(),
        *mapping.attributes.values(),
    ):
        if spec.number_rows:
            found.append(replace(spec, source=(ROW_NUMBER,)))
        if not spec.source:
            continue
        parts = {
            "": spec.source,
            "\nless": spec.less,
            "\ndivided_by": spec.divided_by,
            "\nor": spec.or_source,
            "\nbeside": spec.beside,
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
                    expected(what, "a header with " + ", ".join(raw.header[:40])) + _about(raw, spellings),
                    file=mapping.file,
                    field=spec.name,
                )
    return found


def _about(raw: RawTape, spellings: tuple[str, ...]) -> str:
    """Return what helps where the header is not the one a mapping speaks of."""
    if looks_like_data(raw.header):
        return (
            "; the first row looks like data: `header` in the mapping names the columns, `header_row = 0` "
            "numbers them"
        )
    return near(spellings[0], raw.header) or "; `header_row` in the mapping says which row holds the names"


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
