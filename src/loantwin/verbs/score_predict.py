"""`score predict`: cases of a file scored by a kept model, written row by row, with what it did not know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin.errors import UsageError, expected
from loantwin.files import check_target, whole_file
from loantwin.models.scoring.reasons import MOST
from loantwin.models.scoring.reasons import reasons as reasons_of
from loantwin.models.scoring.sample import column_of
from loantwin.models.scoring.scorecard import Scorecard, points
from loantwin.models.scoring.store import RECORD, Score, Scored, predict, read_score
from loantwin.models.scoring.table import Table, read_table
from loantwin.results.spreadsheet import spreadsheet_safe
from loantwin.types import Result

KINDS_OF_FILE = (".csv", ".parquet")


@dataclass(frozen=True)
class ScorePredictResult(Result):
    """What a score said of the cases of a file, and what it did not know of them.

    model, registry_id : what scored. rows : of the file, in its order. columns : of the file written: `row`
    (from 1) or the id column, `pd`, `points` of a scorecard, `reason_1` and on. pd : mean, least and greatest
    probability of bad. unseen : column -> cases with a text that training never showed, read as its rare
    ones. beyond : column -> numbers outside the range of training, read as they are. missing : column ->
    cases without a value.
    """

    SCHEMA: ClassVar[str] = "loantwin.score_predict/1"

    source: str
    model: str
    registry_id: str
    rows: int
    columns: tuple[str, ...]
    pd_mean: float
    pd_least: float
    pd_greatest: float
    unseen: Mapping[str, int]
    beyond: Mapping[str, int]
    missing: Mapping[str, int]
    out: str
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def score_predict(
    scores: Path | str,
    data: Path | str,
    *,
    out: Path | str,
    model: str | None = None,
    id: str | None = None,  # noqa: A002  # the word of the option
    reasons: bool = False,
) -> ScorePredictResult:
    """Score the cases of a file with a model that `score train` kept, and write a row for each, in order.

    Parameters
    ----------
    scores : the folder of `score train`. data : a table as it was trained on; its target may be missing. out
        : a CSV or Parquet file; an old one is replaced. model : a name in the folder, its champion by
    default. id : a column that names the cases, written first; else their number from 1. reasons : write up
        to four reasons a case, which takes longer.

    Raises
    ------
    UsageError : no such file or column, an `out` of another ending. ModelError : no such model, one that does
        not match its hash, a column that it knows is not there or is of another kind. TapeError : a file that
        is no table, an infinite number, naming row and column.
    """
    target, path = Path(out), Path(data)
    if target.suffix not in KINDS_OF_FILE:
        raise UsageError(expected("a file ending in .csv or .parquet", target.name), field="out")
    check_target(target, "out")
    if not path.is_file():
        raise UsageError(expected("a file of cases", "none"), file=data, field="data")
    score = read_score(scores, model)
    record = json.loads((Path(scores) / RECORD).read_text(encoding="utf-8"))
    table = read_table(path)
    found = predict(score, table)
    rows = _rows(score, found, table, None if id is None else column_of(table, id, "id"), reasons)
    with whole_file(target, "out") as file:
        if target.suffix == ".csv":
            file.write_text(spreadsheet_safe(rows).write_csv(), encoding="utf-8")
        else:
            rows.write_parquet(file)
    gone = np.isnan(found.encoded.values).sum(axis=0)
    return ScorePredictResult(
        source=path.name,
        model=score.kind,
        registry_id=str(record.get("registry_id", "")),
        rows=table.rows,
        columns=tuple(rows.columns),
        pd_mean=float(found.pd.mean()),
        pd_least=float(found.pd.min()),
        pd_greatest=float(found.pd.max()),
        unseen=found.encoded.unseen,
        beyond=found.encoded.beyond,
        missing={
            item.name: int(count) for item, count in zip(score.model.features, gone, strict=True) if count
        },
        out=str(target),
        notes=table.said,
        provenance={"file": path.name, "sha256": table.sha256},
    )


def _rows(score: Score, found: Scored, table: Table, named: str | None, with_reasons: bool) -> pl.DataFrame:
    first = (
        pl.Series("row", np.arange(1, table.rows + 1))
        if named is None
        else pl.Series(named, table.raw[named].tolist(), dtype=pl.String)
    )
    columns = [first, pl.Series("pd", found.pd)]
    if isinstance(score.model, Scorecard):
        columns.append(pl.Series("points", points(score.model, found.encoded.values)))
    if with_reasons:
        told = reasons_of(score, table)
        columns += [
            pl.Series(
                f"reason_{place + 1}",
                [row[place].text if place < len(row) else None for row in told],
                dtype=pl.String,
            )
            for place in range(MOST)
        ]
    return pl.DataFrame(columns)
