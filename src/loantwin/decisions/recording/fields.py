"""An application parted: what may enter the log, and what says who a person is, which stands beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from loantwin.decisions.application_file import NAMES_OF_PERSONS, flattened, is_personal
from loantwin.decisions.graph_policy import nested
from loantwin.errors import UsageError, expected

NOT_FINITE = "not_finite"
"""Key of the object that stands for NaN or infinity, which JSON cannot hold."""
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
"""What an e-mail address looks like."""


def parted_one(application: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one application, checked, in its two parts: as `parted`.

    Raises
    ------
    UsageError : an attribute whose name says that it is of a person, or a value that is not plain.
    """
    flat = {name: value for name, value in flattened(application).items() if value is not None}
    _refuse_names(flat)
    told = {name: _plain(value, name) for name, value in flat.items()}
    beside = {name: value for name, value in told.items() if is_personal(name)}
    return nested({name: value for name, value in told.items() if name not in beside}), beside


def parted(frame: pl.DataFrame) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield of each of N applications what may enter the log, nested, and its personal fields by dotted name.

    Parameters
    ----------
    frame : applications, checked: nested fields by dotted names. A value that is missing is left out.

    Raises
    ------
    UsageError : an attribute whose name says that it is of a person, or a value that is not plain.
    """
    _refuse_names(frame.columns)
    own = [name for name in frame.columns if not is_personal(name)]
    personal = [name for name in frame.columns if is_personal(name)]
    for row in frame.iter_rows(named=True):
        told = {name: _plain(row[name], name) for name in own}
        beside = {name: _plain(row[name], name) for name in personal if row[name] is not None}
        yield nested(told), beside


def joined(application: Mapping[str, Any], personal: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an application as it was decided, from its two parts; without personal fields where None."""
    made = {name: _read(value) for name, value in application.items()}
    return made | nested({name: _read(value) for name, value in (personal or {}).items()})


def _refuse_names(names: Iterable[str]) -> None:
    """Raise UsageError where an attribute's name is one of a person, or a word of the log's own."""
    for name in names:
        root, _, rest = name.partition(".")
        if NOT_FINITE in name.split("."):
            words = expected(f"another name than {NOT_FINITE}, which the log keeps for itself", name)
            raise UsageError(words, field=name)
        if root == "attributes" and rest.lower() in NAMES_OF_PERSONS:
            words = expected(f"personal.{rest}: what enters the log stays there", name)
            raise UsageError(words, field=name)


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {NOT_FINITE: str(value)}
    if isinstance(value, str):
        if "@" in value and not is_personal(name) and ADDRESS.search(value):
            words = expected("personal fields under personal: what enters the log stays", "an e-mail address")
            raise UsageError(words, field=name)
        return value
    if value is None or isinstance(value, bool | int | float):
        return value
    if type(value) is date:
        return value.isoformat()
    raise UsageError(expected("a number, a text, a flag or a day", type(value).__name__), field=name)


def _read(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if set(value) == {NOT_FINITE}:
        return float(value[NOT_FINITE])
    return {name: _read(item) for name, item in value.items()}
