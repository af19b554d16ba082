"""What an open twin keeps between calls: made once, by one thread, forgotten when its sources change.

A kept thing names its sources. When the twin moves on (another date, later events, another publication lag),
`Store.without` hands over everything whose sources stayed as they were; nothing else is handed over.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from threading import RLock
from typing import Any, Generic, Literal, Protocol, TypeVar, overload

Source = Literal["tape", "loans", "model", "environment", "date", "lags"]
"""tape : the loaded tape and its format. loans : loan events after it. model : the last fit and the macro
files it kept. environment : stored step tables. date : the date looked at. lags : publication lags of macro
series.
"""

MOST_KEYS = 8
"""Values kept under one name, by key (a horizon, say): the one used longest ago goes first."""

Value = TypeVar("Value")


@dataclass
class _Entry:
    sources: frozenset[Source]
    values: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    guard: RLock = field(default_factory=RLock)


class Store:
    """Kept things by name, safe for threads that share a twin: one makes, the others wait for the same."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._guard = RLock()

    def get(
        self, name: str, sources: Iterable[Source], make: Callable[[], Value], key: Hashable = None
    ) -> Value:
        """Return what is kept under a name and key, made by `make` the first time.

        Locks are taken from what is asked for to what it is made from, which has no circle, so that threads
        cannot wait for each other.
        """
        with self._guard:
            entry = self._entries.setdefault(name, _Entry(frozenset(sources)))
        with entry.guard:
            if key not in entry.values:
                entry.values[key] = make()
                while len(entry.values) > MOST_KEYS:
                    entry.values.popitem(last=False)
            entry.values.move_to_end(key)
            made: Value = entry.values[key]
            return made

    def put(self, name: str, sources: Iterable[Source], value: object) -> None:
        """Keep a value that was made elsewhere."""
        entry = _Entry(frozenset(sources))
        entry.values[None] = value
        with self._guard:
            self._entries[name] = entry

    def peek(self, name: str) -> Any:
        """Return what is kept under a name without a key, None where nothing is."""
        with self._guard:
            entry = self._entries.get(name)
        return None if entry is None else entry.values.get(None)

    def without(self, changed: Iterable[Source]) -> Store:
        """Return a store with what was made from none of the changed sources; this one if none changed."""
        gone, made = frozenset(changed), Store()
        if not gone:
            return self
        with self._guard:
            entries = list(self._entries.items())
        for name, entry in entries:
            if entry.sources & gone:
                continue
            with entry.guard:
                if entry.values:
                    made._entries[name] = _Entry(entry.sources, OrderedDict(entry.values))
        return made

    def sizes(self) -> dict[str, int]:
        """Return bytes by name, as far as arrays and tables tell; what two things share counts in both."""
        with self._guard:
            entries = list(self._entries.items())
        return {name: sum(size_of(value) for value in list(entry.values.values())) for name, entry in entries}


class Keeping(Protocol):
    """What `kept` returns: a decorator of a method without arguments."""

    def __call__(self, make: Callable[[Any], Value]) -> KeptValue[Value]: ...


def kept(*sources: Source) -> Keeping:
    """Turn a method without arguments into a value that the holder's `store` keeps.

    @kept("tape", "loans", "date")
    def book(self) -> Book: ...
    """

    def decorate(make: Callable[[Any], Value]) -> KeptValue[Value]:
        return KeptValue(make, sources)

    return decorate


class KeptValue(Generic[Value]):
    """The descriptor that `kept` makes."""

    def __init__(self, make: Callable[[Any], Value], sources: tuple[Source, ...]) -> None:
        self._make = make
        self.sources = sources
        self.__doc__ = make.__doc__
        self.name = make.__name__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"{owner.__name__.lower()}.{name}"

    @overload
    def __get__(self, holder: None, owner: type) -> KeptValue[Value]: ...
    @overload
    def __get__(self, holder: object, owner: type) -> Value: ...
    def __get__(self, holder: Any, owner: type) -> KeptValue[Value] | Value:
        if holder is None:
            return self
        store: Store = holder.store
        return store.get(self.name, self.sources, lambda: self._make(holder))


def size_of(value: Any) -> int:
    """Return bytes of the arrays, tables and texts that a value holds."""
    if hasattr(value, "estimated_size"):
        return int(value.estimated_size())
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping):
        return sum(size_of(item) for item in value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return sum(size_of(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return sum(size_of(getattr(value, item.name)) for item in fields(value))
    return 0
