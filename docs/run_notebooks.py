"""Run the notebooks and keep what they show: `python docs/run_notebooks.py` (a test fails on a stale one).

Cells are run in one process, as a kernel would, without its machinery: they hold plain Python, no magics.
"""

from __future__ import annotations

import ast
import base64
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parent / "notebooks"


def main() -> None:
    """Run every notebook and write it with its outputs."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        path.write_text(written(executed(read(path))), encoding="utf-8")
        print(path.name, f"{path.stat().st_size:,} bytes")


def read(path: Path) -> dict[str, Any]:
    """Return a notebook."""
    made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return made


def written(notebook: dict[str, Any]) -> str:
    """Return a notebook as text, the way Jupyter writes it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook with the outputs of its cells, run in order from nothing."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, count = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell = {**cell, "execution_count": count, "outputs": list(outputs(cell, names, count))}
        cells.append(cell)
    return {**notebook, "cells": cells}


def outputs(cell: dict[str, Any], names: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """Run a cell; yield what it printed and what its last line is."""
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), names)  # noqa: S102  # our own notebooks
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
    if printed.getvalue():
        yield {"name": "stdout", "output_type": "stream", "text": lines(printed.getvalue())}
    if value is not None:
        yield {
            "data": shown(value),
            "execution_count": count,
            "metadata": {},
            "output_type": "execute_result",
        }


def shown(value: Any) -> dict[str, Any]:
    """Return a value by kind of content: text, and where it has them HTML and a picture."""
    data: dict[str, Any] = {}
    if hasattr(value, "_repr_png_"):
        data["image/png"] = base64.b64encode(value._repr_png_()).decode() + "\n"
        return {**data, "text/plain": ["<a picture>"]}
    if hasattr(value, "_repr_html_"):
        data["text/html"] = lines(value._repr_html_())
    return {**data, "text/plain": lines(repr(value))}


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    main()
