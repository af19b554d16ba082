"""A registered model goes into MLflow's SQLite store and comes back as it was (`make peers`)."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

import loantwin as lt

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "to_mlflow.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("to_mlflow", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_parameters_figures_and_files_come_back(script: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="MLflow is in no lock: `make peers` has it")
    home, model = script.example(tmp_path)
    with lt.open(home) as twin:
        wanted = script.told(twin, model)
        run = script.track(twin, model, tmp_path / "store.db")
        assert script.track(twin, model, tmp_path / "store.db") == run
    parameters, figures, files = script.read_back(tmp_path / "store.db", run)
    assert (parameters, files) == (wanted[0], wanted[2])
    assert figures == wanted[1]  # to the last bit: SQLite holds doubles
    assert {"auc", "auc_low", "auc_high", "brier"} <= set(figures)
    assert parameters["data_file"] == "cases.csv"


def test_what_is_told_of_a_model_is_what_its_record_says(script: ModuleType, tmp_path: Path) -> None:
    home, model = script.example(tmp_path)
    record = json.loads((tmp_path / "scores" / "record.json").read_text(encoding="utf-8"))
    with lt.open(home) as twin:
        parameters, figures, files = script.told(twin, model)
    assert parameters["data_hash"] == record["data"]["sha256"]
    assert figures["auc"] == record["figures"]["scorecard"]["auc"]
    assert files["score.json"] == (tmp_path / "scores" / "scorecard.json").read_text(encoding="utf-8")
