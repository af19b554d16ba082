"""Run the measurements and write BENCHMARKS.md: `python -m benchmarks [NAME ...] [--no-write]`.

Each module runs in a process of its own, so that one cannot warm up or burden another. With names only those
are run and only their rows are replaced.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent / "BENCHMARKS.md"
FIGURES = HERE / "figures.json"
LIBRARIES = ("numpy", "numba", "polars", "scipy")


def modules() -> list[str]:
    """Return the names of the modules that measure something."""
    return sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def measured(name: str) -> list[dict[str, Any]]:
    """Return the rows of one module, run in a fresh process."""
    code = f"import json; from benchmarks.{name} import run; print('\\n' + json.dumps(run()))"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE.parent, env=environment
    )
    if made.returncode:
        raise SystemExit(f"benchmarks.{name} failed:\n{made.stderr}")
    rows: list[dict[str, Any]] = json.loads(made.stdout.strip().splitlines()[-1])
    return rows


def page(figures: dict[str, list[dict[str, Any]]]) -> str:
    """Return BENCHMARKS.md."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench`. Figures are medians after a warm-up unless a row says otherwise; `reach` is "
        "what was aimed at.",
        "They describe one machine on one day: read ratios and orders of size, not digits.",
        "",
        f"Machine: {os.cpu_count()} cores, {platform.machine()}, {memory()} of memory, Python "
        f"{platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES) + ".",
    ]
    for name, rows in figures.items():
        lines += [
            "",
            f"## {name.replace('_', ' ').capitalize()}",
            "",
            "| work | reach | measured | notes |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {row['work']} | {row['reach'] or '–'} | {number(row['measured'])} {row['unit']} | "
            f"{row['detail']} |"
            for row in rows
        ]
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Return a figure with three digits that count, thousands separated."""
    if value == 0 or 1e-3 <= abs(value) < 1e3:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) < 1e7 else f"{value:.2e}"


def memory() -> str:
    """Return the machine's memory."""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="modules to run (default: all): " + ", ".join(modules()))
    parser.add_argument("--no-write", action="store_true", help="print only")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(modules()))
    if unknown:
        parser.error(f"expected one of {', '.join(modules())}, was {unknown[0]}")
    figures: dict[str, list[dict[str, Any]]] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name in options.names or modules():
        print(f"{name} ...", file=sys.stderr, flush=True)
        figures[name] = measured(name)
        for row in figures[name]:
            print(
                f"  {row['work']}: {number(row['measured'])} {row['unit']} (reach {row['reach'] or '-'}); "
                f"{row['detail']}",
                flush=True,
            )
    if not options.no_write:
        kept = {name: figures[name] for name in modules() if name in figures}
        FIGURES.write_text(json.dumps(kept, indent=1) + "\n")
        TABLE.write_text(page(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
