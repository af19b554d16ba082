"""A result as flat tables: one walk over its fields, the same for every command.

Single figures make the one row of `result`. A mapping or list of records is a table of its own, a row each;
what lies inside a row is flattened into columns (`charged_off_p05`), and lists inside it are a table named
`outer.inner` whose first columns say which row they belong to.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from loantwin.errors import UsageError, expected

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]
Tables = dict[str, list[Row]]

SINGLE = "result"
"""The table of single figures, one row."""
PROVENANCE = "provenance"
"""The table of what the result came from, a row a fact."""
POSITION = "position"
"""The column of places in a list, from 0, where nothing names them."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "actions": ("action",),
    "against_baseline": ("scenario",),
    "amounts": ("figure", "horizon"),
    "amounts_total": ("figure", "horizon"),
    "approaches": ("approach",),
    "assumed": ("figure",),
    "at_horizon": ("from",),
    "at_risk": ("state",),
    "beliefs": ("belief",),
    "beliefs.figures": ("scenario", "figure"),
    "cash_in": ("source",),
    "cash_out": ("use",),
    "classification": ("class",),
    "closed": ("mode",),
    "crises": ("crisis",),
    "defaults_by_rule": ("rule",),
    "economy": ("factor",),
    "figures": ("figure", "horizon"),
    "gross_carrying": ("line",),
    "interest": ("stage",),
    "interval": ("figure",),
    "intervals": ("figure",),
    "left_out": ("reason",),
    "levels": ("effect",),
    "loan": ("column",),
    "loan_count_by_status": ("status",),
    "loss_given_default": ("what",),
    "macro": ("factor", "line"),
    "macro_known_until": ("factor",),
    "matrix": ("from",),
    "multiples": ("scenario", "figure"),
    "parts": ("scenario", "figure"),
    "paths": ("scenario",),
    "planted": ("fault",),
    "plausibility": ("scenario",),
    "rates": ("from", "to"),
    "seconds": ("step",),
    "scores": ("figure", "forecast"),
    "sectors": ("dimension",),
    "sectors.sectors": ("sector",),
    "series": ("series", "horizon"),
    "table": ("line",),
    "term_structure": ("from",),
    "to_loss": ("from",),
    "total": ("figure", "horizon"),
    "totals": ("figure",),
    "weighted_totals": ("figure",),
    "withdrawn": ("figure",),
}
"""Field -> what the keys of its mapping are, outermost first, where the field's own name does not say it."""
APART = ("others", "values")
"""Mappings inside a row that are a table of their own, as every `by_...` is: keys are a lender's words."""
AXES = ("months", "quarters", "ages")
"""Lists that name the places of the lists of numbers beside them."""
COUNTED = ("age", "horizon", "month", "number", "year")
"""Whole numbers that tell the records of a list apart."""


def tables(result: Any) -> Tables:
    """Return every table of a result by name; single figures first, provenance last, none empty."""
    made: Tables = {}
    row: Row = {}
    made[SINGLE] = [row]
    _Walk(made, getattr(result, "states", ())).fill(result, row, "", "", {}, root=True)
    if not row:
        del made[SINGLE]
    told = _leaves(getattr(result, PROVENANCE, None))
    made[PROVENANCE] = [{"fact": name, "value": value} for name, value in told]
    return {name: rows for name, rows in made.items() if rows}


def frame(result: Any, name: str | None = None, main: str | None = None) -> pl.DataFrame:
    """Return one table of a result: the one asked for, else `main`, else the first of several rows.

    Raises
    ------
    UsageError : no table of that name; the message lists those that there are.
    """
    made = tables(result)
    if name is None:
        name = main_table(made, main)
    if name not in made:
        raise UsageError(expected("one of " + ", ".join(made), name), field="frame")
    return as_frame(made[name])


