"""Every answer that a client got is in the log: processes that decide are killed at any moment."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.events.home import Home
from tests.decisions.applied_for import policy_file

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
WORK = Path(__file__).with_name("deciding.py")
PAUSES = np.random.default_rng(8).uniform(0.0, 0.6, 10).round(3).tolist()


@pytest.mark.parametrize(
    "pause", [PAUSES[0], *(pytest.param(pause, marks=pytest.mark.slow) for pause in PAUSES[1:])]
)
def test_every_answer_survives_a_kill(tmp_path: Path, pause: float) -> None:
    Home.create(tmp_path / "twin").close()
    command = [sys.executable, str(WORK), str(tmp_path / "twin"), str(policy_file(tmp_path)), "4"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    first = process.stdout.readline()
    time.sleep(pause)
    process.kill()
    told = [
        line.split() for line in (first + process.stdout.read()).splitlines(keepends=True) if "\n" in line
    ]
    process.wait()
    process.stdout.close()
    with Home.open(tmp_path / "twin") as home:
        assert home.verify().ok
        events = {event.data["decision_id"]: event.data for event in home.events("DecisionMade")}
        answers = [
            (name, number, events[name]["answer"]["outcome"], str(events[name]["answer"]["amount"]))
            for name, number, *_ in told
        ]
    assert answers == [tuple(item) for item in told]
    assert told
    assert lt.evidence(tmp_path / "twin", told[-1][0]).same
    with lt.recorder(policy_file(tmp_path), twin=tmp_path / "twin") as keeper:  # clears what nothing names
        stored = set(keeper._home.persons.latest())
    assert stored == set(events)
