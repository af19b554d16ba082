"""`ratings`: a transition matrix from a file or a history, its generator, and probabilities of default over
years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, get_args

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import RiskError, UsageError, expected
from loantwin.migrations import estimators, generators
from loantwin.migrations.matrices import (
    WITHDRAWN,
    Matrix,
    Withdrawn,
    default_curve,
    mobility,
    monotone,
    power,
    without_withdrawn,
)
from loantwin.migrations.reading import RatingEvents, is_history, read_events, read_matrices
from loantwin.migrations.shift import FactorYears, estimate_factor
from loantwin.types import Progress, Result, silent

PUBLISHED, COHORT, DURATION = "published", "cohort", "duration"
LONGEST = 100
FEWEST_YEARS = 3
"""Fewest yearly cohorts from which a common factor and its correlation are estimated."""


@dataclass(frozen=True)
class DefaultAt:
    """Cumulative probability of default within `years`. The error and the 90 % interval (customers drawn
    again) need a history.

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
class Factor:
    """The common factor of a year: positive in good years, in standard deviations."""

    year: str
    z: float
    standard_error: float


@dataclass(frozen=True)
class Cycle:
    """What years share. correlation : asset correlation with its 90 % interval, the matrix taken as known."""

    correlation: float
    low: float
    high: float
    years: tuple[Factor, ...]


@dataclass(frozen=True)
class Compared:
    """A published horizon beside what the shortest matrix says of it without memory."""

    years: float
    state: str
    published: float
    implied: float


@dataclass(frozen=True)
class RatingsResult(Result):
    """A transition matrix and what follows from it. Rows of `matrix` and `generator` by state, cells in the
    order of `states`.

    method : published, cohort or duration. years : horizon of `matrix`. generator_distance : largest row sum
    of absolute differences between the matrix and the generator's. embeddable : null where it is not settled.
    at_risk : cohort starts, or years, by state.
    """

    SCHEMA: ClassVar[str] = "loantwin.ratings/1"

    source: str
    method: str
    states: tuple[str, ...]
    years: float
    withdrawn: str
    matrix: Mapping[str, tuple[float, ...]]
    generator: Mapping[str, tuple[float, ...]]
    generator_method: str
    generator_distance: float
    generator_adjusted: float
    embeddable: bool | None
    conditions: tuple[generators.GeneratorCondition, ...]
    horizon: float
    at_horizon: Mapping[str, tuple[float, ...]]
    term_structure: Mapping[str, tuple[DefaultAt, ...]]
    mobility: float
    compared: tuple[Compared, ...]
    cycle: Cycle | None
    at_risk: Mapping[str, float]
    facts: Mapping[str, int]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Found:
    """What a file gave: the matrix over `matrix.years`, its generator where it was estimated, and the sums
    behind it.
    """

    matrix: Matrix
    method: str
    rates: Floats | None = None
    sums: estimators.MoveSums | None = None
    others: tuple[Matrix, ...] = ()
    cycle: Cycle | None = None


def ratings(
    file: Path | str,
    *,
    estimate: str | None = None,
    horizon: float = 5.0,
    withdrawn: str = "proportional",
    generator: str = "quasi-optimisation",
    states: Sequence[str] | None = None,
    rest: str | None = None,
    resamples: int = 500,
    seed: int = 0,
    progress: Progress = silent,
) -> RatingsResult:
    """Return a transition matrix, its generator, whether it has one at all, and probabilities of default over
    years.

    Parameters
    ----------
    file : a published matrix (CSV, JSON), or a history with customer, date and rating.
    estimate : of a history: cohort (default) or duration. horizon : years, > 0; whole years for the term
        structure.
    withdrawn : proportional, no-default or keep. generator : see `generators.METHODS`; a duration estimate is
        one itself.
    states : names from best to worst, where the file has none. rest : a state that takes what rows lack of
        one.
    resamples, seed : of the intervals of a history.

    Raises
    ------
    RiskError : a file that is no matrix or history, naming row and field. UsageError : arguments that do not
        fit the file.
    """
    _check(file, estimate, horizon, withdrawn, generator)
    history = is_history(file)
    if estimate is not None and not history:
        raise UsageError(
            expected("a history (customer, date, rating) for --estimate", "a matrix"),
            file=file,
            field="--estimate",
        )
    if rest is not None and history:
        raise UsageError(expected("a matrix for --rest", "a history"), file=file, field="--rest")
    how: Any = withdrawn
    found = (
        _estimated(read_events(file, states=states), estimate or COHORT, how)
        if history
        else _published(file, how, states, rest)
    )
    progress(0.3, "generator and intervals")
    if found.matrix.default is None:
        raise RiskError(
            expected("a state named D or default", ", ".join(found.matrix.states)), file=file, field="states"
        )
    method: Any = generator
    made = _generator(found, method)
    return _result(Path(file), found, made, horizon, withdrawn, resamples, seed)


def _check(file: Path | str, estimate: str | None, horizon: float, withdrawn: str, generator: str) -> None:
    if not Path(file).is_file():
        raise UsageError(expected("a file of ratings", "none"), file=file, field="FILE")
    if estimate not in (None, COHORT, DURATION):
        raise UsageError(expected("cohort or duration", estimate), field="--estimate")
    if not 0 < horizon <= LONGEST:
        raise UsageError(expected(f"a horizon above 0 and up to {LONGEST} years", horizon), field="--horizon")
    if withdrawn not in get_args(Withdrawn):
        raise UsageError(expected("one of " + ", ".join(WITHDRAWN), withdrawn), field="--withdrawn")
    if generator not in generators.METHODS:
        raise UsageError(expected("one of " + ", ".join(generators.METHODS), generator), field="--generator")


