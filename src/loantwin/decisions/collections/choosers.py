"""Who values treatments: one protocol, under which a rule, a fitted estimator and a trained agent stand
alike.

A chooser says what each treatment is worth on each case. Capacity and limits of contact are no matter of its
own: the plan is made of its values by one allocation, so that no chooser can break them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.collections.cases import Cases
from loantwin.decisions.collections.kept import Kept
from loantwin.errors import UsageError, expected
from loantwin.registry import Registry


class Chooser(Protocol):
    """Says what treatments are worth. A package offers one through the entry points `loantwin.choosers`."""

    def __call__(self, cases: Cases, treatments: tuple[str, ...], fitted: Kept | None) -> Floats:
        """Return money that each treatment adds on each case before its cost, (N, K), finite."""
        ...


def by_uplift(cases: Cases, treatments: tuple[str, ...], fitted: Kept | None) -> Floats:
    """Return the fitted uplift of each case times what a unit of the outcome is worth on it, (N, K).

    Raises
    ------
    UsageError : nothing was fitted.
    """
    return _fitted(fitted).uplift(cases.table, treatments) * cases.worth[:, None]


def by_average(cases: Cases, treatments: tuple[str, ...], fitted: Kept | None) -> Floats:
    """Return the average uplift of each treatment times what a unit of the outcome is worth, (N, K).

    Raises
    ------
    UsageError : nothing was fitted.
    """
    return _fitted(fitted).uplift(cases.table, treatments, ranked=False) * cases.worth[:, None]


def _fitted(fitted: Kept | None) -> Kept:
    if fitted is None:
        raise UsageError(expected("a file that `collections fit` wrote", "none"), field="uplift")
    return fitted


BUILT_IN: Mapping[str, Chooser] = {"uplift": by_uplift, "average": by_average}
CHOOSERS: Registry[Chooser] = Registry("chooser", "loantwin.choosers", BUILT_IN)


def valued(chooser: Chooser, cases: Cases, treatments: tuple[str, ...], fitted: Kept | None) -> Floats:
    """Return what a chooser says, (N, K), held to its form.

    Raises
    ------
    UsageError : values of another shape, or that are not finite.
    """
    made = np.asarray(chooser(cases, treatments, fitted), dtype=np.float64)
    if made.shape != (len(cases), len(treatments)) or not np.isfinite(made).all():
        words = expected(f"finite values, {len(cases)} x {len(treatments)}", f"values of shape {made.shape}")
        raise UsageError(words, field="chooser")
    return made
