"""Every class of result, made up from its own fields with figures that are all distinct."""

from __future__ import annotations

import datetime as dt
import importlib
import itertools
import pkgutil
import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import loantwin
from loantwin.errors import ExtraError
from loantwin.types import ModelResult, Result


def classes() -> list[type[Result]]:
    """Return every class of result that the package defines."""
    for module in pkgutil.walk_packages(loantwin.__path__, "loantwin."):
        with suppress(ExtraError):  # what subclasses an absent library holds no result
            importlib.import_module(module.name)

    def below(kind: type[Result]) -> Iterator[type[Result]]:
        for inner in kind.__subclasses__():
            yield inner
            yield from below(inner)

    return sorted(
        {kind for kind in below(Result) if kind.__module__.startswith("loantwin.")} - {ModelResult},
        key=lambda kind: kind.__name__,
    )


def sample(kind: type[Result], size: int = 2) -> Any:
    """Return an object of a class of result: every list and mapping has `size` entries, no figure twice."""
    return _Maker(size).made(kind, "")


class _Maker:
    def __init__(self, size: int) -> None:
        self.size = size
        self.count = itertools.count(1)

    def made(self, hint: Any, name: str) -> Any:
        number = next(self.count)
        if hint is float:
            return 1000.5 + number
        if hint is int:
            return 100_000 + number
        if hint is bool:
            return True
        if hint is str:
            return "EUR" if name == "currency" else f"{name}-{number}"
        if hint is dt.datetime:
            return dt.datetime(2000, 1, 1) + dt.timedelta(days=number)
        if hint is dt.date:
            return dt.date(2000, 1, 1) + dt.timedelta(days=number)
        if hint is type(None):
            return None
        if hint is Any:
            return 2000.25 + number
        if is_dataclass(hint):
            hints = get_type_hints(hint)
            return hint(
                **{item.name: self.made(hints[item.name], item.name) for item in fields(hint) if item.init}
            )
        origin, args = get_origin(hint), get_args(hint)
        if origin is Literal:
            return args[0]
        if origin in (Union, types.UnionType):
            return self.made(next(arg for arg in args if arg is not type(None)), name)
        if origin in (tuple, list):
            return tuple(self.made(args[0], name) for _ in range(self.size))
        if origin is not None and issubclass(origin, Mapping):
            return {f"{name}-key-{next(self.count)}": self.made(args[1], name) for _ in range(self.size)}
        raise AssertionError(f"no sample of {hint}")
