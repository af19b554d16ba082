"""What the command line notes beside a document's provenance: the words typed, and the files they name."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from contextvars import ContextVar
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

TYPED: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())
"""What was typed after the program's name; empty where no program runs."""


def noted(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with `_provenance.made_by` where it has a provenance and words were typed."""
    told, words = document.get("_provenance"), TYPED.get()
    if not words or not isinstance(told, dict):
        return document
    made = {
        "command": list(words),
        "files": {str(path): digest(path) for path in files_named(words)},
        "version": version("loantwin"),
    }
    return {**document, "_provenance": {**told, "made_by": made}}


def files_named(words: Sequence[str]) -> list[Path]:
    """Return the files that words name, each once: FILE, FILE#NAME, FILE#NAME=WEIGHT, --option=FILE."""
    found: dict[Path, None] = {}
    for word in words:
        for text in readings(word):
            if text and Path(text).is_file():
                found[Path(text)] = None
                break
    return list(found)


def document_of(app: Any, words: Sequence[str]) -> dict[str, Any]:
    """Return the document that a command of the program prints when it runs again."""
    from typer.main import get_command

    out = io.StringIO()
    with redirect_stdout(out):
        get_command(app).main(args=list(words), prog_name="loantwin", standalone_mode=False)
    made: dict[str, Any] = json.loads(out.getvalue())
    return made


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    made = sha256()
    with path.open("rb") as content:
        while part := content.read(1 << 20):
            made.update(part)
    return made.hexdigest()


def readings(word: str) -> Iterator[str]:
    """Yield the files that a word may name: itself, what follows `--option=`, what precedes `=` or `#`."""
    if word.startswith("--"):
        word = word.partition("=")[2]
    yield word
    yield word.rpartition("=")[0]
    yield word.partition("#")[0]
