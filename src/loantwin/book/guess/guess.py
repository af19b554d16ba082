"""A stranger's tape mapped: which columns mean what, from what the file is to the draft of a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.book.guess.codes import meant, says_live
from loantwin.book.guess.draft import IN_PANEL, Draft
from loantwin.book.guess.entries import UNKNOWN, Entry, entry
from loantwin.book.guess.evidence import FEW, US_STATES, Evidence, kind_of_field
from loantwin.book.guess.looking import Look, look
from loantwin.book.guess.match import UNSURE, Match, Shares, matched, relate, shares
from loantwin.book.guess.names import NOTHING, fields_of, meanings
from loantwin.book.guess.shape import Series, Shape, series_of, shape_of, stated_day
from loantwin.book.guess.top import with_top
from loantwin.book.guess.values import DAY_FIRST, MISSING_TEXTS, Values
from loantwin.book.layout import clean_name
from loantwin.book.mapping import FORMATS, load_mapping

CELL_ERRORS = ("#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!")
"""Texts of a workbook's cells in error: they tell nothing of their column, and are refused when they are
read.
"""


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
    if state is not None and shape.kind != "outcomes":
        told = _late(state, "days_past_due" in entries) and told
    if state is not None and told and shape.kind != "outcomes" and "days_past_due" in entries:
        state.off = True
        state.doubts.append("until then the days past due tell the state")
    late = entries.get("days_past_due")
    if state is not None and state.codes and shape.kind != "outcomes" and late is not None:
        _left_to_days(state, late)
    first = entries.get("origination_date")
    if first is not None and {"first", "payment"} <= set(meanings(first.match.column)):
        first.keys["shift_months"] = -1
        first.doubt("the first payment is taken to fall a month after the loan began")
    draft = Draft(
        seen, table, shape, entries, decimal, "", missing, series=series, report_every=shape.report_every
    )
    draft.said = [*seen.said, *shape.said]
    draft.doubts = dict(seen.doubts)
    with_top(draft, path)
    return draft, presets(seen)


def _late(state: Entry, days: bool) -> bool:
    """Read codes that say that a loan is late and not for how long; return whether unknown codes are left.

    The days past due tell how long; without them, 30 to 59 days stand for it.
    """
    open_ = [code for code, meaning in (state.codes or {}).items() if meaning is None]
    late = [code for code, meaning in meant("status", open_).items() if meaning == "late"]
    if late:
        if len(late) == len(open_):
            state.doubts = [words for words in state.doubts if UNKNOWN not in words]
        state.codes = {**(state.codes or {}), **dict.fromkeys(late, "" if days else "dpd_30_59")}
        words = "the days past due tell it" if days else "30 to 59 days are assumed"
        state.doubt(
            f"{', '.join(map(repr, late[:5]))}: late, and not for how long: {words}", 0.9 if days else UNSURE
        )
    return len(late) < len(open_)


def _left_to_days(state: Entry, late: Entry) -> None:
    """Leave codes that say no more than that a loan is live to its days past due: it may be late."""
    live = [code for code, meaning in (state.codes or {}).items() if says_live(code, meaning)]
    if not live:
        return
    state.codes = {**(state.codes or {}), **dict.fromkeys(live, "")}
    words = ", ".join(map(repr, live[:5]))
    state.doubts.append(
        f'{words} say that a loan is live, not that it pays: ""; {late.match.column} tells the state'
    )


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
