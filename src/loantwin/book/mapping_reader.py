"""Reading a mapping strictly: a value of a wrong type or range is a `MappingError` with file and key."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping as MappingOf
from typing import Any

import polars as pl

from loantwin.book.layout import Told
from loantwin.book.mapping_parts import (
    COUNTED,
    COUNTERS,
    LEVELS,
    UNITS,
    Assumption,
    CaseWeight,
    ColumnSource,
    DebtorGroup,
    DefaultDefinition,
    Derivation,
    Join,
    Value,
    ValueBands,
)
from loantwin.book.names import near
from loantwin.book.schema import Column
from loantwin.errors import MappingError, expected

_SOURCE_KEYS = frozenset(ColumnSource.__dataclass_fields__) - {"name"}
_DERIVE_KEYS = frozenset(Derivation.__dataclass_fields__)
_CONDITION_KEYS = frozenset({"above", "up_to", "is", "missing"})
_DEFAULT_UNITS = {
    "money": "money",
    "rate": "decimal",
    "share": "decimal",
    "count": "number",
    "days": "days",
    "date": "date",
}
NUMERIC = frozenset({"money", "rate", "share", "number", "count", "days"})
"""Kinds of columns that hold numbers."""

_SAMPLE_DAY = dt.date(2005, 11, 23)


class MappingReader:
    """Turns plain TOML values into the parts of a mapping; every complaint names file and key."""

    def __init__(self, file: str) -> None:
        self.file = file

    def fail(self, what: str, was: object, key: str, hint: str = "") -> MappingError:
        return MappingError(expected(what, was) + hint, file=self.file, field=key)

    def keys(self, table: object, allowed: frozenset[str], where: str) -> MappingOf[str, Any]:
        """Return a table with no key beyond `allowed`, or raise MappingError."""
        for key in self.table(table, where):
            if key not in allowed:
                names = "one of the keys " + ", ".join(sorted(allowed))
                raise self.fail(names, key, f"{where}.{key}".lstrip("."), near(key, allowed))
        return self.table(table, where)

    def table(self, value: object, where: str) -> MappingOf[str, Any]:
        """Return a table, or raise MappingError."""
        if not isinstance(value, dict):
            raise self.fail("a table", value, where)
        return value

    def list(self, value: object, where: str) -> list[Any]:
        """Return a list, or raise MappingError."""
        if not isinstance(value, list):
            raise self.fail("a list", value, where)
        return value

    def text(self, value: object, where: str) -> str:
        """Return a text, or raise MappingError."""
        if not isinstance(value, str):
            raise self.fail("a text", value, where)
        return value

    def flag(self, value: object, where: str) -> bool:
        """Return true or false, or raise MappingError: 0 and 1 do not serve."""
        if not isinstance(value, bool):
            raise self.fail("true or false", value, where)
        return value

    def number(self, value: object, where: str) -> float:
        """Return a finite number, or raise MappingError: true and false are none."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail("a finite number", value, where)
        return float(value)

    def number_or_name(self, value: object, where: str) -> Value:
        """Return a number, or the name of an assumption that holds one."""
        return value if isinstance(value, str) else self.number(value, where)

    def choice(self, value: object, allowed: tuple[str, ...], key: str) -> str:
        """Return one of the allowed texts, or raise MappingError that lists them."""
        if value not in allowed:
            hint = near(value, allowed) if isinstance(value, str) else ""
            raise self.fail("one of " + ", ".join(allowed), value, key, hint)
        return str(value)

    def texts(self, value: object, key: str) -> tuple[str, ...]:
        """Return the texts of one text or a list of them, or raise MappingError."""
        if isinstance(value, str):
            return (value,)
        if isinstance(value, int) and not isinstance(value, bool):  # the number of a column without a name
            return (str(value),)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail("a text or a list of texts", value, key)
        return tuple(value)

    def date(self, value: object, key: str) -> dt.date:
        """Return a date, of TOML or ISO text, or raise MappingError."""
        if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
            try:
                return dt.date.fromisoformat(str(value))
            except ValueError as error:
                raise self.fail("a date like 2005-12-31", value, key) from error
        return value

    def assumption(self, key: str, entry: object) -> Assumption:
        """Return an assumption; a value other than a text or a finite number raises MappingError."""
        table = self.keys(entry, frozenset({"value", "unit", "words"}), f"assumptions.{key}")
        value = table.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.fail("a number or a text", value, f"assumptions.{key}.value")
        if isinstance(value, int | float) and not abs(value) < 1e15:
            raise self.fail("a finite number", value, f"assumptions.{key}.value")
        return Assumption(value, str(table.get("unit", "")), str(table.get("words", "")))

    def sources(
        self, document: MappingOf[str, Any], section: str, table: tuple[Column, ...], closed: bool
    ) -> dict[str, ColumnSource]:
        """Return the column sources of a section; a column the schema does not have raises MappingError."""
        known = {column.name: column for column in table}
        found: dict[str, ColumnSource] = {}
        for name, entry in self.table(document.get(section, {}), section).items():
            where = f"{section}.{name}"
            if closed and name not in known:
                raise self.fail("a column of the published schema", name, where, near(name, known))
            if isinstance(entry, str | list | int):
                entry = {"source": entry}
            column = {"attributes": f"attribute_{name}", "panel": f"panel.{name}"}.get(section, name)
            found[name if section == "panel" else column] = self.source(
                column,
                self.keys(entry, _SOURCE_KEYS, where),
                where,
                known.get(name, Column(name, "text", "", "")),
            )
        return found

    def source(self, name: str, entry: MappingOf[str, Any], where: str, column: Column) -> ColumnSource:
        """Return one column's source, or raise MappingError: no column or constant, dates without form."""
        kind = column.kind
        default = (
            "number"
            if "breaks" in entry
            else "code"
            if "values" in entry
            else _DEFAULT_UNITS.get(kind, "number" if kind == "number" else "text")
        )
        unit = self.choice(entry.get("unit", default), UNITS, f"{where}.unit")
        lists = ("source", "formats", "missing", "less", "divided_by", "or_source", "beside", "monthly")
        texts: dict[str, Any] = {
            key: self.texts(entry[key], f"{where}.{key}") for key in lists if key in entry
        }
        made = ColumnSource(
            name=name,
            unit=unit,
            values=self.codes(entry["values"], f"{where}.values") if "values" in entry else None,
            breaks=self.breaks(entry["breaks"], f"{where}.breaks", column) if "breaks" in entry else None,
            **texts,
            day=self.choice(entry.get("day", "first"), ("first", "last"), f"{where}.day"),
            pattern=self.pattern(entry["pattern"], f"{where}.pattern") if "pattern" in entry else None,
            optional=self.flag(entry.get("optional", False), f"{where}.optional"),
            constant=self.constant(entry["constant"], f"{where}.constant", column)
            if "constant" in entry
            else None,
            when=self.condition(entry.get("when", {}), f"{where}.when"),
            otherwise=self.number(entry["otherwise"], f"{where}.otherwise") if "otherwise" in entry else None,
            shift_months=self.shift(entry["shift_months"], f"{where}.shift_months")
            if "shift_months" in entry
            else None,
            take=self.choice(entry.get("take", "first"), ("first", "last", "max"), f"{where}.take"),
            decimal=self.choice(entry["decimal"], (".", ","), f"{where}.decimal")
            if "decimal" in entry
            else None,
            number_rows=self.flag(entry.get("number_rows", False), f"{where}.number_rows"),
            times=self.number(entry.get("times", 1.0), f"{where}.times"),
            percent_above=self.number(entry["percent_above"], f"{where}.percent_above")
            if "percent_above" in entry
            else None,
            zero=self.date(entry["zero"], f"{where}.zero") if "zero" in entry else None,
            every=self.period(entry["every"], f"{where}.every") if "every" in entry else None,
        )
        if not (made.source or made.monthly or made.number_rows) and made.constant is None:
            raise self.fail("a source column or a constant", "neither", where)
        if unit == "date" and (made.source or made.monthly) and not made.formats and made.zero is None:
            raise self.fail('date formats like ["%Y-%m-%d"]', "none", f"{where}.formats")
        if (made.zero is None) != (made.every is None):
            raise self.fail("both zero and every, for dates counted in periods", "one of them", where)
        for form in made.formats:
            self.date_format(form, f"{where}.formats")
        return made

    def codes(self, value: object, where: str) -> MappingOf[str, str]:
        """Return a table of codes and texts, or raise MappingError."""
        table = self.table(value, where)
        if not all(isinstance(item, str) for item in table.values()):
            raise self.fail("texts as values", value, where)
        return table

    def breaks(self, value: object, where: str, column: Column) -> MappingOf[str, float]:
        """Return the upper end of each band of a code, rising, `inf` for the rest, or raise MappingError."""
        table = self.table(value, where)
        for name in table:
            if column.allowed:
                self.choice(name, column.allowed, f"{where}.{name}")
        ends = {name: self.bound(end, f"{where}.{name}") for name, end in table.items()}
        if len(set(ends.values())) < max(len(ends), 1):
            raise self.fail("bands with rising upper ends", dict(table), where)
        # Trap: the order of a stored table. JSON's keys are sorted by name: bands are told by their ends.
        return dict(sorted(ends.items(), key=lambda item: item[1]))

    def bound(self, value: object, where: str) -> float:
        """Return the upper end of a band, which may be infinite."""
        return math.inf if value in (math.inf, "inf") else self.number(value, where)

    def default(self, entry: object) -> DefaultDefinition:
        """Return the definition of default; without a table, 90 days past due of the loan itself."""
        table = self.keys(
            entry, frozenset(DefaultDefinition.__dataclass_fields__) - {"groups"} | {"group"}, "default"
        )
        return DefaultDefinition(
            days=self.whole(table.get("days", 90), "default.days", 1, 1000),
            counter=self.choice(table.get("counter", COUNTERS[0]), COUNTERS, "default.counter"),
            observation_months=self.whole(
                table.get("observation_months", 0), "default.observation_months", 0, 120
            ),
            groups=tuple(
                self.group(item, f"default.group {place + 1}")
                for place, item in enumerate(self.list(table.get("group", []), "default.group"))
            ),
            words=self.text(table.get("words", ""), "default.words"),
        )

    def group(self, entry: object, where: str) -> DebtorGroup:
        """Return loans whose default is judged alike, or raise MappingError."""
        table = self.keys(entry, frozenset(DebtorGroup.__dataclass_fields__), where)
        limits = {
            key: self.share(table[key], f"{where}.{key}")
            for key in ("least_share", "pulling_share", "elsewhere_share")
            if key in table
        }
        amount = self.number(table.get("least_amount", 0.0), f"{where}.least_amount")
        if amount < 0.0:
            raise self.fail("an amount of at least 0", amount, f"{where}.least_amount")
        return DebtorGroup(
            when=self.condition(table.get("when", {}), f"{where}.when"),
            level=self.choice(table.get("level", LEVELS[0]), LEVELS, f"{where}.level"),
            least_amount=amount,
            words=self.text(table.get("words", ""), f"{where}.words"),
            **limits,
        )

    def share(self, value: object, where: str) -> float:
        """Return a decimal from 0 to 1, or raise MappingError."""
        number = self.number(value, where)
        if not 0.0 <= number <= 1.0:
            raise self.fail("a share from 0 to 1", value, where)
        return number

    def whole(self, value: object, where: str, least: int, most: int) -> int:
        """Return a whole number within its bounds, or raise MappingError."""
        number = self.number(value, where)
        if number != int(number) or not least <= number <= most:
            raise self.fail(f"a whole number from {least} to {most}", value, where)
        return int(number)

    def file_facts(self, document: MappingOf[str, Any]) -> Told:
        """Return what the mapping says of the file itself, or raise MappingError."""
        texts = {
            key: self.text(document[key], key)
            for key in ("sheet", "encoding", "delimiter")
            if key in document
        }
        names = self.texts(document.get("header", []), "header")
        if len(set(names)) < len(names):
            raise self.fail("each name once", ", ".join(names), "header")
        if "delimiter" in texts and len(texts["delimiter"]) != 1:
            raise self.fail("one character", texts["delimiter"], "delimiter")
        if "encoding" in texts:
            self.encoding(texts["encoding"])
        row = (
            self.whole(document["header_row"], "header_row", 0, 100_000) if "header_row" in document else None
        )
        first = (
            self.whole(document["loans_from_column"], "loans_from_column", 2, 10_000)
            if "loans_from_column" in document
            else None
        )
        return Told(row, names, texts.get("sheet"), texts.get("encoding"), texts.get("delimiter"), first)

    def join(self, entry: object) -> Join | None:
        """Return the second file that stands beside the tape, if any, or raise MappingError."""
        if entry is None:
            return None
        own = ("header_row", "header", "sheet", "encoding", "delimiter")
        table = self.keys(entry, frozenset({"file", "on", *own}), "join")
        keys = table.get("on")
        if isinstance(keys, str):
            keys = {keys: keys}
        if not isinstance(keys, dict) or len(keys) != 1:
            raise self.fail('the column that both files have, or { here = "there" }', keys, "join.on")
        here, there = next(iter(keys.items()))
        told = self.file_facts({key: table[key] for key in own if key in table})
        return Join(self.text(table.get("file"), "join.file"), here, self.text(there, "join.on"), told)

    def encoding(self, name: str) -> None:
        """Raise MappingError where no encoding has the name."""
        try:
            "a".encode(name)
        except LookupError as error:
            raise self.fail("an encoding like cp1250, mac_roman, gb18030, cp932", name, "encoding") from error

    def pattern(self, value: object, where: str) -> str:
        """Return a regular expression that the table reader takes, or raise MappingError."""
        text = self.text(value, where)
        try:
            pl.Series([""]).str.contains(f"^(?:{text})$")
        except pl.exceptions.ComputeError as error:
            raise self.fail("a regular expression", text, where) from error
        return text

    def period(self, value: object, where: str) -> str:
        """Return a number of days, months or quarters like 1d, 1m, 3m, 1q, or raise MappingError."""
        text = self.text(value, where)
        if re.fullmatch(r"[1-9]\d{0,3}[dwmqy]", text) is None:
            raise self.fail("a period like 1d, 1m, 1q", text, where)
        return text

    def date_format(self, form: str, where: str) -> None:
        """Raise MappingError where a format cannot read the day it has written itself."""
        if form in COUNTED or ("%Y" in form and "%" not in form.replace("%Y", "")):
            return
        if "%q" in form:
            if ("%Y" in form) == ("%y" in form) or re.search("%[^Yyq]", form):
                raise self.fail("a year beside the quarter, like %Y-Q%q", form, where)
            return
        whole = form if "%d" in form or "%j" in form else f"%d {form}"
        try:
            read = pl.Series([_SAMPLE_DAY.strftime(whole)]).str.to_date(whole, strict=False)
        except (pl.exceptions.ComputeError, ValueError) as error:
            raise self.fail("a date format like %Y-%m-%d", form, where) from error
        if read[0] != _SAMPLE_DAY:
            raise self.fail("a date format like %Y-%m-%d", form, where)

    def constant(self, value: object, where: str, column: Column) -> str | float | dt.date:
        if column.kind in NUMERIC:
            return self.number(value, where)
        if column.kind == "date":
            return self.date(value, where)
        return self.choice(value, column.allowed, where) if column.allowed else self.text(value, where)

    def shift(self, value: object, where: str) -> Value | MappingOf[str, Value]:
        if isinstance(value, dict):
            return {
                status: self.number_or_name(moved, f"{where}.{status}") for status, moved in value.items()
            }
        return self.number_or_name(value, where)

    def weight(self, entry: object) -> CaseWeight:
        table = self.keys(entry, frozenset({"constant", "column", "values", "look_ahead"}), "weight")
        values = self.table(table.get("values", {}), "weight.values")
        return CaseWeight(
            constant=self.number_or_name(table.get("constant", 1.0), "weight.constant"),
            column=self.text(table["column"], "weight.column") if "column" in table else None,
            values={key: self.number_or_name(value, f"weight.values.{key}") for key, value in values.items()},
            look_ahead=self.flag(table.get("look_ahead", False), "weight.look_ahead"),
        )

    def derivation(self, entry: object, where: str) -> Derivation:
        """Return a derivation, or raise MappingError where it names no column to fill."""
        table = self.keys(entry, _DERIVE_KEYS, where)
        if "column" not in table:
            raise self.fail("the column to fill", "none", f"{where}.column")
        texts = {
            key: self.text(table[key], f"{where}.{key}")
            for key in ("column", "take", "at_most", "words")
            if key in table
        }
        value = table.get("value")
        return Derivation(
            **texts,
            when=self.condition(table.get("when", {}), f"{where}.when"),
            value=None if value is None else self.number_or_name(value, f"{where}.value"),
            replace=self.flag(table.get("replace", False), f"{where}.replace"),
        )

    def condition(self, when: object, where: str) -> MappingOf[str, Any]:
        for column, test in self.table(when, where).items():
            if isinstance(test, dict):
                self.keys(test, _CONDITION_KEYS, f"{where}.{column}")
        return self.table(when, where)

    def segment(self, entry: object) -> str | ValueBands:
        """Return a segment column or its bands, or raise MappingError where breaks do not rise."""
        if isinstance(entry, str):
            return entry
        table = self.keys(entry, frozenset({"column", "breaks"}), "segment_by")
        breaks = tuple(
            self.number(item, "segment_by") for item in self.list(table.get("breaks", []), "segment_by")
        )
        if not breaks or list(breaks) != sorted(breaks) or "column" not in table:
            raise self.fail("a column and rising breaks", entry, "segment_by")
        return ValueBands(self.text(table["column"], "segment_by"), breaks)
