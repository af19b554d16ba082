"""What `tape map` returns: each field with its column, how sure that is, and what to look at."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin.book.guess.draft import Draft, key_of, placed
from loantwin.book.guess.entries import Entry
from loantwin.book.guess.evidence import kind_of_field
from loantwin.book.guess.match import UNSURE
from loantwin.book.guess.names import meanings
from loantwin.book.guess.values import Values
from loantwin.book.layout import clean_name
from loantwin.book.mapping import TapeFormat, from_dict, load_mapping
from loantwin.book.reading import read_rows
from loantwin.book.schema import CHECKED, LOANS, PANEL
from loantwin.errors import InputError
from loantwin.types import Result

WORTH_OFFERING = 0.3
"""Beside a built-in format, a guess below this is not worth a line."""


PRESET_SHARE = 0.97
"""How sure the columns of a built-in format are, where the file has all of them."""


NEEDED = {
    "snapshot": (
        "loan_id",
        "origination_date",
        "term_months",
        "originated_amount",
        "principal",
        "annual_rate",
        "days_past_due",
    ),
    "panel": (
        "loan_id",
        "report_date",
        "origination_date",
        "term_months",
        "originated_amount",
        "principal",
        "annual_rate",
        "state",
    ),
    "outcomes": (
        "loan_id",
        "origination_date",
        "term_months",
        "originated_amount",
        "annual_rate",
        "status",
        "charge_off_date",
        "charged_off",
        "closed_date",
    ),
}
"""Fields that a tape of each kind should have."""


NOT_OF_LINES = ("term_months", "originated_amount")
"""Fields that a tape of revolving lines need not have."""


INSTEAD = {
    "term_months": ("maturity_date",),
    "annual_rate": ("effective_annual_rate", "rate_spread"),
    "days_past_due": ("state",),
    "state": ("days_past_due",),
}
"""Fields that serve in place of one that is missing."""


PERSONAL = frozenset({"loan_id", "borrower_id", "facility_id", "guarantor"})


PERSONAL_WORDS = frozenset(
    {"name", "address", "phone", "email", "birth", "description", "title", "id", "postcode", "city"}
)


SHOWN = 3
"""Samples of a column that are shown."""


@dataclass(frozen=True)
class ColumnGuess:
    """One field of the mapping.

    source : the column; of one column a month the first, `monthly` has all. table : columns, panel or
        checked.
    confidence : 0 to 1, of column and reading together; at most 0.9 is unsure. unit, format : how it is read.
    values : code -> meaning, null where nobody knows. samples : texts, masked where they name or number
        somebody.
    check : what to look at. others : columns that it may be instead, with their shares. why : what spoke
        for it.
    """

    source: str
    confidence: float
    unit: str | None
    format: str | None
    values: Mapping[str, str | None] | None
    table: str
    monthly: tuple[str, ...]
    samples: tuple[str, ...]
    why: tuple[str, ...]
    check: tuple[str, ...]
    others: Mapping[str, float]


@dataclass(frozen=True)
class Trial:
    """What the mapping makes of the rows looked at. why : the first reason where it cannot be tried yet."""

    rows: int
    accepted: int
    rejections: Mapping[str, int]
    why: str | None


@dataclass(frozen=True)
class TapeMap(Result):
    """What a stranger's tape most likely means; the JSON of `tape map`.

    columns : field -> its column. In a panel a monthly column bears the plain name, and a fact of the loan
        of the same
        name stands as `columns.NAME`. unsure : fields with a confidence of at most 0.9. unmapped : columns
        nobody reads.
    doubts : what is unsure beside columns, such as the currency or the date of the data: key -> what to
        check; its keys
        stand in `unsure` too.
    missing : fields that a tape of this kind should have and no column was found for. assumed : what stands
        in the
        mapping without a column. formats : built-in formats that read the file as it stands.
    rows : of the file; rows_looked_at : a sample. mapping : the file written, null without `out`.
    """

    SCHEMA: ClassVar[str] = "loantwin.tape_map/1"

    columns: Mapping[str, ColumnGuess]
    unsure: tuple[str, ...]
    unmapped: tuple[str, ...]
    missing: tuple[str, ...]
    doubts: Mapping[str, str]
    mapping: str | None
    kind: str
    currency: str
    as_of: dt.date | None
    decimal: str
    assumed: Mapping[str, str]
    formats: tuple[str, ...]
    rows: int
    rows_looked_at: int
    trial: Trial
    statements: tuple[str, ...]
    path: str


def result(path: Path, draft: Draft, formats: tuple[str, ...], text: str, mapping: Path | None) -> TapeMap:
    """Return what was guessed: with a built-in format that fits, its columns; else those of the draft."""
    made = _beside(_of_format(draft, formats[0]), draft) if formats else _of_draft(draft)
    used = {name for item in made.values() for name in (item.source, *item.monthly)}
    kind = load_mapping(formats[0]).kind if formats else draft.shape.kind
    mapped = {name.removeprefix("columns.") for name in made}
    wanted = NEEDED[kind]
    lacking = tuple(
        name
        for name in wanted
        if name not in mapped
        and not mapped & set(INSTEAD.get(name, ()))
        and not (name == "report_date" and draft.months)
        and not (name in NOT_OF_LINES and draft.constants.get("product") == "revolving")
    )
    document = tomllib.loads(text)
    said = list(draft.said)
    for name in formats:
        said.insert(0, f"the built-in format {name} reads this file as it stands: --format {name}")
    low = (name for name, item in made.items() if item.confidence <= UNSURE)
    unsure = tuple(dict.fromkeys((*low, *([] if formats else draft.doubts))))
    return TapeMap(
        columns=made,
        unsure=unsure,
        unmapped=tuple(name for name in draft.look.names if name not in used),
        missing=() if formats else lacking,
        doubts={} if formats else dict(draft.doubts),
        mapping=None if mapping is None else str(mapping),
        kind=kind,
        currency=str(document.get("currency", "")),
        as_of=draft.as_of if not formats else None,
        decimal=str(document.get("decimal", ".")),
        assumed={} if formats else dict(draft.constants),
        formats=formats,
        rows=draft.look.rows,
        rows_looked_at=draft.look.frame.height,
        trial=_trial(draft, document),
        statements=tuple(said),
        path=str(path),
    )


def _of_draft(draft: Draft) -> dict[str, ColumnGuess]:
    made = {}
    for item, found in draft.entries.items():
        values = draft.table.columns[found.match.column]
        monthly = draft.series[item].columns if item in draft.series else ()
        formats = found.keys.get("formats")
        made[key_of(item, draft)] = ColumnGuess(
            source=monthly[0] if monthly else found.match.column,
            confidence=round(found.confidence, 2),
            unit=found.keys.get("unit") or _unit(item),
            format=" or ".join(formats) if formats else found.keys.get("every"),
            values=found.codes,
            table=placed(item, draft)[0],
            monthly=monthly,
            samples=samples(item, values),
            why=found.match.why,
            check=tuple(found.doubts) or _name_check(found),
            others=dict(found.match.others),
        )
    order = [column.name for column in (*LOANS, *PANEL, *CHECKED)]
    return dict(sorted(made.items(), key=lambda pair: order.index(pair[0].removeprefix("columns."))))


def _name_check(found: Entry) -> tuple[str, ...]:
    if found.confidence > UNSURE:
        return ()
    if found.match.others:
        return ("is it this column, or " + " or ".join(name for name, _ in found.match.others) + "?",)
    return ("is it this column?",)


def _of_format(draft: Draft, name: str) -> dict[str, ColumnGuess]:
    mapping = load_mapping(name)
    held = {clean_name(item).casefold(): item for item in draft.look.names}
    made = {}
    for section in ("columns", "panel", "checked"):
        for field_, spec in getattr(mapping, section).items():
            source = next(
                (
                    held[clean_name(item).casefold()]
                    for item in spec.source
                    if clean_name(item).casefold() in held
                ),
                None,
            )
            if source is None:
                continue
            key = f"columns.{field_}" if section == "columns" and field_ in mapping.panel else field_
            values = draft.table.columns.get(source)
            made[key] = ColumnGuess(
                source=source,
                confidence=PRESET_SHARE,
                unit=spec.unit,
                format=" or ".join(spec.formats) or None,
                values=None if spec.values is None else dict(spec.values),
                table=section,
                monthly=(),
                samples=() if values is None else samples(field_, values),
                why=(f"as the built-in format {name} reads it",),
                check=(),
                others={},
            )
    return made


def _beside(made: dict[str, ColumnGuess], draft: Draft) -> dict[str, ColumnGuess]:
    """Return the columns of a built-in format, and what else was guessed of the file: offered, and not read
    by the format.
    """
    used = {item.source for item in made.values()}
    words = "the built-in format does not read it: its table stands in the mapping as a comment"
    more = {
        name: replace(item, confidence=min(item.confidence, UNSURE), check=(*item.check, words))
        for name, item in _of_draft(draft).items()
        if name not in made and item.source not in used and item.confidence >= WORTH_OFFERING
    }
    return {**made, **more}


def samples(item: str, values: Values) -> tuple[str, ...]:
    """Return a few texts of a column; letters and digits are masked where they name or number somebody."""
    texts = [text.strip()[:24] for text in values.different.head(SHOWN)]
    return tuple(masked(text) for text in texts) if is_personal(item, values) else tuple(texts)


def is_personal(item: str, values: Values) -> bool:
    """Return whether a column may name or number a person: by its field, its name, or texts of which each
    stands once.
    """
    if item in PERSONAL or set(meanings(values.name)) & PERSONAL_WORDS:
        return True
    free = kind_of_field(item) in ("text", "choice") and values.counts.height > max(20, 0.1 * values.filled)
    return free and item not in ("currency", "region", "industry")


def masked(text: str) -> str:
    """Return the shape of a text: letters as x, digits as 9."""
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", text))


def _unit(item: str) -> str:
    kind = kind_of_field(item)
    return {"choice": "code", "rate": "decimal", "share": "decimal", "count": "months"}.get(kind, kind)


def _trial(draft: Draft, document: Mapping[str, Any]) -> Trial:
    """Read the rows looked at with the mapping, as `tape check` will."""
    sample = draft.look.sample
    if sample is None or not draft.look.frame.height:
        return Trial(0, 0, {}, "no rows to try it on")
    if draft.series and not draft.months:
        return Trial(draft.look.frame.height, 0, {}, draft.doubts["months"])
    try:
        mapping: TapeFormat = from_dict(document)
        reading = read_rows(sample, mapping)
    except InputError as error:
        return Trial(draft.look.frame.height, 0, {}, str(error))
    counts = reading.rejected.group_by("rule").agg(pl.col("position").n_unique()).sort("rule")
    return Trial(
        reading.rows_read,
        reading.rows_read - reading.rejected["position"].n_unique(),
        dict(counts.iter_rows()),
        None,
    )
