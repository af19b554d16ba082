"""A small twin of a synthetic panel and a twin of real SBA loans, made once for the tests of verbs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from loantwin import verbs

FED = "fed_scenarios/2025-Table_1A_Historic_Domestic.csv"


@pytest.fixture(scope="session")
def sba_home(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sba") / "twin"
    verbs.twin_create(home, data / "sba/sba_block.csv.gz", "sba", date(2005, 12, 31))
    verbs.fit(home, [data / FED, data / "fred/UNRATE.csv"])
    return home


@pytest.fixture(scope="session")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lender") / "raw"
    verbs.synthetic(folder, loans=3000, months=48, seed=5, as_tape="mapping")
    return folder


@pytest.fixture(scope="session")
def panel_home(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("panel") / "twin"
    verbs.twin_create(home, lender / "tape.csv", str(lender / "mapping.toml"), date(2022, 12, 31))
    verbs.fit(home, [lender / "macro.csv"])
    return home
