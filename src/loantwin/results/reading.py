"""How each class of result is read: its title, its main figures, its sentences, its table and its picture.

Paths are dotted, as in the JSON document, and `a/b` is a share. Kinds: money, share, count, number, text, and
month or date as text. The rows, one a class, stand in `readings.toml`; a class without one is
read by the defaults.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Figure = tuple[str, str, str]
"""Label, path, kind. A `*` in the path stands for every name there, and `{}` in the label for that name."""


@dataclass(frozen=True)
class Drawn:
    """What a picture shows of one table.

    x, y : columns. kind : of the values. interval : columns of the 5th and 95th percentile. by : the column
    that tells lines or groups apart. bars : bars by name instead of lines over x.
    """

    table: str
    x: str
    y: str
    kind: str
    title: str
    interval: tuple[str, str] | None = None
    by: str | None = None
    bars: bool = False
    money_across: bool = False
    logarithmic: bool = False


@dataclass(frozen=True)
class Reading:
    """How one class of result is read.

    told : main figures, `path|kind`, or `label = path|kind` where the label is not the path's own words.
    sentences : plain words with figures as `{path|kind}`; a sentence is left out where one of its figures is
    missing, or of the kind extra (money) and nothing. One with a `*` is said once for every `{name|text}`.
    table : the one that `frame()` gives.
    """

    title: str
    told: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    table: str | None = None
    drawn: Drawn | None = None

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return label, path and kind of each main figure."""
        return tuple(map(_figure, self.told))


def _figure(text: str) -> Figure:
    label, _, told = text.rpartition(" = ")
    path, _, kind = told.partition("|")
    return label or path.removesuffix("#").replace("_", " "), path, kind


@cache
def readings() -> Mapping[str, Reading]:
    """Return how each class is read, by its name."""
    rows = tomllib.loads((Path(__file__).parent / "readings.toml").read_text(encoding="utf-8"))
    return {name: _reading(**row) for name, row in rows.items()}


def _reading(*, drawn: Mapping[str, Any] | None = None, **row: Any) -> Reading:
    return Reading(**_tuples(row), drawn=None if drawn is None else _drawn(**_tuples(drawn)))


def _drawn(*, shown: str, **row: Any) -> Drawn:
    """Return what a picture shows; `shown` is `table: x, y|kind`."""
    table, x, y, kind = re.split(": |, |[|]", shown)
    return Drawn(table, x, y, kind, **row)


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def reading_of(result: object) -> Reading:
    """Return how a result is read: by its class's row, else by its schema's name."""
    kind = type(result)
    name = str(getattr(kind, "SCHEMA", "")).removeprefix("loantwin.").partition("/")[0]
    return readings().get(kind.__name__) or Reading((name or kind.__name__).replace("_", " ").capitalize())
