"""Transition matrices: what makes one sound, what a withdrawn rating counts as, and what follows over years.

A matrix is (K, K): row i holds the probabilities of where a customer rated i stands at the horizon. States go
from best to worst; `default` is the last one after withdrawn ratings are taken out, and absorbs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected

DEFAULT_NAMES = ("D", "default", "SD/D", "违约", "Ausfall", "défaut")
WITHDRAWN_NAMES = ("NR", "WR", "withdrawn")
PUBLISHED = 2e-3
"""How far a published row's sum may lie from one: rounding to hundredths of a percent, up to 20 cells."""
EXACT = 1e-9
"""How far the sum of a computed row may lie from one."""

Withdrawn = Literal["proportional", "no-default", "keep"]
WITHDRAWN: dict[str, str] = {
    "proportional": (
        "a withdrawn rating tells nothing: each row is divided by the probability of still being rated"
    ),
    "no-default": (
        "a customer whose rating was withdrawn did not default: its mass goes to the live states of the "
        "row in proportion, the default column stays as published"
    ),
    "keep": "withdrawn is a state of its own, which absorbs",
}
"""What each treatment of withdrawn ratings assumes."""


@dataclass(frozen=True)
class Matrix:
    """A transition matrix over `years`.

    states : K names, best to worst. values : (K, K) decimal, rows sum to one. default, withdrawn : position
        of the state, None where the scale has none. rescaled : largest distance of a row's sum from one
        before rows were divided by it. said : what was assumed where it was read.
    """

    states: tuple[str, ...]
    values: Floats
    years: float = 1.0
    rescaled: float = 0.0
    said: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check.finite(values=self.values)

    @property
    def default(self) -> int | None:
        """Return the position of default, None where no state is named so."""
        return position(self.states, DEFAULT_NAMES)

    @property
    def withdrawn(self) -> int | None:
        """Return the position of withdrawn, None where no state is named so."""
        return position(self.states, WITHDRAWN_NAMES)


