"""Synthetic books: time and memory at 0.1 and 1 million loans, in memory and streamed to Parquet and to a raw
tape.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from typing import Any

MONTHS = 60

_CHILD = """
import json, resource, sys, time
from pathlib import Path
form, loans, months, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
from loantwin.synthesis.generate import generate
from loantwin.synthesis.write import write
before = time.perf_counter()
if form == "memory":
    rows = generate(loans, months, 1).panel.height
else:
    rows = write(Path(folder) / "book", loans, months, 1, None if form == "parquet" else form).loan_months
spent = time.perf_counter() - before
size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"seconds": spent, "rows": rows, "peak": peak, "bytes": size}))
"""


def run() -> list[dict[str, Any]]:
    """Return seconds and peak memory of making books, each in a process of its own."""
    return [
        _row("memory", 100_000, "< 15 s, < 3 GB"),
        _row("parquet", 100_000, "< 15 s, < 3 GB"),
        _row("parquet", 1_000_000, "time x 10, memory not"),
        _row("mapping", 20_000, ""),
    ]


def _row(form: str, loans: int, reach: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _CHILD, form, str(loans), str(MONTHS), folder]
        found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    words = {
        "memory": "generated",
        "parquet": "written as Parquet",
        "mapping": "written as a raw lender's tape",
    }[form]
    detail = (
        f"{found['rows']:,} loan-months; peak {found['peak']:.2f} GiB; {found['bytes'] / 2**20:,.0f} MiB on "
        "disk"
    )
    return {
        "work": f"synthetic: {loans:,} loans x {MONTHS} months {words}",
        "reach": reach,
        "measured": found["seconds"],
        "unit": "s",
        "detail": detail,
    }
