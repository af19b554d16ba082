"""All prices in a file: JSON lines, CSV or Parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.errors import UsageError, expected
from loantwin.files import DIGEST, about_csv, check_replaced, check_target, replace_file, whole_file
from loantwin.results.spreadsheet import spreadsheet_safe

ENDINGS = (".jsonl", ".csv", ".parquet")
SCHEMA = "loantwin.price/1"
MARK = "loantwin.prices"


def check_out(file: Path | str | None) -> Path | None:
    """Return the file of prices, None where none is asked for.

    Raises
    ------
    UsageError : another ending, a place that cannot be written, a file that this program did not write.
    """
    if file is None:
        return None
    path = Path(file)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(expected("a file that ends in " + ", ".join(ENDINGS), path.name), field="out")
    check_target(path, "out")
    check_replaced(path, "out")
    return path


def write_prices(rows: Sequence[Any], path: Path, provenance: Mapping[str, Any]) -> None:
    """Write dataclasses, a row each; intervals as columns NAME_p05 and NAME_p95.

    Raises
    ------
    UsageError : a file that cannot be written.
    """
    documents = [asdict(row) for row in rows]
    about = {"schema": SCHEMA, "log_head": provenance.get("log_head")}
    if path.suffix.lower() == ".jsonl":
        text = "".join(json.dumps(item, ensure_ascii=False, allow_nan=False) + "\n" for item in documents)
    else:
        frame = pl.DataFrame([_flat(item) for item in documents], infer_schema_length=None)
        if path.suffix.lower() == ".parquet":
            with whole_file(path, "out") as file:
                frame.write_parquet(file, metadata={"mark": MARK, **{k: str(v) for k, v in about.items()}})
            return
        text = spreadsheet_safe(frame).write_csv()
    replace_file(path, text, "out", private=True)
    note = {**about, DIGEST: sha256(text.encode()).hexdigest()}
    replace_file(about_csv(path), json.dumps(note, indent=1) + "\n", "out", private=True)


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in item.items() if key != "interval"}
    for name, ends in (item.get("interval") or {}).items():
        made |= {f"{name}_{end}": value for end, value in ends.items()}
    return made
