"""The page of fairness: its examples print what it says they print."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fairness.md"
PAIRS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("place", range(2))
def test_an_example_prints_what_the_page_says(place: int, data: Path) -> None:
    code, wanted = PAIRS[place]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code.replace("DATA/", f"{data}/"), str(PAGE), "exec"), {})  # the page runs
    assert out.getvalue() == wanted
