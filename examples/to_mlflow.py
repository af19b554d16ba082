"""Write a registered model to MLflow's SQLite store and read it back: parameters, figures, files.

`make peers` installs MLflow, which is in no lock, in a virtual environment of its own and runs this. With
arguments it takes a model of yours: `python examples/to_mlflow.py DIR ID store.db`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from loantwin.clock import SystemClock
from loantwin.events.home import Home
from loantwin.events.register import read_register

TAG = "loantwin.id"
EXPERIMENT = "loantwin"


def told(twin: lt.Twin, model: str) -> tuple[dict[str, str], dict[str, float], dict[str, str]]:
    """Return a registered score's parameters, figures with their intervals, and files by name."""
    found = read_register(twin.home, twin.head[0]).find(model)
    shown = lt.model_show(twin, found.id)
    parameters = {"kind": found.kind, "data_file": shown.data_file, "data_hash": shown.data_hash}
    parameters |= {"code_hash": shown.code_hash} | dict(shown.settings)
    parameters |= {f"version.{name}": version for name, version in shown.versions.items()}
    figures = {}
    for item in shown.figures:
        for end, value in (("", item.value), ("_low", item.low), ("_high", item.high)):
            if value is not None:
                figures[f"{item.name}{end}"] = value
    blobs = {"score.json": found.data["model_blob"], "record.json": found.data["record_blob"]}
    files = {name: twin.home.read_bytes(blob).decode() for name, blob in blobs.items()}
    return {name: str(value) for name, value in parameters.items() if value is not None}, figures, files


def client_of(store: Path) -> Any:
    """Return MLflow's client of a SQLite file; nothing is sent anywhere."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # noqa: TID251  # MLflow's own switch, read at its import
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=f"sqlite:///{store.absolute()}")


def track(twin: lt.Twin, model: str, store: Path) -> str:
    """Write a registered score as a run and return its id; one that is there already is left as it is."""
    client, found = client_of(store), read_register(twin.home, twin.head[0]).find(model)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    files_at = store.absolute().with_suffix(".files").as_uri()
    number = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT, files_at)
    for run in client.search_runs(
        [number], f"tags.`{TAG}` = '{found.id}' and attributes.status = 'FINISHED'"
    ):
        return str(run.info.run_id)
    run = client.create_run(number, tags={TAG: found.id}, run_name=found.words).info.run_id
    parameters, figures, files = told(twin, found.id)
    for name, value in parameters.items():
        client.log_param(run, name, value)
    for name, figure in figures.items():
        client.log_metric(run, name, figure)
    for name, text in files.items():
        client.log_text(run, text, name)
    client.set_terminated(run)
    return str(run)


def read_back(store: Path, run: str) -> tuple[dict[str, str], dict[str, float], dict[str, str]]:
    """Return what a run holds, as `told` has it."""
    client = client_of(store)
    data = client.get_run(run).data
    with tempfile.TemporaryDirectory() as folder:
        names = [item.path for item in client.list_artifacts(run)]
        places = {name: Path(client.download_artifacts(run, name, folder)) for name in names}
        files = {name: place.read_text(encoding="utf-8") for name, place in places.items()}
    return dict(data.params), dict(data.metrics), files


def example(folder: Path) -> tuple[Path, str]:
    """Return a home with one registered score of made-up cases."""
    random = np.random.default_rng(1)
    age, job = random.integers(20, 70, 300), random.choice(["fixed", "free"], 300)
    late = random.random(300) < 1 / (1 + np.exp(1 + 0.05 * (age - 40) - 0.8 * (job == "free")))
    cases = pl.DataFrame({"age": age, "job": job, "end": np.where(late, "late", "paid")})
    cases.write_csv(folder / "cases.csv")
    lt.score_train(
        folder / "cases.csv",
        target="end",
        good="paid",
        folds="1x4",
        models=["scorecard"],
        out=folder / "scores",
    )
    Home.create(folder / "twin", SystemClock(), name="example", currency="EUR").close()
    return folder / "twin", lt.model_register(
        folder / "twin", folder / "scores", name="loans", by="ana"
    ).model.id


def main(words: list[str]) -> None:
    """Track the model that is named, or that of the example."""
    with tempfile.TemporaryDirectory() as folder:
        home, model = (Path(words[0]), words[1]) if words else example(Path(folder))
        store = Path(words[2]) if words else Path(folder) / "store.db"
        with lt.open(home) as twin:
            parameters, figures, files = told(twin, model)
            print(f"{len(parameters)} parameters, {len(figures)} figures, {len(files)} files")
            if find_spec("mlflow") is None:
                print("MLflow is not installed: `make peers` makes an environment that has it")
                return
            run = track(twin, model, store)
            again = track(twin, model, store)
        same = read_back(store, run) == (parameters, figures, files)
        print(f"run {run}, read back the same: {same}; written once: {run == again}")


if __name__ == "__main__":
    main(sys.argv[1:])
