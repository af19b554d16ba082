"""What a mapping may say of each column: every key is held against the kind of the column before a row
is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from loantwin.book.kinds import KINDS
from loantwin.book.mapping_parts import TOP_KEYS, ColumnSource, ValueBands
from loantwin.book.mapping_reader import NUMERIC, MappingReader
from loantwin.book.names import near
from loantwin.book.schema import CHECKED, LOANS, PANEL
from loantwin.book.tape_format import TapeFormat

TEXTS = frozenset({"text", "choice"})

UNITS_OF = {
    "text": ("text", "code"),
    "choice": ("text", "code"),
    "date": ("date",),
    "money": ("money", "number"),
    "rate": ("decimal", "percent", "number"),
    "share": ("decimal", "percent", "number", "money"),
    "count": ("months", "years", "days", "number"),
    "days": ("days", "number"),
    "number": ("number", "decimal", "percent", "money", "days", "months", "years"),
}
"""Units in which a column of each kind can be read."""

KINDS_OF = {
    "values": TEXTS,
    "breaks": TEXTS,
    "pattern": TEXTS,
    "beside": TEXTS,
    "formats": frozenset({"date"}),
    "day": frozenset({"date"}),
    "zero": frozenset({"date"}),
    "every": frozenset({"date"}),
    "shift_months": frozenset({"date"}),
    "less": NUMERIC,
    "divided_by": NUMERIC,
    "otherwise": NUMERIC,
    "times": NUMERIC,
    "decimal": NUMERIC,
    "percent_above": frozenset({"rate", "share"}),
}
"""Kinds of columns that each key can be said of; the other keys fit every kind."""

INSTEAD = {
    ("values", "date"): "; `formats` reads dates, `zero` and `every` numbers of periods",
    ("unit", "days"): "; arrears counted in months or instalments are a state: `breaks` of the column state",
    ("unit", "date"): "; a day as a number has a format, like excel-days, or `zero` and `every`",
}
"""What helps in place of a key that does not fit, by key and kind of the column; of numbers, `missing`
does.
"""

MOST_MONTHS = 1200
"""Longest move of a date, months."""

_BLIND = {column.name for column in LOANS if column.known_from in {"origination_date", "approval_date", ""}}


def check_mapping(mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse what does not fit a column's kind, would read the outcome, or speaks of columns that are not
    there.

    Raises
    ------
    MappingError : naming the mapping's file and the key.
    """
    if "loan_id" not in mapping.columns:
        raise read.fail("a column loan_id", "none", "columns.loan_id")
    if mapping.columns["loan_id"].constant is not None:
        raise read.fail("a source column, or number_rows = true", "a constant", "columns.loan_id.constant")
    date = mapping.panel.get("report_date")
    if date is not None and date.constant is not None:
        wanted = 'a source column, `months` for one column a month, or kind = "snapshot" for one date'
        raise read.fail(wanted, "a constant", "panel.report_date.constant")
    _check_keys(mapping, read)
    if mapping.kind == "panel" and "report_date" not in mapping.panel and not mapping.months:
        raise read.fail("a panel column report_date", "none", "panel.report_date")
    if mapping.kind == "snapshot" and mapping.as_of is None and "state_date" not in mapping.columns:
        raise read.fail("the date of the snapshot, or a column state_date", "none", "as_of")
    _check_shapes(mapping, read)
    schema = {column.name for column in LOANS}
    for derivation in mapping.derivations:
        if derivation.column not in schema:
            raise read.fail("a column of the published schema", derivation.column, "derive")
        used = [*derivation.when, *(name for name in (derivation.take, derivation.at_most) if name)]
        for name in used:
            if name not in _BLIND:
                raise read.fail(
                    "rules that use only facts known at approval or origination",
                    name,
                    f"derive.{derivation.column}",
                )
    for part in mapping.segment_by:
        name = part if isinstance(part, str) else part.column
        if name not in _BLIND | set(mapping.attributes):
            raise read.fail("a segment column known at origination", name, "segment_by")
    for name, variant in mapping.variants.items():
        read.keys(variant, TOP_KEYS | {"when_header"}, f"variants.{name}")
        if not read.list(variant.get("when_header", []), f"variants.{name}.when_header"):
            raise read.fail(
                "the header columns that call for the variant", "none", f"variants.{name}.when_header"
            )
    if mapping.earliest > mapping.latest:
        raise read.fail(f"a date not before earliest_date {mapping.earliest}", mapping.latest, "latest_date")
    _check_values(mapping, read)
    _check_derivations(mapping, read)
    for place, group in enumerate(mapping.default.groups, 1):
        _check_when(group.when, f"default.group {place}", mapping, read)
    weighted = mapping.weight.column
    kinds = kinds_made(mapping)
    if weighted is not None and _class(kinds.get(weighted, "")) != "text":
        raise read.fail(
            "a column of texts the mapping makes", weighted, "weight.column", near(weighted, kinds)
        )