def main_table(made: Tables, main: str | None = None) -> str:
    """Return the name of the table to show first."""
    if main in made:
        return str(main)
    several = [name for name in made if name not in (SINGLE, PROVENANCE)]
    records = [name for name in several if len(made[name][0]) > 2]
    return (records or several or list(made))[0]


def as_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows as a data frame; a column of numbers and texts becomes two, `name` and `name_text`."""
    import polars as pl

    names = list(dict.fromkeys(name for row in rows for name in row))
    made: dict[str, pl.Series] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        numbers = [value if _number(value) else None for value in values]
        texts = [None if value is None or _number(value) else value for value in values]
        if any(value is not None for value in numbers):
            kind = pl.Int64 if all(isinstance(value, int | None) for value in numbers) else pl.Float64
            made[name] = pl.Series(name, numbers, dtype=kind, strict=False)
            if any(value is not None for value in texts):
                made[f"{name}_text"] = _texts(f"{name}_text", texts)
        else:
            made[name] = _texts(name, texts)
    return pl.DataFrame(list(made.values()))


def _texts(name: str, values: Sequence[Any]) -> pl.Series:
    import polars as pl

    there = [value for value in values if value is not None]
    if there and all(isinstance(value, bool) for value in there):
        return pl.Series(name, values, dtype=pl.Boolean)
    if there and all(isinstance(value, dt.date) and not isinstance(value, dt.datetime) for value in there):
        return pl.Series(name, values, dtype=pl.Date)
    return pl.Series(name, [None if value is None else _text(value) for value in values], dtype=pl.String)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


class _Walk:
    """The tables made so far, filled from the outside in. states : of a matrix's rows and columns."""

    def __init__(self, made: Tables, states: Sequence[str]) -> None:
        self.made = made
        self.states = states

    def fill(self, record: Any, row: Row, prefix: str, path: str, keys: Row, *, root: bool = False) -> None:
        """Put a record's single values into `row`, and what is more than one into tables of their own.

        keys : the columns that tell this row from others, for the tables inside it.
        """
        apart = {} if root else self._series(record, path, keys)
        for name, value in _items(record):
            column = f"{prefix}{name}"
            inner = f"{path}.{name}" if path else name
            if (root and name == PROVENANCE) or name in apart:
                continue
            if _scalar(value):
                row[_free(column, row)] = value
            elif is_dataclass(value):
                self.fill(value, row, f"{column}_", inner, keys)
            elif not root and isinstance(value, Mapping) and _wide(name, value):
                for key, item in value.items():
                    row[_free(f"{column}_{key}", row)] = item
            elif not root and _texts_only(value):
                row[_free(column, row)] = "; ".join(value)
            elif value:
                words = KEYS.get(inner) or KEYS.get(name) or (_singular(name),)
                self.rows(inner, value, keys, words)

    def rows(self, name: str, value: Any, keys: Row, words: Sequence[str]) -> None:
        """Add what a mapping or list holds to the table `name`, with `keys` before it."""
        self.made.setdefault(name, [])
        if isinstance(value, Mapping):
            self._mapping(name, value, keys, words)
        elif all(map(_scalar, value)):
            self._values(name, value, keys, words)
        else:
            self._list(name, value, keys, words)

    def _values(self, name: str, value: Sequence[Any], keys: Row, words: Sequence[str]) -> None:
        column = _free(words[0] if words else "value", keys)
        for place, item in enumerate(value):
            told = {} if _texts_only(value) else {POSITION: place}
            self._add(name, {**keys, **told, column if _texts_only(value) else "value": item})

    def _list(self, name: str, value: Sequence[Any], keys: Row, words: Sequence[str]) -> None:
        told, tables_before = _named(value), set(self.made)
        column = _free(words[0] if words else "name", keys)
        rows = []
        for place, item in enumerate(value):
            own = {column: told[place]} if told else {POSITION: place}
            if _record(item):
                row = dict(keys) if told else {**keys, POSITION: place}
                self.fill(item, row, "", name, {**keys, **own})
                rows.append(row)
            else:
                self.rows(name, item, {**keys, **own}, ())
        if not told and rows and _tells(value) and set(self.made) == tables_before:
            rows = [{key: item for key, item in row.items() if key != POSITION} for row in rows]
        for row in rows:
            self._add(name, row)

    def _mapping(self, name: str, value: Mapping[str, Any], keys: Row, words: Sequence[str]) -> None:
        items = list(value.values())
        if any(map(_scalar, items)) and not all(map(_scalar, items)):
            row = dict(keys)  # some values are single, some are not: a record without a class
            self.fill(value, row, "", name, keys)
            self._add(name, row)
            return
        word = _free(words[0] if words else "name", keys)
        for key, item in value.items():
            inner = {**keys, word: str(key)}
            if _scalar(item):
                self._add(name, {**inner, "value": item})
            elif _numbers(item) and len(item) == len(self.states) and set(value) <= set(self.states):
                self._add(name, {**inner, **dict(zip(self.states, item, strict=True))})
            elif is_dataclass(item) or (isinstance(item, Mapping) and any(map(_scalar, item.values()))):
                row = dict(inner)
                self.fill(item, row, "", name, inner)
                self._add(name, row)
            else:
                self.rows(name, item, inner, words[1:])

    def _series(self, record: Any, path: str, keys: Row) -> set[str]:
        """Add the lists of numbers that a record's axis names the places of; return the fields used up."""
        told = dict(_items(record))
        for axis in AXES:
            names = told.get(axis)
            if not isinstance(names, tuple | list) or not names or not all(map(_scalar, names)):
                continue
            beside = {
                name: value
                for name, value in told.items()
                if name != axis and _numbers(value) and len(value) == len(names)
            }
            if beside:
                for place, label in enumerate(names):
                    row = {**keys, _free(_singular(axis), keys): label}
                    self._add(f"{path}.{axis}", {**row, **{key: item[place] for key, item in beside.items()}})
                return {axis, *beside}
        return set()

    def _add(self, name: str, row: Row) -> None:
        self.made.setdefault(name, []).append(row)


