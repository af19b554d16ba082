"""Fixtures every test may use. The only file that names the folder of real data."""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy: its threads spin on a shared machine

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

import loantwin as lt

ROOT = Path(__file__).resolve().parent.parent
FED = "fed_scenarios/2025-Table_1A_Historic_Domestic.csv"
FEW_PATHS = {
    "loantwin.outlook.portfolio.GENERATED_PATHS": 8,
    "loantwin.outlook.yearly_pd.GENERATED_PATHS": 8,
    "loantwin.outlook.comparison.PATHS": 200,
    "loantwin.verbs.stress.uncertainty.PATHS": 40,
    "loantwin.verbs.stress.uncertainty.ALLOWANCE_PATHS": 8,
    "loantwin.interfaces.report.report.findings.LOSS_PATHS": 2_000,
    "loantwin.interfaces.report.report.findings.LOSS_CONFIDENCE": 0.99,  # as far as so many paths reach
}
"""Numbers of generated paths that no option sets, where each is read: a figure's precision, not its way."""


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real loan and macro data, or skip where the machine has none."""
    stated = os.environ.get("LOANTWIN_TEST_DATA")
    folder = Path(stated) if stated else ROOT / "../shared/data"
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder}: set LOANTWIN_TEST_DATA")
    return folder.resolve()


@pytest.fixture(scope="session")
def cases() -> Path:
    """Return the folder of inputs that people brought, beside that of the data, or skip where there is
    none.
    """
    stated = os.environ.get("LOANTWIN_TEST_DATA")
    folder = (Path(stated).parent if stated else ROOT / "../shared") / "cases"
    if not folder.is_dir():
        pytest.skip(f"no folder of cases at {folder}")
    return folder.resolve()


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], ModuleType]:
    """Return what imports an independent library's module, or skips the test: `make setup` installs none."""

    def imported(name: str) -> ModuleType:
        return pytest.importorskip(name, reason=f"not installed: {name}; make setup-all")

    return imported


@pytest.fixture(scope="session")
def sba_home(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sba") / "twin"
    lt.twin_create(home, data / "sba/sba_block.csv.gz", "sba", date(2005, 12, 31))
    lt.fit(home, [data / FED, data / "fred/UNRATE.csv"])
    return home


@pytest.fixture(scope="session")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lender") / "raw"
    lt.synthetic(folder, loans=3000, months=48, seed=5, as_tape="mapping")
    return folder


@pytest.fixture(scope="session")
def panel_home(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("panel") / "twin"
    lt.twin_create(home, lender / "tape.csv", str(lender / "mapping.toml"), date(2022, 12, 31))
    lt.fit(home, [lender / "macro.csv"])
    return home


@pytest.fixture(scope="session")
def raw_lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "lender"
    lt.synthetic(folder, loans=600, months=36, seed=3, as_tape="mapping")
    return folder


@pytest.fixture(scope="session")
def small_home(raw_lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("small") / "twin"
    lt.twin_create(home, raw_lender / "tape.csv", str(raw_lender / "mapping.toml"), date(2021, 12, 31))
    lt.fit(home, [raw_lender / "macro.csv"])
    return home


@pytest.fixture(scope="module")
def few_paths() -> Iterator[None]:
    """Let figures rest on few generated paths, a quarter of the work.

    For files that ask whether a command answers, which words it shows, or that two ways lead to one figure:
    none is held there to a value from outside. `fit` reads none of these numbers, so that homes stay as they
    are.
    """
    with pytest.MonkeyPatch.context() as patch:
        for place, count in FEW_PATHS.items():
            patch.setattr(place, count)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start files with slow tests first: one left for the end keeps a worker busy while the others wait."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)
