"""Stress tests of a book of 20,000 loans with arrears, in process: five scenarios with all their parts, and
reverse stress.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

LOANS, HISTORY, MONTHS, ROUNDS = 20_000, 60, 36, 3
REPLAYS = ("2015", "2016", "2017", "2018")


def run() -> list[dict[str, Any]]:
    """Return the best of some rounds, kernels warm."""
    import loantwin as lt
    from loantwin.outlook.outlook import Outlook
    from loantwin.verbs.stress.flows import twin_flows
    from loantwin.verbs.stress.reverse import reversed_stress
    from loantwin.verbs.stress.run import prepared
    from loantwin.verbs.stress.scenarios import gathered

    with tempfile.TemporaryDirectory() as folder:
        raw, home = Path(folder) / "raw", Path(folder) / "twin"
        lt.synthetic(raw, loans=LOANS, months=HISTORY, seed=11, as_tape="mapping")
        lt.twin_create(home, raw / "tape.csv", str(raw / "mapping.toml"), date(2022, 12, 31))
        lt.fit(home, [raw / "macro.csv"])
        five = _best(lambda: lt.stress(home, replays=REPLAYS, months=MONTHS))
        with lt.open(home) as twin:
            outlook = Outlook(twin)
            test = prepared(outlook, gathered(outlook, (), None, months=MONTHS), MONTHS, twin_flows)
            target = f"loss={1.15 * test.baseline.flows.loss_net.sum():.0f}"
            found, _ = reversed_stress(test, target)
            seconds = _best(lambda: reversed_stress(test, target))
            loans = len(outlook.columns.principal)
    detail = f"{loans:,} loans on the book, {MONTHS} months"
    return [
        _row(
            "stress test of five scenarios",
            "",
            five,
            f"{detail}; opening the twin, series, parts, plausibility",
        ),
        _row(
            "reverse stress",
            "< 10 s",
            seconds,
            f"{detail}; found {found.distance:.2f} standard deviations away",
        ),
    ]


def _best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def _row(work: str, reach: str, seconds: float, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": seconds, "unit": "s", "detail": detail}
