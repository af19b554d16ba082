"""Step tables as plain data, so that a twin can keep them in its home and an environment read them."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from loantwin.engine.step.economy import StepEconomy, check_economy
from loantwin.engine.step.tables import StepTables
from loantwin.errors import ModelError, expected

FORMAT = 1


def tables_to_dict(tables: StepTables) -> dict[str, Any]:
    """Return tables as plain data; arrays become {"dtype", "shape", "values"}: floats survive JSON."""
    return {"format": FORMAT, **to_plain(tables)}


def tables_from_dict(document: Mapping[str, Any]) -> StepTables:
    """Return the tables that `tables_to_dict` wrote.

    Raises
    ------
    ModelError : another format, a missing or unknown field, or tables that do not fit together.
    """
    if document.get("format") != FORMAT:
        raise ModelError(expected(f"step tables of format {FORMAT}", document.get("format")), field="format")
    made = from_plain(
        StepTables, {key: value for key, value in document.items() if key != "format"}, "tables"
    )
    if not isinstance(made, StepTables):
        raise ModelError(expected("step tables", type(made).__name__), field="tables")
    return made


def to_plain(value: Any) -> Any:
    """Return a dataclass of arrays, numbers and texts as plain data."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "shape": list(value.shape), "values": value.ravel().tolist()}
    return list(value) if isinstance(value, tuple) else value


def from_plain(kind: Any, value: Any, where: str) -> Any:
    """Return what `to_plain` wrote for a value of type `kind`; `where` is named in errors.

    Raises
    ------
    ModelError : a field that is missing or unknown, another type of array, or a number of values that does
        not fit its shape.
    """
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise ModelError(expected("a table", type(value).__name__), field=where)
        hints = get_type_hints(kind)
        names = {item.name for item in fields(kind)}
        if set(value) != names:
            wrong = sorted(set(value) ^ names)[0]
            raise ModelError(
                expected("the fields " + ", ".join(sorted(names)), wrong), field=f"{where}.{wrong}"
            )
        return kind(**{name: from_plain(hints[name], value[name], f"{where}.{name}") for name in value})
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in get_args(kind) if arg is not type(None))
        return None if value is None else from_plain(inner, value, where)
    if origin is tuple:
        return tuple(value)
    if isinstance(value, Mapping) and "values" in value:
        return _array(value, where)
    return value


def _array(value: Mapping[str, Any], where: str) -> Any:
    if value.get("dtype") not in ("float64", "int64"):
        raise ModelError(expected("float64 or int64", value.get("dtype")), field=where)
    flat = np.array(value["values"], dtype=value["dtype"])
    shape = tuple(value["shape"])
    if flat.size != int(np.prod(shape)):
        raise ModelError(expected(f"{int(np.prod(shape))} values", flat.size), field=where)
    return flat.reshape(shape)


LATER = ("moved", "share")
"""Fields of an economy that tables stored before lack."""


def environment_to_dict(tables: StepTables, economy: StepEconomy) -> dict[str, Any]:
    """Return what a twin keeps for its environment: the blob that `EnvironmentTablesSaved` names."""
    plain = to_plain(economy)
    for name in LATER:
        if getattr(economy, name) is None:
            del plain[name]  # so that versions that know no such field read the tables
    return {"tables": tables_to_dict(tables), "economy": plain}


def environment_from_dict(document: Any) -> tuple[StepTables, StepEconomy]:
    """Return tables and economy from the plain data of `environment_to_dict`.

    Raises
    ------
    ModelError : anything but tables and economy, and as `from_plain`.
    """
    if not isinstance(document, dict) or set(document) != {"tables", "economy"}:
        raise ModelError(expected("tables and economy", str(type(document).__name__)), field="environment")
    tables = tables_from_dict(document["tables"])
    stated = document["economy"]
    stated = {**dict.fromkeys(LATER), **stated} if isinstance(stated, Mapping) else stated
    economy = from_plain(StepEconomy, stated, "economy")
    check_economy(economy, tables.parameters, tables.months)
    return tables, economy
