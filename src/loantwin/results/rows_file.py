"""A row each of a result in a file of its own: JSON lines, CSV or Parquet, marked as this program's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.errors import UsageError, expected
from loantwin.files import DIGEST, about_csv, check_replaced, check_target, replace_file, whole_file
from loantwin.results.spreadsheet import spreadsheet_safe

ENDINGS = (".jsonl", ".csv", ".parquet")


def check_out(file: Path | str | None) -> Path | None:
    """Return the file of rows, None where none is asked for.

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


def write_rows(
    path: Path,
    about: Mapping[str, Any],
    frame: Callable[[], pl.DataFrame],
    documents: Callable[[], Iterable[Mapping[str, Any]]],
) -> None:
    """Write N rows: as a table, or a JSON document a line; readable by its owner alone where it is text.

    Parameters
    ----------
    about : `schema` and what else tells where the rows are from; it stands in the metadata of Parquet, else
        in a file beside. frame : the rows flat, (N, columns), for tables. documents : the rows whole.

    Raises
    ------
    UsageError : a file that cannot be written.
    """
    if path.suffix.lower() == ".parquet":
        told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in about.items()}
        with whole_file(path, "out") as file:
            frame().write_parquet(file, metadata=told)
        return
    if path.suffix.lower() == ".csv":
        text = spreadsheet_safe(frame()).write_csv()
    else:
        lines = (json.dumps(item, ensure_ascii=False, allow_nan=False) for item in documents())
        text = "".join(f"{line}\n" for line in lines)
    replace_file(path, text, "out", private=True)
    note = {**about, DIGEST: sha256(text.encode()).hexdigest()}
    replace_file(about_csv(path), json.dumps(note, indent=1) + "\n", "out", private=True)
