"""The order of ratings, from best to worst."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from loantwin import arguments as check
from loantwin.migrations.matrices import DEFAULT_NAMES, WITHDRAWN_NAMES

SCALES: dict[int, tuple[str, ...]] = {
    8: ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D"),
    9: ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D", "NR"),
}
"""Names taken where a file of this many states has none: the agencies' scale of whole grades."""


def ordered(names: Collection[str], rank: Mapping[str, float] | None = None) -> tuple[str, ...]:
    """Return names from best to worst, default and withdrawn last.

    Parameters
    ----------
    rank : what orders the names; without it numbers do, or the agencies' scale.
    """
    check.words(names=names)
    check.kind(Mapping, **check.given(rank=rank))
    last = {name.lower(): place + 1 for place, name in enumerate((*DEFAULT_NAMES, *WITHDRAWN_NAMES))}
    if rank is None and all(name.isdigit() or name.lower() in last for name in names):
        rank = {name: float(name) if name.isdigit() else 0.0 for name in names}
    by: dict[str, tuple[float, ...]] = {
        name: _letter(name) if rank is None else (rank[name],) for name in names
    }
    return tuple(sorted(names, key=lambda name: (last.get(name.lower(), 0), by[name], name)))


def _letter(name: str) -> tuple[float, float]:
    grade = name.rstrip("+-")
    scale = SCALES[8]
    sign = {"+": -1, "-": 1}.get(name[len(grade) :], 0)
    return (scale.index(grade) if grade in scale else len(scale), sign)
