"""`demo`: the main job on a synthetic book, from a raw lender's tape to the report."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loantwin import months as calendar
from loantwin.errors import UsageError, expected
from loantwin.extras import require
from loantwin.interfaces.report.report.report import report
from loantwin.types import Progress, Result, silent
from loantwin.verbs.fit.fit import fit
from loantwin.verbs.synthetic import synthetic
from loantwin.verbs.twin_create import twin_create

MARK = "made-by-loantwin-demo.txt"
"""Tells a later demo that the folder is its own."""
HISTORY = 60
"""Months of the synthetic history."""
HELD_OUT = 12
"""Its last months, which the twin does not see: the report shows the forecast beside them."""


@dataclass(frozen=True)
class DemoDone(Result):
    """What the demo made and how long each step took, seconds. figures : headline figures of the report."""

    SCHEMA = "loantwin.demo/1"

    folder: str
    report: str
    as_of: str
    loans: int
    loan_months: int | None
    seconds: Mapping[str, float]
    figures: Mapping[str, str]
    next_steps: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def make_room(folder: Path) -> None:
    """Make the demo's folder, taking away an earlier demo; a folder with anything else in it is refused.

    Raises
    ------
    UsageError : a folder that holds anything else.
    """
    mark = folder / MARK
    if mark.is_file():
        for name in ("lender", "twin"):
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / "report.html").unlink(missing_ok=True)
        mark.unlink()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            expected("a new or empty folder for `out`", f"{folder}, which holds files"), field="out"
        )
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(
        "Made by `loantwin demo`, which may replace what is beside this file.\n", encoding="utf-8"
    )


@contextmanager
def compiling() -> Iterator[subprocess.Popen[bytes]]:
    """Compile the kernels in a process beside, while this one works on the tape; it may fail harmlessly."""
    process = subprocess.Popen(  # this very interpreter, no input from outside
        [sys.executable, "-m", "loantwin.interfaces.warm"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


def demo(
    out: Path | str = "demo", *, loans: int = 100_000, seed: int = 7, progress: Progress = silent
) -> DemoDone:
    """Make a synthetic lender's tape of five years, a twin as of the fourth's end, and the tour on it.

    Parameters
    ----------
    out : an empty or new folder, or that of an earlier demo, which is replaced. loans : their number. seed :
        of the book.

    Raises
    ------
    UsageError : a folder that holds something already. ExtraError : the extra `report` is not installed.
    """
    require("report")
    folder = Path(out)
    make_room(folder)
    lender, home, page = folder / "lender", folder / "twin", folder / "report.html"
    seconds: dict[str, float] = {}

    def timed(name: str, share: float, step: Callable[[], Any]) -> Any:
        progress(share, name)
        start = time.perf_counter()
        made = step()
        seconds[name] = round(time.perf_counter() - start, 2)
        return made

    with compiling() as compiled:
        made = timed(
            "synthetic",
            0.0,
            lambda: synthetic(lender, loans=loans, months=HISTORY, seed=seed, as_tape="mapping"),
        )
        as_of = calendar.end_of(calendar.parse_label(made.last_month) - HELD_OUT)
        created = timed(
            "twin create",
            0.35,
            lambda: twin_create(home, lender / "tape.csv", str(lender / "mapping.toml"), as_of),
        )
        timed("waiting for compilation", 0.55, compiled.wait)
    timed("fit", 0.6, lambda: fit(home, [lender / "macro.csv"]))
    scenarios = [f"{lender / 'scenarios.csv'}#{name}" for name in ("Baseline", "Severe")]
    words = "forecast, provisions, stress, loss and report"
    written = timed(words, 0.7, lambda: report(home, page, scenarios=scenarios, align="start"))
    return DemoDone(
        folder=str(folder),
        report=str(page),
        as_of=as_of.isoformat(),
        loans=created.loans,
        loan_months=created.loan_months,
        seconds=seconds,
        figures=written.figures,
        next_steps=(
            f"open {page} in a browser",
            f"loantwin provisions {home} --standard ifrs9",
            f"loantwin forecast {home} --policy prudent --new-lending constant-balance",
            f"loantwin tape check YOUR_TAPE.csv --format your-mapping.toml   (see {lender / 'mapping.toml'} "
            "for one)",
        ),
        provenance=written.provenance,
    )
