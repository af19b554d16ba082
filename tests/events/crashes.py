"""Kills a process at every step of a piece of work, one after the other, and looks at what is left. Run by
test_crash.py.

A forked child does the work under a profiler that counts the calls made by the event package's own code and
sends itself SIGKILL at one of them. This process never starts polars' threads, so that forking it is safe.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import loantwin.events as package
from loantwin.errors import HomeError
from loantwin.events.event import Event
from loantwin.events.home import Home

CODE = str(Path(package.__file__).parent)
DAY = date(2026, 1, 31)


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Do the work in a child that dies at its call number `step`; return False where it ended before."""
    child = os.fork()
    if child == 0:
        calls = 0

        def watch(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal calls
            if event in ("c_call", "call") and frame.f_code.co_filename.startswith(CODE):
                calls += 1
                if calls == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(watch)
        work()
        sys.setprofile(None)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise SystemExit(f"step {step}: the child ended with {status}")
    return status != 0


def refusal(target: Path) -> str:
    """Return the message with which a home is refused."""
    try:
        Home.open(target).close()
    except HomeError as error:
        return str(error)
    return ""


def creation(folder: Path) -> dict[str, int]:
    """Kill creations; what is there afterwards is a whole home or none, and a new creation works."""
    target, seen, step = folder / "twin", {"none": 0, "whole": 0}, 0

    def work() -> None:
        with Home.building(target, name="crash") as home:
            home.append(
                [
                    Event(
                        "MacroLoaded", DAY, {"source_blob": home.put_bytes(b"series"), "source_file": "m.csv"}
                    )
                ]
            )

    def look() -> None:
        if target.exists():
            with Home.open(target) as home:
                found = home.verify()
            assert (found.ok, found.events, found.unreferenced) == (True, 2, ()), (step, found)
            shutil.rmtree(target)
            seen["whole"] += 1
        else:
            assert refusal(target).endswith("was no folder; make one with `twin create`"), step
            seen["none"] += 1
        if step % 10 == 0:  # leftovers of killed creations are cleared by the next one
            Home.create(target).close()
            shutil.rmtree(target)
            left = [path for path in folder.iterdir() if (path / "lock").exists()]
            assert left == [], (step, left)

    while killed_at(step := step + 2, work):
        look()
    shutil.rmtree(target)
    ended = step
    for step in range(ended - 19, ended, 2):  # every step of the end, where the commit is
        if killed_at(step, work):
            look()
    return seen


def appending(folder: Path) -> dict[str, int]:
    """Kill appends; a batch is there as a whole or not at all, nothing is damaged, and writing goes on."""
    target, seen, step = folder / "twin", {"none": 0, "whole": 0}, 0
    Home.create(target).close()
    batch = [Event("LoanCured", DAY, {"loan_id": f"L{i}"}) for i in range(20)]

    def work() -> None:
        with Home.open(target, writable=True) as home:
            name = home.put_bytes(b"series" * 1000)
            home.append([*batch, Event("MacroLoaded", DAY, {"source_blob": name, "source_file": "m.csv"})])

    before = 1
    while killed_at(step := step + 1, work):
        with Home.open(target) as home:
            found = home.verify()
        assert found.ok, (step, found)
        assert found.events - before in (0, 21), (step, found)
        seen["whole" if found.events > before else "none"] += 1
        with Home.open(target, writable=True) as home:
            home.append([Event("LoanCured", DAY, {"loan_id": "after"})])
        before = found.events + 1
        if step % 20 == 0:  # so that the blob has to be written again
            shutil.rmtree(target)
            Home.create(target).close()
            before = 1
    return seen


if __name__ == "__main__":
    print(json.dumps({"creation": creation, "appending": appending}[sys.argv[1]](Path(sys.argv[2]))))
