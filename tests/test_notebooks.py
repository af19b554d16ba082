"""The notebooks run from nothing, show what they are kept with, and name no machine; the gallery is whole."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")
CLOSE = 2e-3
"""Relative difference that rounding and another machine's arithmetic may make."""


def script(name: str) -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


def texts(notebook: dict[str, Any]) -> Iterator[str]:
    """Yield what each cell shows as text."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            yield "".join(output.get("text") or output["data"]["text/plain"])


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def words(text: str) -> list[str]:
    return re.sub(r"[\W_─═]+", " ", NUMBER.sub("", text)).split()


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_is_kept_with(path: Path, oracle: Any) -> None:
    oracle("matplotlib")
    oracle("gymnasium")
    runner = script("run_notebooks")
    kept = runner.read(path)
    now = runner.executed({**kept, "cells": [{**cell, "outputs": []} for cell in kept["cells"]]})
    before, after = list(texts(kept)), list(texts(now))
    assert len(before) == len(after) >= 5
    for old, new in zip(before, after, strict=True):
        assert words(old) == words(new)
        assert numbers(new) == pytest.approx(numbers(old), rel=CLOSE, abs=2e-3), "run docs/run_notebooks.py"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_well_formed_and_names_no_machine(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [*range(1, len(code) + 1)]
    assert not any(re.search(r"^\s*[%!]", line) for cell in code for line in cell["source"])
    assert not re.search(r"/tmp/|/home/|/root/|BORROWER-", " ".join(texts(notebook)))
    assert path.stat().st_size < 250_000
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell["outputs"])


def test_the_gallery_shows_every_picture_that_is_drawn() -> None:
    drawn = {f"gallery-{name}.png" for name in script("draw_gallery").PICTURES}
    shown = re.findall(r"\(images/(gallery-\S+)\)", (DOCS / "gallery.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(drawn)
    assert {path.name for path in (DOCS / "images").glob("gallery-*")} == drawn
    for name in drawn:
        assert (DOCS / "images" / name).stat().st_size < 60_000, name
