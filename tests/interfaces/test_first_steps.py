"""What `synthetic` prints next is the tour, line by line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.interfaces.conftest import Command

ROOT = Path(__file__).resolve().parents[2]


def test_synthetic_ends_in_the_lines_of_the_tour(
    loantwin: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = re.findall(r"^\$ (loantwin .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    first, *rest = stated[:9]
    monkeypatch.chdir(tmp_path)
    done = loantwin(*first.replace("20000", "50").split()[1:])
    assert done.code == 0, done.err
    printed = done.out.partition("\nNext\n")[2].partition("\nWords\n")[0].splitlines()
    assert [line.strip() for line in printed if line.strip()] == rest