def _items(record: Any) -> list[tuple[str, Any]]:
    if isinstance(record, Mapping):
        return [(str(name), value) for name, value in record.items()]
    return [(item.name, getattr(record, item.name)) for item in fields(record)]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted path and text of every single value of nested data."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, tuple | list) and not _texts_only(value):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}.{place}")
    elif value is not None:
        yield path, "; ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _named(rows: Sequence[Any]) -> list[Any] | None:
    """Return what names each of several records: text, date or whole number; None where two share it."""
    found = [next(_names(item), None) if _record(item) else None for item in rows]
    return found if None not in found and len(set(found)) == len(found) else None


def _names(record: Any) -> Iterator[Any]:
    for name, value in _items(record):
        if isinstance(value, str | dt.date) or (name in COUNTED and isinstance(value, int)):
            yield value


def _tells(rows: Sequence[Any]) -> bool:
    return all(next(_names(item), None) is not None for item in rows)


def _singular(name: str) -> str:
    word = name.removeprefix("by_")
    if word.endswith("ies") and word != "series":
        return word.removesuffix("ies") + "y"
    return word.removesuffix("s") if re.search(r"[^sau]s$", word) else word


def _free(column: str, row: Row) -> str:
    """Return a column's name, with an underscore where it is taken."""
    while column in row:
        column += "_"
    return column


def _record(value: Any) -> bool:
    return is_dataclass(value) or isinstance(value, Mapping)


def _wide(name: str, value: Mapping[str, Any]) -> bool:
    """Whether a mapping inside a row reads as columns: single values, and not a breakdown by something."""
    return not name.startswith("by_") and name not in APART and all(map(_scalar, value.values()))


def _texts_only(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(item, str) for item in value)


def _numbers(value: Any) -> bool:
    there = isinstance(value, tuple | list) and bool(value)
    return there and all(item is None or _number(item) for item in value)


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | dt.date)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
