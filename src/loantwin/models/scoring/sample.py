"""The rows a score learns from: a table with its outcome, and which columns may be features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Array, Flags
from loantwin.errors import ModelError, UsageError, expected, unknown
from loantwin.models.scoring.features import Feature, learn_features
from loantwin.models.scoring.ids import why_id
from loantwin.models.scoring.table import Table, take

LEAST_ROWS = 50
MOST_SINGLE = 0.5
"""Share of rows with texts of their own above which a column of texts names cases."""
SHOWN = 8


@dataclass(frozen=True)
class Sample:
    """Rows with a known end.

    table : them alone. bad : (N,). names : columns that may be features. left_out : column -> why not.
    unknown : rows without a target, left out. bad_values : texts of the target that count as bad, and
    bad_counts : their rows.
    """

    table: Table
    bad: Flags
    names: tuple[str, ...]
    left_out: dict[str, str]
    unknown: int
    bad_values: tuple[str, ...]
    bad_counts: tuple[int, ...] = ()

    def bad_said(self, target: str) -> tuple[str, ...]:
        """Return a warning where more than one value counts as bad, the most frequent first."""
        if len(self.bad_values) < 2:
            return ()
        order = sorted(
            zip(self.bad_counts, self.bad_values, strict=True), key=lambda item: (-item[0], item[1])
        )
        shown = ", ".join(f"{value} ({rows:,})" for rows, value in order[:SHOWN])
        more = f" and {len(order) - SHOWN} more" if len(order) > SHOWN else ""
        words = f"{target}: {len(order)} values count as bad: {shown}{more}"
        return (f"{words}; leave the target blank where the end of a case is not known",)


def column_of(table: Table, name: str, field: str) -> str:
    """Return a column by its name; in a file without a header also by its number, from 1.

    Raises
    ------
    UsageError : no such column; a near one is offered.
    """
    if name in table.names:
        return name
    if table.names[:1] == ("A1",) and name.isdigit() and f"A{name}" in table.names:
        return f"A{name}"
    raise UsageError(unknown(name, table.names), field=field)


def columns_of(table: Table, names: Sequence[str], field: str) -> tuple[str, ...]:
    """Return columns by their names; a name that is no column may be several with commas between.

    Raises
    ------
    UsageError : no such column; a near one is offered.
    """
    made: list[str] = []
    for name in names:
        parts = [name] if name in table.names else [part.strip() for part in name.split(",")]
        made += [column_of(table, part, field) for part in parts]
    return tuple(made)


def sample_of(
    table: Table,
    target: str,
    good: str,
    *,
    time: str | None = None,
    exclude: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Sample:
    """Return the rows with a target: good where it is `good`, bad where it is any other text.

    keep : columns of numbers that stay though they seem to name cases.

    Raises
    ------
    UsageError : no such column or value, a time that is no date. ModelError : one class, or too few rows.
    """
    target = column_of(table, target, "target")
    gone, kept_in = set(columns_of(table, exclude, "exclude")), set(columns_of(table, keep, "keep"))
    if time is not None:
        time = column_of(table, time, "time")
        if time not in table.dates:
            raise UsageError(expected("a column of dates", f"{time}, of another kind"), field="time")
    ends = table.raw[target]
    known = np.array([value is not None for value in ends])
    if not known.any():
        raise ModelError(expected("a target with two classes", "no value at all"), field=target)
    bad = ~_is(ends[known], good, target)
    _check(bad, ends[known], target)
    kept = take(table, np.flatnonzero(known))
    left_out = {target: "the target"} | dict.fromkeys(sorted(gone), "asked to be left out")
    if time is not None:
        left_out[time] = "the time of the case"
    for name in table.names:
        if name not in left_out and (why := why_not(kept, name, time, keep=name in kept_in)):
            left_out[name] = why
    names = tuple(name for name in table.names if name not in left_out)
    if not names:
        raise ModelError(expected("at least one feature", "none left"))
    others, counts = np.unique(ends[known][bad].astype(str), return_counts=True)
    told = tuple(map(str, others))
    return Sample(kept, bad, names, left_out, int((~known).sum()), told, tuple(map(int, counts)))


def _is(ends: Array, good: str, target: str) -> Flags:
    """Return which texts are the good one; numbers are compared as numbers."""
    found = np.array([value == good for value in ends])
    if not found.any():
        try:
            wanted = float(good)
            found = np.array([float(value) == wanted for value in ends])
        except ValueError:
            pass
    if not found.any():
        there = sorted({str(value) for value in ends})
        more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
        words = f"a value of {target} ({', '.join(there[:SHOWN])}{more})"
        raise UsageError(expected(words, good), field="good")
    return found


def _check(bad: Flags, ends: Array, target: str) -> None:
    if not bad.any():
        raise ModelError(expected("a target with two classes", f"only {ends[0]} in every row"), field=target)
    if len(bad) < LEAST_ROWS:
        raise ModelError(expected(f"at least {LEAST_ROWS} rows with a target", len(bad)), field=target)


def why_not(table: Table, name: str, time: str | None, *, keep: bool = False) -> str | None:
    """Return why a column is no feature, None where it may be one. keep : numbers stay that seem ids."""
    if name in table.dates:
        return None if time is not None else "a date: say --time to read it as days before the case"
    values = table.numbers[name] if name in table.numbers else table.raw[name]
    known = values[~np.isnan(values)] if name in table.numbers else values[[v is not None for v in values]]
    single = len(np.unique(known if name in table.numbers else known.astype(str)))
    if len(known) == 0:
        return "no value at all"
    if single == 1 and len(known) == len(values):
        return "one value in every row"
    if name in table.numbers:
        return None if keep else why_id(name, known)
    if single > MOST_SINGLE * len(values):
        return "a text of its own in most rows: it names cases"
    feature: Feature = learn_features(table, [name])[0]
    return None if feature.levels else "texts too rare to learn from"
