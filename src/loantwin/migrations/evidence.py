"""What a file of ratings gives: a matrix published, or estimated from a history with the cycle in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError
from loantwin.migrations import estimators, generators
from loantwin.migrations.histories import RatingEvents
from loantwin.migrations.matrices import WITHDRAWN, Matrix, Withdrawn, without_withdrawn
from loantwin.migrations.reading import read_matrices
from loantwin.migrations.shift import FactorYears, estimate_factor

PUBLISHED, COHORT, DURATION = "published", "cohort", "duration"
FEWEST_YEARS = 3
"""Fewest yearly cohorts from which a common factor and its correlation are estimated."""


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
class Evidence:
    """What a file gave: the matrix over `matrix.years`, its generator if estimated, and the sums behind.

    said : what was assumed where the file was read.
    """

    matrix: Matrix
    method: str
    rates: Floats | None = None
    sums: estimators.MoveSums | None = None
    others: tuple[Matrix, ...] = ()
    cycle: Cycle | None = None
    said: tuple[str, ...] = ()


def published(
    file: Path | str, withdrawn: Withdrawn, states: Sequence[str] | None, rest: str | None
) -> Evidence:
    """Return what a published file gives: the matrix of its shortest horizon, and those of longer ones.

    Parameters
    ----------
    withdrawn : how a withdrawn rating is read. states : names from best to worst, where the file has none.
    rest : a state that takes what rows lack of one.

    Raises
    ------
    RiskError : a file that is no matrix, naming row and field. TapeError : one that is no table.
    ExtraError : an Excel file without the extra `excel`.
    """
    check.kind((Path, str), file=file)
    check.one_of(WITHDRAWN, withdrawn=withdrawn)
    check.words(**check.given(states=states))
    check.word(**check.given(rest=rest))
    found = [without_withdrawn(item, withdrawn) for item in read_matrices(file, states=states, rest=rest)]
    found.sort(key=lambda item: item.years)
    return Evidence(found[0], PUBLISHED, others=tuple(found[1:]), said=found[0].said)


def estimated(events: RatingEvents, kind: str, withdrawn: Withdrawn) -> Evidence:
    """Return what a history gives: the yearly matrix by cohorts or durations, its sums, and the cycle.

    Raises
    ------
    RiskError : a history too short for the estimate.
    """
    check.kind(RatingEvents, events=events)
    check.one_of(WITHDRAWN, withdrawn=withdrawn)
    check.one_of((COHORT, DURATION), kind=kind)
    if kind == DURATION:
        sums = estimators.duration_sums(events, withdrawn)
        rates = estimators.estimate(sums)
        return Evidence(
            Matrix(sums.states, estimators.yearly(sums, rates)),
            kind,
            rates,
            sums,
            cycle=cycle_of(events, sums, withdrawn),
            said=events.said,
        )
    sums = estimators.cohort_sums(events, withdrawn)
    return Evidence(
        Matrix(sums.states, estimators.estimate(sums)),
        kind,
        None,
        sums,
        cycle=cycle_of(events, sums, withdrawn),
        said=events.said,
    )


def cycle_of(events: RatingEvents, sums: estimators.MoveSums, withdrawn: Withdrawn) -> Cycle | None:
    """Return the yearly common factor of cohorts about the estimated matrix; None with fewer than three."""
    check.kind(RatingEvents, events=events)
    check.kind(estimators.MoveSums, sums=sums)
    check.one_of(WITHDRAWN, withdrawn=withdrawn)
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


def generator_of(found: Evidence, method: generators.Method) -> generators.Generator:
    """Return the generator: the estimate itself where durations gave it, else taken from the matrix."""
    check.kind(Evidence, found=found)
    check.one_of(generators.METHODS, method=method)
    if found.rates is not None:
        return generators.Generator(found.rates, "estimated from durations", 0.0, 0, 0.0)
    return generators.generator(found.matrix.values, found.matrix.years, method)
