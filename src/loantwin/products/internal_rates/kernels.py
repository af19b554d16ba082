"""The rate of each of many loans by Newton's method on logarithms; `roots` is the reference it is tied to."""

from __future__ import annotations

import math
from typing import Any

from loantwin.kernels import compiled

Array = Any

SOLVED, OPEN = 0, 1
"""A loan's rate was found; or its flows change sign more than once, or it did not settle."""
STEPS = 200


@compiled
def forces_of_rows(
    first: int, last: int, flows: Array, times: Array, step: float, forces: Array, status: Array
) -> None:
    """Write the force of interest at which each loan's flows are worth nothing.

    first, last : the rows. flows : (N, T). times : (N or 1, T) ascending. step : the one step between all
    times, or 0 where steps differ. forces : (N,) written. status : (N,) written, SOLVED or OPEN.

    What is paid out first (or in first) is set against what comes later, each as the logarithm of its worth
    at the time between them: their difference is nearly a straight line in the force, and falls.
    """
    width = flows.shape[1]
    for row in range(first, last):
        status[row] = OPEN
        forces[row] = math.nan
        when = times[row if times.shape[0] > 1 else 0]
        turn, changes, before = 0, 0, 0.0
        for place in range(width):
            flow = flows[row, place]
            if flow != 0.0:
                if before != 0.0 and (flow > 0.0) != (before > 0.0):
                    changes += 1
                    turn = place
                before = flow
        if changes != 1:
            continue
        pivot = when[turn - 1]
        early, early_time, late, late_time = 0.0, 0.0, 0.0, 0.0
        for place in range(width):
            flow = abs(flows[row, place])
            if place < turn:
                early += flow
                early_time += flow * (when[place] - pivot)
            else:
                late += flow
                late_time += flow * (when[place] - pivot)
        span = late_time / late - early_time / early
        if not span > 0.0:
            continue
        force = math.log(late / early) / span
        low, high = -math.inf, math.inf
        for _ in range(STEPS):
            early, early_time, late, late_time = 0.0, 0.0, 0.0, 0.0
            shrink = math.exp(-force * step)
            factor = math.exp(-force * (when[0] - pivot))
            for place in range(width):
                flow = abs(flows[row, place])
                if step > 0.0:
                    worth = flow * factor
                    factor *= shrink
                elif flow != 0.0:
                    worth = flow * math.exp(-force * (when[place] - pivot))
                else:
                    worth = 0.0
                if place < turn:
                    early += worth
                    early_time += worth * (when[place] - pivot)
                else:
                    late += worth
                    late_time += worth * (when[place] - pivot)
            if not (early > 0.0 and late > 0.0 and math.isfinite(early + late)):
                break
            gap = math.log(late / early)
            if gap > 0.0:
                low = force
            elif gap < 0.0:
                high = force
            move = gap / (late_time / late - early_time / early)
            following = force + move
            if not low < following < high and gap != 0.0:
                following = (low + high) / 2
                if not math.isfinite(following):
                    break
            move = following - force
            force = following
            if abs(move) <= 4e-16 * max(1.0, abs(force)) * 4:
                forces[row] = force
                status[row] = SOLVED
                break
