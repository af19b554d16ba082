"""All decisions in a file, a row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.decisions.deciding.answer import Versions, decisions_of
from loantwin.results.rows_file import write_rows

SCHEMA = "loantwin.decide/1"
BETWEEN = "; "
"""What stands between the items of a list in CSV."""


def write_decisions(
    frame: pl.DataFrame, versions: Versions, path: Path, each: Sequence[Versions] | None = None
) -> None:
    """Write what `Decider.columns` returns, in its order; versions stand on every line or in the metadata.

    each : versions of each of N decisions, where several decided; None: `versions` of all.

    Raises
    ------
    UsageError : a file that cannot be written.
    """
    table = frame
    if path.suffix.lower() == ".csv":
        table = frame.with_columns(pl.col(pl.List(pl.String)).list.join(BETWEEN))
    own = [versions] * len(frame) if each is None else each
    about = {"schema": SCHEMA, "versions": asdict(versions)}
    write_rows(path, about, lambda: table, lambda: _documents(frame, own))


def _documents(frame: pl.DataFrame, versions: Sequence[Versions]) -> Iterator[dict[str, Any]]:
    """Yield each decision with its keys as of `Decision`."""
    for item, own in zip(decisions_of(frame, Versions("", "", "", "")), versions, strict=True):
        yield asdict(item) | {"versions": asdict(own)}
