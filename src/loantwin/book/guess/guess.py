"""A stranger's tape mapped: which columns mean what, how sure that is, and a mapping that is ready to be
edited.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin.book.currencies import CODES
from loantwin.book.guess.entries import Entry, entry
from loantwin.book.guess.evidence import FEW, US_STATES, Evidence, kind_of_field
from loantwin.book.guess.looking import Look, look
from loantwin.book.guess.match import UNSURE, Match, Shares, matched, relate, shares
from loantwin.book.guess.names import NOTHING, fields_of, meanings
from loantwin.book.guess.shape import Series, Shape, date_within, latest_past, series_of, shape_of, stated_day
from loantwin.book.guess.values import DAY_FIRST, MISSING_TEXTS, Values
from loantwin.book.layout import clean_name
from loantwin.book.mapping import FORMATS, PRESETS, TapeFormat, from_dict, load_mapping
from loantwin.book.reading import read_rows
from loantwin.book.schema import CHECKED, LOANS, PANEL
from loantwin.errors import InputError
from loantwin.types import Result

WORTH_OFFERING = 0.3
"""Beside a built-in format, a guess below this is not worth a line."""

PRESET_SHARE = 0.97
"""How sure the columns of a built-in format are, where the file has all of them."""

IN_PANEL = {
    "observation_date": "report_date",
    "principal_flow": "scheduled_principal",
    "interest_flow": "interest",
    **{
        name: name
        for name in (column.name for column in PANEL)
        if name not in ("loan_id", "report_date", "scheduled_principal", "interest")
    },
}
"""What a guess is in a panel's monthly columns."""

IN_LOANS = {
    "principal_flow": "principal_paid",
    "interest_flow": "interest_paid",
    "observation_date": "state_date",
}
"""What it is in a table with one row a loan."""

_CHECKED = {column.name for column in CHECKED}
_LOANS = {column.name for column in LOANS}

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
CELL_ERRORS = ("#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!")
"""Texts of a workbook's cells in error: they tell nothing of their column, and are refused when they are
read.
"""

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


@dataclass
class Draft:
    """A mapping in the making: its columns, what is stated at its top, and what is unsure beside columns."""

    look: Look
    table: Shares
    shape: Shape
    entries: dict[str, Entry]
    decimal: str
    currency: str
    missing: tuple[str, ...]
    as_of: dt.date | None = None
    as_of_why: str = ""
    constants: dict[str, str] = field(default_factory=dict)
    months: tuple[dt.date, ...] = ()
    series: dict[str, Series] = field(default_factory=dict)
    observes: tuple[str, ...] = ()
    segment_by: tuple[str, ...] = ()
    report_every: int = 1
    said: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    """What is unsure of the mapping's top, by key."""


def guess(path: Path) -> tuple[Draft, tuple[str, ...]]:
    """Return the draft of a mapping for a file, and the built-in formats that read it as it stands.

    Raises
    ------
    TapeError : a file that cannot be read as a table. ExtraError : an Excel file without the extra `excel`.
    """
    seen = look(path)
    typed = seen.sample is not None and seen.sample.table is not None
    missing = _missing_texts(seen.frame)
    columns = {name: _values(name, seen, missing, typed) for name in _looked_at(seen)}
    decimal = "." if typed else _decimal(columns)
    marks = {name: "." if typed else _mark(values, decimal) for name, values in columns.items()}
    series = {} if seen.nameless else series_of(seen.names)
    columns, marks = _with_series(columns, marks, series)
    table = shares(columns, marks, seen.nameless)
    _stems(table, series)
    found = _numbered(matched(table, relate), table)
    shape = shape_of(seen, table, found)
    series = _monthly(found, series, shape)
    if series:
        shape = replace(shape, kind="panel")
        found.pop("observation_date", None)
    else:
        found = _renamed(found)
    found = _first_payment(found, table)
    months_first = _months_first(columns, decimal)
    entries = {
        item: entry(item, match, table, found, decimal, months_first, shape.kind == "outcomes")
        for item, match in found.items()
        if _has_place(item, shape.kind, found, table)
    }
    state = entries.get("state")
    told = state is not None and state.codes is not None and None in state.codes.values()
    if state is not None and told and shape.kind != "outcomes" and "days_past_due" in entries:
        state.off = True
        state.doubts.append("until then the days past due tell the state")
    first = entries.get("origination_date")
    if first is not None and {"first", "payment"} <= set(meanings(first.match.column)):
        first.keys["shift_months"] = -1
        first.doubt("the first payment is taken to fall a month after the loan began")
    draft = Draft(
        seen, table, shape, entries, decimal, "", missing, series=series, report_every=shape.report_every
    )
    draft.said = [*seen.said, *shape.said]
    draft.doubts = dict(seen.doubts)
    _with_top(draft, path)
    return draft, presets(seen)


