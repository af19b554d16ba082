"""The code that trains scores, by hash: every file of this package that training reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

START = "loantwin.models.scoring.training"
"""The module whose imports are followed."""
_ROOT = Path(__file__).resolve().parents[2]


@cache
def code_hash() -> str:
    """Return the sha256 of the files that training reads, names and bytes, in the order of their names.

    Files are found by following imports, so that a change elsewhere in the package leaves it as it is.
    """
    told = sha256()
    for module, file in sorted(_read(START).items()):
        told.update(f"{module}\n{file.stat().st_size}\n".encode())
        told.update(file.read_bytes())
    return told.hexdigest()


def _read(start: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    waiting = [start]
    while waiting:
        module = waiting.pop()
        file = _file(module)
        if module not in found and file is not None:
            found[module] = file
            waiting += _imported(file)
    return found


def _file(module: str) -> Path | None:
    place = _ROOT.joinpath(*module.split(".")[1:])
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None) if place != _ROOT else None


def _imported(file: Path) -> Iterator[str]:
    """Yield what a file imports of this package; of `from package import name` the name may be a module."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("loantwin"):
            yield str(node.module)
            yield from (f"{node.module}.{item.name}" for item in node.names)
