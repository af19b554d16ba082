"""All decisions in a file: JSON lines, CSV or Parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import polars as pl

from loantwin.decisions.deciding.answer import Versions, decisions_of
from loantwin.errors import UsageError, expected
from loantwin.files import DIGEST, about_csv, check_replaced, check_target, replace_file, whole_file
from loantwin.results.spreadsheet import spreadsheet_safe

ENDINGS = (".jsonl", ".csv", ".parquet")
SCHEMA = "loantwin.decide/1"
BETWEEN = "; "
"""What stands between the items of a list in CSV."""
MARK = "loantwin.decisions"


def check_out(file: Path | str | None) -> Path | None:
    """Return the file of decisions, None where none is asked for.

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


def write_decisions(
    frame: pl.DataFrame, versions: Versions, path: Path, each: Sequence[Versions] | None = None
) -> None:
    """Write what `Decider.columns` returns, in its order; versions stand on every line or in the metadata.

    each : versions of each of N decisions, where several decided; None: `versions` of all.

    Raises
    ------
    UsageError : a file that cannot be written.
    """
    made = asdict(versions)
    if path.suffix.lower() == ".parquet":
        with whole_file(path, "out") as file:
            frame.write_parquet(file, metadata={"schema": SCHEMA, "mark": MARK, "versions": json.dumps(made)})
        return
    if path.suffix.lower() == ".csv":
        lists = pl.col(pl.List(pl.String)).list.join(BETWEEN)
        text = spreadsheet_safe(frame.with_columns(lists)).write_csv()
    else:
        text = _lines(frame, [made] * len(frame) if each is None else [asdict(item) for item in each])
    about = {"schema": SCHEMA, "versions": made, DIGEST: sha256(text.encode()).hexdigest()}
    replace_file(path, text, "out", private=True)
    replace_file(about_csv(path), json.dumps(about, indent=1) + "\n", "out", private=True)


def _lines(frame: pl.DataFrame, versions: Sequence[dict[str, str | None]]) -> str:
    """Return a JSON document a line, with the keys of a decision."""
    decisions = decisions_of(frame, Versions("", "", "", ""))
    made = [asdict(item) | {"versions": own} for item, own in zip(decisions, versions, strict=True)]
    return "".join(json.dumps(item, ensure_ascii=False, allow_nan=False) + "\n" for item in made)
