"""What a function raises stands in its docstring.

The rule. Every public function, class and method of the package names in its docstring each error class that
its own body raises, or that private functions and methods of its own file raise on the way, as far as nothing
on the way catches it. A class answers for its constructor and other methods with a name like `__init__`, in
its own docstring or in theirs.

- Public is what has no leading underscore in any part of its path and is not nested in a function.
- The class is named under `Raises`, as `Name : where`, or in a sentence: "Raise Name where ...".
- What a public function of the same or another file raises is told by that function; a bare `raise` hands on
  what came. Nothing is told of `AssertionError` ("cannot happen") nor of ways out that are no errors
  (`typer.Exit`). The docstring of a command is its help text, and its errors are exit code 2.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from loantwin import errors

SOURCE = Path(__file__).resolve().parent.parent / "src" / "loantwin"
FILES = sorted(SOURCE.rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Owner:
    """Something public with a docstring, and the bodies it answers for."""

    name: str
    docstring: str
    bodies: tuple[Function, ...]
    methods: dict[str, Function]


def owners(tree: ast.Module) -> Iterator[Owner]:
    """Yield the public functions, classes and methods of a file."""
    commands = commands_of(tree)
    for node in tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if isinstance(node, Function):
            if node.name not in commands:
                yield Owner(node.name, ast.get_docstring(node) or "", (node,), {})
            continue
        methods = {item.name: item for item in node.body if isinstance(item, Function)}
        special = tuple(item for name, item in methods.items() if name.startswith("__"))
        words = "\n\n".join(ast.get_docstring(item) or "" for item in (node, *special))
        yield Owner(node.name, words, special, methods)
        for name, item in methods.items():
            if not name.startswith("_"):
                yield Owner(f"{node.name}.{name}", ast.get_docstring(item) or "", (item,), methods)


def commands_of(tree: ast.Module) -> set[str]:
    """Return the functions that a file makes commands: `app.command("name")(function)`."""
    return {
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Call)
        and isinstance(node.func.func, ast.Attribute)
        and node.func.func.attr == "command"
        and isinstance(node.args[0], ast.Name)
    }


def raised(owner: Owner, tree: ast.Module) -> set[str]:
    """Return the names of the error classes that leave a public thing's bodies."""
    functions = {item.name: item for item in tree.body if isinstance(item, Function)}
    found, seen, made = set[str](), set[str](), makers(tree)

    def visit(nodes: list[ast.AST], caught: tuple[str, ...], given: dict[str, str]) -> None:
        for node in nodes:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                    continue
                case ast.Try():
                    visit([*node.body], (*caught, *names_of(node.handlers)), given)
                    visit([*node.handlers, *node.orelse, *node.finalbody], caught, given)
                    continue
                case ast.Raise(exc=ast.AST() as error):
                    found.update(name for name in classes_of(error, given) if not is_caught(name, caught))
                case ast.Name(id=name) if name.startswith("_") and name in functions:
                    follow(functions[name], caught)
                case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                    if name.startswith("_") and not name.startswith("__") and name in owner.methods:
                        follow(owner.methods[name], caught)
            visit([*ast.iter_child_nodes(node)], caught, given)

    def follow(function: Function, caught: tuple[str, ...]) -> None:
        key = f"{function.lineno} {sorted(set(caught))}"
        if key not in seen:
            seen.add(key)
            visit([*function.body], caught, made | classes_given(function))

    for body in owner.bodies:
        visit([*body.body], (), made | classes_given(body))
    return found


def names_of(handlers: list[ast.ExceptHandler]) -> Iterator[str]:
    """Yield the classes that handlers catch."""
    for handler in handlers:
        for node in ast.walk(handler.type) if handler.type else ():
            if isinstance(node, ast.Name):
                yield node.id


def classes_given(function: Function) -> dict[str, str]:
    """Return the arguments that are classes, `error: type[InputError]`, each with the class it names."""
    arguments = (*function.args.args, *function.args.kwonlyargs)
    told = {item.arg: ast.unparse(item.annotation) for item in arguments if item.annotation is not None}
    return {name: words[5:-1] for name, words in told.items() if words.startswith("type[")}


def classes_of(error: ast.AST, given: dict[str, str]) -> set[str]:
    """Return the error classes `raise error` can mean: a class, an argument, or what a function returns."""
    called = error.func if isinstance(error, ast.Call) else error
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    name = given.get(name, name)
    if not name[:1].isupper():
        name = makers_elsewhere().get(name, "")
        assert name, f"expected a class or a function that returns one after raise, was {ast.unparse(error)}"
    return {name} if name.endswith("Error") and name != "AssertionError" else set()


def makers(tree: ast.Module) -> dict[str, str]:
    """Return the functions of a file whose annotation says that they return an error, each with the class."""
    made = {}
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.returns is not None:
            returned = ast.unparse(node.returns)
            if re.fullmatch(r"\w+Error", returned):
                made[node.name] = returned
    return made


