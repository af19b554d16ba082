"""What a scenario is measured against: the last row before it, in its own file or one named so.

A row of a file that counts an index from another year is no row of the scenario's: the ratio of the two would
be a rise or fall that nobody assumed. So a jump-off is looked for where a file says that it is the scenario's
own, files must agree where they overlap, and a first step beyond anything in a series' own past is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.macro.interpolate import to_quarters
from loantwin.macro.source import MacroSource, NativeTable

AGREE = 0.005
"""Relative difference up to which overlapping rows of two files are the same series."""
ROUNDING = 0.001
"""Rates and yields are published to a tenth of a percentage point: less is no difference (assumed)."""
LOOK_BACK = 24
"""Months within which a series' own past must have moved as far as the scenario's first step (assumed): the
Fed's severely adverse scenarios open with more than the worst quarter of house and share prices since 1976.
"""


@dataclass(frozen=True)
class JumpOff:
    """What a scenario is measured against: `values` by factor in `month`, from `file`.

    dropped : factor -> why it has no jump-off that can be trusted; it is absent from `values`.
    """

    values: Mapping[str, float]
    month: int
    file: str
    warnings: tuple[str, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Past:
    """A table cut before the scenario, and the file it is from."""

    table: NativeTable
    file: str

    @property
    def last(self) -> int:
        """Return the month in which its last row ends."""
        return int(self.table.months[-1])

    def column(self, factor: str) -> Floats | None:
        """Return a factor's rows (Q,), None where the table lacks it."""
        names = self.table.factors
        return self.table.values[:, names.index(factor)] if factor in names else None


def jump_off(
    scenario: NativeTable,
    own: MacroSource | None = None,
    histories: Sequence[MacroSource] = (),
    known: Sequence[MacroSource] = (),
) -> JumpOff:
    """Return the row that a scenario is measured against.

    It is the last row before the scenario's first date in `own` or `histories`; where none of them has one,
    that of a file of `known` which ends in the month before; else, with a warning, the scenario's own first
    row. Nothing is spliced: an index, rate or yield is dropped by name where files that overlap before the
    scenario differ by more than `AGREE`, or where its first step is larger than any move within `LOOK_BACK`
    months of its own past. A series without a value in the jump-off's month is dropped by name.

    Parameters
    ----------
    scenario : as published. own : the file that holds it. histories : files named as its history.
    known : files that a twin was fitted on. One of them that does not end just before the scenario belongs to
        another publication, and is left alone.
    """
    named = _pasts(scenario, [] if own is None else [own]) + _pasts(scenario, histories)
    found = named or _pasts(scenario, [source for source in known if _ends_before(source, scenario.first)])
    if not found:
        return _itself(scenario, own)
    month = max(past.last for past in found)
    latest = [past for past in found if past.last == month]
    values: dict[str, float] = {}
    dropped: dict[str, str] = {}
    unchecked: list[str] = []
    for place, (factor, kind) in enumerate(zip(scenario.factors, scenario.kinds, strict=True)):
        if kind == "growth":  # as stated: it is measured against nothing
            continue
        columns = [(past, column) for past in latest if (column := past.column(factor)) is not None]
        there = [(past, column) for past, column in columns if np.isfinite(column[-1])]
        if not there:
            dropped[factor] = f"no value at the jump-off, {months.label(month)} in {latest[0].file}"
            continue
        past, column = there[0]
        why = _apart(factor, kind, [one for one in found if one.column(factor) is not None])
        why = why or _leap(float(scenario.values[0, place]), column, kind, past)
        if why:
            dropped[factor] = why
            continue
        if np.isfinite(column).sum() < 2:
            unchecked.append(factor)
        values[factor] = float(column[-1])
    return JumpOff(values, month, latest[0].file, _warnings(scenario, month, histories, unchecked), dropped)


def _pasts(scenario: NativeTable, sources: Sequence[MacroSource]) -> list[_Past]:
    """Return what each file holds before the scenario: its history, else the scenario that reaches furthest.

    A table without any of the scenario's factors, or without a row before it, is none.
    """
    made = []
    for source in sources:
        past = source.history()
        tables = [past] if past is not None else list(source.scenarios.values())
        cut = [table.head(int((table.months < scenario.first).sum())) for table in tables]
        cut = [table for table in cut if len(table.values) and set(table.factors) & set(scenario.factors)]
        if cut:
            made.append(_Past(max(cut, key=lambda table: int(table.months[-1])), source.path))
    return made


def _ends_before(source: MacroSource, month: int) -> bool:
    """Return whether a file's history, as it stands, ends in the month before."""
    past = source.history()
    return past is not None and int(past.months[-1]) == month - 1


