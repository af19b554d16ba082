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
    r"|horizon|share_explained|sigma|effective_number|cut_off|approved|stand_alone_share|share_of_book|half_life_months|generated_standard_error|of_tier1|standard_error_of_z|default_multiple)(_|$)"
)
"""Names of figures that are decimals; all other floats are taken for money."""
MONEY = re.compile(r"(^|_)(by_deviation|derivative|exposure_per_case|standard_deviation|rate_risk)(_|$)")
"""Names that hold one of those and are money."""
DECIMALS = {
    "AgeEffect",
    "Alternative",
    "BelievedCurve",
    "BelievedNumber",
    "Bounded",
    "CalibrationRow",
    "Cell",
    "ChangeTold",
    "Compared",
    "ComponentEffect",
    "ConfigShown",
    "ContributionTold",
    "Cycle",
    "Decile",
    "DefaultAt",
    "EndFigures",
    "FairnessSearchResult",
    "Contender",
    "FeatureMoved",
    "FeatureTold",
    "Figure",
    "Judged",
    "LowDefault",
    "ModelRow",
    "MacroFit",
    "MacroScores",
    "OtherCases",
    "PartJudged",
    "PeriodAhead",
    "Point",
    "PointsTold",
    "Pooled",
    "RateScore",
    "ReasonTold",
    "RivalScore",
    "RatingsResult",
    "RollPeriod",
    "Scale",
    "ScoreCompared",
    "ScoreCurves",
    "ScoreExplainResult",
    "ScorePredictResult",
    "Stability",
    "Suspect",
    "YearFactor",
}
"""Classes all of whose figures are decimals."""
CELL = 0.05
"""Part of the step that shares of a matrix take: the rows of a picture hold nothing above all."""
KEYS = ("long-name-of-a-segment|north-west|grade-A", "B")
"""Names that a mapping has: a long one and a short one."""
PROVENANCE = {
    "program": "loantwin 9.9",
    "lender": "Bank of Nowhere",
    "source": "tape-of-nowhere.csv",
    "computed": "2031-02-03T04:05:06+00:00",
    "log_head": "ab" * 32,
}


class Keys(tuple[str, ...]):
    """Names that a mapping has in place of `KEYS`."""


class Many(int):
    """How many a list has in place of three."""


class Filler:
    """Fills fields by their types, no two figures alike.

    given : by `Class.field`, and by `Class.field/` of what lies inside it: a value, `Keys`, `Many`, or a
        function of the filler. money : the size of amounts. step : of decimals from one to the next.
    """

    def __init__(self, given: Mapping[str, Any], money: float = 1e11, step: float = 0.0137) -> None:
        self.given = given
        self.numbers: Iterator[int] = count(1)
        self.money, self.step = money, step
        self.decimals, self.kind = False, ""

    def make(self, kind: type[Any]) -> Any:
        """Return an instance of a dataclass."""
        hints = get_type_hints(kind)
        outer = self.decimals, self.kind
        self.decimals, self.kind = kind.__name__ in DECIMALS, kind.__name__
        values = {}
        for item in fields(kind):
            name = f"{kind.__name__}.{item.name}"
            if item.init:
                told = item.name == "provenance" and item.default_factory is not MISSING
                given = self.given.get(name, PROVENANCE if told else Keys)
                named = given is Keys or isinstance(given, Keys | Many)
                values[item.name] = (
                    self.value(hints[item.name], name) if named else given(self) if callable(given) else given
                )
        self.decimals, self.kind = outer
        return kind(**values)

    def value(self, hint: Any, name: str) -> Any:
        """Return a value of a type, its figures unlike all others; `name` as in `given`."""
        place = next(self.numbers)
        origin, args = get_origin(hint), get_args(hint)
        field = name.rpartition(".")[2].rstrip("/")
        if is_dataclass(hint):
            return self.make(hint)  # type: ignore[arg-type]
        if origin in (Union, types.UnionType):
            return self.value(next(arg for arg in args if arg is not type(None)), name)
        if origin is Literal:
            return args[0]
        if origin in (tuple, list):
            return tuple(self.value(args[0], f"{name}/") for _ in range(self.given.get(name, 3)))
        if origin is not None and issubclass(origin, Mapping):
            return {key: self.value(args[1], f"{name}/") for key in self.given.get(name, KEYS)}
        if hint is bool:
            return True
        if hint is int:
            return 1000 + 7 * place
        if hint is float:
            if self.decimals or (DECIMAL.search(field) and not MONEY.search(field)):
                return self.step * (1 + place % 997) * (CELL if self.kind == "Cell" else 1.0)
            return float(round(self.money * (1 + place / 1000)) + 1000 * place)
        if hint is str:
            return "CNY" if field == "currency" else f"{field} {place}"
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
