"""Generators of transition matrices: does one exist, which serves where none does, and any horizon from it.

A generator Q is (K, K), a year: q_ij >= 0 for i != j is the rate of moves, rows sum to zero, and P(t) = exp(Q
t). A yearly matrix of data rarely has one (it is not embeddable): zeros for rare moves that several steps
could make rule it out.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import expm, logm

from loantwin import arguments as check
from loantwin.arrays import Complexes, Floats
from loantwin.errors import RiskError, expected
from loantwin.migrations.matrices import check_matrix

ROUNDING = 1e-9
"""A negative rate smaller than this is rounding of the logarithm, not a failure."""

Method = Literal["quasi-optimisation", "weighted", "diagonal", "single-step"]
METHODS: dict[str, str] = {
    "quasi-optimisation": (
        "the generator nearest to the logarithm, row by row, in squares (Kreinin and Sidelnikova 2001)"
    ),
    "weighted": (
        "negative rates to zero, the loss spread over the row by size (Israel, Rosenthal and Wei 2001, "
        "method WA)"
    ),
    "diagonal": (
        "negative rates to zero, the loss taken from the diagonal (Israel, Rosenthal and Wei 2001, method DA)"
    ),
    "single-step": (
        "at most one move a period (Jarrow, Lando and Turnbull 1997): no logarithm of a matrix needed"
    ),
}
"""How a generator is taken from a matrix."""


@dataclass(frozen=True)
class GeneratorCondition:
    """A condition that a matrix with a generator fulfils (`necessary`), or that proves something."""

    name: str
    necessary: bool
    holds: bool
    words: str


@dataclass(frozen=True)
class Embeddability:
    """What can be said of whether a matrix has a generator.

    embeddable : True where the principal logarithm is one; False where a necessary condition fails or where
    the only possible generator is the principal logarithm and it is none; None where neither is settled.
    conditions : each with its words.
    lowest_rate : the most negative off-diagonal rate of the principal logarithm, None where it is not real.
    """

    embeddable: bool | None
    conditions: tuple[GeneratorCondition, ...]
    lowest_rate: float | None


@dataclass(frozen=True)
class Generator:
    """A generator taken from a matrix by `method`, (K, K) a year.

    distance : largest sum over a row of |exp(Q years) - P| (L-infinity norm). worst : the row where it lies.
    adjusted : negative mass that the method moved, a year (0 where the logarithm was a generator).
    """

    values: Floats
    method: str
    distance: float
    worst: int
    adjusted: float

    def __post_init__(self) -> None:
        check.finite(values=self.values)


def check_generator(values: Floats, tolerance: float = 1e-8) -> None:
    """Raise RiskError where an array is no generator.

    Not square, a missing or negative rate, or a row that does not sum to zero.
    """
    check.gaps(values=values)
    check.number(0, tolerance=tolerance)
    size = len(values)
    if values.ndim != 2 or values.shape != (size, size) or not np.isfinite(values).all():
        raise RiskError(expected("a square array of numbers", f"shape {values.shape}"), field="generator")
    off = values - np.diag(np.diag(values))
    if (off < -tolerance).any():
        row = int(np.argmax((off < -tolerance).any(axis=1)))
        raise RiskError(
            expected("rates of at least 0 off the diagonal", f"{off[row].min():g}"), field=f"row {row}"
        )
    worst = int(np.argmax(np.abs(values.sum(axis=1))))
    if abs(values[worst].sum()) > tolerance * max(1.0, float(np.abs(values).max())):
        raise RiskError(expected("a row that sums to zero", f"{values[worst].sum():g}"), field=f"row {worst}")


def at_horizon(generator: Floats, years: float | Floats) -> Floats:
    """Return exp(Q t): (K, K) for one horizon in years, (T, K, K) for several.

    Raises
    ------
    RiskError : a negative or missing horizon.
    """
    check.finite(generator=generator)
    check.within(0, years=years)
    check.square(generator=generator)
    horizon = np.asarray(years, dtype=np.float64)
    if not np.isfinite(horizon).all() or (horizon < 0).any():
        raise RiskError(expected("horizons of at least 0 years", "one below"), field="years")
    made = expm(generator * horizon[..., None, None])
    return np.asarray(np.maximum(made, 0.0))  # rates are >= 0, so that a negative cell is rounding


def logarithm(values: Floats) -> Floats:
    """Return the principal logarithm of a transition matrix, (K, K).

    Raises
    ------
    RiskError : a singular matrix, or an eigenvalue on the negative axis, where no real principal logarithm
        exists.
    """
    check.finite(values=values)
    check.square(values=values)
    roots = np.linalg.eigvals(values)
    if (np.abs(roots) < 1e-12).any():
        raise RiskError(expected("a matrix that can be inverted", "an eigenvalue of 0"), field="values")
    if ((np.abs(roots.imag) < 1e-12) & (roots.real < 0)).any():
        raise RiskError(expected("no negative eigenvalue", f"{roots.real.min():g}"), field="values")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # logm warns where it rounds; its result is checked below
        found = np.asarray(logm(values))
    if np.abs(found.imag).max() > 1e-8:
        raise RiskError(
            expected("a real logarithm", f"an imaginary part of {np.abs(found.imag).max():g}"), field="values"
        )
    return np.ascontiguousarray(found.real, dtype=np.float64)


def diagonal_adjusted(rates: Floats) -> Floats:
    """Return a logarithm, negative rates set to 0, the diagonal lowered to rows of sum 0 (IRW 2001, DA)."""
    check.finite(rates=rates)
    check.square(rates=rates)
    off = np.maximum(rates, 0.0)
    np.fill_diagonal(off, 0.0)
    return np.asarray(off - np.diag(off.sum(axis=1)))


def weighted_adjusted(rates: Floats) -> Floats:
    """Return a logarithm, negative rates set to 0, the loss taken from the row by size (IRW 2001, WA).

    With G the sum of |diagonal| and of the positive rates and B the sum of the negative ones' sizes, q_ij
    becomes q_ij - B |q_ij| / G; a row with G = 0 stays.
    """
    check.finite(rates=rates)
    check.square(rates=rates)
    diagonal = np.diag(np.diag(rates))
    off = rates - diagonal
    good = np.abs(np.diag(rates)) + np.maximum(off, 0.0).sum(axis=1)
    bad = np.maximum(-off, 0.0).sum(axis=1)
    kept = np.maximum(off, 0.0) + diagonal
    share = np.divide(bad, good, out=np.zeros_like(bad), where=good > 0)
    return np.asarray(kept - share[:, None] * np.abs(kept))


def quasi_optimised(rates: Floats) -> Floats:
    """Return the generator nearest to a logarithm by squares (Kreinin and Sidelnikova 2001, problem QOG).

    Each row is projected on the cone {sum = 0, off-diagonal >= 0}: the diagonal is lowered by m, the others
    become max(rate - m, 0), with the one m at which the row sums to zero. With the others in falling order,
    the n largest stay above zero for the one n whose m = (diagonal + their sum) / (n + 1) lies between the
    n-th and the next.
    """
    check.finite(rates=rates)
    check.square(rates=rates)
    size = len(rates)
    made = np.empty_like(rates)
    for row in range(size):
        others = np.sort(np.delete(rates[row], row))[::-1]
        shift = (rates[row, row] + np.concatenate([[0.0], np.cumsum(others)])) / np.arange(1, size + 1)
        above = np.concatenate([[np.inf], others])
        below = np.concatenate([others, [-np.inf]])
        kept = int(np.argmax((shift < above) & (shift >= below)))
        made[row] = np.maximum(rates[row] - shift[kept], 0.0)
        made[row, row] = rates[row, row] - shift[kept]
    return made


def single_step(values: Floats) -> Floats:
    """Return the generator with at most one move a customer and period (Jarrow, Lando and Turnbull 1997).

    q_ii = ln p_ii, q_ij = p_ij ln p_ii / (p_ii - 1). Raises RiskError where a diagonal cell is 0.
    """
    check.finite(values=values)
    check.square(values=values)
    stay = np.diag(values)
    if (stay <= 0).any():
        raise RiskError(expected("a diagonal above 0", "0"), field=f"row {int(np.argmax(stay <= 0))}")
    leave = np.divide(-np.log(stay), 1 - stay, out=np.zeros_like(stay), where=stay < 1)
    rates = values * leave[:, None]
    np.fill_diagonal(rates, np.log(stay))
    return np.asarray(rates)


def generator(values: Floats, years: float = 1.0, method: Method = "quasi-optimisation") -> Generator:
    """Return a generator for a transition matrix over `years`.

    Parameters
    ----------
    values : (K, K) transition matrix, rows summing to one. method : see `METHODS`; where the logarithm is
        itself a generator the first three return it.

    Raises
    ------
    RiskError : no transition matrix; no real logarithm; another method.
    """
    check.finite(values=values)
    check.number(0, years=years)
    check.one_of(METHODS, method=method)
    check_matrix(values, tolerance=1e-6)
    if method not in METHODS:
        raise RiskError(expected("one of " + ", ".join(METHODS), method), field="method")
    if method == "single-step":
        rates, moved = single_step(values), 0.0
    else:
        found = logarithm(values)
        off = found - np.diag(np.diag(found))
        moved = float(np.maximum(-off, 0.0).sum()) if off.min() < -ROUNDING else 0.0
        adjust = {
            "diagonal": diagonal_adjusted,
            "weighted": weighted_adjusted,
            "quasi-optimisation": quasi_optimised,
        }[method]
        rates = adjust(found) if moved else diagonal_adjusted(found)
    apart = np.abs(at_horizon(rates, 1.0) - values).sum(axis=1)
    return Generator(rates / years, method, float(apart.max()), int(apart.argmax()), moved / years)


def embeddability(values: Floats, states: tuple[str, ...] | None = None) -> Embeddability:
    """Say whether a transition matrix has a generator, and which conditions fail.

    Source: Israel, Rosenthal and Wei (2001, "Finding generators for Markov chains via empirical transition
    matrices"), which gathers the necessary conditions (Kingman 1962, Goodman 1970) and those of uniqueness
    (Culver 1966); Runnenberg (1962) for the eigenvalues.
    """
    check.finite(values=values)
    check.words(**check.given(states=states))
    check_matrix(values, tolerance=1e-6)
    names = states or tuple(str(place) for place in range(len(values)))
    roots, determinant = np.linalg.eigvals(values).astype(np.complex128), float(np.linalg.det(values))
    needed = [
        _determinant(determinant),
        _product(determinant, values),
        _accessible(values, names),
        _wedge(roots, len(values)),
    ]
    lowest, principal = _principal(values, names)
    only = _only_principal(values, roots, determinant)
    settled: bool | None = None
    if principal.holds:
        settled = True
    elif only.holds or not all(condition.holds for condition in needed):
        settled = False
    return Embeddability(settled, (*needed, principal, only), lowest)


def _determinant(value: float) -> GeneratorCondition:
    return GeneratorCondition(
        "positive determinant", True, value > 0, f"det P = {value:.4g}; it must lie above 0"
    )


def _product(value: float, values: Floats) -> GeneratorCondition:
    product = float(np.prod(np.diag(values)))
    words = (
        f"det P = {value:.4g}, product of the diagonal = {product:.4g}; the first must not exceed the second"
    )
    return GeneratorCondition(
        "determinant within the diagonal's product", True, value <= product * (1 + 1e-12), words
    )


def _accessible(values: Floats, names: tuple[str, ...]) -> GeneratorCondition:
    # Trap: paths counted in bytes. From 17 states on their number overflows to 0: booleans do not count.
    reach = (values > 0) | np.eye(len(values), dtype=np.bool_)
    for _ in range(len(values).bit_length()):  # squared each time
        reach = reach @ reach
    bad = np.argwhere(reach & (values <= 0))
    pairs = [f"{names[i]} to {names[j]}" for i, j in bad]
    shown = ", ".join(pairs[:6]) + (f" and {len(pairs) - 6} more" if len(pairs) > 6 else "")
    words = (
        f"zero although reached in several steps: {shown}" if pairs else "no zero where several steps lead"
    )
    return GeneratorCondition("no zero on a path", True, not pairs, words)


def _wedge(roots: Complexes, size: int) -> GeneratorCondition:
    """Eigenvalues of exp(Q): exp(q), q in the wedge |arg q - pi| <= pi / 2 - pi / size (Runnenberg)."""
    with np.errstate(
        divide="ignore"
    ):  # a root of 0 lies at minus infinity, within the wedge; the determinant tells of it
        rates = np.log(roots)
    slope = math.tan(math.pi / 2 - math.pi / size)
    worst = float((np.abs(rates.imag) + rates.real * slope).max())
    words = (
        "the logarithm of each eigenvalue lies in the wedge of a generator's"
        if worst <= 1e-9
        else "an eigenvalue turns too much"
    )
    return GeneratorCondition("eigenvalues within the wedge", True, worst <= 1e-9, words)


def _principal(values: Floats, names: tuple[str, ...]) -> tuple[float | None, GeneratorCondition]:
    name = "principal logarithm is a generator"
    try:
        found = logarithm(values)
    except RiskError as error:
        return None, GeneratorCondition(name, False, False, error.message)
    off = found - np.diag(np.diag(found))
    lowest, count = float(off.min()), int((off < -ROUNDING).sum())
    i, j = np.unravel_index(int(off.argmin()), off.shape)
    words = (
        f"{count} negative rates, the lowest {lowest:.3g} from {names[i]} to {names[j]}"
        if count
        else "no negative rate"
    )
    return min(lowest, 0.0), GeneratorCondition(name, False, not count, words)


def _only_principal(values: Floats, roots: Complexes, determinant: float) -> GeneratorCondition:
    apart = np.abs(roots[:, None] - roots[None, :]) + np.eye(len(roots))
    distinct = bool(apart.min() > 1e-8)
    real = bool((np.abs(roots.imag) < 1e-12).all() and (roots.real > 0).all())
    near = float(np.abs(values - np.eye(len(values))).sum(axis=1).max())
    proofs = {
        "distinct positive eigenvalues": distinct and real,
        "distinct eigenvalues and det P > exp(-pi)": distinct and determinant > math.exp(-math.pi),
        "det P > 1/2 and |P - I| < 1/2": determinant > 0.5 and near < 0.5,
    }
    found = next((words for words, holds in proofs.items() if holds), None)
    words = f"proved by {found}" if found else "not proved: another logarithm might be a generator"
    return GeneratorCondition("no other generator is possible", False, found is not None, words)
