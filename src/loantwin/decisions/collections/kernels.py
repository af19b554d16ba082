"""Choices made case by case in a given order, as long as capacity and limits by person last; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any


@compiled
def fill(
    order: Array,
    case: Array,
    kind: Array,
    uses: Array,
    left: Array,
    contact: Array,
    person: Array,
    open_to: Array,
    plan: Array,
) -> None:
    """Go through wishes in order and grant each that fits; plan (N,) is filled in, `left` and `open_to` go
    down.

    order : (M,) places of wishes. case, kind : (M,) whose and which. uses : (K, R). left : (R,) units of each
    resource. contact : (K,) whether it is a contact. person : (N,). open_to : (persons,) contacts left.
    """
    for place in order:
        who, what = case[place], kind[place]
        if plan[who] >= 0:
            continue
        if contact[what] and open_to[person[who]] <= 0:
            continue
        fits = True
        for resource in range(len(left)):
            if uses[what, resource] > left[resource] * (1.0 + 1e-12):
                fits = False
        if not fits:
            continue
        for resource in range(len(left)):
            left[resource] -= uses[what, resource]
        if contact[what]:
            open_to[person[who]] -= 1
        plan[who] = what


@compiled
def fill_many(
    first: int,
    last: int,
    starts: Array,
    case: Array,
    kind: Array,
    uses: Array,
    left: Array,
    contact: Array,
    person: Array,
    open_to: Array,
    plan: Array,
) -> None:
    """Do as `fill` for independent plans `first` to `last`: wishes starts[p] to starts[p + 1], row p of the
    others."""
    for p in range(first, last):
        order = np.arange(starts[p + 1] - starts[p])
        fill(
            order, case[starts[p] : starts[p + 1]], kind[starts[p] : starts[p + 1]], uses[p], left[p],
            contact, person[p], open_to[p], plan[p],
        )  # fmt: skip
