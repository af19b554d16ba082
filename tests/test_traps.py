"""The page of traps: each is commented where it bites, and its test is there and runs in every check."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| ([^|]+) \| `(src/[^`]+)` \| `(tests/[^`]+)::(\w+)` \| ([^|]+) \|$", re.MULTILINE)
COMMENT = re.compile(r"# Trap: ([^.\n]+)\.")

PAGE = (ROOT / "docs/traps.md").read_text(encoding="utf-8")
TRAPS = ROW.findall(PAGE)


@cache
def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_row_of_the_page_is_read() -> None:
    rows = [
        line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith(("| trap", "|--"))
    ]
    assert len(TRAPS) == len(rows) >= 20
    assert [name for name, times in Counter(row[0] for row in TRAPS).items() if times > 1] == []


@pytest.mark.parametrize(("name", "where", "file", "test", "words"), TRAPS, ids=[row[0] for row in TRAPS])
def test_a_trap_is_named_where_it_bites_and_held_by_a_test(
    name: str, where: str, file: str, test: str, words: str
) -> None:
    assert name in COMMENT.findall(read(where))
    tree = ast.parse(read(file))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == test]
    assert len(found) == 1
    marks = [ast.unparse(mark) for mark in found[0].decorator_list]
    marks += [ast.unparse(node.value) for node in tree.body if isinstance(node, ast.Assign)
              and ast.unparse(node.targets[0]) == "pytestmark"]  # fmt: skip
    assert not [mark for mark in marks if re.search(r"mark\.(slow|data|skip|xfail)", mark)], (
        "left out somewhere"
    )
    assert words


def test_every_comment_has_its_row() -> None:
    sources = [path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".toml")]
    said = {
        (name, path.relative_to(ROOT).as_posix())
        for path in sources
        for name in COMMENT.findall(path.read_text(encoding="utf-8"))
    }
    assert said == {(name, where) for name, where, *_ in TRAPS}
