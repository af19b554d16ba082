"""Which tables a class of result may have, told from its fields' types, before there is a result."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from loantwin.results.tables import AXES, PROVENANCE, SINGLE


def table_names(kind: type[Any]) -> tuple[dict[str, None], tuple[str, ...]]:
    """Return the names a result's tables may have, in the order of its fields, and beginnings of others.

    The latter are of fields whose types do not say what they hold. An empty table is none: a result may lack
    some of them.
    """
    found: dict[str, None] = {SINGLE: None}
    open_: list[str] = []
    for path, hint in _paths(kind, ""):
        if path.partition(".")[0] == PROVENANCE:
            continue
        if _several(hint):
            found[path] = None
        if Any in _held(hint):
            open_.append(path)
    return {**found, PROVENANCE: None}, tuple(open_)


def _paths(kind: type[Any], before: str) -> Iterator[tuple[str, Any]]:
    """Yield dotted field names and their types, those of what a field holds after it."""
    hints = get_type_hints(kind)
    names = [item.name for item in fields(kind)]
    if before and any(axis in names for axis in AXES):
        yield from ((f"{before}{axis}", list[str]) for axis in AXES if axis in names)
    for name in names:
        yield f"{before}{name}", hints[name]
        for inner in _held(hints[name]):
            if is_dataclass(inner):
                yield from _paths(inner, f"{before}{name}.")  # type: ignore[arg-type]  # a class


def _parts(hint: Any) -> tuple[Any, ...]:
    """Return the types that a union is of; of others the one itself."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _several(hint: Any) -> bool:
    """Return whether a field may hold a mapping or a list."""
    return any(_is_several(part) for part in _parts(hint))


def _is_several(part: Any) -> bool:
    origin = get_origin(part) or part
    return origin in (tuple, list, Any) or (isinstance(origin, type) and issubclass(origin, Mapping))


def _held(hint: Any) -> list[Any]:
    """Return what a field holds within its mappings and lists: classes, plain types, Any."""
    found: list[Any] = []
    for part in _parts(hint):
        if get_origin(part) is not None and _is_several(part):
            for arg in get_args(part):
                found += [] if arg is Ellipsis else _held(arg)
        elif part in (dict, Mapping, list, tuple):
            found.append(Any)
        else:
            found.append(part)
    return found