def presets(seen: Look) -> tuple[str, ...]:
    """Return the built-in formats of which the file has every column that they need, the one with most
    columns first.
    """
    names = {clean_name(name).casefold() for name in seen.names}
    fitting: list[tuple[int, str]] = []
    for name in FORMATS:
        mapping = load_mapping(name)
        specs = [
            spec
            for section in (mapping.columns, mapping.panel, mapping.checked)
            for spec in section.values()
            if spec.source
        ]
        held = [any(clean_name(item).casefold() in names for item in spec.source if item) for spec in specs]
        if all(there or spec.optional for there, spec in zip(held, specs, strict=True)) and sum(held) >= 5:
            fitting.append((-sum(held), name))
    return tuple(name for _, name in sorted(fitting))


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
    )
    document = tomllib.loads(text)
    said = list(draft.said)
    for name in formats:
        said.insert(0, f"the built-in format {name} reads this file as it stands: --format {name}")
    unsure = (
        *(name for name, item in made.items() if item.confidence <= UNSURE),
        *([] if formats else draft.doubts),
    )
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


def placed(item: str, draft: Draft) -> tuple[str, str]:
    """Return the table and the name that a guess has in a mapping."""
    if item in _CHECKED and item not in _LOANS:
        return "checked", item
    if draft.shape.kind == "panel" and item in IN_PANEL:
        return "panel", IN_PANEL[item]
    if item == "original_rate":
        return "columns", "annual_rate"
    if item == "state" and draft.shape.kind == "outcomes":
        return "columns", "status"
    return "columns", IN_LOANS.get(item, item)


def key_of(item: str, draft: Draft) -> str:
    """Return the field's name in results: a fact of the loan that a panel's month has too is told from it."""
    section, name = placed(item, draft)
    twin = section == "columns" and any(placed(other, draft) == ("panel", name) for other in draft.entries)
    return f"columns.{name}" if twin else name


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


def _looked_at(seen: Look) -> Sequence[str]:
    return seen.frame.columns if seen.frame.width else seen.names


def _values(name: str, seen: Look, missing: tuple[str, ...], typed: bool) -> Values:
    if name not in seen.frame.columns:
        return Values(name, pl.Series(name, [], dtype=pl.String))
    texts = seen.frame[name].str.strip_chars()
    absent = texts.is_in([*missing, *CELL_ERRORS]) | (texts == "")
    return Values(name, texts.set(absent.fill_null(False), None), typed, missing)


