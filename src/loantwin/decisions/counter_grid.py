"""What a policy says of counter-offers: which smaller amounts and longer terms are looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.errors import ConfigError, expected, unknown

KEYS = ("amounts", "step", "least", "terms")
MOST = 50
"""Amounts that are looked at below the one asked for: a finer step is doubled, tripled, ... to keep to it."""
SHARES = 20
"""Where a policy states no amounts: these parts of the amount asked for."""


@dataclass(frozen=True)
class CounterGrid:
    """Amounts and terms of counter-offers, as `metadata.counter_offer` of a policy states them.

    amounts : money, in any order; empty: steps. step : money between amounts; None: twentieths of what is
    asked. least : the smallest amount offered. terms : months; only those longer than asked for are looked
    at.
    """

    amounts: tuple[float, ...] = ()
    step: float | None = None
    least: float = 0.0
    terms: tuple[int, ...] = ()

    def candidates(self, asked: Floats, months: Integers) -> tuple[Integers, Floats, Integers]:
        """Return what is looked at for M applications: the place of each, its amount, its term; (K,) each.

        Every amount below what was asked, at the term asked for and every longer one; what was asked, at
        every longer one. Amounts are whole cents.
        """
        amounts = self._amounts(asked)
        every = (np.floor(np.column_stack([asked, amounts]) * 100.0 + 1e-6) / 100.0)[:, :, None]
        terms = np.column_stack([months, *(np.full(len(months), term) for term in self.terms)])[:, None, :]
        there = (every >= max(self.least, 0.01)) & np.isfinite(every)
        longer = terms > months[:, None, None]
        smaller = every < asked[:, None, None]
        kept = there & (longer | (smaller & (np.arange(terms.shape[2]) == 0)))
        row, at, which = np.nonzero(kept)
        return row, every[row, at, 0], terms[row, 0, which]

    def _amounts(self, asked: Floats) -> Floats:
        """Return amounts below what was asked for, (M, A), the largest first; NaN where there is none."""
        if self.amounts:
            stated = np.array(sorted(set(self.amounts), reverse=True))
            every = np.broadcast_to(stated, (len(asked), len(stated)))
            return np.where(every < asked[:, None], every, np.nan)
        if self.step is None:
            parts = np.arange(SHARES - 1, 0, -1) / SHARES
            return np.floor(asked[:, None] * parts)
        width = self.step * np.maximum(np.ceil(asked / self.step / MOST), 1.0)
        top = (np.ceil(asked / width) - 1.0) * width
        every = top[:, None] - np.arange(MOST) * width[:, None]
        return np.where(every > 0.0, np.round(every, 2), np.nan)


TWENTIETHS = CounterGrid()


def read_grid(stated: Any, file: object) -> CounterGrid:
    """Return the grid that a policy states, that of twentieths where it states none.

    Raises
    ------
    ConfigError : an unknown key, a value of another kind, amounts and a step both.
    """
    if stated is None:
        return TWENTIETHS
    place = "metadata.counter_offer"
    if not isinstance(stated, Mapping):
        raise ConfigError(expected("an object", str(stated)), file=file, field=place)
    for key in stated:
        if key not in KEYS:
            raise ConfigError(unknown(key, KEYS), file=file, field=f"{place}.{key}")
    if "amounts" in stated and "step" in stated:
        raise ConfigError(expected("amounts or a step", "both"), file=file, field=place)
    amounts, terms = (_numbers(stated.get(key, []), f"{place}.{key}", file) for key in ("amounts", "terms"))
    if any(term != int(term) for term in terms):
        raise ConfigError(expected("whole months", str(terms)), file=file, field=f"{place}.terms")
    (step,) = _numbers([stated["step"]], f"{place}.step", file) if "step" in stated else (None,)
    (least,) = _numbers([stated["least"]], f"{place}.least", file) if "least" in stated else (0.0,)
    return CounterGrid(amounts, step, least, tuple(sorted({int(term) for term in terms})))


def _numbers(values: Any, field: str, file: object) -> tuple[float, ...]:
    good = isinstance(values, list) and all(
        isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item) and item > 0
        for item in values
    )
    if not good:
        raise ConfigError(expected("finite numbers above 0", str(values)), file=file, field=field)
    return tuple(float(item) for item in values)
