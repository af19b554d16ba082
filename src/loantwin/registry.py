"""What goes by a name and may come from another package: formats, models, standards, loss models, policies.

The built-in entries of a kind stand in its `Registry`. A package adds its own through an entry point of the
kind's group; nothing of it is imported before its name is asked for, and no built-in name can be taken over.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from loantwin.errors import InputError, UsageError, choice, expected

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Registry(Generic[Entry]):
    """One kind of thing by name; upper and lower case are one.

    what : what messages call it. group : its entry points'. built_in : name -> entry.
    also : names that are taken where this kind is asked for and are no entries; messages list them first.
    besides : what else is taken, in words.
    """

    what: str
    group: str
    built_in: Mapping[str, Entry]
    also: tuple[str, ...] = ()
    besides: str = ""

    def __iter__(self) -> Iterator[str]:
        """Iterate over the built-in names."""
        return iter(self.built_in)

    def __len__(self) -> int:
        return len(self.built_in)

    def __contains__(self, name: object) -> bool:
        return name in self.built_in

    def names(self) -> tuple[str, ...]:
        """Return the built-in names, then those that installed packages offer; nothing is imported."""
        return tuple(dict.fromkeys((*self.built_in, *sorted(entry.name for entry in self._installed()))))

    def named(self, name: str, *, field: str | None = None, error: type[InputError] = UsageError) -> Entry:
        """Return the entry of a name; one of an installed package is imported now.

        Parameters
        ----------
        field, error : what a refusal names and is.

        Raises
        ------
        InputError : of the kind `error`: an unknown name, one that several packages offer, or a package that
            cannot be imported; the package is named.
        """
        name = self.spelt(name, field=field, error=error)
        if name in self.built_in:
            return self.built_in[name]
        found = [entry for entry in self._installed() if entry.name == name]
        if not found:
            raise error(expected(f"the name of a {self.what}", name), field=field)
        packages = [_package(entry) for entry in found]
        if len(found) > 1:
            words = expected(f"one package that offers the {self.what} {name}", " and ".join(packages))
            raise error(words, field=field)
        try:
            made: Entry = found[0].load()
        except Exception as cause:  # whatever a stranger's module raises on import
            words = (
                f"expected {self.what} {name} of {packages[0]} to load, was {type(cause).__name__}: {cause}"
            )
            raise error(words, field=field) from cause
        return made

    def spelt(self, name: str, *, field: str | None = None, error: type[InputError] = UsageError) -> str:
        """Return a name as it is known, whatever its case, one of `also` included; nothing is imported.

        Raises
        ------
        InputError : of the kind `error`: an unknown name; a near one is offered.
        """
        if name in self.also or name in self.built_in:  # a built-in name asks no package
            return name
        return choice(name, (*self.also, *self.names()), field, besides=self.besides, error=error)

    def _installed(self) -> tuple[importlib.metadata.EntryPoint, ...]:
        return tuple(importlib.metadata.entry_points(group=self.group))


def _package(entry: Any) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else f"entry {entry.value}"


def entry_name(entry: object) -> str:
    """Return what messages call an entry that is given itself and not by its name."""
    return entry if isinstance(entry, str) else str(getattr(entry, "__name__", type(entry).__name__))
