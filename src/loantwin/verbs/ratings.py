"""`ratings`: a transition matrix from a file or history, its generator, and default over years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, get_args

from loantwin.arrays import Floats
from loantwin.errors import RiskError, UsageError, choice, expected
from loantwin.migrations import generators
from loantwin.migrations.evidence import COHORT, DURATION, Cycle, Evidence, estimated, generator_of, published
from loantwin.migrations.histories import is_history, read_events
from loantwin.migrations.matrices import WITHDRAWN, Withdrawn, mobility, monotone
from loantwin.migrations.term_structure import Compared, DefaultAt, compared, matrix_over, term_structure
from loantwin.types import Progress, Result, silent

LONGEST = 100
"""Years, the longest horizon."""


@dataclass(frozen=True)
class RatingsResult(Result):
    """A transition matrix and what follows; rows of `matrix`, `generator` by state, cells as `states`.

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


def ratings(
    file: Path | str,
    *,
    estimate: str | None = None,
    horizon: float = 5.0,
    withdrawn: str = "proportional",
    generator: str = "quasi-optimisation",
    states: Sequence[str] | None = None,
    rest: str | None = None,
    period: str | None = None,
    resamples: int = 500,
    seed: int = 0,
    progress: Progress = silent,
) -> RatingsResult:
    """Return a transition matrix, its generator, whether it has one, and default probabilities by years.

    Parameters
    ----------
    file : a published matrix (text, Excel, Parquet, JSON), or a history with customer, date and rating.
    estimate : of a history: cohort (default) or duration. horizon : years, > 0; whole years for the term
        structure.
    withdrawn : proportional, no-default or keep. generator : see `generators.METHODS`; a duration estimate is
        one itself.
    states : names from best to worst, where the file has none. rest : a state that takes what rows lack of
        one. period : of a history whose time is a number, what 1 is: year, quarter, month or day.
    resamples, seed : of the intervals of a history.

    Raises
    ------
    RiskError : a file that is no matrix or history, naming row and field. TapeError : one that is no table.
    UsageError : arguments that do not fit the file. ExtraError : an Excel file without the extra `excel`.
    """
    if not Path(file).is_file():
        raise UsageError(expected("a file of ratings", "none"), file=file, field="file")
    if not 0 < horizon <= LONGEST:
        raise UsageError(expected(f"a horizon above 0 and up to {LONGEST} years", horizon), field="horizon")
    kind = COHORT if estimate is None else choice(estimate, (COHORT, DURATION), "estimate")
    withdrawn = choice(withdrawn, get_args(Withdrawn), "withdrawn")
    generator = choice(generator, generators.METHODS, "generator")
    history = is_history(file)
    if estimate is not None and not history:
        raise UsageError(
            expected("a history (customer, date, rating) for `estimate`", "a matrix"),
            file=file,
            field="estimate",
        )
    if rest is not None and history:
        raise UsageError(expected("a matrix for `rest`", "a history"), file=file, field="rest")
    if period is not None and not history:
        raise UsageError(expected("a history for `period`", "a matrix"), file=file, field="period")
    how: Any = withdrawn
    found = (
        estimated(read_events(file, states=states, period=period), kind, how)
        if history
        else published(file, how, states, rest)
    )
    progress(0.3, "generator and intervals")
    if found.matrix.default is None:
        raise RiskError(
            expected("a state named D or default", ", ".join(found.matrix.states)), file=file, field="states"
        )
    method: Any = generator
    made = generator_of(found, method)
    return _result(Path(file), found, made, horizon, withdrawn, resamples, seed)


def _result(
    file: Path,
    found: Evidence,
    made: generators.Generator,
    horizon: float,
    withdrawn: str,
    resamples: int,
    seed: int,
) -> RatingsResult:
    matrix, states = found.matrix, found.matrix.states
    settled = generators.embeddability(matrix.values, states)
    sums = found.sums
    notes = [WITHDRAWN[withdrawn], *found.said]
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
        at_horizon=_rows(states, matrix_over(found, made, horizon)),
        term_structure=term_structure(found, made, horizon, resamples, seed),
        mobility=mobility(matrix.values),
        compared=compared(found, made),
        cycle=found.cycle,
        at_risk={} if sums is None else dict(zip(states, sums.at_risk.sum(axis=0).tolist(), strict=True)),
        facts={} if sums is None else sums.facts,
        notes=tuple(notes),
        provenance={"file": file.name, "resamples": resamples if sums else 0, "seed": seed},
    )


def _rows(states: tuple[str, ...], values: Floats) -> dict[str, tuple[float, ...]]:
    return {name: tuple(row) for name, row in zip(states, values.tolist(), strict=True)}
