"""Shared protocols and the form of every result."""

from __future__ import annotations

import math
import types as pytypes
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Union, get_args, get_origin, get_type_hints

from loantwin.errors import LoantwinError

if TYPE_CHECKING:
    import polars as pl

LEVERS = ("cut_off", "price_add_on", "limit", "collection_intensity", "allocation")
"""What a lender can change, in the order of every lever array; each in [-1, 1], 0 is the reference plan."""


class Progress(Protocol):
    """Is told how far long work has come: a share from 0 to 1, and what is being done."""

    def __call__(self, share: float, words: str = "") -> None: ...


def silent(share: float, words: str = "") -> None:
    """Ignore progress."""


def stretch(progress: Progress, start: float, end: float) -> Progress:
    """Return progress for work inside other work: its shares 0 to 1 are those from `start` to `end` there."""

    def told(share: float, words: str = "") -> None:
        progress(start + (end - start) * share, words)

    return told


@dataclass(frozen=True)
class Interval:
    """A figure with its 90 % interval: mean, 5th and 95th percentile."""

    mean: float
    p05: float
    p95: float


@dataclass(frozen=True)
class Estimate:
    """A simulated figure with the standard error of the simulation."""

    value: float
    standard_error: float


@dataclass(frozen=True)
class Result:
    """Base of what every verb returns. `to_dict()` is the command's JSON document.

    The other ways to read it take its figures from the same fields: `frame()`, `frames()`, `summary()`,
    `plot()`, and what `repr` and a notebook show.
    """

    SCHEMA: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Keep the short `repr`, in whose place a dataclass would put every field."""
        if "__repr__" not in vars(cls):
            cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        """Return a few lines: what it is, as of when, its main figures."""
        from loantwin.results.words import short

        return short(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: main figures and the main table, in the page's own colours."""
        from loantwin.results.html import html

        return html(self)

    def summary(self) -> str:
        """Return what the result says in plain sentences."""
        from loantwin.results.words import summary

        return summary(self)

    def frame(self, name: str | None = None) -> pl.DataFrame:
        """Return one table of the result as a flat data frame: its main one, or the one that is named.

        Raises
        ------
        UsageError : no table of that name; the message lists those that there are.
        """
        from loantwin.results.reading import reading_of
        from loantwin.results.tables import frame

        return frame(self, name, reading_of(self).table)

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return every table of the result by name: single figures as `result`, and `provenance` last."""
        from loantwin.results.tables import as_frame, tables

        return {name: as_frame(rows) for name, rows in tables(self).items()}

    def save(self, path: Path | str, name: str | None = None) -> Path:
        """Write a table to FILE.csv or FILE.parquet, or every table to FILE.xlsx, and return the file.

        Beside FILE.csv comes FILE.csv-metadata.json with the columns' units. An old file of ours is replaced.

        Parameters
        ----------
        name : the table; None for the main one, in a workbook for all.

        Raises
        ------
        UsageError : another ending, no table of that name, a file that cannot be written, or one that this
            program did not write. ExtraError : a workbook without the extra `excel`.
        """
        from loantwin.results.export import save

        return save(self, Path(path), name)

    def plot(self, axes: Any = None) -> Any:
        """Return the result's picture as a matplotlib figure; it is drawn on `axes` where they are given.

        Raises
        ------
        ExtraError : the extra `report` is not installed. UsageError : nothing to draw.
        """
        from loantwin.results.picture import plot

        return plot(self, axes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON: dates ISO, missing None; NaN raises LoantwinError."""
        return {"schema": self.SCHEMA, **plain(self)}

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict()`, generated from the fields."""
        document = _schema_of(cls)
        document["properties"]["schema"] = {"const": cls.SCHEMA}
        document["required"] = ["schema", *document["required"]]
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": cls.SCHEMA, **document}


@dataclass(frozen=True)
class ModelResult(Result):
    """Base of what rests on a fitted model; it has a field `provenance`, from which these two are taken.

    prior : name of the product's prior model that the fit started from, None where there was none.
    prior_only : what the lender's own events are too few to tell: transitions, loss given default.
    """

    prior: str | None = field(init=False, default=None)
    prior_only: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        told: Mapping[str, Any] = getattr(self, "provenance", None) or {}
        object.__setattr__(self, "prior", told.get("prior"))
        object.__setattr__(self, "prior_only", tuple(told.get("prior_only", ())))


def plain(value: Any) -> Any:
    """Return `value` as plain Python data for JSON; a field `provenance` becomes the key `_provenance`.

    Raises
    ------
    LoantwinError : NaN or infinity, or a value that JSON has no form for.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {_key(item.name): plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "item") and hasattr(value, "dtype"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        raise LoantwinError(f"expected a finite number in a result, was {value}")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise LoantwinError(f"expected plain data in a result, was {type(value).__name__}")


def _key(name: str) -> str:
    return "_provenance" if name == "provenance" else name


_SIMPLE = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    date: "string",
    datetime: "string",
}


def _schema_of(hint: Any) -> dict[str, Any]:
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    if hint is type(None):
        return {"type": "null"}
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        names = [item.name for item in fields(hint)]
        properties = {_key(name): _schema_of(hints[name]) for name in names}
        return {"type": "object", "properties": properties, "required": [_key(name) for name in names]}
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, pytypes.UnionType):
        return {"anyOf": [_schema_of(arg) for arg in args]}
    if origin in (tuple, list):
        return {"type": "array", "items": _schema_of(args[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(args[1])}
    return {}
