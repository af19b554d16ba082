"""The look for leaks before anything is trained: which columns are left, and why others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loantwin.arrays import Flags, Floats
from loantwin.errors import UsageError, expected
from loantwin.models.scoring.features import Feature, encode, learn_features
from loantwin.models.scoring.folds import out_of_time
from loantwin.models.scoring.leaks import Suspect, find_future, find_leaks
from loantwin.models.scoring.leaks_joint import find_parts, find_together
from loantwin.models.scoring.sample import Sample
from loantwin.models.scoring.table import take


@dataclass(frozen=True)
class Looked:
    """What the look for leaks found.

    leaks : columns suspected to know the outcome. names : columns left to learn from. left_out : column ->
    why it is none of them. notes : in words.
    """

    leaks: tuple[Suspect, ...]
    names: tuple[str, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]


def look_for_leaks(
    sample: Sample, *, time: str | None = None, seed: int = 0, keep: Sequence[str] = ()
) -> Looked:
    """Return the columns that seem to know the outcome, and those that are left.

    With a time only rows before the split are looked at: the judged rows choose no feature. By folds all rows
    are: a column that marks the outcome does so in every fold.

    Parameters
    ----------
    sample : rows with a known end. time : column of the day of each case. keep : columns that are left in
        though suspected.

    Raises
    ------
    UsageError : no column is left. ModelError : with a time, a class missing on one side of the split.
    """
    table, bad = sample.table, sample.bad
    future: tuple[Suspect, ...] = ()
    if time is not None:
        before, _, _ = out_of_time(table.dates[time], bad)
        table, bad = take(table, before), bad[before]
        future = tuple(item for item in find_future(dict(table.dates), time) if item.column in sample.names)
    late = {item.column for item in future}
    features = learn_features(table, [name for name in sample.names if name not in late], time)
    values = encode(features, table, time).values
    leaks = (*_all_leaks(features, values, bad, seed), *future)
    gone = {item.column for item in leaks} - set(keep)
    names = tuple(name for name in sample.names if name not in gone)
    if not names:
        raise UsageError(
            expected("a feature that is not suspected to know the outcome", "none"), field="keep"
        )
    kept = [item.column for item in leaks if item.column in keep]
    return Looked(
        leaks,
        names,
        {name: "suspected to know the outcome" for name in sample.names if name in gone},
        (f"kept though suspected to know the outcome: {', '.join(kept)}",) if kept else (),
    )


def _all_leaks(features: Sequence[Feature], values: Floats, bad: Flags, seed: int) -> tuple[Suspect, ...]:
    """Return what is found alone, together and as parts of a sum, looked for again in what is left each time.

    A column that stands far ahead of the others shows only when what stands beside it has been named.
    """
    found: dict[str, Suspect] = {}
    while True:
        rest = [at for at, item in enumerate(features) if item.name not in found]
        some, columns = [features[at] for at in rest], values[:, rest]
        new = {item.column: item for item in find_leaks(some, columns, bad, seed=seed)}
        if not new:
            together = find_together(some, columns, bad, seed=seed)
            new = {name: Suspect(name, why, None) for name, why in together.items()}
        if not new:
            parts = find_parts(features, values, list(found))
            new = {name: Suspect(name, why, None) for name, why in parts.items()}
        if not new:
            return tuple(found.values())
        found |= new
