"""Spans of a panel: one row a loan and month, each telling of the months until the loan's next row."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Integers
from loantwin.errors import TapeError, UsageError, expected
from loantwin.models.scoring.sample import column_of
from loantwin.models.scoring.table import Table, take
from loantwin.models.survival.lives import (
    CENSORED,
    COMPETING,
    EVENT,
    Asked,
    Lives,
    check_events,
    dates_of,
    features_of,
    meets,
    rows_of,
    seen,
)
from loantwin.months import months_of


def panel_lives(table: Table, asked: Asked, until: int | None = None) -> Lives:
    """Return the spans of a panel: the columns of a row are known at its month and tell of what follows.

    A span runs from the month after a row to the month of the loan's next row, where the event or the other
    end is read. What follows a loan's first end is left out, and so is a loan that is first seen ended.

    Raises
    ------
    UsageError : columns that are not there or of another kind, no condition of the event. TapeError : a loan
        with two rows in one month, or without its day. ModelError : fewer events than 20, or no feature.
    """
    if asked.loan is None or asked.month is None or asked.event is None:
        raise UsageError(expected("the columns of loan and month, and a condition of the event", "a part"),
                         field="event")  # fmt: skip
    name = column_of(table, asked.loan, "loan")
    day, start = dates_of(table, asked.start, "start")
    when, month = dates_of(table, asked.month, "month")
    ended, column = meets(table, asked.event, "event")
    reasons = {name: "the loan", start: "the day of origin", month: "the day of the row"}
    reasons[column] = "says how a loan ended"
    cause = np.where(ended, EVENT, CENSORED)
    if asked.competing is not None:
        met, other = meets(table, asked.competing, "competing")
        cause = np.where(met & ~ended, COMPETING, cause)
        reasons[other] = "says how a loan ended"
    who = _numbered(table, name)
    keep = ~np.isnat(day) & ~np.isnat(when) & (who >= 0)
    unknown = {"without loan, month or day of origin": int((~keep).sum())}
    places = np.flatnonzero(keep)
    spot = months_of(when[places]).astype(np.int64)
    order = np.lexsort((spot, who[places]))
    places, spot = places[order], spot[order]
    same = who[places][1:] == who[places][:-1]
    twice = np.flatnonzero(same & (spot[1:] == spot[:-1]))
    if len(twice):
        row = int(places[twice[0] + 1])
        raise TapeError(expected("one row a loan and month", "a second"), row=row + 1, field=month)
    origin = months_of(day[places]).astype(np.int64)
    over = _ended_by(who[places], cause[places])
    use = np.flatnonzero(same & ~over[:-1])
    kept = take(table, places[use])
    names, left_out = features_of(kept, asked, reasons, start)
    limit = int(spot.max()) if until is None else until
    first, last = spot[use] - origin[use] + 1, spot[use + 1] - origin[use]
    last, ends = seen(origin[use], last, cause[places][use + 1], limit)
    unknown["before the month of origin"] = int((first < 0).sum())
    made = Lives(
        kept, origin[use], first, last, ends, who[places][use], names, left_out, limit, unknown, start
    )
    made = rows_of(made, np.flatnonzero((last >= first) & (first >= 0)))
    check_events(made)
    return made


def _numbered(table: Table, name: str) -> Integers:
    texts = table.raw[name]
    known = np.array([text is not None for text in texts])
    made = np.full(len(texts), -1, dtype=np.int64)
    made[known] = np.unique(texts[known].astype(str), return_inverse=True)[1]
    return made


def _ended_by(who: Integers, cause: Integers) -> np.ndarray:
    """Return of rows in the order of loans and months whether their loan ended in them or before."""
    ends = np.cumsum(cause != CENSORED)
    first = np.concatenate([[True], who[1:] != who[:-1]])
    before = np.where(first, ends - (cause != CENSORED), 0)
    return np.asarray(ends - np.maximum.accumulate(before) > 0)
