"""All prices in a file, a row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.results.rows_file import write_rows

SCHEMA = "loantwin.price/1"


def write_prices(rows: Sequence[Any], path: Path, provenance: Mapping[str, Any]) -> None:
    """Write dataclasses, a row each; in tables intervals are columns NAME_p05 and NAME_p95.

    Raises
    ------
    UsageError : a file that cannot be written.
    """
    documents = [asdict(row) for row in rows]
    about = {"schema": SCHEMA, "log_head": provenance.get("log_head")}
    write_rows(
        path,
        about,
        lambda: pl.DataFrame([_flat(item) for item in documents], infer_schema_length=None),
        lambda: documents,
    )


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in item.items() if key != "interval"}
    for name, ends in (item.get("interval") or {}).items():
        made |= {f"{name}_{end}": value for end, value in ends.items()}
    return made
