"""Reading a TOML table strictly: every value taken by name, range checked, what is left over refused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from loantwin.errors import RiskError, expected


class OptionsReader:
    """A TOML table whose values are taken one by one; `done` refuses a key that nobody asked for."""

    def __init__(self, table: Mapping[str, Any], file: Path | None, where: str = "") -> None:
        self._table = table
        self._file = file
        self._where = where
        self._taken: set[str] = set()

    def refuse(self, wanted: object, was: object, key: str = "") -> NoReturn:
        """Raise RiskError that names file and key."""
        field = ".".join(part for part in (self._where, key) if part)
        raise RiskError(expected(wanted, was), file=self._file, field=field or None)

    def has(self, key: str) -> bool:
        """Return whether a key is there."""
        return key in self._table

    def value(self, key: str) -> Any:
        """Return a value as it stands; a missing one is refused."""
        if key not in self._table:
            self.refuse(f"a key {key}", "none", key)
        self._taken.add(key)
        return self._table[key]

    def text(self, key: str) -> str:
        """Return a text."""
        value = self.value(key)
        return value if isinstance(value, str) else self.refuse("a text", value, key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.value(key)
        if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            self.refuse("a list of texts", value, key)
        return tuple(value)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.value(key)
        return value if isinstance(value, bool) else self.refuse("true or false", value, key)

    def is_number(self, key: str) -> bool:
        """Return whether a key holds a number."""
        return isinstance(self._table.get(key), int | float) and not isinstance(self._table[key], bool)

    def number(self, key: str, low: float, high: float) -> float:
        """Return a number of a range."""
        return self._checked(self.value(key), key, low, high)

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        """Return a list of so many numbers of at least 0."""
        value = self.value(key)
        if not isinstance(value, list) or len(value) != count:
            self.refuse(f"a list of {count} numbers", value, key)
        return tuple(self._checked(item, key, 0.0, math.inf) for item in value)

    def pairs(self, key: str, high: float) -> tuple[tuple[float, float], ...]:
        """Return a list of pairs, the first of each rising, the second in [0, high]."""
        value = self.value(key)
        if not (
            isinstance(value, list)
            and value
            and all(isinstance(item, list) and len(item) == 2 for item in value)
        ):
            self.refuse("a list of pairs of numbers", value, key)
        made = tuple(
            (self._checked(a, key, 0.0, math.inf), self._checked(b, key, 0.0, high)) for a, b in value
        )
        if any(later[0] <= earlier[0] for earlier, later in pairwise(made)):
            self.refuse("pairs whose first number rises", value, key)
        return made

    def date(self, key: str) -> dt.date:
        """Return a date."""
        value = self.value(key)
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            self.refuse("a date such as 2025-01-01", value, key)
        return value

    def dates(self, key: str) -> tuple[dt.date, dt.date | None]:
        """Return a list of a first and a last day as a pair; None where the second is left out."""
        value = self.value(key)
        if not (isinstance(value, list) and len(value) in (1, 2) and all(_is_day(item) for item in value)):
            self.refuse("a list of one date, or of a first and a last", value, key)
        if len(value) == 2 and value[1] < value[0]:
            self.refuse("a last day after the first", value[1], key)
        return value[0], (value[1] if len(value) == 2 else None)

    def inner(self, key: str) -> OptionsReader:
        """Return a table inside this one."""
        value = self.value(key)
        if not isinstance(value, dict):
            self.refuse("a table", value, key)
        return OptionsReader(value, self._file, ".".join(part for part in (self._where, key) if part))

    def section(self, *path: str) -> OptionsReader:
        """Return a table by its path."""
        made = self
        for key in path:
            made = made.inner(key)
        return made

    def names(self, key: str) -> tuple[str, ...]:
        """Return the keys of a table inside this one."""
        return tuple(self.inner(key)._table)

    def rest(self) -> tuple[str, ...]:
        """Return the keys not taken yet."""
        return tuple(key for key in self._table if key not in self._taken)

    def done(self) -> dict[str, Any]:
        """Refuse a key that was not taken; return nothing to add, so that it ends a list of arguments."""
        left = self.rest()
        if left:
            self.refuse("a key of " + (", ".join(sorted(self._taken)) or "this table"), left[0], left[0])
        return {}

    def _checked(self, value: Any, key: str, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.refuse(
                f"a number from {low:g} to {high:g}"
                if math.isfinite(high)
                else f"a number of at least {low:g}",
                value,
                key,
            )
        return float(value)


def _is_day(value: object) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