def position(states: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the position of the first state with one of the names, whatever their case, else None."""
    check.words(states=states, names=names)
    low = [name.lower() for name in names]
    return next((place for place, state in enumerate(states) if state.lower() in low), None)


def check_matrix(
    values: Floats,
    *,
    states: Sequence[str] | None = None,
    default: int | None = None,
    tolerance: float = EXACT,
    file: object = None,
) -> None:
    """Raise RiskError where an array is no transition matrix.

    Parameters
    ----------
    values : (K, K) decimal. states : K names, for the words of the error. default : position of an absorbing
        state to check.
    tolerance : largest distance of a row's sum from one.

    Raises
    ------
    RiskError : not square; a cell that is missing, negative or above one; a row that does not sum to one; a
        default that does not absorb. `field` names the row, by state where names are given.
    """
    check.gaps(values=values)
    check.words(**check.given(states=states))
    check.count(0, **check.given(default=default))
    check.number(0, tolerance=tolerance)
    size = len(values)
    if values.ndim != 2 or values.shape != (size, size) or size < 2:
        raise RiskError(
            expected("a square matrix of at least two states", f"shape {values.shape}"),
            file=file,
            field="values",
        )
    names = _named(states, size, file)
    for row, name in enumerate(names):
        cells = values[row]
        if not np.isfinite(cells).all():
            raise RiskError(
                expected("a number in every cell", "a missing one"),
                file=file,
                row=row + 1,
                field=f"row {name}",
            )
        if (cells < 0).any() or (cells > 1 + tolerance).any():
            place = int(np.argmax(np.abs(cells - 0.5)))
            raise RiskError(
                expected("probabilities from 0 to 1", f"{cells[place]:g}, to {names[place]}"),
                file=file, row=row + 1, field=f"row {name}",
            )  # fmt: skip
        if abs(cells.sum() - 1) > tolerance:
            rest = " (a withdrawn column left out? `rest` NR adds it)" if cells.sum() < 1 else ""
            raise RiskError(
                expected(f"a row that sums to one (within {tolerance:g})", f"{cells.sum():.6g}") + rest,
                file=file, row=row + 1, field=f"row {name}",
            )  # fmt: skip
    if default is not None and values[default, default] < 1 - tolerance:
        raise RiskError(
            expected("a default that absorbs (1 on the diagonal)", f"{values[default, default]:g}"),
            file=file, row=default + 1, field=f"row {names[default]}",
        )  # fmt: skip


def _named(states: Sequence[str] | None, size: int, file: object) -> list[str]:
    names = [str(place) for place in range(size)] if states is None else list(states)
    if len(names) != size:
        raise RiskError(expected(f"{size} names of states", len(names)), file=file, field="states")
    if len(set(names)) != size:
        raise RiskError(expected("each state once", "a repeated name"), file=file, field="states")
    return names


def matrix(
    values: Floats,
    states: Sequence[str],
    years: float = 1.0,
    *,
    tolerance: float = PUBLISHED,
    file: object = None,
) -> Matrix:
    """Return a checked matrix whose rows sum to one: what print lost is spread in proportion, and said.

    Parameters
    ----------
    values : (K, K) decimal, as published. years : horizon, > 0. tolerance : largest distance of a row's sum
        from one.

    Raises
    ------
    RiskError : see `check_matrix`; a horizon that is not above 0.
    """
    check.number(0, years=years, tolerance=tolerance)
    check.words(states=states)
    cells = check.numbers(values, "values")
    cells = np.where(
        (cells < 0) & (cells >= -tolerance), 0.0, cells
    )  # what 1 less the others leaves of a zero
    if not years > 0 or not np.isfinite(years):
        raise RiskError(expected("a horizon above 0 years", years), file=file, field="years")
    check_matrix(
        cells, states=states, default=position(tuple(states), DEFAULT_NAMES), tolerance=tolerance, file=file
    )
    total = cells.sum(axis=1)
    return Matrix(tuple(states), cells / total[:, None], float(years), float(np.abs(total - 1).max()))


def without_withdrawn(published: Matrix, how: Withdrawn = "proportional") -> Matrix:
    """Return the matrix with withdrawn ratings treated as `WITHDRAWN` says.

    Raises
    ------
    RiskError : another treatment; a row of which nothing is left; no default where the treatment needs one.

    Notes
    -----
    "proportional" is the agencies' adjustment for the rating universe at the end; it overstates default where
    withdrawal is harmless, and understates it where the weak withdraw. "no-default" is the low end: withdrawn
    within the year without a default.
    """
    check.kind(Matrix, published=published)
    check.one_of(WITHDRAWN, how=how)
    if how not in WITHDRAWN:
        raise RiskError(expected("one of " + ", ".join(WITHDRAWN), how), field="withdrawn")
    place = published.withdrawn
    if place is None or how == "keep":
        return published
    keep = [row for row in range(len(published.states)) if row != place]
    cells, states = published.values[np.ix_(keep, keep)], tuple(published.states[row] for row in keep)
    lost = published.values[keep, place]
    fixed = np.zeros_like(cells, dtype=bool)
    if how == "no-default":
        default = position(states, DEFAULT_NAMES)
        if default is None:
            raise RiskError(expected("a state named D or default", "none"), field="withdrawn")
        fixed[:, default] = True
    free = np.where(fixed, 0.0, cells).sum(axis=1)
    if ((free <= 0) & (lost > 0)).any():
        row = states[int(np.argmax((free <= 0) & (lost > 0)))]
        raise RiskError(expected("a row with rated customers left", "all withdrawn"), field=f"row {row}")
    held = np.where(fixed, cells, 0.0).sum(axis=1)
    scale = np.divide(1 - held, free, out=np.ones_like(free), where=free > 0)
    return replace(published, states=states, values=np.where(fixed, cells, cells * scale[:, None]))


def power(values: Floats, years: int) -> Floats:
    """Return the matrix over whole periods, (K, K), as if moves had no memory (Chapman and Kolmogorov).

    Raises
    ------
    RiskError : a number of periods below 0; for parts of a period take a generator.
    """
    check.within(0, 1, values=values)
    check.count(0, years=years)
    check.square(values=values)
    if years < 0 or int(years) != years:
        raise RiskError(
            expected("a whole number of periods of at least 0 (else use a generator)", years), field="years"
        )
    return np.asarray(np.linalg.matrix_power(values, int(years)))


def default_curve(values: Floats, default: int, years: int) -> Floats:
    """Return the cumulative probability of default of each state after 1 .. `years` periods, (years, K).

    Raises
    ------
    RiskError : fewer than one period.
    """
    check.within(0, 1, values=values)
    check.count(0, default=default)
    check.count(1, years=years)
    check.square(values=values)
    check.count(0, len(values) - 1, default=default)
    if years < 1:
        raise RiskError(expected("at least one period", years), field="years")
    column, made = np.eye(len(values))[:, default], []
    for _ in range(years):
        column = values @ column
        made.append(column)
    return np.array(made)


def marginal(cumulative: Floats) -> Floats:
    """Return the probability of default within each period, (T, K), from cumulative probabilities (T, K)."""
    check.finite(cumulative=cumulative)
    check.shaped((None, None), cumulative=cumulative)
    return np.diff(cumulative, axis=0, prepend=0.0)


def mobility(values: Floats) -> float:
    """Return the mean singular value of P - I: 0 where nothing moves (Jafry and Schuermann 2004).

    It agrees with the mean probability of leaving where moves to all states are alike, and tells matrices
    with the same diagonal apart.
    """
    check.within(0, 1, values=values)
    check.square(values=values)
    return float(np.linalg.svd(values - np.eye(len(values)), compute_uv=False).mean())


def monotone(values: Floats) -> tuple[bool, ...]:
    """Return by row but the last whether the next is stochastically worse, as thresholds by rating need."""
    check.within(0, 1, values=values)
    check.square(values=values)
    tails = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    return tuple(bool((tails[row + 1] >= tails[row] - EXACT).all()) for row in range(len(values) - 1))