def _missing_texts(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the texts meaning missing that stand in the rows looked at."""
    found: set[str] = set()
    for name in frame.columns:
        texts = frame[name].str.strip_chars()
        found |= set(texts.filter(texts.is_in(list(MISSING_TEXTS))).unique())
    return tuple(text for text in MISSING_TEXTS if text in found)


def _decimal(columns: Mapping[str, Values]) -> str:
    """Return the decimal mark that most columns can only be written with."""
    votes = [values.votes for values in columns.values() if values.filled and not values.dates.share >= 0.9]
    dot, comma = (sum(1 for pair in votes if pair[place] > pair[1 - place]) for place in (0, 1))
    return "," if comma > dot else "."


def _mark(values: Values, usual: str) -> str:
    """Return a column's decimal mark; whole amounts of thousands have the other one."""
    own = values.mark(usual)
    likely = max(
        (share for item, share in fields_of(values.name).items() if kind_of_field(item) == "money"),
        default=0.0,
    )
    if values.votes == (0, 0) and values.thousandths == usual and likely >= 0.3 and len(values.different) > 2:
        return "," if usual == "." else "."
    return own


def _months_first(columns: Mapping[str, Values], decimal: str) -> bool:
    """Return whether dates of two readings have the month first: as other dates of the file, else as its
    country does.
    """
    votes = 0
    american = False
    for values in columns.values():
        if not values.filled:
            continue
        form = values.dates
        if form.formats and not form.other_order and form.share >= 0.9:
            votes += form.formats[0] in DAY_FIRST
            votes -= form.formats[0] in DAY_FIRST.values()
        states = set(values.different.head(20))
        american |= len(states) > 1 and states <= US_STATES
        american |= bool(states) and states <= {"USD", "US"}
    return votes > 0 if votes else american and decimal == "."


def _with_series(
    columns: dict[str, Values], marks: dict[str, str], series: Mapping[str, Series]
) -> tuple[dict[str, Values], dict[str, str]]:
    """Return the columns with one of a month each put for all of its stem: the first."""
    later = {name for item in series.values() for name in item.columns[1:]}
    kept = {name: values for name, values in columns.items() if name not in later}
    return kept, {name: mark for name, mark in marks.items() if name in kept}


def _stems(table: Shares, series: Mapping[str, Series]) -> None:
    """Let the first column of a month speak by its stem's name."""
    for stem, item in series.items():
        first = item.columns[0]
        for field_, share in fields_of(stem).items():
            if field_ != NOTHING and (field_, first) in table.by_name:
                table.by_name[field_, first] = max(share, table.by_name[field_, first])
        if meanings(stem) == ("payment",):
            numbers = table.columns[first].numbers(".")
            held = numbers[np.isfinite(numbers)]
            if len(held) and (held == np.round(held)).all() and held.min() >= -3 and held.max() <= 12:
                table.by_name["state", first] = 0.6
                table.found["state", first] = Evidence(
                    0.0, "small whole numbers, a column a month: months late"
                )


def _monthly(found: Mapping[str, Match], series: Mapping[str, Series], shape: Shape) -> dict[str, Series]:
    """Return the fields of which the tape has a column a month; none where rows already have months."""
    if shape.kind == "panel":
        return {}
    by_first = {item.columns[0]: item for item in series.values()}
    made = {
        name: by_first[match.column]
        for name, match in found.items()
        if match.column in by_first and name in IN_PANEL
    }
    most = max((len(item.columns) for item in made.values()), default=0)
    return {name: item for name, item in made.items() if len(item.columns) == most}


def _renamed(found: dict[str, Match]) -> dict[str, Match]:
    """Return the fields with the original rate in the place of the rate where there is no other."""
    if "original_rate" in found and "annual_rate" not in found:
        found["annual_rate"] = replace(found.pop("original_rate"), field="annual_rate")
    return found


def _numbered(found: dict[str, Match], table: Shares) -> dict[str, Match]:
    """Return the fields with a loan number where none was found: of facilities, else what never repeats."""
    if "loan_id" in found:
        return found
    facility = found.get("facility_id")
    if facility is not None:
        rest = {item: match for item, match in found.items() if item != "facility_id"}
        why = (*facility.why, "no other column numbers the rows")
        return {
            "loan_id": replace(facility, field="loan_id", confidence=min(facility.confidence, 0.85), why=why),
            **rest,
        }
    taken = {match.column for match in found.values()}
    for name, values in table.columns.items():
        rows = len(values.texts)
        if name in taken or rows < FEW - 2 or values.filled < rows or values.dates.share >= 0.9:
            continue
        numbers = values.numbers(table.marks[name])
        broken = np.isfinite(numbers) & (numbers != np.round(numbers))
        if values.texts.n_unique() == rows and not broken.any() and fields_of(name).get(NOTHING, 0.0) < 0.6:
            why = ("no name says loan number", "the first column that holds another text in every row")
            return {"loan_id": Match("loan_id", name, 0.5, why), **found}
    return found


def _first_payment(found: dict[str, Match], table: Shares) -> dict[str, Match]:
    """Return the fields with the date of the first payment, a month earlier, where no column says when a
    loan began.
    """
    if "origination_date" in found and found["origination_date"].confidence > 0.5:
        return found
    for name, values in table.columns.items():
        if {"first", "payment", "date"} <= set(meanings(name)) and (
            values.dates.share >= 0.9 or not values.filled
        ):
            taken = {item: match for item, match in found.items() if match.column != name}
            why = ("no column says when loans began", "first payments fall due a month later")
            return {**taken, "origination_date": Match("origination_date", name, 0.6, why)}
    return found


def _has_place(item: str, kind: str, found: Mapping[str, Match], table: Shares) -> bool:
    """Return whether the mapping of a kind has a place for a field."""
    if kind == "panel":
        return True
    if item in ("prepaid", "ended", "original_rate"):
        return False
    if item == "observation_date":
        values = table.columns[found[item].column]
        return kind == "snapshot" and (not values.filled or stated_day(values) is not None)
    return True


def _with_top(draft: Draft, path: Path) -> None:
    """State what stands at the top of the mapping: currency, date, what is observed, and what the tape
    lacks.
    """
    entries, kind = draft.entries, draft.shape.kind
    draft.currency, sure = _currency(draft)
    if not sure:
        draft.doubts["currency"] = "no column states the currency: " + (
            "a guess from names and texts" if draft.currency != "XXX" else "state it"
        )
    if not draft.shape.sure:
        draft.doubts["kind"] = draft.shape.said[0]
    if draft.series:
        draft.months = next((item.months for item in draft.series.values() if item.months), ())
        if not draft.months:
            draft.doubts["months"] = (
                "one column a month: state the day that each stands for, in the order of the columns"
            )
    if kind == "panel" and "state" not in entries and "days_past_due" not in entries:
        draft.doubts["state"] = "no column tells arrears: a panel needs days past due or a state"
    if kind == "snapshot":
        _as_of(draft, path)
    _constants(draft)
    draft.observes = _observes(draft)
    grade = entries.get("origination_grade")
    if (
        kind != "snapshot"
        and grade is not None
        and grade.confidence > 0.5
        and 2 <= draft.table.columns[grade.match.column].counts.height <= 12
    ):
        draft.segment_by = ("origination_grade",)


def _as_of(draft: Draft, path: Path) -> None:
    if "observation_date" in draft.entries:
        values = draft.table.columns[draft.entries["observation_date"].match.column]
        draft.as_of = stated_day(values) if values.filled else None
        return
    if "observation_date" not in draft.entries:
        for text, words in ((draft.look.title, "the line above the header"), (path.stem, "the file's name")):
            draft.as_of = date_within(text)
            if draft.as_of is not None:
                draft.as_of_why = f"as {words} says"
                draft.doubts["as_of"] = f"the date of the data is taken from {words}"
                return
    draft.as_of = latest_past(draft.table, {item: found.match for item, found in draft.entries.items()})
    draft.as_of_why = "the end of the month of the latest date" if draft.as_of else "unknown"
    draft.as_of = draft.as_of or dt.date(2000, 1, 1)
    draft.doubts["as_of"] = "no column and no title states the date of the data: --assume data_date=DATE does"


def _constants(draft: Draft) -> None:
    """State the product and the type of rate where no column tells them."""
    product = draft.entries.get("product")
    if product is None or product.off:
        draft.constants["product"] = _product(draft)
        draft.doubts["product"] = (
            f"no column tells the product in known codes: {draft.constants['product']} is assumed"
        )
    floating = {"rate_index", "rate_spread"} & set(draft.entries)
    kind = draft.entries.get("rate_type")
    if (kind is None or kind.off) and not floating:
        draft.constants["rate_type"] = "fixed"


def _product(draft: Draft) -> str:
    said = {meaning for name in draft.look.names[:500] for meaning in meanings(name)} | set(
        meanings(draft.look.title)
    )
    if {"mortgage", "property", "ltv", "occupancy"} & said and "vehicle" not in said:
        return "mortgage"
    if (
        {"bill", "limit"} <= said
        and "term_months" not in draft.entries
        and "maturity_date" not in draft.entries
    ):
        return "revolving"
    return "instalment"


def _currency(draft: Draft) -> tuple[str, bool]:
    """Return the currency of the amounts, and whether a column states it."""
    stated = draft.entries.get("currency")
    if stated is not None and draft.table.columns[stated.match.column].filled:
        return str(draft.table.columns[stated.match.column].counts["text"][0]).strip().upper(), True
    texts = [*draft.look.names[:500], draft.look.title]
    for found in draft.entries.values():
        if kind_of_field(found.item) == "money":
            texts += list(draft.table.columns[found.match.column].different.head(20))
    joined = " ".join(texts)
    named = [
        code
        for code in re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", joined)
        if code in CODES and code not in ("ALL", "TOP", "TRY", "MOP", "CUP", "LAK", "COP")
    ]
    if named:
        return max(set(named), key=named.count), False
    signs = {
        "€": "EUR",
        "£": "GBP",
        "₹": "INR",
        "¥": "JPY",
        "元": "CNY",
        "円": "JPY",
        "원": "KRW",
        "zł": "PLN",
        "R$": "BRL",
        "$": "USD",
    }
    for sign, code in signs.items():
        if sign in joined:
            return code, False
    for item in ("product", "purpose", "region"):
        if item in draft.entries:
            joined += " ".join(draft.table.columns[draft.entries[item].match.column].different.head(20))
    return _by_language(draft, joined), False


def _by_language(draft: Draft, names: str) -> str:
    region = draft.entries.get("region")
    if (
        region is not None
        and set(draft.table.columns[region.match.column].different.head(30)) <= US_STATES
        and draft.look.frame.height
    ):
        return "USD"
    if re.search(r"[\u3040-\u30ff]", names):
        return "JPY"
    if re.search(r"[\uac00-\ud7af]", names):
        return "KRW"
    if re.search(r"[\u4e00-\u9fff]", names):
        return "CNY"
    lakhs = any(
        values.different.str.contains(r"^\D*\d{1,2}(?:,\d\d)+,\d{3}\b").any()
        for values in draft.table.columns.values()
        if values.filled
    )
    if lakhs:
        return "INR"
    german = re.search(
        r"(?i)darlehen|kredit(?!or)|zins|betrag|laufzeit|fällig|faellig|pret\b|prêt|encours|préstamo|prestito|mutuo",
        names,
    )
    return "EUR" if german else "XXX"


def _observes(draft: Draft) -> tuple[str, ...]:
    entries, kind = {item for item, found in draft.entries.items() if not found.off}, draft.shape.kind
    seen = []
    late = {"state", "days_past_due", "default_date"} & entries
    if (
        late
        if kind == "panel"
        else {"default_date", "charge_off_date"} & entries or (kind == "outcomes" and "state" in entries)
    ):
        seen.append("defaults")
    if {"charged_off", "charge_off_date"} <= entries if kind != "panel" else "charged_off" in entries:
        seen.append("charge_offs")
    if "principal" in entries and kind != "outcomes":
        seen.append("balance")
    if (kind == "panel" and "principal" in entries) or (kind == "outcomes" and "closed_date" in entries):
        seen.append("prepayment")
    if kind == "panel" and "interest_flow" in entries:
        seen.append("interest")
    if "recovered" in entries and kind != "snapshot":
        seen.append("recoveries")
    if {"state", "days_past_due"} & entries and kind != "outcomes":
        seen.append("delinquency")
    return tuple(seen)


def offered() -> tuple[str, ...]:
    """Return the formats of published templates, which are offered where names are near."""
    return PRESETS
