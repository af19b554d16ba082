"""Many readers beside one writer: each sees a whole beginning of the log."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from loantwin.events.home import Home

DAY = date(2026, 1, 31)
BATCH, BATCHES, READERS = 200, 60, 4

READER = """
import sys
from loantwin.events.home import Home
folder, batch, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
seen, distinct = 0, set()
while seen < last:
    with Home.open(folder) as home:
        for _ in range(5):
            events = list(home.events())
            assert [e.sequence for e in events] == list(range(1, len(events) + 1))
            assert all(a.hash == b.previous for a, b in zip(events, events[1:]))
            assert len(events) % batch == 1, len(events)
            assert len(events) >= seen
            seen = len(events)
            distinct.add(seen)
    found = Home.open(folder).verify()
    assert found.ok and found.events >= seen, found.problems
print(len(distinct))
"""


def test_readers_in_other_processes_see_whole_batches(tmp_path: Path) -> None:
    folder = tmp_path / "twin"
    Home.create(folder).close()
    last = str(1 + BATCH * BATCHES)
    run = [sys.executable, "-c", READER, str(folder), str(BATCH), last]
    readers = [
        subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(READERS)
    ]
    data = [{"loan_id": f"L{i}"} for i in range(BATCH)]
    wait = threading.Event()
    with Home.open(folder, writable=True) as home:
        for number in range(BATCHES):
            home.append_rows("LoanCured", DAY, data)
            wait.wait(0.03 if number else 1.0)  # the first pause lets the readers start
    said = [reader.communicate(timeout=60) for reader in readers]
    assert [reader.returncode for reader in readers] == [0] * READERS, said
    assert max(int(out) for out, _ in said) > 3, "no reader saw the log grow"


def test_threads_of_one_process_share_a_home(tmp_path: Path) -> None:
    Home.create(tmp_path / "twin").close()
    with Home.open(tmp_path / "twin", writable=True) as home:

        def work(name: str) -> None:
            for number in range(20):
                home.append_rows("LoanCured", DAY, [{"loan_id": f"{name}-{number}"}] * 10)
                assert len(list(home.log.read(until=5))) == 5

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, "abc"))  # raises what a thread raised
        found = home.verify()
    assert found.ok
    assert found.events == 601


def test_a_thread_waits_for_its_turn_at_the_connection(tmp_path: Path) -> None:
    """Two threads that step one query at once end it early: seldom, so that the lock is looked at itself."""
    Home.create(tmp_path / "twin").close()
    with Home.open(tmp_path / "twin", writable=True) as home:
        log = home.log
        works = {
            "read": lambda: list(log.read()),
            "last": lambda: log.last("TwinCreated"),
            "extent": log.extent,
            "append": lambda: home.append_rows("LoanCured", DAY, [{"loan_id": "x"}]),
        }
        for name, work in works.items():
            done = threading.Event()
            with log._guard:
                thread = threading.Thread(target=lambda work=work, done=done: (work(), done.set()))
                thread.start()
                assert not done.wait(0.1), f"{name} did not wait"
            assert done.wait(10), name
            thread.join()
