"""The glossary names every letter that stands for an axis and every word it lists, where they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "loantwin"
PAGE = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
OPERAND = r"(?:\d+|[A-Z]'?|[a-z]+)"
AXIS = re.compile(
    rf"\.\.\.|\d+|[A-Za-z_]+|(?:\d+ )?[A-Z]'?|{OPERAND}(?: (?:[-+*x]|//) {OPERAND})+|[A-Z] [A-Z]"
)
LETTER = re.compile(r"(?<![A-Za-z])[A-Z](?![A-Za-z])")


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line[1:-1].split("|")] for line in section.splitlines()[2:] if "|" in line
    ][2:]


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Yield the docstrings of what is public: the module, its functions, classes, methods and constants."""
    yield ast.get_docstring(tree) or ""
    waiting: list[ast.stmt] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield ast.get_docstring(node) or ""
            waiting += node.body if isinstance(node, ast.ClassDef) else []
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def axes(text: str) -> set[str]:
    """Return the letters of a text's shapes: `(N, T + 1)` has N and T."""
    found: set[str] = set()
    for inner in re.findall(r"\(([^()]*,[^()]*)\)", text):
        parts = [part.strip() for part in re.sub(r"\s+", " ", inner).removesuffix(",").split(",")]
        if all(AXIS.fullmatch(part) for part in parts):
            found |= {letter for part in parts for letter in LETTER.findall(part)}
    return found


USED: dict[str, set[str]] = {}
"""Letter -> the files in whose public docstrings it stands for an axis."""
for file in sorted(SOURCE.rglob("*.py")):
    for docstring in docstrings(ast.parse(file.read_text(encoding="utf-8"))):
        for letter in axes(docstring):
            USED.setdefault(letter, set()).add(str(file.relative_to(SOURCE)))
LETTERS = [
    (letter.strip("`"), counts, re.findall(r"`(.+?)`", where), where)
    for letter, counts, where in rows("Letters")
]
WORDS = [(word, re.findall(r"`(.+?)`", where)) for word, _, where in rows("Words")]


def below(path: str) -> set[str]:
    """Return a file, or the files below a folder, as `USED` names them."""
    place = SOURCE / path
    files = [place] if place.is_file() else place.rglob("*.py")
    return {str(file.relative_to(SOURCE)) for file in files}


def test_shapes_are_told_from_other_brackets() -> None:
    assert axes("(N,) of (P, T + 1, F) and (..., 3 Q, K) or (2, X)") == {"N", "P", "T", "F", "Q", "K", "X"}
    assert axes("(C, live, E), (BLOCKS, G), (P', B), (T, K + Q), (T x\n    J, 2)") == set("CEGPBTKQJ")
    assert axes("a value (N), a range [A, B], (seven grades, D, NR where there are nine), (X)") == set()


def test_every_letter_of_a_shape_is_listed_and_the_other_way_round() -> None:
    assert {letter for letter, *_ in LETTERS} == set(USED)


@pytest.mark.parametrize("letter", sorted(USED))
def test_a_letter_is_used_where_the_glossary_says_and_nowhere_else(letter: str) -> None:
    told = [(paths, where) for name, _, paths, where in LETTERS if name == letter]
    for paths, where in told:
        assert bool(paths) != (where == "everywhere"), where
        for path in paths:
            assert below(path) & USED[letter], f"{path} has no axis {letter}"
    covered = {file for paths, _ in told for path in paths for file in below(path)}
    if any(where == "everywhere" for _, where in told):
        assert USED[letter] - covered, f"no file is left for {letter} everywhere"
    else:
        assert USED[letter] <= covered


def test_letters_and_words_are_in_order() -> None:
    assert [letter for letter, *_ in LETTERS] == sorted(letter for letter, *_ in LETTERS)
    assert [word for word, _ in WORDS] == sorted({word for word, _ in WORDS})


@pytest.mark.parametrize(("word", "paths"), WORDS, ids=[word for word, _ in WORDS])
def test_a_word_is_found_in_the_file_it_lives_in(word: str, paths: list[str]) -> None:
    (path,) = paths
    text = (SOURCE / path).read_text(encoding="utf-8").lower()
    spelt = r"[\s_-]+".join(re.escape(part) for part in re.split(r"[ -]", word.lower()))
    assert re.search(rf"(?<![a-z]){spelt}", text), f"{word} in {path}"
