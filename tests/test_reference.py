"""The generated pages are current, and say of the door what the source says."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import loantwin
import loantwin.risk

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
DOORS = {"lt": loantwin, "loantwin.risk": loantwin.risk}
EXPORTED = [(written, name) for written, module in DOORS.items() for name in module.__all__]


def generator() -> ModuleType:
    """Return `docs/generate.py`, which is a script beside the pages it writes."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module("generate")
    finally:
        sys.path.remove(str(DOCS))


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def sections(page: str) -> dict[str, str]:
    """Return a page's sections by heading."""
    parts = re.split(r"^### (.+)\n", text(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def code_of(section: str) -> str:
    found = re.search(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def written_in_source(thing: object) -> ast.FunctionDef | ast.ClassDef:
    """Return the definition of a function or class as it stands in its file."""
    module = inspect.getmodule(thing)
    assert module is not None
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    *_, found = [  # the last one: overloads stand before it
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == thing.__name__
    ]
    return found


@pytest.mark.parametrize("page", generator().PAGES)
def test_a_generated_page_is_current(page: str) -> None:
    assert text(page) == generator().PAGES[page](), "run make docs"


@pytest.mark.parametrize(("written", "name"), EXPORTED)
def test_a_signature_is_the_one_of_the_source(written: str, name: str) -> None:
    thing = getattr(DOORS[written], name)
    if isinstance(thing, type):
        if not issubclass(thing, Exception):
            assert name in sections("reference.md")
        return
    shown = code_of(sections("reference.md")[name])
    assert shown.startswith(f"{written}.{name}(")
    made = ast.parse("def " + shown.removeprefix(f"{written}.").strip() + ": ...").body[0]
    source = written_in_source(thing)
    assert isinstance(made, ast.FunctionDef)
    assert isinstance(source, ast.FunctionDef)
    for kind in ("args", "kwonlyargs"):
        stated, meant = getattr(made.args, kind), getattr(source.args, kind)
        assert [item.arg for item in stated] == [item.arg for item in meant]
        assert [ast.unparse(item.annotation) for item in stated] == [
            ast.unparse(item.annotation) for item in meant
        ]
    assert len(made.args.defaults) == len(source.args.defaults)
    assert [item is None for item in made.args.kw_defaults] == [
        item is None for item in source.args.kw_defaults
    ]
    assert (made.returns and ast.unparse(made.returns)) == (
        None if ast.unparse(source.returns) == "None" else ast.unparse(source.returns)
    )
    assert (thing.__doc__ or "").split("\n")[0] in sections("reference.md")[name]


def test_nothing_else_is_in_the_reference() -> None:
    errors = {name for name, thing in vars(loantwin.errors).items() if inspect.isclass(thing)}
    assert set(sections("reference.md")) == {name for _, name in EXPORTED} - errors


FILES = [ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "src/loantwin").rglob("*.py")]


def dataclasses_of_the_source() -> dict[str, list[ast.ClassDef]]:
    found: dict[str, list[ast.ClassDef]] = {}
    for node in (node for tree in FILES for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        decorators = [ast.unparse(getattr(item, "func", item)) for item in node.decorator_list]
        if "dataclass" in decorators:
            found.setdefault(node.name, []).append(node)
    return found


def unions_of_the_source() -> dict[str, set[str]]:
    """Return the names that stand for one class or another: `Provision = Ifrs9Result | CeclResult | ...`."""
    assigned = (node for tree in FILES for node in tree.body if isinstance(node, ast.Assign))
    return {
        ast.unparse(node.targets[0]): named_in(node.value)
        for node in assigned
        if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.BitOr)
    }


def fields_of(node: ast.ClassDef) -> list[tuple[str, str]]:
    return [
        (ast.unparse(item.target), ast.unparse(item.annotation))
        for item in node.body
        if isinstance(item, ast.AnnAssign) and "ClassVar" not in ast.unparse(item.annotation)
    ]


def named_in(*nodes: ast.AST | None) -> set[str]:
    inner = [item for node in nodes if node for item in ast.walk(node)]
    return {item.id for item in inner if isinstance(item, ast.Name)} | {
        item.attr for item in inner if isinstance(item, ast.Attribute)
    }


def test_every_result_stands_with_its_fields_in_order() -> None:
    shown, known = sections("results.md"), dataclasses_of_the_source()
    doors = {name for _, name in EXPORTED}
    functions = [getattr(DOORS[written], name) for written, name in EXPORTED]
    wanted = named_in(*(written_in_source(thing).returns for thing in functions if inspect.isfunction(thing)))
    for name, either in unions_of_the_source().items():
        wanted |= either if name in wanted else set()
    for name, section in shown.items():
        (made,) = ast.parse(code_of(section).replace(f"class {name}:\n", f"class {name}:\n    ...\n")).body
        assert isinstance(made, ast.ClassDef)
        fields = fields_of(made)
        own = [fields_of(node) for node in known[name]]
        assert any(fields[len(fields) - len(item) :] == item for item in own), name
        wanted |= named_in(*(ast.parse(kind) for _, kind in fields))
    assert (wanted & set(known)) - doors == set(shown)


@pytest.mark.parametrize("page", generator().PAGES)
def test_links_lead_to_a_heading(page: str) -> None:
    for target, anchor in re.findall(r"\]\(([\w-]+\.md)?#([\w-]+)\)", text(page)):
        headings = re.findall(r"^#+ (.+)$", text(target or page), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-").replace(".", "") for heading in headings}, anchor


def test_no_page_holds_an_address_or_a_path_of_this_machine() -> None:
    for page in generator().PAGES:
        assert re.search(r"0x[0-9a-f]{6}|PosixPath|<function|<factory>", text(page)) is None
