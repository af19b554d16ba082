"""Mappings: small TOML files that say what a lender's columns mean; `docs/formats.md` shows each key.

A mapping is read strictly: an unknown key, a column of no published table, a rule that looks at the outcome,
each is a `MappingError` that names the file and the key.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import importlib.resources
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loantwin.book.layout import Told
from loantwin.book.mapping_parts import (
    FIGURES,
    KINDS,
    SCALES,
    UNITS,
    Assumption,
    CaseWeight,
    ColumnSource,
    DebtorGroup,
    DefaultDefinition,
    Derivation,
    Value,
    ValueBands,
)
from loantwin.book.mapping_reader import NUMERIC, MappingReader
from loantwin.book.schema import CHECKED, LOANS, PANEL
from loantwin.errors import MappingError, expected

__all__ = [
    "FIGURES",
    "FORMATS",
    "KINDS",
    "SCALES",
    "UNITS",
    "Assumption",
    "CaseWeight",
    "ColumnSource",
    "DebtorGroup",
    "DefaultDefinition",
    "Derivation",
    "TapeFormat",
    "Value",
    "ValueBands",
    "from_dict",
    "load_mapping",
    "override",
    "with_variant",
]

DEFINITIONS = ("eu", "china")
"""Built-in definitions of default, for `default = "NAME"`; each is a file of this package."""

FORMATS = ("sba", "lending-club", "lending-snapshot", "cmbs")
"""The built-in formats; each is a mapping file of this package."""


@dataclass(frozen=True)
class TapeFormat:
    """A tape format; `document` is the TOML it was read from, assumptions as overridden."""

    name: str
    file: str
    document: Mapping[str, Any]
    words: str
    currency: str
    kind: str
    columns: Mapping[str, ColumnSource]
    panel: Mapping[str, ColumnSource]
    checked: Mapping[str, ColumnSource]
    attributes: Mapping[str, ColumnSource]
    file_facts: Told
    decimal: str
    missing: tuple[str, ...]
    earliest: dt.date
    latest: dt.date
    pivot: dt.date
    as_of: dt.date | None
    weight: CaseWeight
    derivations: tuple[Derivation, ...]
    assumptions: Mapping[str, Value]
    assumption_details: Mapping[str, Assumption]
    segment_by: tuple[str | ValueBands, ...]
    observes: tuple[str, ...]
    default: DefaultDefinition
    variants: Mapping[str, Mapping[str, Any]]
    rules: Mapping[str, bool]

    @property
    def defines_default(self) -> bool:
        """Return whether the mapping defines default, so that states decide it and days past due alone do
        not.
        """
        return "default" in self.document

    @property
    def told(self) -> Told:
        """Return what the mapping tells of the file: its own words, and the names of the columns it reads."""
        loan = self.columns["loan_id"]
        others = (
            *self.columns.values(),
            *self.panel.values(),
            *self.checked.values(),
            *self.attributes.values(),
        )
        parts = (
            part
            for spec in (loan, *others)
            for part in (spec.source, spec.less, spec.divided_by, spec.or_source)
        )
        return replace(self.file_facts, wanted=tuple(dict.fromkeys(part for part in parts if part)))

    def number(self, name: str, default: float | None = None) -> float:
        """Return a numeric assumption; a missing one is `default` or, without one, a MappingError."""
        value = self.assumptions.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise MappingError(expected(f"a numeric assumption {name}", value), file=self.file, field=name)
        return float(value)

    def resolve(self, value: Value) -> Value:
        """Return the assumption a name stands for, or the value itself."""
        return self.assumptions.get(value, value) if isinstance(value, str) else value

    def to_dict(self) -> dict[str, Any]:
        """Return the plain document, from which `from_dict` makes the same mapping again."""
        return {"file": self.file, **self.document}


def load_mapping(name_or_path: str | Path, overrides: Mapping[str, Value] | None = None) -> TapeFormat:
    """Return a built-in format, a third party's (`loantwin.formats` entry point) or that of a .toml file.

    Parameters
    ----------
    overrides : values of assumptions by name, in place of the mapping's own.

    Raises
    ------
    MappingError : no such format, unknown key, wrong type, unknown assumption to override.
    """
    file, text = _source_text(name_or_path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"expected valid TOML, was: {error}", file=file) from error
    return from_dict(override(_defined(document, file), overrides or {}, file), file)


def _defined(document: dict[str, Any], file: str) -> dict[str, Any]:
    """Return the document with a definition of default called by name written out, so that it is kept as
    read.
    """
    name = document.get("default")
    if not isinstance(name, str):
        return document
    if name not in DEFINITIONS:
        raise MappingError(expected("one of " + ", ".join(DEFINITIONS), name), file=file, field="default")
    source = importlib.resources.files("loantwin.book") / "definitions" / f"{name}.toml"
    return {**document, "default": tomllib.loads(source.read_text(encoding="utf-8"))}


def override(document: Mapping[str, Any], overrides: Mapping[str, Value], file: str) -> dict[str, Any]:
    """Return a mapping document with other values for some assumptions.

    Raises
    ------
    MappingError : no such assumption, or a text for a number and the other way round.
    """
    read = MappingReader(file)
    stated = read.table(document.get("assumptions", {}), "assumptions")
    assumptions = {key: dict(read.table(entry, f"assumptions.{key}")) for key, entry in stated.items()}
    for key, value in overrides.items():
        entry = assumptions.get(key)
        if entry is None:
            raise MappingError(
                expected("one of the assumptions " + ", ".join(assumptions), key), file=file, field=key
            )
        if isinstance(entry.get("value"), str) != isinstance(value, str):
            raise MappingError(expected(f"a value like {entry.get('value')!r}", value), file=file, field=key)
        entry.update(value=value, words=str(entry.get("words", "")) + " (overridden)")
    return {**document, "assumptions": assumptions} if assumptions else dict(document)


def from_dict(document: Mapping[str, Any], file: str = "") -> TapeFormat:
    """Return the mapping a plain document states; the inverse of `Mapping.to_dict`.

    Raises
    ------
    MappingError : no name, a value that its key or column cannot hold, a column that is not of the schema, or
        a rule that would read the outcome; it names the key.
    """
    document = dict(document)
    file = str(document.pop("file", file))
    read = MappingReader(file)
    read.keys(document, _TOP_KEYS, "")
    if not isinstance(document.get("name"), str):
        raise MappingError(expected("a name", document.get("name")), file=file, field="name")
    kind = read.choice(document.get("kind", "outcomes"), KINDS, "kind")
    stated = read.table(document.get("assumptions", {}), "assumptions")
    details = {key: read.assumption(key, entry) for key, entry in stated.items()}
    derivations = read.list(document.get("derive", []), "derive")
    switches = read.table(document.get("rules", {}), "rules")
    mapping = TapeFormat(
        name=document["name"],
        file=file,
        document=document,
        words=read.text(document.get("words", ""), "words"),
        currency=read.text(document.get("currency", ""), "currency"),
        kind=kind,
        columns=read.sources(document, "columns", LOANS, closed=True),
        panel=read.sources(document, "panel", PANEL, closed=True),
        checked=read.sources(document, "checked", (*LOANS, *CHECKED), closed=False),
        attributes=read.sources(document, "attributes", (), closed=False),
        file_facts=read.file_facts(document),
        decimal=read.choice(document.get("decimal", "."), (".", ","), "decimal"),
        missing=read.texts(document.get("missing", [""]), "missing"),
        earliest=read.date(document.get("earliest_date", dt.date(1900, 1, 1)), "earliest_date"),
        latest=read.date(document.get("latest_date", dt.date(2199, 12, 31)), "latest_date"),
        pivot=read.date(document.get("pivot_date", dt.date(2049, 12, 31)), "pivot_date"),
        as_of=read.date(document["as_of"], "as_of") if "as_of" in document else None,
        weight=read.weight(document.get("weight", {})),
        derivations=tuple(read.derivation(entry, f"derive {i + 1}") for i, entry in enumerate(derivations)),
        assumptions={key: entry.value for key, entry in details.items()},
        assumption_details=details,
        segment_by=tuple(
            read.segment(entry) for entry in read.list(document.get("segment_by", ["product"]), "segment_by")
        ),
        observes=tuple(
            read.choice(entry, FIGURES, "observes")
            for entry in read.list(document.get("observes", []), "observes")
        ),
        default=read.default(document.get("default", {})),
        variants=read.table(document.get("variants", {}), "variants"),
        rules={name: read.flag(on, f"rules.{name}") for name, on in switches.items()},
    )
    _check(mapping, read)
    return mapping


def with_variant(mapping: TapeFormat, header: tuple[str, ...]) -> TapeFormat:
    """Return the mapping, or its variant that a tape's header calls for; the variant's words are added."""
    for name, variant in mapping.variants.items():
        if all(column in header for column in variant["when_header"]):
            changes = {key: value for key, value in variant.items() if key not in {"when_header", "words"}}
            merged = {**mapping.document, **changes, "name": f"{mapping.name}/{name}", "variants": {}}
            merged["assumptions"] = {
                **variant.get("assumptions", {}),
                **mapping.document.get("assumptions", {}),
            }
            merged["words"] = f"{mapping.words} {variant.get('words', '')}".strip()
            return from_dict(merged, mapping.file)
    return mapping


def _source_text(name_or_path: str | Path) -> tuple[str, str]:
    name = str(name_or_path)
    if name in FORMATS:
        file = importlib.resources.files("loantwin.book") / "formats" / f"{name}.toml"
        return name, file.read_text(encoding="utf-8")
    if name.endswith(".toml"):
        try:
            return name, Path(name_or_path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise MappingError(f"expected a readable mapping file, was: {error}", file=name) from error
    for entry in importlib.metadata.entry_points(group="loantwin.formats", name=name):
        return name, Path(str(entry.load())).read_text(encoding="utf-8")
    raise MappingError(
        expected("a format (" + ", ".join(FORMATS) + ") or a file ending in .toml", name), field="format"
    )


_TOP_KEYS = frozenset(
    {
        *(
            "name",
            "words",
            "currency",
            "kind",
            "as_of",
            "header_row",
            "header",
            "sheet",
            "encoding",
            "delimiter",
            "decimal",
            "missing",
            "earliest_date",
            "latest_date",
            "pivot_date",
        ),
        *("columns", "panel", "checked", "attributes", "weight", "derive", "assumptions"),
        *("segment_by", "observes", "default", "variants", "rules"),
    }
)

MOST_MONTHS = 1200
"""Longest move of a date, months."""

_BLIND = {column.name for column in LOANS if column.known_from in {"origination_date", "approval_date", ""}}


def _check(mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse what would read the outcome, or speaks of columns that are not there."""
    for needed in ("loan_id",):
        if needed not in mapping.columns:
            raise read.fail(f"a column {needed}", "none", f"columns.{needed}")
    if mapping.kind == "panel" and "report_date" not in mapping.panel:
        raise read.fail("a panel column report_date", "none", "panel.report_date")
    if mapping.kind == "snapshot" and mapping.as_of is None:
        raise read.fail("the date of the snapshot", "none", "as_of")
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
        read.keys(variant, _TOP_KEYS | {"when_header"}, f"variants.{name}")
        if not read.list(variant.get("when_header", []), f"variants.{name}.when_header"):
            raise read.fail(
                "the header columns that call for the variant", "none", f"variants.{name}.when_header"
            )
    if mapping.earliest > mapping.latest:
        raise read.fail(f"a date not before earliest_date {mapping.earliest}", mapping.latest, "latest_date")
    _check_values(mapping, read)


def _check_values(mapping: TapeFormat, read: MappingReader) -> None:
    """Refuse a value that its column cannot hold, an assumption's value in place of its name."""
    for section, table, sources in (("columns", LOANS, mapping.columns), ("panel", PANEL, mapping.panel)):
        known = {column.name: column for column in table}
        for name, source in sources.items():
            for code, meant in (source.values or {}).items():
                if known[name].allowed and meant:
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