def _itself(scenario: NativeTable, own: MacroSource | None) -> JumpOff:
    words = (
        f"no row before {months.label(scenario.first)} in the scenario's file, none named as its history "
        f"(`history`): {scenario.name} is measured against its own first row: its first step is lost"
    )
    row = dict(zip(scenario.factors, scenario.values[0].tolist(), strict=True))
    return JumpOff(row, int(scenario.months[0]), "its own" if own is None else own.path, (words,))


def _apart(factor: str, kind: str, pasts: Sequence[_Past]) -> str:
    """Return where two files of a series differ before the scenario, empty where they agree."""
    for place, first in enumerate(pasts):
        for second in pasts[place + 1 :]:
            month, ours, theirs = _overlap(factor, first, second)
            allowed = AGREE * np.abs(ours) if kind == "index" else np.maximum(AGREE * np.abs(ours), ROUNDING)
            off = np.abs(theirs - ours) - allowed > 1e-12
            if off.any():
                worst = int(
                    np.argmax(np.abs(theirs / ours - 1.0) if kind == "index" else np.abs(theirs - ours))
                )
                return (
                    f"{months.label(int(month[worst]))} is {ours[worst]:g} in {first.file} and "
                    f"{theirs[worst]:g} in {second.file}: their bases differ, or one was revised"
                )
    return ""


def _overlap(factor: str, first: _Past, second: _Past) -> tuple[Floats, Floats, Floats]:
    """Return the months, and the values of two files, in which both publish a factor, (K,) each.

    Of a monthly and a quarterly series whole quarters are compared.
    """
    step = max(first.table.step, second.table.step)
    sides = [_at(past.table, factor, step) for past in (first, second)]
    shared = sorted(set(sides[0]) & set(sides[1]))
    return (
        np.array(shared, dtype=np.int64),
        np.array([sides[0][month] for month in shared]),
        np.array([sides[1][month] for month in shared]),
    )


def _at(table: NativeTable, factor: str, step: int) -> dict[int, float]:
    """Return a factor's values by the month in which a period of `step` months ends."""
    place = table.factors.index(factor)
    values, ends = table.values[:, place], table.months
    if step > table.step:
        opening = (
            -table.first % 3
        )  # months number from January of a year, so that quarters begin at 0, 3, ...
        whole = (len(values) - opening) // 3 * 3
        if whole < 3:
            return {}
        kind = (table.kinds[place],)
        values = to_quarters(values[opening : opening + whole, None], kind)[:, 0]
        ends = ends[opening + 2 : opening + whole : 3]
    return {int(end): float(value) for end, value in zip(ends, values, strict=True) if np.isfinite(value)}


def _leap(first: float, column: Floats, kind: str, past: _Past) -> str:
    """Return how the first step exceeds all within `LOOK_BACK` months of the past; empty if not."""
    levels = np.log(column) if kind == "index" else column
    spans = range(1, min(LOOK_BACK // past.table.step, len(column) - 1) + 1)
    moves = np.concatenate([levels[span:] - levels[:-span] for span in spans] or [np.empty(0)])
    moves = moves[np.isfinite(moves)]
    if not moves.size:
        return ""
    most = moves[np.argmax(np.abs(moves))]
    taken = (np.log(first) if kind == "index" else first) - levels[-1]
    # rounding of the last digit published is no step
    if abs(taken) <= abs(most) + (AGREE if kind == "index" else ROUNDING):
        return ""
    shown = [
        f"{100.0 * np.expm1(move):+.1f} %" if kind == "index" else f"{100.0 * move:+.2f} points"
        for move in (taken, most)
    ]
    return (
        f"its first step from {past.file}, {shown[0]}, is larger than any move within {LOOK_BACK} months of "
        f"its own history, {shown[1]}: another base or definition"
    )


def _warnings(
    scenario: NativeTable, month: int, histories: Sequence[MacroSource], unchecked: Sequence[str]
) -> tuple[str, ...]:
    found = []
    if month != scenario.first - 1:
        found.append(
            f"the jump-off {months.label(month)} is not the month before the scenario's first, "
            f"{months.label(scenario.first)}"
        )
    for source in histories:
        past = source.history()
        if past is not None and int(past.months[-1]) >= scenario.first:
            found.append(
                f"{source.path} runs on to {months.label(int(past.months[-1]))}: it was published after "
                f"{scenario.name} was made, and what it says of {months.label(month)} may have been revised"
            )
    if unchecked:
        found.append(f"{', '.join(unchecked)}: one row of history tells nothing of the first step")
    return tuple(found)
