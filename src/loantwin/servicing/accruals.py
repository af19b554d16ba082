"""When interest and charges become income: by a day, and what is left when the account closes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from loantwin.servicing.account import Account
from loantwin.servicing.amounts import halves_even
from loantwin.servicing.conventions import FEE, INTEREST, PENALTY
from loantwin.servicing.facts import Accrue
from loantwin.servicing.rows import Row

_PARTS = (INTEREST, FEE, PENALTY)


def accrued_so_far(account: Account) -> dict[date, list[int]]:
    """Return what was recognised, by the first day of the instalment's period: interest, fees, penalties."""
    told: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
    for fact in account.holding:
        if isinstance(fact, Accrue):
            for start, *amounts in fact.parts:
                for place, amount in enumerate(amounts):
                    told[start][place] += amount
    return told


def accruals_by(account: Account, day: date) -> list[Accrue]:
    """Return the income to recognise for the days up to `day`, one fact an instalment that has any.

    Interest of a period that is not over counts by its days. A charge counts from its due day, or from the
    day it was recorded, as the account's convention says. A charged-off account earns nothing.
    """
    if account.servicing.accrual == "none" or account.charged_off is not None or account.status != "active":
        return []
    known = {fact.number: fact.known for fact in account.facts}
    told = accrued_so_far(account)
    made = []
    for row in account.rows:
        if row.kind == "down-payment":
            continue
        earned = _earned(account, row, day, known)
        new = [now - before for now, before in zip(earned, told[row.start], strict=True)]
        if any(amount > 0 for amount in new):
            made.append(Accrue(on=min(row.due, day), recorded=day, parts=((row.start, *_three(new)),)))
    return made


def _three(amounts: list[int]) -> tuple[int, int, int]:
    return amounts[0], amounts[1], amounts[2]


def _whole(row: Row, part: int) -> int:
    """Return what an instalment earns of one part: what was taken back is not earned twice."""
    return row.owed[part] - row.waived[part] - row.credited[part]


def _earned(account: Account, row: Row, day: date, known: dict[int, date]) -> list[int]:
    by_record = account.servicing.accrual == "recorded-date"
    earned = [0, 0, 0]
    if row.due <= day:
        earned[0] = row.owed[INTEREST]
    elif row.start < day:
        earned[0] = halves_even(row.owed[INTEREST] * (day - row.start).days, (row.due - row.start).days)
    for number, due, part, amount in row.charges:
        if (known[number] if by_record else due) <= day:
            earned[part - 1] += amount
    return [max(0, min(amount, _whole(row, part))) for part, amount in zip(_PARTS, earned, strict=True)]


def accrual_at_close(account: Account, on: date) -> Accrue | None:
    """Return the income not yet recognised of an account that is paid; None where there is none."""
    if account.servicing.accrual == "none" or account.charged_off is not None:
        return None
    told = accrued_so_far(account)
    total = [sum(amounts[place] for amounts in told.values()) for place in range(3)]
    earned = [sum(_whole(row, part) for row in account.rows) for part in _PARTS]
    if all(now <= before for now, before in zip(earned, total, strict=True)):
        return None
    parts = []
    for row in account.rows:
        new = [_whole(row, part) - told[row.start][place] for place, part in enumerate(_PARTS)]
        if row.kind != "down-payment" and any(amount > 0 for amount in new):
            parts.append((row.start, *_three(new)))
    return Accrue(on=on, parts=tuple(parts)) if parts else None
