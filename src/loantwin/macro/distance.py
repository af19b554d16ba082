"""How far a macro path lies from what the generator expects: its shocks as standard normal innovations.

A quarter's shock is `root @ z` with z standard normal and `root @ root.T` the covariance of the generator's
residuals. So a path is a point z, (Q, F); z = 0 is the path without shocks, and the Mahalanobis distance of a
path is the length of the shortest z that leads to it. Were shocks normal, the squared distance of a path
drawn at random, measured by K linear conditions, would be chi-squared with K degrees of freedom. The
generator draws them from the past, with fatter tails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, UsageError, expected
from loantwin.macro.covariates import DERIVED
from loantwin.macro.generator import MAX_QUARTERS, MacroGenerator, by_month, states_of
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.macro.states import BASES
from loantwin.months import label

ROUNDS = 12
BEYOND = 200.0
"""Innovations longer than these lead nowhere: the values asked for cannot be followed."""
STEP = 1e-3
"""Of finite differences, in standard deviations of an innovation."""


@dataclass(frozen=True)
class Innovations:
    """Paths of months `first` to `first + months - 1` as functions of standard normal innovations (Q, F).

    Raises
    ------
    UsageError : no month, a first one before the generator's, or a horizon beyond `MAX_QUARTERS`.
    """

    generator: MacroGenerator
    first: int
    months: int

    def __post_init__(self) -> None:
        if self.first < self.generator.first or self.months < 1:
            raise UsageError(
                expected(f"a first month from {label(self.generator.first)} on", label(self.first)),
                field="first",
            )
        if self.quarters > MAX_QUARTERS:
            raise UsageError(
                expected(f"at most {3 * (MAX_QUARTERS - 2)} months", self.months), field="months"
            )

    @property
    def quarters(self) -> int:
        """Return Q: quarters after the generator's last common one, and one for the last one's curve."""
        return (self.first + self.months - 1 - self.generator.last) // 3 + 2

    @property
    def size(self) -> int:
        """Return the number of innovations, Q x F."""
        return self.quarters * len(self.generator.factors)

    @cached_property
    def root(self) -> Floats:
        """Return a square root of the residuals' covariance, (F, F)."""
        residuals = self.generator.residuals
        size = np.sqrt((residuals**2).mean(axis=0))
        alike = residuals / np.where(size > 0.0, size, 1.0)
        # of correlations: rounding at the size of the largest factor must not become a shock to one that
        # hardly moves
        values, vectors = np.linalg.eigh(alike.T @ alike / len(residuals))
        return np.asarray(size[:, None] * vectors * np.sqrt(np.maximum(values, 0.0)))

    def paths(self, z: Floats) -> MacroPaths:
        """Return the paths of innovations (P, Q F)."""
        shocks = z.reshape(len(z), self.quarters, len(self.generator.factors)) @ self.root.T
        return by_month(self.generator, states_of(self.generator, shocks), self.first, self.months)

    def path(self, z: Floats, name: str) -> Scenario:
        """Return the path of one innovation vector (Q F,) as a scenario."""
        made = self.paths(z[None])
        return Scenario(name, made.first, made.factors, made.kinds, made.values[0], "the macro generator")


def directions(innovations: Innovations, factors: Sequence[str]) -> Floats:
    """Return an orthonormal basis (D, r) of the innovations that move some factors and leave the others.

    Factors are functions of states, and states are linear in innovations. So the shortest innovations for
    anything that depends on these factors alone lie in the basis, and z = basis @ y is as long as y.
    """
    generator = innovations.generator
    names = dict.fromkeys(part for factor in factors for part in DERIVED.get(factor, (factor,)))
    needed = dict.fromkeys(
        part for name in names for part in (name, BASES.get(name, name)) if part in generator.factors
    )
    columns = [generator.factors.index(name) for name in needed]
    shape = (innovations.size, innovations.quarters, len(generator.factors))
    points = np.concatenate([np.zeros((1, innovations.size)), np.eye(innovations.size)]).reshape(
        -1, *shape[1:]
    )
    states = states_of(generator, points @ innovations.root.T)[:, :, columns]
    response = (states[1:] - states[0]).reshape(innovations.size, -1)
    basis, sizes, _ = np.linalg.svd(response / np.maximum(response.std(axis=0), 1e-300), full_matrices=False)
    return np.asarray(basis[:, sizes > 1e-9 * sizes.max(initial=0.0)])


def nearest(innovations: Innovations, wanted: Mapping[str, tuple[int, Floats]]) -> tuple[Floats, int]:
    """Return the shortest innovations (Q F,) that give factors stated values, and the number of conditions.

    The other factors are then where the generator expects them given those values. Conditions are set every
    third month, which is what a quarterly model can follow, and met through the nonlinear transforms by Gauss
    and Newton's method.

    Parameters
    ----------
    wanted : factor -> (month of the first value, values by month (T,)).

    Raises
    ------
    UsageError : a factor that the generator does not simulate. ScenarioError : values it cannot reach.
    """
    names = innovations.generator.factors
    for factor in wanted:
        if factor not in names:
            raise UsageError(
                expected("a factor that the generator simulates: " + ", ".join(names), factor), field="factor"
            )
    last = innovations.first + innovations.months - 1
    places, targets = [], []
    for factor, (first, values) in wanted.items():
        for month in range(first + 2, min(first + len(values) - 1, last) + 1, 3):
            places.append((month - innovations.first, names.index(factor)))
            targets.append(values[month - first])
    if not places:
        raise UsageError(
            expected("values within the months simulated, three at least", "fewer"), field="factor"
        )
    rows, columns = np.array(places).T
    goal = np.array(targets)

    def figures(z: Floats) -> Floats:
        return innovations.paths(z).values[:, rows, columns]

    scale = np.maximum(figures(np.eye(innovations.size)).std(axis=0), 1e-9)
    z = np.zeros(innovations.size)
    for _ in range(ROUNDS):
        now, slope = slopes(lambda points: figures(points) / scale, z)
        gap = goal / scale - now
        if np.abs(gap).max() < 1e-6:
            break
        z = np.linalg.pinv(slope, rcond=1e-8) @ (gap + slope @ z)
        if not np.linalg.norm(z) < BEYOND:
            gap = np.full(len(goal), np.nan)
            break
    else:
        gap = goal / scale - figures(z[None])[0] / scale
    if not np.isfinite(gap).all() or np.abs(gap * scale).max() > 1e-3 * max(1.0, np.abs(goal).max()):
        worst = int(np.argmax(np.abs(np.nan_to_num(gap))))
        when, factor = label(innovations.first + int(rows[worst])), names[columns[worst]]
        raise ScenarioError(
            expected(f"a path of {factor} that the generator can follow", f"{goal[worst]:.4g} in {when}"),
            field=factor,
        )
    return z, len(goal)


def slopes(function: Callable[[Floats], Floats], z: Floats) -> tuple[Floats, Floats]:
    """Return a vector function's value (K,) at z (D,) and its one-sided derivatives (K, D), in one batch."""
    points = np.vstack([z, z + STEP * np.eye(len(z))])
    values = function(points)
    return values[0], np.asarray((values[1:] - values[0]).T / STEP)
