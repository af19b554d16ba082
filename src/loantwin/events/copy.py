"""A home as it stood after one of its events, in a folder of its own: what was printed then is made again."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from loantwin.errors import LogError, expected
from loantwin.events.batch import Row
from loantwin.events.head_file import write_head
from loantwin.events.home import BLOBS, LOG, SETTINGS, Home
from loantwin.events.log_file import create_log, sqlite_errors


def copy_until(home: Home, digest: str, folder: Path) -> int:
    """Write the home as it stood after the event with a hash into an empty folder; return that event's place.

    Settings are today's; bulk facts are linked to, not copied. The copy is for reading.

    Raises
    ------
    LogError : no event of the log has that hash, or one before it was changed.
    """
    found: list[Row] = []
    for page in home.log.pages():
        ends = next((place for place, row in enumerate(page) if row[7].hex() == digest), None)
        found += page if ends is None else page[: ends + 1]
        if ends is not None:
            break
    else:
        words = expected(f"an event with hash {digest[:16]}", "none: the log is another one")
        raise LogError(words + "; name the home the figure came from", file=home.folder / LOG)
    path = folder / LOG
    create_log(path)
    last = found[-1]
    with sqlite_errors(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", found)
            connection.execute(
                "UPDATE head SET sequence = ?, recorded = ?, hash = ?", (last[0], last[4], last[7])
            )
            connection.execute("COMMIT")
        finally:
            connection.close()
    write_head(path, last[0], last[7])
    shutil.copyfile(home.folder / SETTINGS, folder / SETTINGS)
    (folder / BLOBS).symlink_to(home.folder / BLOBS, target_is_directory=True)
    return int(last[0])
