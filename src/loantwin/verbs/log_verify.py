"""`log verify`: whether a home's log and blobs are whole."""

from __future__ import annotations

from pathlib import Path

from loantwin.events.home import Home
from loantwin.events.verify import LogVerification


def log_verify(directory: Path | str) -> LogVerification:
    """Return whether the log's hash chain and every blob are whole, and which files no event names.

    Raises
    ------
    HomeError : `directory` is no twin's home.
    """
    with Home.open(Path(directory)) as home:
        return home.verify()
