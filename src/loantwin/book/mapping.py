"""Mappings: small TOML files that say what a lender's columns mean; `docs/formats.md` shows each key.

A mapping is read strictly: an unknown key, a column of no published table, a rule that looks at the outcome,
each is a `MappingError` that names the file and the key.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loantwin.book.mapping_checks import check_mapping
from loantwin.book.mapping_parts import (
    FIGURES,
    KINDS,
    LENDING,
    PRODUCT_CLASSES,
    SCALES,
    TOP_KEYS,
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
from loantwin.book.mapping_reader import MappingReader
from loantwin.book.schema import CHECKED, LOANS, PANEL
from loantwin.book.tape_format import TapeFormat
from loantwin.errors import MappingError, expected
from loantwin.files import parse_toml, read_text
from loantwin.registry import Registry

__all__ = [
    "FIGURES",
    "FORMATS",
    "KINDS",
    "PRESETS",
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

PRESETS = ("eba-npl", "opennpl")
"""Formats of published templates, which any lender may fill in; each is a file to be copied and changed."""

FORMATS: Registry[str | Path] = Registry(
    "tape format",
    "loantwin.formats",
    {
        name: Path(__file__).parent / "formats" / f"{name}.toml"
        for name in ("sba", "lending-club", "lending-snapshot", "cmbs", *PRESETS)
    },
    besides=", or a file ending in .toml",
)
"""Tape formats by name; an entry is the path of a mapping file."""
DEFINITIONS = ("eu", "china")
"""Built-in definitions of default, for `default = "NAME"`; each is a file of this package."""


def load_mapping(name_or_path: str | Path, overrides: Mapping[str, Value] | None = None) -> TapeFormat:
    """Return the format of a mapping file ending in .toml, a built-in one, or an installed package's by name.

    Parameters
    ----------
    overrides : values of assumptions by name, in place of the mapping's own.

    Raises
    ------
    MappingError : no such format, unknown key, wrong type, unknown assumption to override, or a package that
        cannot be imported or names no file.
    """
    file, text = _source_text(name_or_path)
    document = parse_toml(text, file, "a mapping", MappingError)
    return from_dict(override(_defined(document, file), overrides or {}, file), file)


def _defined(document: dict[str, Any], file: str) -> dict[str, Any]:
    """Return the document with a definition of default that it calls by name written out, to be kept as
    read.
    """
    name = document.get("default")
    if not isinstance(name, str):
        return document
    if name not in DEFINITIONS:
        raise MappingError(expected("one of " + ", ".join(DEFINITIONS), name), file=file, field="default")
    source = Path(__file__).parent / "definitions" / f"{name}.toml"
    return {**document, "default": tomllib.loads(source.read_text(encoding="utf-8"))}


READ = {
    "loss_given_default": (
        "decimal of exposure",
        "Charged off of the exposure at default, where none is seen.",
    ),
    "recovery_rate": ("decimal of exposure", "Recovered of the exposure at default, where none is seen."),
    "recovery_lag_months": ("months", "Mean time from default to recovery."),
    "conversion_factor": ("decimal of the undrawn", "Drawn of an undrawn limit by the time of default."),
    "utilisation": ("decimal of the limit", "Drawn part of a revolving line, at every age."),
    "revolving_term_months": (
        "months",
        "Months that a revolving line without a term runs on, at every date.",
    ),
    "unpaid_months_at_default": ("months", "Instalments left unpaid before the default of an outcome table."),
    "annual_rate_without_macro": ("decimal a year", "Rate where no history of the index is given."),
    "partial_prepayment_monthly": ("decimal a month", "Balance paid early in part each month."),
}
"""Assumptions that are read of any mapping, so that `assume` may state them where the mapping does not."""


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
        if entry is None and key in READ:
            assumptions[key] = _stated(key, value, file)
            continue
        if entry is None:
            known = ", ".join(dict.fromkeys((*assumptions, *READ)))
            raise MappingError(expected(f"one of the assumptions {known}", key), file=file, field=key)
        if isinstance(entry.get("value"), str) != isinstance(value, str):
            raise MappingError(expected(f"a value like {entry.get('value')!r}", value), file=file, field=key)
        entry.update(value=value, words=str(entry.get("words", "")) + " (overridden)")
    return {**document, "assumptions": assumptions} if assumptions else dict(document)


def _stated(key: str, value: Value, file: str) -> dict[str, Any]:
    """Return the entry of an assumption that a mapping does not have and `assume` states."""
    unit, words = READ[key]
    most = 1.0 if unit.startswith("decimal") else 1200.0
    if isinstance(value, str) or not 0.0 <= value <= most:
        raise MappingError(expected(f"a number of 0 to {most:g}, {unit}", value), file=file, field=key)
    return {"value": value, "unit": unit, "words": f"{words} (overridden)"}


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
    read.keys(document, TOP_KEYS, "")
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
        lending=read.choice(document.get("lending", ""), ("", *LENDING), "lending"),
        product_class=read.choice(document.get("product_class", ""), ("", *PRODUCT_CLASSES), "product_class"),
        columns=read.sources(document, "columns", LOANS, closed=True),
        panel=read.sources(document, "panel", PANEL, closed=True),
        checked=read.sources(document, "checked", (*LOANS, *CHECKED), closed=False),
        attributes=read.sources(document, "attributes", (), closed=False),
        file_facts=read.file_facts(document),
        join=read.join(document.get("join")),
        months=tuple(read.date(day, "months") for day in read.list(document.get("months", []), "months")),
        report_every=read.whole(document.get("report_every", 1), "report_every", 1, 12),
        decimal=read.choice(document.get("decimal", "."), (".", ","), "decimal"),
        missing=read.texts(document.get("missing", [""]), "missing"),
        earliest=read.date(document.get("earliest_date", dt.date(1900, 1, 1)), "earliest_date"),
        latest=read.date(document.get("latest_date", dt.date(2199, 12, 31)), "latest_date"),
        pivot=read.date(document.get("pivot_date", dt.date(2049, 12, 31)), "pivot_date"),
        as_of=_as_of(document.get("as_of"), details, read),
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
    check_mapping(mapping, read)
    return mapping


def _as_of(stated: object, assumed: Mapping[str, Assumption], read: MappingReader) -> dt.date | None:
    """Return the date of a snapshot, or that of the assumption it names."""
    if stated is None:
        return None
    entry = assumed.get(stated) if isinstance(stated, str) else None
    return read.date(stated if entry is None else entry.value, "as_of")


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
    path: str | Path = name
    if not name.endswith(".toml"):
        path = FORMATS.named(name, field="format", error=MappingError)
        if not isinstance(path, str | Path):
            raise MappingError(
                expected(f"the path of a mapping file from format {name}", type(path).__name__),
                field="format",
            )
    return name, read_text(Path(path), "mapping file", MappingError)
