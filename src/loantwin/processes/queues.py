"""Queues with a known answer: many servers, times that forget how long they have lasted, patience likewise.

The formulas of Erlang (1917) for waiting, and of Palm (1946) for waiting with impatience, as birth and death
chains of the number present.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.errors import ArgumentError


@dataclass(frozen=True)
class Queue:
    """A queue in the long run. waiting_probability : of an arrival. mean_wait : of all, in the unit of the
    rates' time, until service or leaving. abandoned : share that leaves without service.
    """

    waiting_probability: float
    mean_wait: float
    abandoned: float = 0.0


def erlang_c(arrivals: float, service: float, people: int) -> Queue:
    """Return the queue of arrivals at random before servers with exponential times, first come first served.

    Parameters
    ----------
    arrivals : cases a unit of time, > 0. service : cases that one person serves in it, > 0. people : >= 1.

    Raises
    ------
    ArgumentError : an argument none of its kind, or people who cannot keep up: the queue would grow for ever.
    """
    rate, own, count = _rates(arrivals, service, people)
    load = rate / own
    if not load < count:
        raise ArgumentError(f"expected more than {load:g} people, was {count}", field="people")
    blocked = 1.0  # Erlang B by its recursion, stable for any number of servers
    for number in range(1, count + 1):
        blocked = load * blocked / (number + load * blocked)
    waiting = blocked / (1.0 - load / count * (1.0 - blocked))
    return Queue(waiting, waiting / (own * count - rate))


def erlang_a(arrivals: float, service: float, people: int, patience: float) -> Queue:
    """Return the queue of `erlang_c` where who waits leaves after an exponential time.

    Parameters
    ----------
    patience : mean time a case waits for at most, > 0. Others as for `erlang_c`; any number of people is
    stable.

    Raises
    ------
    ArgumentError : an argument none of its kind.
    """
    rate, own, count = _rates(arrivals, service, people)
    check.number(math.nextafter(0.0, 1.0), patience=patience)
    leaving = 1.0 / float(patience)
    logs = [0.0]
    number = 0
    while number < count or logs[-1] > max(logs) - 45.0:  # e^-45 of the likeliest state is nothing
        number += 1
        down = own * min(number, count) + leaving * max(number - count, 0)
        logs.append(logs[-1] + math.log(rate / down))
    weights = np.exp(np.array(logs) - max(logs))
    total = weights.sum()
    present = np.arange(len(weights))
    chance = weights / total
    queued = float(chance @ np.maximum(present - count, 0))
    return Queue(float(chance[count:].sum()), queued / rate, queued * leaving / rate)


def _rates(arrivals: float, service: float, people: int) -> tuple[float, float, int]:
    check.number(math.nextafter(0.0, 1.0), arrivals=arrivals, service=service)
    check.count(1, people=people)
    return float(arrivals), float(service), int(people)
