"""The page `docs/errors.md`: the tree of errors, drawn from the classes themselves."""

from __future__ import annotations

import inspect
import re

from loantwin.errors import InputError, LoantwinError, expected

INTRODUCTION = """# Errors

<!-- Generated from `loantwin.errors`; edit there and run `make docs`. -->

Everything loantwin raises on purpose is one tree, so that one `except` serves as much of it as you like:
`loantwin.InputError` for whatever an input or an argument can mend, `loantwin.LoantwinError` for all of it.
Whatever else escapes is a fault: please report it. All are in `loantwin.errors`.
"""
MESSAGES = """## What a message says

"{message}": a sentence of what was expected and what was found, and before it the place as far as it is
known: file, row (of data, from 1, the header excluded), loan and field. In Python these are the attributes
`file`, `row`, `loan` and `field` of an `InputError`, and `message` is the sentence alone. Nothing is silently
replaced, clipped or dropped instead: what is kept in spite of a doubt is a warning, in the result or on
standard error.

    {whole}
"""
CODES = """## Exit codes of the command line

| code | when |
|---|---|
| 0 | done; rejected rows of a tape alone are no failure |
| 2 | an `InputError`, a wrong option, a file that cannot be read or written, work beyond the memory |
| 1 | anything else: a failure inside loantwin, with its traceback |
| 130 | interrupted |

With any code but 0 standard error holds the message, and under `--json` standard output is empty.
"""


def tree(kind: type[LoantwinError] = LoantwinError, depth: int = 0) -> list[tuple[int, type[LoantwinError]]]:
    """Return each class with its depth, below its first parent, in the order of `errors.py`."""
    own = [child for child in kind.__subclasses__() if child.__bases__[0] is kind]
    below = [found for child in own for found in tree(child, depth + 1)]
    return [(depth, kind), *below]


def meaning(kind: type[LoantwinError]) -> tuple[str, str]:
    """Return what a class says of itself, and what to do next."""
    text = inspect.cleandoc(kind.__doc__ or "")
    found = re.search(r"^Next : (.+?)$", text, re.MULTILINE)
    if found is None:
        raise ValueError(expected(f"Next in the docstring of {kind.__name__}", "none"))
    return text.split("\n")[0], re.sub(r"`docs/([\w-]+\.md)`", r"[\1](\1)", found[1])


def exit_code(kind: type[LoantwinError]) -> int:
    """Return the exit code of a command that ends in such an error."""
    return 2 if issubclass(kind, InputError) else 1


def errors_page() -> str:
    """Return the page in Markdown."""
    classes = tree()
    drawn = [f"{'    ' * depth}{kind.__name__}" for depth, kind in classes]
    rows = ["| error | what it means | what to do next | exit code |", "|---|---|---|---|"]
    for _, kind in classes:
        words, after = meaning(kind)
        rows.append(f"| `{kind.__name__}` | {words} | {after} | {exit_code(kind)} |")
    message = expected("a positive number of months", -3)
    whole = InputError(message, file="book.csv", row=17, loan="L-203", field="term_months")
    parts = [
        INTRODUCTION,
        "## The tree\n\n```text\n" + "\n".join(drawn) + "\n```\n",
        "\n".join(rows) + "\n",
        MESSAGES.format(message=expected("X", "Y").replace("'", ""), whole=whole),
        CODES,
    ]
    return "\n".join(parts)
