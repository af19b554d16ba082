"""Where is what: nine questions, each with one answer that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| ([^|]+\?) \| `([^`]+)` \| (`\w+`|reserved) \| ([^|]+) \|$", re.MULTILINE)
ANSWERS = ROW.findall((ROOT / "docs" / "where.md").read_text(encoding="utf-8"))


def names_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_there_are_nine_questions_with_one_answer_each() -> None:
    assert len(ANSWERS) == len({question for question, *_ in ANSWERS}) == 9


@pytest.mark.parametrize(("question", "path", "name", "words"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_the_answer_exists(question: str, path: str, name: str, words: str) -> None:
    place = ROOT / "src" / "loantwin" / path
    if name == "reserved":
        assert not place.exists(), "it has come: name its file and function"
        return
    assert name.strip("`") in names_of(place)
