"""A twin in the hand: a second question to an open twin beside the same question to its folder, and what it
keeps.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import loantwin as lt

ROUNDS = 7


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_second_call(Path(folder)), *_memory(Path(folder), 1_000_000)]


def _second_call(folder: Path, loans: int = 3_000) -> list[dict[str, Any]]:
    home = _home(folder / "small", loans, 48, date(2022, 12, 31), "mapping.toml", "tape.csv")

    def asked(of: object) -> Callable[[], object]:
        return lambda: lt.forecast(of, months=12, paths=16)

    asked(home)()  # kernels
    closed = _timed(asked(home))
    with lt.open(home) as twin:
        asked(twin)()
        opened = _timed(asked(twin))
    work = f"forecast of {loans:,} loans, 12 months, 16 paths: a second call on an open twin"
    detail = f"{closed / opened:.1f} times quicker than on its folder, {1000 * closed:.0f} ms"
    return [{"work": work, "reach": "< 0.25", "measured": opened / closed, "unit": "of it", "detail": detail}]


def _memory(folder: Path, loans: int) -> list[dict[str, Any]]:
    home = _home(folder / "large", loans, 18, date(2023, 6, 30), "outcomes.toml", "outcomes.csv")
    with lt.open(home) as twin:
        lt.forecast(twin, months=12, paths=16)
        kept = twin.memory()
        again = _timed(lambda: lt.forecast(twin, months=12, paths=16), 3)
    largest = sorted(kept.items(), key=lambda item: -item[1])[:4]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    parts = ", ".join(f"{name} {size / 1e9:.2f}" for name, size in largest)
    detail = f"largest: {parts}; a second forecast {again:.2f} s; peak with tape and fit {peak:.1f} GB"
    work = f"kept by an open twin of {loans:,} loans, one row each, after a forecast"
    return [{"work": work, "reach": "", "measured": sum(kept.values()) / 1e9, "unit": "GB", "detail": detail}]


def _home(folder: Path, loans: int, months: int, as_of: date, mapping: str, tape: str) -> Path:
    lt.synthetic(folder, loans=loans, months=months, seed=7, as_tape="mapping")
    home = folder / "twin"
    lt.twin_create(home, folder / tape, str(folder / mapping), as_of)
    (folder / tape).unlink()
    lt.fit(home, [folder / "macro.csv"])
    return home


def _timed(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
