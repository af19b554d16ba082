"""Results of their own types, no two figures alike: what is shown in a wrong place is seen."""

from __future__ import annotations

import datetime as dt
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import count
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Made = TypeVar("Made")
SMALL = re.compile(
    r"share|rate|probability|accuracy|coverage|bias|ratio|distance|difference|value|low|high|p05|p95|trend"
    r"|deviation|noise|fitted|mean|standard_error|number|ultimate|noise_floor|rivals|pit|severity|correlation"
)
MONEY = re.compile(r"defaulted|charged|allowance|income|loss|capital|rwa|balance|amount|forecast|came")
PROVENANCE = {
    "program": "loantwin 9.9",
    "lender": "Bank of Nowhere",
    "source": "tape-of-nowhere.csv",
    "computed": "2031-02-03T04:05:06+00:00",
    "log_head": "ab" * 32,
}


class Distinct:
    """Fills fields by their types, no two figures alike.

    keys : names that a mapping has, by `Class.field`; of a mapping inside it, by `Class.field/`. size : how
        many a tuple has. given : whole values.
    """

    def __init__(
        self,
        keys: Mapping[str, tuple[str, ...]],
        size: Mapping[str, int],
        given: Mapping[str, Any],
    ) -> None:
        self.keys, self.size, self.given = keys, size, given
        self.place = count(101)

    def made(self, kind: type[Made]) -> Made:
        """Return an instance of a dataclass."""
        hints = get_type_hints(kind)
        values = {}
        for item in fields(kind):  # type: ignore[arg-type]  # a dataclass
            name = f"{kind.__name__}.{item.name}"
            if item.init and name in self.given:
                values[item.name] = self.given[name]
            elif item.init:
                values[item.name] = (
                    PROVENANCE if item.name == "provenance" else self._of(hints[item.name], name)
                )
        return kind(**values)

    def _of(self, hint: Any, name: str) -> Any:
        origin, args = get_origin(hint), get_args(hint)
        if is_dataclass(hint):
            return self.made(hint)  # type: ignore[arg-type]  # a type
        if origin in (Union, types.UnionType):
            return self._of(next(part for part in args if part is not type(None)), name)
        if origin is tuple:
            return tuple(self._of(args[0], name) for _ in range(self.size.get(name, 2)))
        if origin is not None and issubclass(origin, Mapping):
            return {key: self._of(args[1], f"{name}/") for key in self.keys.get(name, ("one", "two"))}
        place = next(self.place)
        if hint is float:
            field = name.partition(".")[2]
            amount = name.startswith(("Estimate.", "Range."))  # of money, whatever their fields are called
            small = SMALL.search(field) and not MONEY.search(field) and not amount
            step = 0.0007 if name.startswith("Cell.") else 0.0103  # a cell of a map is a share of loans
            return step * (place - 100) if small else float(1_000_003 * place)
        if hint is int:
            return 1000 + 7 * place
        if hint is bool:
            return True
        if hint is dt.date:
            return dt.date(2030, 12, 31)
        return f"{name.partition('.')[2]} {place}".replace("_", " ") if hint is str else {}