def _check_shapes(mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse one column a month without its months, and the reverse."""
    monthly = {name: spec for name, spec in mapping.panel.items() if spec.monthly}
    if mapping.kind != "panel" and (mapping.months or mapping.report_every != 1):
        key = "months" if mapping.months else "report_every"
        raise read.fail("a panel", mapping.kind, key)
    if bool(monthly) != bool(mapping.months):
        raise read.fail("both months and panel columns with monthly", "one of them", "months")
    if mapping.months and "report_date" in mapping.panel:
        raise read.fail("months or a column report_date", "both", "panel.report_date")
    if len(set(mapping.months)) < len(mapping.months):
        raise read.fail("each month once", ", ".join(map(str, mapping.months)), "months")
    for name, spec in monthly.items():
        if len(spec.monthly) != len(mapping.months) or spec.source:
            what = f"one column for each of the {len(mapping.months)} months, in place of a source"
            raise read.fail(what, len(spec.monthly), f"panel.{name}.monthly")
    for section in ("columns", "checked", "attributes"):
        for name, spec in getattr(mapping, section).items():
            if spec.monthly:
                raise read.fail(
                    "a panel column", name, f"{section}.{name.removeprefix('attribute_')}.monthly"
                )


def _check_keys(mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse a key that its column's kind cannot have, and one that says nothing beside another."""
    for section in ("columns", "panel", "checked", "attributes"):
        entries: Mapping[str, Any] = mapping.document.get(section, {})
        for name, spec in getattr(mapping, section).items():
            stated = (
                entries.get(name.removeprefix("attribute_"), {}) if section == "attributes" else entries[name]
            )
            where = f"{section}.{name.removeprefix('attribute_')}"
            kind = "text" if section == "attributes" else KINDS.get(spec.name)
            if kind is not None and isinstance(stated, Mapping):
                _check_kind(spec, stated, kind, where, read)
            _check_source(spec, where, mapping, read)


def _check_kind(
    spec: ColumnSource, stated: Mapping[str, Any], kind: str, where: str, read: MappingReader
) -> None:
    for key, kinds in KINDS_OF.items():
        if key in stated and kind not in kinds:
            hint = INSTEAD.get(
                (key, kind), "; `missing` names texts that mean missing" if key == "values" else ""
            )
            raise read.fail(f"no {key} for a column of kind {kind}", stated[key], f"{where}.{key}", hint)
    units = UNITS_OF[kind] if spec.breaks is None else ("number", "months", "days")
    if (spec.source or spec.monthly) and spec.unit not in units:
        hint = INSTEAD.get(("unit", kind), "")
        raise read.fail("one of " + ", ".join(units), spec.unit, f"{where}.unit", hint)
    if kind == "share" and spec.unit == "money" and not spec.divided_by:
        raise read.fail("divided_by beside an amount that becomes a share", "none", f"{where}.divided_by")
    if stated.get("take") == "max" and kind in TEXTS:
        raise read.fail("first or last for a text", "max", f"{where}.take")


def _check_source(spec: ColumnSource, where: str, mapping: TapeFormat, read: MappingReader) -> None:
    if spec.constant is not None and spec.source:
        raise read.fail("a source column or a constant", "both", f"{where}.constant")
    if spec.number_rows and (spec.name != "loan_id" or spec.source or mapping.kind == "panel"):
        raise read.fail(
            "number_rows for the loan_id of one row a loan, without a source", where, f"{where}.number_rows"
        )
    for key in ("less", "divided_by", "or_source", "beside", "breaks", "values", "pattern"):
        if getattr(spec, key) and not (spec.source or spec.monthly):
            raise read.fail(f"a source column beside {key}", "none", f"{where}.source")
    if spec.otherwise is not None and not spec.when:
        raise read.fail("a condition `when` beside otherwise", "none", f"{where}.when")
    if spec.times == 0.0:
        raise read.fail("a factor other than 0", 0, f"{where}.times")
    _check_when(spec.when, where, mapping, read)
    if isinstance(spec.shift_months, Mapping) and "status" not in mapping.columns:
        raise read.fail("a column status, by which shift_months moves dates", "none", f"{where}.shift_months")


def _check_when(when: Mapping[str, Any], where: str, mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse a condition on a column the mapping does not make, or with a value its kind cannot have."""
    kinds = kinds_made(mapping)
    for name, test in when.items():
        if name not in kinds:
            raise read.fail(
                "a column the mapping makes", name, f"when.{name}", near(name, kinds) or f", in {where}"
            )
        for key, value in (test if isinstance(test, Mapping) else {"is": test}).items():
            if key == "missing":
                read.flag(value, f"when.{name}")
                continue
            many = key == "is" and isinstance(value, Sequence) and not isinstance(value, str)
            for item in value if many else (value,):
                _check_value(kinds[name], item, f"when.{name}", read)


def _check_value(kind: str, value: object, where: str, read: MappingReader) -> None:
    if kind in NUMERIC:
        read.number(value, where)
    elif kind == "date":
        if not isinstance(value, dt.date):
            raise read.fail("a date like 2005-12-31, without quotes", value, where)
    else:
        read.text(value, where)


def kinds_made(mapping: TapeFormat) -> dict[str, str]:
    """Return the kind of each column a mapping makes, by the name it has beside the others."""
    made: dict[str, str] = {name: KINDS[name] for name in mapping.columns}
    made |= {f"panel.{name}": KINDS[f"panel.{name}"] for name in mapping.panel}
    for name, spec in mapping.checked.items():
        made.setdefault(name, KINDS.get(name, "text" if spec.unit in ("text", "code") else spec.unit))
    made |= dict.fromkeys(mapping.attributes, "text")
    numbers = {"days", "months", "years", "percent", "decimal"}
    return {name: "number" if kind in numbers - {"days"} else kind for name, kind in made.items()}


def _check_derivations(mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse a rule that takes a column of another kind, or cuts what is no number or date."""
    kinds: dict[str, str] = {column.name: column.kind for column in LOANS}
    made = {**kinds_made(mapping), **{entry.column: kinds[entry.column] for entry in mapping.derivations}}
    for place, entry in enumerate(mapping.derivations, 1):
        where = f"derive {place}"
        said = [name for name in ("value", "take", "at_most") if getattr(entry, name) is not None]
        if len(said) != 1:
            raise read.fail("one of value, take and at_most", ", ".join(said) or "none", where)
        for key in ("take", "at_most"):
            other = getattr(entry, key)
            if other is None:
                continue
            if other not in made:
                raise read.fail("a column the mapping makes", other, f"{where}.{key}", near(other, made))
            if _class(made[other]) != _class(kinds[entry.column]):
                raise read.fail(
                    f"a column of kind {kinds[entry.column]}", f"{other}, {made[other]}", f"{where}.{key}"
                )
        for name in entry.when:
            if name in made:
                continue
            raise read.fail("a column the mapping makes", name, f"{where}.when.{name}", near(name, made))
        if entry.value is not None and kinds[entry.column] == "date":
            raise read.fail("a column of texts or numbers for value", entry.column, f"{where}.value")


def _class(kind: str) -> str:
    return "number" if kind in NUMERIC else "text" if kind in TEXTS else kind


def _check_values(mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse a value that its column cannot hold, an assumption's value in place of its name."""
    sections = (
        ("columns", LOANS, mapping.columns),
        ("panel", PANEL, mapping.panel),
        ("checked", (*LOANS, *CHECKED), mapping.checked),
    )
    for section, table, sources in sections:
        known = {column.name: column for column in table}
        for name, source in sources.items():
            for code, meant in (source.values or {}).items():
                if name in known and known[name].allowed and meant:
                    read.choice(
                        mapping.resolve(meant), known[name].allowed, f"{section}.{name}.values.{code}"
                    )
            moves = (
                source.shift_months if isinstance(source.shift_months, Mapping) else {"": source.shift_months}
            )
            for moved in moves.values():
                if (
                    moved is not None
                    and abs(read.number(mapping.resolve(moved), f"{section}.{name}.shift_months"))
                    > MOST_MONTHS
                ):
                    raise read.fail(f"at most {MOST_MONTHS} months", moved, f"{section}.{name}.shift_months")
    known = {column.name: column for column in LOANS}
    for derivation in mapping.derivations:
        if derivation.value is not None:
            read.constant(
                mapping.resolve(derivation.value), f"derive.{derivation.column}", known[derivation.column]
            )
    for part in mapping.segment_by:
        if isinstance(part, ValueBands) and (
            part.column not in known or known[part.column].kind not in NUMERIC
        ):
            raise read.fail("a column of numbers for bands", part.column, "segment_by")
    for value in (mapping.weight.constant, *mapping.weight.values.values()):
        if not read.number(mapping.resolve(value), "weight") > 0.0:
            raise read.fail("a weight above 0", value, "weight")
