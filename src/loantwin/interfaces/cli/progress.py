"""Progress on a terminal, for work that takes longer than a second: what is done, and how long is left.

Silent elsewhere: what goes to a file or another program holds no marks.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loantwin.types import Progress, silent

DELAY_SECONDS = 1.0
FEWEST_SECONDS, LEAST_SHARE = 2.0, 0.05
"""Before so much time or work is behind, nothing is said of what is left."""


@contextmanager
def shown(words: str) -> Iterator[Progress]:
    """Yield a function `progress(share, words)`; a bar appears on standard error once a second has passed."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    left = Left()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(words, total=None, left=left)
    timer = threading.Timer(DELAY_SECONDS, bar.start)
    timer.daemon = True
    timer.start()

    def step(share: float, words: str = words) -> None:
        left.reached(share)
        bar.update(task, completed=share, total=1.0, description=words or None)

    try:
        yield step
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


class Left:
    """The time that is left, in words: as much a share as what is behind took, less what has passed since."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._ends: float | None = None

    def reached(self, share: float) -> None:
        """Note that a share of the work, 0 to 1, is done."""
        passed = self._clock() - self._start
        if passed >= FEWEST_SECONDS and share >= LEAST_SHARE:
            self._ends = self._start + passed / share

    def __str__(self) -> str:
        """Return the estimate, rounded as it deserves; nothing before there is one, or once it has passed."""
        seconds = 0.0 if self._ends is None else self._ends - self._clock()
        if seconds < 1.0:
            return ""
        if seconds < 55.0:
            return f"about {5 * math.ceil(seconds / 5)} s left"
        return f"about {max(round(seconds / 60), 1)} min left"
