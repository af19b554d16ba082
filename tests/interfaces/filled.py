"""Results made of their own types, with figures that are all distinct: what is read is then told apart."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from itertools import count
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

DECIMAL = re.compile(
    r"(^|_)(rate|share|weight|pd|severity|ratio|accuracy|bias|coverage\w*|confidence|correlation|phi|z"
    r"|probability|fitted|deviation|gini|herfindahl|distance|discount|fine|adjustment|simplified|rivals"
    r"|mobility|threshold|factor|maximum|minimum|with_buffers|ultimate|score|change|believed|asked|floor"
    r"|horizon|share_explained|sigma|effective_number|stand_alone_share|share_of_book|half_life_months|generated_standard_error|of_tier1|standard_error_of_z|default_multiple)(_|$)"
)
"""Names of figures that are decimals; all other floats are taken for money."""
MONEY = re.compile(r"(^|_)(by_deviation|derivative|exposure_per_case|standard_deviation|rate_risk)(_|$)")
"""Names that hold one of those and are money."""
DECIMALS = {
    "AgeEffect",
    "BelievedCurve",
    "BelievedNumber",
    "Cell",
    "Compared",
    "ComponentEffect",
    "ConfigShown",
    "Cycle",
    "Decile",
    "DefaultAt",
    "FeatureTold",
    "Judged",
    "LowDefault",
    "MacroFit",
    "MacroScores",
    "PeriodAhead",
    "Point",
    "PointsTold",
    "Pooled",
    "RateScore",
    "RatingsResult",
    "RollPeriod",
    "ScoreCompared",
    "Stability",
    "Suspect",
    "YearFactor",
}
"""Classes all of whose figures are decimals."""
KEYS = ("long-name-of-a-segment|north-west|grade-A", "B")
"""Names that a mapping has: a long one and a short one."""


class Keys(tuple[str, ...]):
    """Names that a mapping has in place of `KEYS`."""


class Filler:
    """Fills fields by their types; `given` holds values or names by `Class.field`, `money` is the size of
    amounts.
    """

    def __init__(self, given: Mapping[str, Any], money: float = 1e11) -> None:
        self.given = given
        self.numbers: Iterator[int] = count(1)
        self.money = money
        self.decimals = False

    def make(self, kind: type[Any]) -> Any:
        """Return an instance of a dataclass."""
        hints = get_type_hints(kind)
        values = {}
        outer, self.decimals = self.decimals, kind.__name__ in DECIMALS
        for item in fields(kind):
            if not item.init:
                continue
            name = f"{kind.__name__}.{item.name}"
            if name in self.given:
                made = self.given[name]
                if isinstance(made, Keys):
                    hint = hints[item.name]
                    if get_origin(hint) is types.UnionType:
                        hint = get_args(hint)[0]
                    inner = get_args(hint)[1]
                    made = {key: self.value(inner, item.name) for key in made}
                values[item.name] = made(self) if callable(made) else made
            elif item.name == "provenance" and item.default_factory is not MISSING:
                values[item.name] = {}
            else:
                values[item.name] = self.value(hints[item.name], item.name)
        self.decimals = outer
        return kind(**values)

    def value(self, hint: Any, name: str) -> Any:
        """Return a value of a type, its figures unlike all others."""
        place = next(self.numbers)
        origin, args = get_origin(hint), get_args(hint)
        if is_dataclass(hint):
            return self.make(hint)  # type: ignore[arg-type]
        if origin in (Union, types.UnionType):
            return self.value(next(arg for arg in args if arg is not type(None)), name)
        if origin is Literal:
            return args[0]
        if origin in (tuple, list):
            return tuple(self.value(args[0], name) for _ in range(3))
        if origin is not None and issubclass(origin, Mapping):
            return {key: self.value(args[1], name) for key in KEYS}
        if hint is bool:
            return True
        if hint is int:
            return 1000 + 7 * place
        if hint is float:
            if self.decimals or (DECIMAL.search(name) and not MONEY.search(name)):
                return 0.0137 * (1 + place % 997)
            return float(round(self.money * (1 + place / 1000)) + 1000 * place)
        if hint is str:
            return "CNY" if name == "currency" else f"{name} {place}"
        if hint is datetime:
            return datetime(2020, 1, 1)
        if hint is date:
            return date(2020, 1 + place % 12, 28)
        return {}

    def floats(self, *names: str) -> dict[str, float]:
        """Return decimals by name."""
        return {name: self.value(float, "share") for name in names}

    def amounts(self, *names: str) -> dict[str, float]:
        """Return amounts by name."""
        return {name: self.value(float, "amount") for name in names}
