"""Cases as fairness reads them: who was approved, of which group, how it ended, at what risk, in
which month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.errors import ModelError, UsageError, expected, unknown
from loantwin.models.scoring.sample import column_of
from loantwin.models.scoring.table import Table, take

MOST_GROUPS = 20
SHOWN = 8
DAYS = "datetime64[D]"


@dataclass(frozen=True)
class Cases:
    """Decided cases of a known group.

    table : them alone. approved : (N,) bool. groups : (N,) labels. names : the groups, the largest first.
    reference : the group that others are beside. rows : (N,) their places in the file. unfavourable : the
    value of the decision that is not favourable. whole : (approved, cases) of all decided rows of the file,
    of any group. undecided, ungrouped : rows left out.
    """

    table: Table
    approved: Flags
    groups: Array
    names: tuple[str, ...]
    reference: str
    rows: Integers
    unfavourable: str
    whole: tuple[int, int]
    undecided: int
    ungrouped: int

    @property
    def others(self) -> tuple[str, ...]:
        """Return the groups beside the reference."""
        return tuple(name for name in self.names if name != self.reference)


def cases_of(
    table: Table,
    outcome: str,
    favourable: str,
    group: Sequence[str],
    *,
    unfavourable: str | None = None,
    reference: str | None = None,
) -> Cases:
    """Return the decided cases of a known group.

    Parameters
    ----------
    outcome : the column of the decision. favourable : its value that is good for the applicant; every case
        with the other value was declined. unfavourable : that other value; needed where the column has more
        than two, whose rows are then left out.
    group : one column, whose values are the groups; or several of marks 0 and 1, at most one of them 1 in a
        row, whose names are the groups. reference : a group; the largest where none is named.

    Raises
    ------
    UsageError : no such column, value or group; three values of the outcome without `unfavourable`; marks
        that overlap. ModelError : one group, one outcome, more than 20 groups.
    """
    outcome = column_of(table, outcome, "outcome")
    ends = table.raw[outcome]
    good = is_value(ends, favourable, outcome, "favourable")
    known, other = _decided(ends, good, unfavourable, outcome)
    labels = labels_of(table, group)
    there = np.array([label is not None for label in labels])
    rows = np.flatnonzero(known & there)
    _check_outcome(good[known], favourable, outcome)
    groups = labels[rows].astype(str)
    single, counts = np.unique(groups, return_counts=True)
    words = ", ".join(group)
    if len(single) < 2:
        raise ModelError(
            expected("at least two groups", f"only {', '.join(single) or 'rows without one'}"), field=words
        )
    if len(single) > MOST_GROUPS:
        raise ModelError(
            expected(f"at most {MOST_GROUPS} groups, a column of few values", len(single)), field=words
        )
    names = tuple(str(single[place]) for place in np.lexsort((single, -counts)))
    return Cases(
        table=take(table, rows),
        approved=good[rows],
        groups=groups,
        names=names,
        reference=names[0] if reference is None else group_named(str(reference), names, "reference"),
        rows=rows,
        unfavourable=other,
        whole=(int(good[known].sum()), int(known.sum())),
        undecided=int((~known).sum()),
        ungrouped=int((known & ~there).sum()),
    )


def is_value(texts: Array, value: str, column: str, field: str) -> Flags:
    """Return which texts are a value, numbers compared as numbers; False where missing.

    Raises
    ------
    UsageError : no text is it; the values that are there are named.
    """
    wanted = str(value).strip()
    found = np.array([text == wanted for text in texts], dtype=bool)
    if not found.any():
        number = _number(wanted)
        if number is not None:
            found = np.array([text is not None and _number(text) == number for text in texts], dtype=bool)
    if not found.any():
        raise UsageError(expected(f"a value of {column} ({_values(texts)})", wanted), field=field)
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _values(texts: Array) -> str:
    there = sorted({str(text) for text in texts if text is not None})
    more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
    return ", ".join(there[:SHOWN]) + more


def _decided(ends: Array, good: Flags, unfavourable: str | None, outcome: str) -> tuple[Flags, str]:
    """Return which rows were decided, and the value that is not favourable."""
    if unfavourable is not None:
        bad = is_value(ends, unfavourable, outcome, "unfavourable")
        if (bad & good).any():
            raise UsageError(expected("two values that differ", unfavourable), field="unfavourable")
        return good | bad, str(unfavourable)
    known = np.array([text is not None for text in ends], dtype=bool)
    others = sorted({str(text) for text in ends[known & ~good]})
    if len(others) > 1:
        words = f"two values of {outcome}, or the unfavourable one named: others are left out"
        raise UsageError(expected(words, f"{len(others) + 1}: {_values(ends)}"), field="outcome")
    return known, others[0] if others else ""


def _check_outcome(good: Flags, favourable: str, outcome: str) -> None:
    if good.all():
        raise ModelError(
            expected("an outcome with two values", f"only {favourable} in every row"), field=outcome
        )


def labels_of(table: Table, group: Sequence[str]) -> Array:
    """Return the group of each row of a table (N,), None where it has none; group : as in `cases_of`.

    Raises
    ------
    UsageError : no such column, or marks that are others than 0 and 1, or overlap.
    """
    if not group:
        raise UsageError(expected("a column of groups", "none"), field="group")
    names = [column_of(table, name, "group") for name in group]
    if len(names) == 1:
        return table.raw[names[0]]
    marks = []
    for name in names:
        values = table.numbers.get(name)
        known = np.array([]) if values is None else values[~np.isnan(values)]
        if values is None or not np.isin(known, (0, 1)).all():
            raise UsageError(
                expected(f"marks 0 and 1 in {name}, one of several columns", "others"), field="group"
            )
        marks.append(values == 1)
    belongs = np.array(marks)
    if (double := belongs.sum(axis=0) > 1).any():
        row = int(double.argmax()) + 1
        raise UsageError(expected("at most one mark in a row", f"several in row {row}"), field="group")
    made = np.full(table.rows, None, dtype=object)
    for name, rows in zip(names, belongs, strict=True):
        made[rows] = name
    return made


def group_named(name: str, names: Sequence[str], field: str) -> str:
    """Return the group that a name or number stands for.

    Raises
    ------
    UsageError : no such group; a near one is offered.
    """
    if name in names:
        return name
    number = _number(name)
    for item in names:
        if number is not None and _number(item) == number:
            return item
    raise UsageError(unknown(name, names), field=field)


def ends_of(cases: Cases, bad: str) -> tuple[Flags, Flags]:
    """Return which cases have a known end (N,), and which of them ended badly (N,); bad : COLUMN=VALUE.

    Raises
    ------
    UsageError : another form, no such column or value. ModelError : one end alone.
    """
    column, mark, value = bad.partition("=")
    if not (mark and column and value):
        raise UsageError(expected("COLUMN=VALUE", bad), field="bad")
    column = column_of(cases.table, column.strip(), "bad")
    texts = cases.table.raw[column]
    known = np.array([text is not None for text in texts], dtype=bool)
    ended = is_value(texts, value, column, "bad")
    if ended[known].all():
        raise ModelError(expected("cases that ended well and badly", f"only {value}"), field=column)
    return known, ended


def months_of(cases: Cases, column: str) -> Array:
    """Return the month of each case as `YYYY-MM` (N,), empty where none is told.

    Raises
    ------
    UsageError : no such column, or one that is none of dates.
    """
    name = column_of(cases.table, column, "month")
    if name not in cases.table.dates:
        raise UsageError(expected("a column of dates or months", f"{name}, of another kind"), field="month")
    day = cases.table.dates[name]
    return np.where(np.isnat(day), "", day.astype("datetime64[M]").astype(str))


def risk_of(cases: Cases, column: str) -> Floats:
    """Return the probability of bad of each case that a column tells (N,), NaN where it tells none.

    Raises
    ------
    UsageError : no such column. ModelError : values that are no probabilities, or one value alone.
    """
    name = column_of(cases.table, column, "score")
    values = cases.table.numbers.get(name)
    if values is None or np.nanmin(values) < 0 or np.nanmax(values) > 1:
        words = "another kind" if values is None else f"{np.nanmin(values):g} to {np.nanmax(values):g}"
        raise ModelError(expected("probabilities of a bad end, 0 to 1", words), field=name)
    return check_spread(np.asarray(values, dtype=float), name)


def check_spread(risk: Floats, field: str) -> Floats:
    """Return probabilities that tell cases apart.

    Raises
    ------
    ModelError : one value alone, or none.
    """
    known = risk[~np.isnan(risk)]
    if not len(known) or np.ptp(known) == 0:
        raise ModelError(expected("probabilities that differ", "one value alone or none"), field=field)
    return risk
