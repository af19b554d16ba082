"""Power cuts in miniature: processes killed at every step, and at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loantwin.events.home import Home

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize("work", ["creation", "appending"])
def test_killed_at_every_step(work: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "crashes.py"), work, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["none"] > 20, "the kills came too late to prove anything"
    assert seen["whole"] > 0, "no kill came after the commit"


WRITER = """
import sys, datetime
from loantwin.events.home import Home
home = Home.open(sys.argv[1], writable=True)
data = [{"loan_id": f"L{i}"} for i in range(250)]
while True:
    print(home.append_rows("LoanCured", datetime.date(2026, 1, 31), data), flush=True)
"""


@pytest.mark.parametrize("pause", [0.02, 0.05, 0.11])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, pause: float) -> None:
    Home.create(tmp_path / "twin").close()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "twin")], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(pause)
    writer.kill()
    told = [int(line) for line in (first + writer.stdout.read()).splitlines() if line.endswith("1")]
    writer.wait()
    writer.stdout.close()
    with Home.open(tmp_path / "twin") as home:
        found = home.verify()
    assert found.ok
    assert found.events >= told[-1]
    assert found.events % 250 == 1, "a batch was cut"
    with Home.open(tmp_path / "twin", writable=True) as home:
        assert (
            home.append_rows("LoanCured", home.last("TwinCreated").happened, [{"loan_id": "x"}])
            == found.events + 1
        )  # type: ignore[union-attr]
