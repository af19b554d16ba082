"""The tree of errors: drawn whole, told by the page, and every message in one form."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from loantwin import errors
from loantwin.errors import InputError, LoantwinError
from loantwin.interfaces.cli.main import run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "loantwin"
FILES = sorted(SOURCE.rglob("*.py"))
FORM = re.compile(r"(^|: |; )expected\b.*(\bwas\b|\{\})|^\{\}")
"""Expected what, was what; either may be filled in."""
PAGE = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
CLASSES = {
    node.name: ast.unparse(node.bases[0])
    for node in ast.parse((SOURCE / "errors.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef)
}
ROWS = {
    name: (meaning, after, int(code))
    for name, meaning, after, code in re.findall(
        r"^\| `(\w+Error)` \| (.+?) \| (.+?) \| (\d) \|$", PAGE, re.MULTILINE
    )
}


def test_the_tree_is_drawn_as_it_is() -> None:
    (drawn,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    above: list[str] = []
    found = {}
    for line in drawn.splitlines():
        depth = (len(line) - len(line.lstrip())) // 4
        above[depth:] = [line.strip()]
        found[line.strip()] = above[depth - 1] if depth else "Exception"
    assert found == CLASSES


def test_every_error_has_a_meaning_and_a_next_step() -> None:
    assert set(ROWS) == set(CLASSES)
    assert all(meaning.endswith(".") and after.endswith(".") for meaning, after, _ in ROWS.values())


@pytest.mark.parametrize("name", CLASSES)
def test_the_exit_code_is_the_one_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise getattr(errors, name)("expected a sign, was none")

    with pytest.raises(SystemExit) as left:
        run(command)
    assert left.value.code == ROWS[name][2]
    said = capsys.readouterr()
    assert said.out == ""
    assert "expected a sign, was none" in said.err


def test_no_other_file_has_an_error_of_its_own() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and file.name != "errors.py":
                assert not any(ast.unparse(base).endswith("Error") for base in node.bases), node.name


def text_of(message: ast.expr | None) -> str | None:
    """Return the words of a message, {} for what is filled in; None where a variable holds it all."""
    match message:
        case ast.Call(func=ast.Name(id="expected")):
            return "expected ..., was ..."
        case ast.Constant(value=str() as words):
            return words
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) or "{}" for part in parts)
        case ast.FormattedValue(value=held):
            return text_of(held)
        case ast.BinOp(left=left, right=right):
            told = (text_of(left), text_of(right))
            return "".join(words or "{}" for words in told) if any(told) else None
    return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_every_message_says_what_was_expected_and_what_was_found(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[message, *_]) if name in CLASSES:
                words = text_of(message)
                assert words is None or FORM.search(words), (node.lineno, words)


def test_a_message_names_the_place() -> None:
    error = InputError(
        "expected a term, was none", file="book.csv", row=17, loan="L-203", field="term_months"
    )
    assert str(error) == "file book.csv, row 17, loan L-203, field term_months: expected a term, was none"
    assert (error.file, error.row, error.loan, error.field) == ("book.csv", 17, "L-203", "term_months")
    assert str(LoantwinError("expected a finite number, was nan")) == "expected a finite number, was nan"