@cache
def makers_elsewhere() -> dict[str, str]:
    """Return those that any file offers to others."""
    made: dict[str, str] = {}
    for file in FILES:
        made |= makers(ast.parse(file.read_text(encoding="utf-8")))
    return {name: kind for name, kind in made.items() if not name.startswith("_")}


def is_caught(name: str, caught: tuple[str, ...]) -> bool:
    """Return whether one of the caught classes is the raised one or above it."""
    kind = getattr(errors, name, getattr(builtins, name, None))
    return any(above.__name__ in caught for above in getattr(kind, "__mro__", ()))


def said(docstring: str) -> set[str]:
    """Return the error classes that a docstring names."""
    return set(re.findall(r"\b[A-Z]\w*Error\b", docstring))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_what_is_raised_is_told(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    silent = {
        owner.name: sorted(lacking)
        for owner in owners(tree)
        if (lacking := raised(owner, tree) - said(owner.docstring))
    }
    assert silent == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_what_stands_under_raises_is_an_error_and_says_where(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, Function | ast.ClassDef):
            continue
        text = ast.get_docstring(node) or ""
        for section in re.findall(r"^Raises\n-{6}\n(.+?)(?=\n\n|\Z)", text, re.DOTALL | re.MULTILINE):
            entries = re.findall(r"(?:^|[.;] )(\w+(?:, \w+)*) : \S", section, re.MULTILINE)
            assert re.match(r"\w+(, \w+)* : \S", section), node.name
            for name in ", ".join(entries).split(", "):
                assert issubclass(getattr(errors, name, None) or getattr(builtins, name), Exception), name
        assert len(re.findall(r"^Raises$", text, re.MULTILINE)) <= 1, node.name


SAMPLE = '''
def told(value):
    """Raise RiskError where `value` is wrong."""
    raise RiskError("wrong")

def silent(value):
    """Return nothing."""
    if value:
        raise UsageError("wrong") from None

def through_helpers(value):
    """Return nothing.

    Raises
    ------
    ModelError : always.
    """
    _deeper(value)

def _deeper(value):
    _deepest(value)

def _deepest(value):
    _deeper(value)
    raise ModelError("wrong")

def made(value):
    """Return nothing."""
    raise _unfit(value)

def _unfit(value) -> BookError:
    return BookError("wrong")

def handed_over(values):
    """Return nothing."""
    return map(_deepest, values)

def caught(value):
    """Return nothing: what is raised is an InputError and is caught."""
    try:
        _deepest(value)
        raise ScenarioError("wrong")
    except InputError:
        return None

def caught_as_another(value):
    """Return nothing."""
    try:
        raise ScenarioError("wrong")
    except (KeyError, InputError) as error:
        raise HomeError("wrong") from error

def handed_on(value):
    """Return nothing."""
    try:
        return told(value)
    except InputError:
        raise

def nested(value):
    """Return a function."""
    def inner():
        raise BookError("later")
    return inner

def register(app):
    """Add the command."""
    app.command("name")(command)

def command(value):
    """Help."""
    raise UsageError("wrong")

def handed_in(value, *, error: type[ConfigError] = ConfigError):
    """Return nothing."""
    raise error("wrong")

def leave(value):
    """Leave."""
    raise typer.Exit(2)

class Shape:
    """A shape."""
    def __post_init__(self):
        self._check()
    def _check(self):
        raise TapeError("wrong")
    def area(self):
        """Return the area."""
        return self._check()
    def name(self):
        """Return the name."""

class _Private:
    def area(self):
        raise TapeError("wrong")
'''


def test_the_rule_sees_what_leaves_a_function_and_nothing_else() -> None:
    tree = ast.parse(SAMPLE)
    found = {owner.name: raised(owner, tree) for owner in owners(tree)}
    assert {name: errors for name, errors in found.items() if errors} == {
        "told": {"RiskError"},
        "silent": {"UsageError"},
        "through_helpers": {"ModelError"},
        "made": {"BookError"},
        "handed_over": {"ModelError"},
        "caught_as_another": {"HomeError"},
        "handed_in": {"ConfigError"},
        "Shape": {"TapeError"},
        "Shape.area": {"TapeError"},
    }
    told = {owner.name: said(owner.docstring) for owner in owners(tree)}
    assert told["told"] == {"RiskError"}
    assert told["through_helpers"] == {"ModelError"}
    assert told["silent"] == set()


def test_a_raise_that_cannot_be_read_is_not_passed_over() -> None:
    tree = ast.parse("def blind(value):\n    raise value")
    (owner,) = owners(tree)
    with pytest.raises(AssertionError, match="a class or a function that returns one"):
        raised(owner, tree)
