"""Faults planted in tables and pages, each in a copy of the package: the test that is named turns red.

A test that looks for titles passes them all. `faults.toml` lists them.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "loantwin"
FAULTS = tomllib.loads((Path(__file__).parent / "faults.toml").read_text(encoding="utf-8"))["fault"]


def ran(test: str, source: Path) -> subprocess.CompletedProcess[str]:
    """Run one test on the package that lies in a folder, without plugins, which take as long to load."""
    words = ["-q", "-p", "no:cacheprovider", "--tb=line", test]
    bare = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT,
        env={**os.environ, **bare, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the package, in which one fault at a time is planted."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(PACKAGE, folder / "loantwin", ignore=shutil.ignore_patterns("*.nbi", "*.nbc"))
    compileall.compile_dir(folder, quiet=1)  # once for all processes; a file with a fault is younger
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["name"])
def test_a_planted_fault_turns_its_test_red(fault: dict[str, Any], copy: Path) -> None:
    file = copy / "loantwin" / fault["file"]
    sound = file.read_text(encoding="utf-8")
    assert sound.count(fault["old"]) == 1, f"the text stands {sound.count(fault['old'])} times in {file.name}"
    try:
        file.write_text(sound.replace(fault["old"], fault["new"]), encoding="utf-8")
        made = ran(fault["test"], copy)
    finally:
        file.write_text(sound, encoding="utf-8")
    assert made.returncode == 1, f"{fault['test']} did not turn red: {made.stdout}{made.stderr}"
    assert "1 failed" in made.stdout, made.stdout


@pytest.mark.slow
def test_without_a_fault_the_copy_is_what_is_tested_and_its_tests_pass(copy: Path) -> None:
    made = ran(FAULTS[0]["test"], copy)
    assert "1 passed" in made.stdout, made.stdout + made.stderr
