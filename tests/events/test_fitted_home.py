"""A fitted home that an earlier program wrote says today what it said then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.outlook.environment import EVENT, environment

HOMES = Path(__file__).parent / "homes"
STORED = sorted(path for path in HOMES.iterdir() if path.is_dir() and path.name.startswith("fitted-"))


@pytest.mark.parametrize("stored", STORED, ids=lambda path: path.name)
def test_a_stored_twin_says_what_it_said_then(stored: Path, tmp_path: Path) -> None:
    said = json.loads(stored.with_name(f"{stored.name}.json").read_text(encoding="utf-8"))
    with lt.open(shutil.copytree(stored, tmp_path / "twin")) as twin:
        ahead = lt.forecast(twin, months=12, paths=8, seed=5)
        for name, (mean, low, high) in said["forecast"].items():
            made = ahead.totals[name]
            assert made is not None
            assert (made.mean, made.p05, made.p95) == pytest.approx((mean, low, high), rel=1e-12), name
        assert lt.provisions(twin, "ifrs9").allowance == pytest.approx(said["allowance"], rel=1e-12)
        tail = lt.loss(twin, months=12, paths=400, confidence=0.95, seed=5)
        for name, value in said["loss"].items():
            assert getattr(tail, name).value == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize("stored", STORED, ids=lambda path: path.name)
def test_its_environment_is_read_as_stored(stored: Path, tmp_path: Path) -> None:
    with lt.open(shutil.copytree(stored, tmp_path / "twin")) as twin:
        event = twin.last(EVENT)
        assert event is not None
        assert event.data.get("model_blob") == twin.fitted.data["model_blob"]
        tables, economy = environment(twin)
        assert tables.months == 36
        assert len(economy.covariates) == 64


def test_there_is_a_fitted_home() -> None:
    assert STORED
