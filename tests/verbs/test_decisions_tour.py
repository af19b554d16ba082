"""The tour of a credit desk runs as written, and its figures are what its commands print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "decisions-tour.md"
TOOLS = {
    "loantwin": f'"{sys.executable}" -c "from loantwin.interfaces.cli.main import run; run()"',
    "python": f'"{sys.executable}"',
}


def blocks() -> list[tuple[str, str]]:
    found = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [(kind, body) for kind, body in found if kind in ("console", "python", "text")]


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_the_tour_of_a_credit_desk_runs_as_written_and_shows_what_is_printed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, command in TOOLS.items():
        (tools / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (tools / name).chmod(0o755)
    path = os.pathsep.join((str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))
    place = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path}
    printed, shown = "", 0

    def run(words: list[str]) -> str:
        done = subprocess.run(words, cwd=tmp_path, env=place, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (words, done.stderr[-2000:])
        return done.stdout

    for kind, body in blocks():
        if kind == "console":
            commands = [line.removeprefix("$ ") for line in body.splitlines()]
            printed = "\n".join(run(["sh", "-c", command]) for command in commands)
        elif kind == "python":
            assert run([sys.executable, "-c", body]) == "22 cases for review\n"
        else:
            lines = [plain(line) for line in printed.splitlines()]
            for line in body.splitlines():
                assert any(plain(line) in there for there in lines), (line, printed[-6000:])
                shown += 1
    assert shown >= 25
    letters = list((tmp_path / "desk" / "letters").iterdir())
    assert len(letters) == 75
