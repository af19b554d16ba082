"""Probabilities of default over years, of a matrix and its generator, with the intervals a history gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.migrations import estimators, generators
from loantwin.migrations.evidence import COHORT, Evidence
from loantwin.migrations.matrices import default_curve, power


@dataclass(frozen=True)
class DefaultAt:
    """Cumulative probability of default in `years`; error and interval (customers redrawn) need a history.

    exact_high : upper end of the exact binomial interval where a cohort saw no default: a bound, not an
        estimate.
    """

    years: float
    pd: float
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    exact_high: float | None = None


@dataclass(frozen=True)
class Compared:
    """A published horizon beside what the shortest matrix says of it without memory."""

    years: float
    state: str
    published: float
    implied: float


def matrix_over(found: Evidence, made: generators.Generator, years: float) -> Floats:
    """Return the matrix over `years`: the estimate's power at whole times, else from the generator."""
    check.kind(Evidence, found=found)
    check.kind(generators.Generator, made=made)
    check.number(0, years=years)
    times = years / found.matrix.years
    if found.rates is None and abs(times - round(times)) < 1e-9:
        return power(found.matrix.values, round(times))
    return generators.at_horizon(made.values, years)


def term_structure(
    found: Evidence, made: generators.Generator, horizon: float, resamples: int, seed: int
) -> dict[str, tuple[DefaultAt, ...]]:
    """Return each state's cumulative probability of default by year, up to `horizon` years.

    Whole years; a horizon of less than one stands alone. resamples, seed : of the customers drawn again.
    """
    check.kind(Evidence, found=found)
    check.kind(generators.Generator, made=made)
    check.number(0, horizon=horizon)
    check.count(1, resamples=resamples)
    check.count(0, seed=seed)
    whole = int(horizon + 1e-9)
    years = [float(year) for year in range(1, whole + 1)] or [horizon]
    default = found.matrix.default
    assert default is not None  # asked for before
    curve = np.array([matrix_over(found, made, year)[:, default] for year in years])
    blank = np.full(curve.shape, np.nan)
    error, low, high, bound = blank, blank, blank, blank.copy()
    if found.sums is not None and whole >= 1:
        sums = found.sums
        error = estimators.default_curve_errors(sums, whole)
        low, high = np.quantile(
            estimators.default_curves(sums, estimators.resampled(sums, resamples, seed), whole),
            (0.05, 0.95),
            axis=0,
        )
        if found.method == COHORT:
            moved = np.asarray(sums.moves.sum(axis=0)).reshape(len(sums.states), -1)[:, default]
            top = estimators.exact_interval(moved, sums.at_risk.sum(axis=0))[1]
            bound[0] = np.where(moved == 0, top, np.nan)
    return {
        name: tuple(
            DefaultAt(
                year, float(curve[k, row]), *(_known(part[k, row]) for part in (error, low, high, bound))
            )
            for k, year in enumerate(years)
        )
        for row, name in enumerate(found.matrix.states)
        if row != default
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def compared(found: Evidence, made: generators.Generator) -> tuple[Compared, ...]:
    """Return each longer horizon a file publishes beside what the shortest matrix says of it."""
    check.kind(Evidence, found=found)
    check.kind(generators.Generator, made=made)
    default = found.matrix.default
    if default is None:
        return ()
    rows = []
    for other in found.others:
        times = other.years / found.matrix.years
        whole = abs(times - round(times)) < 1e-9
        implied = (
            default_curve(found.matrix.values, default, round(times))[-1]
            if whole
            else matrix_over(found, made, other.years)[:, default]
        )
        for row, name in enumerate(found.matrix.states):
            if row != default:
                rows.append(
                    Compared(other.years, name, float(other.values[row, default]), float(implied[row]))
                )
    return tuple(rows)
