"""A progress bar on a terminal, for work that takes longer than a second; silent elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from loantwin.types import Progress, silent

DELAY_SECONDS = 1.0


@contextmanager
def shown(words: str) -> Iterator[Progress]:
    """Yield a function `progress(share, words)`; a bar appears on standard error once a second has passed."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(words, total=None)
    timer = threading.Timer(DELAY_SECONDS, bar.start)
    timer.daemon = True
    timer.start()

    def step(share: float, words: str = words) -> None:
        bar.update(task, completed=share, total=1.0, description=words or None)

    try:
        yield step
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
