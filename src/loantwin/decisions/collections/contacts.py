"""Limits of contact: which treatments a case may still get today, and whether a plan breaks a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Integers
from loantwin.decisions.collections.format import Limit, Treatment


@dataclass(frozen=True)
class Contacts:
    """Contacts that were made, (C,) each. case, person : places of whom. channel : text. day : whole days,
    any origin. A case of -1 is not here; its contacts count for the person alone.
    """

    case: Integers
    person: Integers
    channel: tuple[str, ...]
    day: Integers


def made_before(limit: Limit, contacts: Contacts, today: int, person: Integers) -> Integers:
    """Return how many contacts a limit counts for each case in the days before today that its window holds,
    (N,).

    Parameters
    ----------
    person : (N,) place of each case's person. today : a day; its own contacts are counted too.
    """
    counted = (contacts.day > today - limit.days) & (contacts.day <= today)
    if limit.channel is not None:
        counted &= np.array([channel == limit.channel for channel in contacts.channel], dtype=bool)
    if limit.per == "case":
        own = contacts.case[counted & (contacts.case >= 0)]
        return np.bincount(own, minlength=len(person)).astype(np.int64)
    size = int(max(person.max(initial=-1), contacts.person.max(initial=-1))) + 1
    return np.asarray(np.bincount(contacts.person[counted], minlength=size)[person], dtype=np.int64)


def room(
    limits: Sequence[Limit], treatments: Sequence[Treatment], contacts: Contacts, today: int, person: Integers
) -> tuple[Flags, Integers]:
    """Return which treatments a case may get by its contacts so far, and how many its person may in all.

    Returns
    -------
    (N, K) whether one more contact of that kind keeps every limit, and (N,) the contacts that limits by
    person still leave to the case's person today, over all its cases and channels: the least of them.
    """
    allowed = np.ones((len(person), len(treatments)), dtype=bool)
    left = np.full(len(person), np.iinfo(np.int64).max)
    for limit in limits:
        more = limit.at_most - made_before(limit, contacts, today, person)
        for place, treatment in enumerate(treatments):
            if treatment.channel is not None and limit.channel in (None, treatment.channel):
                allowed[:, place] &= more >= 1
        if limit.per == "person":
            left = np.minimum(left, np.maximum(more, 0))
    return allowed, left


def broken(
    limits: Sequence[Limit],
    treatments: Sequence[Treatment],
    contacts: Contacts,
    today: int,
    person: Integers,
    plan: Integers,
) -> int:
    """Return how many times a plan breaks a limit: cases, or persons, with more contacts than it allows.

    plan : (N,) place of each case's treatment, -1 for none. It counts what was made and what is planned
    afresh, and knows nothing of `room`.
    """
    channels = [treatment.channel for treatment in treatments]
    found = 0
    for limit in limits:
        planned = np.array(
            [
                place >= 0 and channels[place] is not None and limit.channel in (None, channels[place])
                for place in range(-1, len(channels))
            ]
        )[plan + 1]
        in_window = (contacts.day > today - limit.days) & (contacts.day <= today)
        of_channel = np.array([limit.channel in (None, channel) for channel in contacts.channel], dtype=bool)
        before = in_window & of_channel
        who, whose = (
            (np.arange(len(person)), contacts.case) if limit.per == "case" else (person, contacts.person)
        )
        before &= whose >= 0
        size = int(max(who.max(initial=-1), whose.max(initial=-1))) + 1
        total = np.bincount(who[planned], minlength=size) + np.bincount(whose[before], minlength=size)
        added = np.bincount(who[planned], minlength=size) > 0
        found += int((added & (total > limit.at_most)).sum())
    return found