def _published(
    file: Path | str, withdrawn: Withdrawn, states: Sequence[str] | None, rest: str | None
) -> _Found:
    found = [without_withdrawn(item, withdrawn) for item in read_matrices(file, states=states, rest=rest)]
    found.sort(key=lambda item: item.years)
    return _Found(found[0], PUBLISHED, others=tuple(found[1:]))


def _estimated(events: RatingEvents, kind: str, withdrawn: Withdrawn) -> _Found:
    if kind == DURATION:
        sums = estimators.duration_sums(events, withdrawn)
        rates = estimators.estimate(sums)
        return _Found(
            Matrix(sums.states, estimators.yearly(sums, rates)),
            kind,
            rates,
            sums,
            cycle=_cycle(events, sums, withdrawn),
        )
    sums = estimators.cohort_sums(events, withdrawn)
    return _Found(
        Matrix(sums.states, estimators.estimate(sums)),
        kind,
        None,
        sums,
        cycle=_cycle(events, sums, withdrawn),
    )


def _cycle(events: RatingEvents, sums: estimators.MoveSums, withdrawn: Withdrawn) -> Cycle | None:
    """Return the common factor by year, from cohorts about the estimated matrix; None with fewer than
    three.
    """
    try:
        labels, counts = estimators.cohort_counts(events, withdrawn)
    except RiskError:  # less than a year of history: durations can do without
        return None
    if len(labels) < FEWEST_YEARS or withdrawn == "keep":
        return None
    yearly = estimators.yearly(sums, estimators.estimate(sums))
    made: FactorYears = estimate_factor(yearly, counts, sums.default)
    rows = zip(labels, made.z, made.error, strict=True)
    return Cycle(
        made.rho, made.low, made.high, tuple(Factor(name, float(z), float(error)) for name, z, error in rows)
    )


def _generator(found: _Found, method: generators.Method) -> generators.Generator:
    if found.rates is not None:
        return generators.Generator(found.rates, "estimated from durations", 0.0, 0, 0.0)
    return generators.generator(found.matrix.values, found.matrix.years, method)


def _result(
    file: Path,
    found: _Found,
    made: generators.Generator,
    horizon: float,
    withdrawn: str,
    resamples: int,
    seed: int,
) -> RatingsResult:
    matrix, states = found.matrix, found.matrix.states
    settled = generators.embeddability(matrix.values, states)
    sums = found.sums
    notes = [WITHDRAWN[withdrawn]]
    if matrix.rescaled > 0:
        notes.append(f"rows were divided by their sums, which lay up to {matrix.rescaled:.2g} from one")
    crossing = [
        f"{states[row]} and {states[row + 1]}" for row, fine in enumerate(monotone(matrix.values)) if not fine
    ]
    if crossing:
        notes.append("rows that cross (the worse state is not worse everywhere): " + ", ".join(crossing))
    return RatingsResult(
        source=file.name,
        method=found.method,
        states=states,
        years=matrix.years,
        withdrawn=withdrawn,
        matrix=_rows(states, matrix.values),
        generator=_rows(states, made.values),
        generator_method=made.method,
        generator_distance=made.distance,
        generator_adjusted=made.adjusted,
        embeddable=settled.embeddable,
        conditions=settled.conditions,
        horizon=horizon,
        at_horizon=_rows(states, _at(found, made, horizon)),
        term_structure=_term_structure(found, made, horizon, resamples, seed),
        mobility=mobility(matrix.values),
        compared=_compared(found, made),
        cycle=found.cycle,
        at_risk={} if sums is None else dict(zip(states, sums.at_risk.sum(axis=0).tolist(), strict=True)),
        facts={} if sums is None else sums.facts,
        notes=tuple(notes),
        provenance={"file": file.name, "resamples": resamples if sums else 0, "seed": seed},
    )


def _rows(states: tuple[str, ...], values: Floats) -> dict[str, tuple[float, ...]]:
    return {name: tuple(row) for name, row in zip(states, values.tolist(), strict=True)}


def _at(found: _Found, made: generators.Generator, years: float) -> Floats:
    """Return the matrix over `years`: a power of the estimate where it goes in whole times, else from the
    generator.
    """
    times = years / found.matrix.years
    if found.rates is None and abs(times - round(times)) < 1e-9:
        return power(found.matrix.values, round(times))
    return generators.at_horizon(made.values, years)


def _term_structure(
    found: _Found, made: generators.Generator, horizon: float, resamples: int, seed: int
) -> dict[str, tuple[DefaultAt, ...]]:
    whole = int(horizon + 1e-9)
    years = [float(year) for year in range(1, whole + 1)] or [horizon]
    default = found.matrix.default
    assert default is not None  # asked for before
    curve = np.array([_at(found, made, year)[:, default] for year in years])
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


def _compared(found: _Found, made: generators.Generator) -> tuple[Compared, ...]:
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
            else _at(found, made, other.years)[:, default]
        )
        for row, name in enumerate(found.matrix.states):
            if row != default:
                rows.append(
                    Compared(other.years, name, float(other.values[row, default]), float(implied[row]))
                )
    return tuple(rows)
