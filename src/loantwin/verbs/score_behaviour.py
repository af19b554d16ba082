"""`score behaviour`: how loans were paid up to a date, and what came after: rows for `score train`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin.book.tape import read_tape
from loantwin.errors import TapeError, UsageError, choice, expected
from loantwin.extras import require
from loantwin.files import check_target, whole_file
from loantwin.models.scoring.behaviour_panel import BAD, GOOD, rows_at
from loantwin.models.scoring.behaviour_wide import below, read_columns_file, rows_of_wide
from loantwin.models.scoring.folds import read_folds
from loantwin.models.scoring.kinds import KINDS, NEED_EXTRA
from loantwin.models.scoring.table import from_frame, read_table
from loantwin.models.scoring.worth import Worth, worth_of
from loantwin.months import day
from loantwin.types import Progress, Result, silent

MOST_MONTHS = 120
FROM_BEHAVIOUR = ("arrears_", "balance_trend_", "utilisation_", "payment_ratio_", "months_without_")
OTHER, BEHAVIOUR, MONTHS, BOTH = "other columns", "behaviour", "months as they are", "months and behaviour"
"""Sets of columns whose worth is measured; all but the first with the other columns."""


@dataclass(frozen=True)
class RowsAt:
    """Rows of one date. bad, good : outcomes of the months after; unknown : not watched through them."""

    at: str
    rows: int
    bad: int
    good: int
    unknown: int


@dataclass(frozen=True)
class BehaviourFeature:
    """A feature: share of rows without it, mean and range; null where no row has it."""

    name: str
    missing: float
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ScoreBehaviourResult(Result):
    """A table of behaviour, one row a loan and date: features known at the date, the outcome from after it.

    dates : rows by date, empty of a wide table, whose months carry none. rows : in all. features : those made
    of behaviour. outcome : name of the column of what came after, null where the file names none. worth :
    figures with and without the features, null where not asked for.
    """

    SCHEMA: ClassVar[str] = "loantwin.score_behaviour/1"

    source: str
    rows: int
    dates: tuple[RowsAt, ...]
    features: tuple[BehaviourFeature, ...]
    outcome: str | None
    worth: Worth | None
    out: str
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def score_behaviour(
    data: Path | str,
    *,
    out: Path | str,
    format: str | Path | None = None,  # noqa: A002  # the command's word
    at: Sequence[date | str] = (),
    months: int = 12,
    columns: Path | str | None = None,
    worth: str | None = None,
    folds: str = "5x5",
    seed: int = 0,
    progress: Progress = silent,
) -> ScoreBehaviourResult:
    """Write a table of how loans were paid up to a date, and what came after, ready for `score train`.

    Nothing after a date touches its features. Of a panel the outcome is bad where a loan came to default
    or charge-off within `months`.

    Parameters
    ----------
    data : a panel tape, or a wide table. out : the file, .parquet or .csv. format : of a panel, as for
        `tape check`. at : days of the panel. months : after them, 1 to 120. columns : of a wide table, the
        TOML file that says which columns are which month. worth : a model of `score_train`, judged on the
        same folds with and without the features. folds, seed : of it.

    Raises
    ------
    UsageError : neither or both of `format` and `columns`, no day, another kind of file. ModelError : no
        loan live at a day. MappingError, TapeError : a file that does not fit.
    """
    path, target = Path(data), Path(out)
    if (format is None) == (columns is None):
        words = expected("format of a panel, or columns of a wide table", "both or neither")
        raise UsageError(words, field="format")
    if not path.is_file():
        raise UsageError(expected("a file of loans", "none"), file=data, field="data")
    if target.suffix not in (".parquet", ".csv"):
        raise UsageError(expected("a file that ends in .parquet or .csv", target.name), field="out")
    check_target(target, "out")
    progress(0.1, "reading")
    found = _of_panel(path, format, at, months) if format is not None else _of_wide(path, Path(str(columns)))
    rows = found.rows()
    judged = None if worth is None else _worth(found, worth, folds, seed, progress)
    progress(0.9, "writing")
    with whole_file(target, "out") as temporary:
        rows.write_parquet(temporary) if target.suffix == ".parquet" else rows.write_csv(temporary)
    return ScoreBehaviourResult(
        source=path.name,
        rows=rows.height,
        dates=found.dates,
        features=_features(found.made),
        outcome=None if found.outcome is None else "outcome",
        worth=judged,
        out=str(target),
        notes=found.notes,
        provenance={"file": path.name, "at": [item.at for item in found.dates], "months": months,
                    "folds": folds, "seed": seed},
    )  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """The parts of a table of behaviour: other columns, months as they are, features made, the outcome."""

    rest: pl.DataFrame
    raw: pl.DataFrame | None
    made: pl.DataFrame
    outcome: pl.Series | None
    good: str | None
    dates: tuple[RowsAt, ...]
    notes: tuple[str, ...]

    def rows(self) -> pl.DataFrame:
        """Return the table that is written."""
        parts = [self.rest, self.made, *([] if self.outcome is None else [self.outcome.to_frame()])]
        return pl.concat(parts, how="horizontal")


def _of_panel(path: Path, format: str | Path, at: Sequence[date | str], months: int) -> _Found:  # noqa: A002
    given = [at] if isinstance(at, date | str) else list(at)
    if not given:
        raise UsageError(expected("a day of the panel", "none"), field="at")
    if not 1 <= months <= MOST_MONTHS:
        raise UsageError(expected(f"months from 1 to {MOST_MONTHS}", months), field="months")
    days = sorted({day(item, "at") for item in given})
    tape = read_tape(path, format)
    if tape.panel is None or tape.panel["report_date"].n_unique() < 2:
        raise TapeError(expected("a panel, rows by loan and month", "one row a loan"), file=path)
    parts = [rows_at(tape.panel, tape.loans, item, months) for item in days]
    told = tuple(_told(item, part) for item, part in zip(days, parts, strict=True))
    unknown = sum(item.unknown for item in told)
    notes = (f"{unknown:,} rows have no outcome: the months after were not watched",) if unknown else ()
    rows = pl.concat(parts)
    made = [name for name in rows.columns if name.startswith(FROM_BEHAVIOUR)]
    return _Found(rows.drop(*made, "outcome"), None, rows.select(made), rows["outcome"], GOOD, told, notes)


def _of_wide(path: Path, columns: Path) -> _Found:
    told = read_columns_file(columns)
    table = below(read_table(path), told.header)
    words = "months stand side by side: which of them were known at which day rests on the file of columns"
    wide = rows_of_wide(table, told, columns)
    return _Found(wide.rest, wide.months, wide.made, wide.outcome, told.good, (), (words,))


def _worth(found: _Found, model: str, folds: str, seed: int, progress: Progress) -> Worth:
    model = choice(model, KINDS, "worth")
    if model in NEED_EXTRA:
        require("scoring")
    if found.outcome is None or found.good is None:
        words = expected("a file of columns that names the outcome and its good value", "one without")
        raise UsageError(words, field="columns")
    repeats, parts = read_folds(folds)
    frames = [found.rest, found.made, *([] if found.raw is None else [found.raw]), found.outcome.to_frame()]
    rest, made = found.rest.columns, found.made.columns
    sets = {OTHER: rest, BEHAVIOUR: [*rest, *made]}
    pairs = [(BEHAVIOUR, OTHER)]
    if found.raw is not None:
        sets |= {MONTHS: [*rest, *found.raw.columns], BOTH: [*rest, *found.raw.columns, *made]}
        pairs += [(BEHAVIOUR, MONTHS), (BOTH, MONTHS)]
    table = from_frame(pl.concat(frames, how="horizontal"))
    return worth_of(
        table, "outcome", found.good, sets, pairs, model=model, repeats=repeats, folds=parts, seed=seed,
        told=lambda share: progress(0.2 + 0.7 * share, f"judging {model}"),
    )  # fmt: skip


def _told(at: date, rows: pl.DataFrame) -> RowsAt:
    ends = rows["outcome"]
    return RowsAt(at.isoformat(), rows.height, int((ends == BAD).sum()), int((ends == GOOD).sum()),
                  ends.null_count())  # fmt: skip


def _features(rows: pl.DataFrame) -> tuple[BehaviourFeature, ...]:
    made = []
    for name in rows.columns:
        known = rows[name].cast(pl.Float64).drop_nulls().to_numpy()
        figures = (float(known.mean()), float(known.min()), float(known.max())) if len(known) else (None,) * 3
        made.append(BehaviourFeature(name, 1 - len(known) / max(rows.height, 1), *figures))
    return tuple(made)
