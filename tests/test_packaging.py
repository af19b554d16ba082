"""What is shipped and what is installed: the wheel and the sdist hold what they need, the locks what is
declared.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
EXTRAS = {name: items for name, items in PROJECT["project"]["optional-dependencies"].items() if name != "all"}
CORE = PROJECT["project"]["dependencies"]
LIGHT = [*CORE, *EXTRAS["env"], *EXTRAS["excel"], *EXTRAS["report"], *GROUPS["dev"]]
EVERYTHING = [*CORE, *(item for items in EXTRAS.values() for item in items), *GROUPS["dev"], *GROUPS["tests"]]
Pins = dict[tuple[str, str], tuple[str, frozenset[str]]]
"""Name and marker -> version and hashes."""


def pins(name: str) -> Pins:
    """Read a lock."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found: Pins = {}
    for pinned in re.split(r"^(?=\w)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[
        1:
    ]:
        what, *rest = pinned.replace("\\\n", " ").split("--hash=")
        requirement = Requirement(what.strip())
        (version,) = requirement.specifier
        assert version.operator == "==", what
        hashes = frozenset(item.strip() for item in rest)
        assert hashes, what
        found[requirement.name, str(requirement.marker or "")] = (version.version, hashes)
    return found


def unpinned(declared: Iterable[str], locked: Pins) -> list[str]:
    """Return what is declared and has no version, or one that is not allowed, in a lock."""
    versions: dict[str, list[str]] = {}
    for (name, _), (version, _) in locked.items():
        versions.setdefault(name, []).append(version)
    wanted = [Requirement(item) for item in declared]
    return [
        str(item)
        for item in wanted
        if not versions.get(canonicalize_name(item.name))
        or not all(item.specifier.contains(version) for version in versions[canonicalize_name(item.name)])
    ]


def test_the_locks_pin_what_is_declared_and_the_light_one_nothing_heavy() -> None:
    light, everything = pins("requirements.lock"), pins("requirements-all.lock")
    assert unpinned(LIGHT, light) == []
    assert unpinned(EVERYTHING, everything) == []
    assert unpinned(["numpy>=999"], light) == ["numpy>=999"]
    heavy = [Requirement(item).name for item in (*EXTRAS["jax"], *GROUPS["tests"])]
    assert set(heavy) & {name for name, _ in light} == set()


def test_the_locks_agree_and_name_no_address() -> None:
    light, everything = pins("requirements.lock"), pins("requirements-all.lock")
    assert len(everything) > len(light) > 50
    assert {key: everything.get(key) for key in light} == light
    for name in ("requirements.lock", "requirements-all.lock"):
        assert not re.search(
            r"://|--(?:extra-)?index-url|--find-links", (ROOT / name).read_text(encoding="utf-8")
        )
    assert not (ROOT / "uv.lock").exists()


@pytest.mark.parametrize("declared", [*EVERYTHING, *PROJECT["build-system"]["requires"]])
def test_every_dependency_has_a_floor_and_no_ceiling(declared: str) -> None:
    assert [item.operator for item in Requirement(declared).specifier] == [">="]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_is_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "loantwin").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == wanted
    assert "loantwin/py.typed" in held
    assert {Path(name).suffix for name in held} >= {".py", ".toml", ".j2"}
    said = {Path(name).name for name in wheel.namelist() if ".dist-info/" in name}
    assert {"METADATA", "entry_points.txt", "LICENSE"} <= said


def test_the_wheel_asks_for_what_is_declared_and_for_no_developers_tool(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    lines = wheel.read(name).decode().partition("\n\n")[0].splitlines()
    needs = [Requirement(line.partition(": ")[2]) for line in lines if line.startswith("Requires-Dist: ")]
    plain = {(item.name, str(item.specifier)) for item in needs if item.marker is None}
    assert plain == {(item.name, str(item.specifier)) for item in map(Requirement, CORE)}
    # the builder writes the canonical form of a name, QuantLib's in small letters
    optional = {item.name for item in needs if item.marker is not None}
    assert optional == {
        canonicalize_name(Requirement(item).name) for items in EXTRAS.values() for item in items
    }
    offered = {line.partition(": ")[2] for line in lines if line.startswith("Provides-Extra: ")}
    assert offered == {*EXTRAS, "all"}


def test_the_unpacked_wheel_runs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "installed")

    def ran(*words: str) -> str:
        code = (
            "import loantwin, sys; from loantwin.interfaces.cli.main import run; "
            f"assert loantwin.__file__.startswith({str(tmp_path)!r}), loantwin.__file__; run()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    assert ran("--version") == f"loantwin {PROJECT['project']['version']}\n"
    ran("synthetic", "lender", "--loans", "50", "--months", "12", "--as-tape", "mapping")
    checked = ran("tape", "check", "lender/tape.csv", "--format", "lender/mapping.toml", "--json")
    assert '"loans": 50' in checked


def test_the_sdist_can_be_set_up_and_tested(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as packed:
        held = {name.partition("/")[2] for name in packed.getnames()}
    assert {"Makefile", "pyproject.toml", "requirements.lock", "requirements-all.lock", "README.md"} <= held
    wanted = {
        path
        for folder in ("src", "tests", "docs", "examples", "benchmarks")
        for path in (ROOT / folder).rglob("*")
    }
    sources = {
        path.relative_to(ROOT).as_posix() for path in wanted if path.suffix in (".py", ".md", ".toml", ".j2")
    }
    assert sources <= held
