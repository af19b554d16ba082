"""The pages `docs/reference.md` and `docs/results.md`: what `import loantwin` offers, and what it returns.

All of it comes from signatures, docstrings and fields, so that the pages say what the code does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import PurePath
from types import ModuleType
from typing import Any, get_args, get_type_hints

import loantwin
import loantwin.risk

INTRODUCTION = """# Python reference

<!-- Generated from signatures and docstrings; edit there and run `make docs`. -->

Every command of the command line is a function here, with the same words. What they return stands in
[results.md](results.md), what they may raise in [errors.md](errors.md), the letters of array shapes and the
house's words in [glossary.md](glossary.md).
"""
RESULTS = """# Results

<!-- Generated from fields and docstrings; edit there and run `make docs`. -->

What the functions of the [reference](reference.md) return, each with its fields. A class with a `SCHEMA` is
what a command returns: a frozen dataclass whose `to_dict()` is the command's JSON document, and whose
`json_schema()` is that document's schema. All of these have `frame()`, `frames()`, `summary()`, `plot()`:
[reading-results.md](reading-results.md).
"""
DOORS: tuple[tuple[str, ModuleType], ...] = (("lt", loantwin), ("loantwin.risk", loantwin.risk))
"""How a page writes each module, and the module: what its `__all__` names is public."""
WIDTH = 100


def reference_page() -> str:
    """Return the page of functions and classes."""
    parts = [INTRODUCTION]
    for written, module in DOORS:
        things = public(module)
        opening = "import loantwin as lt" if written == "lt" else f"import {written}"
        parts.append(f"## {module.__name__}\n\n{code(opening)}\n{contents(things)}\n")
        parts += [section(f"{written}.{name}", name, thing) for name, thing in things.items()]
    return "\n".join(parts)


def results_page() -> str:
    """Return the page of what functions return."""
    found = {
        kind.__name__: kind
        for _, module in DOORS
        for thing in public(module).values()
        for kind in results_of(thing)
    }
    shown = {name: found[name] for name in sorted(found, key=str.lower)}
    return "\n".join([RESULTS, f"{contents(shown)}\n", *map(result_section, shown.values())])


def public(module: ModuleType) -> dict[str, Any]:
    """Return what a module exports by name, but its errors, which have a page of their own."""
    things = {name: getattr(module, name) for name in sorted(module.__all__, key=str.lower)}
    return {name: thing for name, thing in things.items() if not is_error(thing)}


def is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Exception)


def contents(things: dict[str, Any]) -> str:
    """Return links to the sections of things."""
    return ", ".join(f"[{name}](#{name.lower()})" for name in things)


def section(written: str, name: str, thing: Any) -> str:
    """Return the section of a function, or of a class with its public methods."""
    if isinstance(thing, type):
        return f"### {name}\n\n{code(f'class {written}')}\n{words(thing)}{members(thing)}"
    links = [f"[{kind.__name__}](results.md#{kind.__name__.lower()})" for kind in returned_by(thing)]
    link = f"\nReturns {', '.join(links)}.\n" if links else ""
    return f"### {name}\n\n{code(signature(written, thing))}\n{words(thing)}{link}"


def result_section(kind: type) -> str:
    """Return the section of a dataclass: its fields with their types, and its public methods."""
    schema = vars(kind).get("SCHEMA")
    lines = [f"class {kind.__name__}:"]
    lines += [f'    SCHEMA = "{schema}"'] if schema else []
    lines += [f"    {item.name}: {annotation(item.type)}{default_of(item)}" for item in fields(kind)]
    return f"### {kind.__name__}\n\n{code(chr(10).join(lines))}\n{words(kind)}{members(kind)}"


def members(kind: type) -> str:
    """Return the public methods and derived attributes that a class itself defines."""
    parts = []
    for name, held in vars(kind).items():
        kept = getattr(held, "fget", None) or getattr(held, "func", None)
        called = kept or getattr(held, "__func__", held)
        if name.startswith("_") or not inspect.isfunction(called):
            continue
        of_class = isinstance(held, classmethod | staticmethod)
        owner = kind.__name__ if of_class else kind.__name__.lower()
        shown = (
            f"{owner}.{name}: {annotation(called.__annotations__['return'])}"
            if kept
            else signature(f"{owner}.{name}", called, bound=not isinstance(held, staticmethod))
        )
        parts.append(f"\n{code(shown)}\n{words(called)}")
    return "".join(parts)


def default_of(item: Any) -> str:
    """Return a field's default; a long one, or one that is made anew, as three dots."""
    shown = value(item.default)
    if item.default is not MISSING and len(shown) <= WIDTH // 2:
        return f" = {shown}"
    return "" if item.default is item.default_factory is MISSING else " = ..."


def signature(written: str, function: Callable[..., Any], *, bound: bool = False) -> str:
    """Return a call as Python writes it, one parameter a line where it is long."""
    found = inspect.signature(function)
    taken, starred = [], False
    for item in list(found.parameters.values())[bound:]:
        if item.kind is item.VAR_POSITIONAL:
            starred = True
        if item.kind is item.KEYWORD_ONLY and not starred:
            taken.append("*")
            starred = True
        star = {item.VAR_POSITIONAL: "*", item.VAR_KEYWORD: "**"}.get(item.kind, "")
        typed = "" if item.annotation is item.empty else f": {annotation(item.annotation)}"
        default = "" if item.default is item.empty else f" = {value(item.default)}"
        taken.append(f"{star}{item.name}{typed}{default}")
    back = found.return_annotation
    end = "" if back in (found.empty, None, "None") else f" -> {annotation(back)}"
    line = f"{written}({', '.join(taken)}){end}"
    if len(line) <= WIDTH:
        return line
    return f"{written}(\n" + "".join(f"    {item},\n" for item in taken) + f"){end}"


def annotation(kind: Any) -> str:
    """Return a type as its file writes it: Python keeps it with single quotes."""
    return kind.replace("'", '"') if isinstance(kind, str) else inspect.formatannotation(kind)


def value(default: Any) -> str:
    """Return a default as its reader would write it."""
    if isinstance(default, PurePath):
        return f"Path({str(default)!r})"
    if inspect.isroutine(default) or isinstance(default, type):
        return default.__name__
    if isinstance(default, str):
        return f'"{default}"'
    return repr(default).removeprefix("datetime.")


def code(text: str) -> str:
    return f"```python\n{text}\n```\n"


def words(thing: Any) -> str:
    """Return a docstring: its first paragraph as text, the rest as it stands."""
    text = inspect.cleandoc(thing.__doc__ or "")
    first, _, rest = text.partition("\n\n")
    said = " ".join(first.split())
    return f"{said}\n" + (f"\n```text\n{rest}\n```\n" if rest else "")


def returned_by(thing: Any) -> list[type]:
    """Return the dataclasses, none or several, that a function's annotation says it returns."""
    hint = None if isinstance(thing, type) else get_type_hints(thing).get("return")
    kinds = [kind for kind in (hint, *get_args(hint)) if isinstance(kind, type) and is_dataclass(kind)]
    own = [held for _, module in DOORS for held in public(module).values()]
    return [kind for kind in kinds if kind not in own]


def results_of(thing: Any) -> Iterator[type]:
    """Yield the dataclasses that a function returns, and those that their fields hold."""
    waiting: list[Any] = [*returned_by(thing)]
    seen: set[type] = set()
    while waiting:
        kind = waiting.pop(0)
        if isinstance(kind, type) and is_dataclass(kind) and kind not in seen:
            seen.add(kind)
            yield kind
            waiting += get_type_hints(kind).values()
        waiting += get_args(kind)
