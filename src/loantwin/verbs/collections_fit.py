"""`collections fit`: what treatments add, for whom, learnt from a log of treatments and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.clock import Clock, SystemClock
from loantwin.decisions.collections.cases import Treated, read_log
from loantwin.decisions.collections.format import read_collections_format
from loantwin.decisions.collections.kept import Kept, write_uplift
from loantwin.errors import UsageError, expected, unknown
from loantwin.extras import require
from loantwin.files import check_target
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.uplift.judge import GroupUplift, Measured, groups, mean_of, qini, ranking_shown
from loantwin.models.uplift.learners import CANDIDATES, CONSTANT, Uplift, chosen, cross_fit, fit_uplift
from loantwin.types import Progress, Result, silent


@dataclass(frozen=True)
class TreatmentUplift:
    """What one treatment adds to the outcome, against none.

    treated, untreated : rows. average : effect on all of them, doubly robust. verdict : helps, harms, or not
    shown where its 95 % interval holds 0. estimator : that was taken; the simplest that is not clearly worse
    than the best.
    qini : area by which treating in the order of the estimates beats treating at random, in the outcome's
    unit, a row; None of an estimator that ranks nobody. ranking : shown, or not shown. groups : fifths of the
    rows, ranked.
    """

    treatment: str
    treated: int
    untreated: int
    average: Measured
    verdict: str
    estimator: str
    qini: Measured | None
    ranking: str
    groups: tuple[GroupUplift, ...]


@dataclass(frozen=True)
class EstimatorTried:
    """Held-out error of an estimator against the doubly robust outcomes, less that of the average effect
    alone: below 0 is better. low, high : 95 % interval.
    """

    treatment: str
    estimator: str
    error: float
    low: float
    high: float
    taken: bool


@dataclass(frozen=True)
class CollectionsFitted(Result):
    """Uplift by treatment. random : whether the log states with which probability each treatment was given.
    written : the file it was kept in.
    """

    SCHEMA: ClassVar[str] = "loantwin.collections_fit/1"

    source: str
    name: str
    rows: int
    features: int
    random: bool
    treatments: tuple[TreatmentUplift, ...]
    tried: tuple[EstimatorTried, ...]
    written: str | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def collections_fit(
    log: Path | str,
    format: Path | str,  # noqa: A002 - the command's own word
    *,
    seed: int = 0,
    out: Path | str | None = None,
    clock: Clock | None = None,
    progress: Progress = silent,
) -> CollectionsFitted:
    """Learn what each treatment adds against none, and for whom it adds most.

    Parameters
    ----------
    log : a table, a row a case and what was done: text, Excel or Parquet. format : the TOML file of columns
        and treatments (`loantwin schema collections`). seed : of folds and trees. out : where it is kept,
        JSON.

    Raises
    ------
    ConfigError : a format that is none. UsageError : no such file or column. TapeError : a value that is none
        of its kind. ModelError : fewer than 500 rows with a treatment or without one, or no overlap.
        ExtraError : the extra `scoring` is not installed.
    """
    require("scoring")
    if out is not None:
        check_target(Path(out), "out")
    mapping = read_collections_format(format)
    read = read_log(log, mapping)
    for name in mapping.features:
        if name not in read.table.names:
            raise UsageError(unknown(name, read.table.names), file=log, field="features")
    if not mapping.features:
        raise UsageError(expected("at least one column in features", "none"), file=format, field="features")
    features = learn_features(read.table, mapping.features)
    values = encode(features, read.table).values
    made: dict[str, tuple[Uplift, TreatmentUplift, list[EstimatorTried]]] = {}
    given = [place for place in range(len(read.names)) if (read.treatment == place).any()]
    for number, place in enumerate(given):
        progress(number / len(given), read.names[place])
        made[read.names[place]] = _one(read, values, place, seed)
    told = [item for _, item, _ in made.values()]
    kept = Kept(
        features,
        {name: model for name, (model, _, _) in made.items()},
        {item.treatment: item.verdict != "not shown" for item in told},
        {item.treatment: item.ranking == "shown" for item in told},
        Path(log).name,
        read.table.sha256,
    )
    random = not np.isnan(read.propensity).any()
    return CollectionsFitted(
        source=Path(log).name,
        name=mapping.name,
        rows=len(read.outcome),
        features=len(features),
        random=random,
        treatments=tuple(told),
        tried=tuple(row for _, _, rows in made.values() for row in rows),
        written=None if out is None else write_uplift(kept, out).name,
        notes=_notes(read, random, made.keys()),
        provenance={
            "program": f"loantwin {version('loantwin')}", "source": Path(log).name,
            "sha256": read.table.sha256,
            "format": Path(format).name, "seed": seed, "computed": (clock or SystemClock()).now().isoformat(),
        },
    )  # fmt: skip


def _one(
    read: Treated, values: Any, place: int, seed: int
) -> tuple[Uplift, TreatmentUplift, list[EstimatorTried]]:
    """Return the estimator of one treatment against none, and how good it is."""
    rows = (read.treatment == place) | (read.treatment == -1)
    own, outcome, treated = values[rows], read.outcome[rows], read.treatment[rows] == place
    chance = None
    if not np.isnan(read.propensity).any():  # of what was given; here of this treatment, among the two
        chance = _among_two(read, rows, place)
    found = cross_fit(own, treated, outcome, seed, chance)
    kind = chosen(found)
    average = mean_of(found.pseudo)
    score = found.held_out[kind]
    rank = None if kind == CONSTANT else qini(score, found.pseudo)
    base = (found.pseudo - found.held_out[CONSTANT]) ** 2
    tried = []
    for name in CANDIDATES:
        error = mean_of((found.pseudo - found.held_out[name]) ** 2 - base)
        tried.append(
            EstimatorTried(read.names[place], name, error.value, error.low, error.high, name == kind)
        )
    told = TreatmentUplift(
        treatment=read.names[place],
        treated=int(treated.sum()),
        untreated=int((~treated).sum()),
        average=average,
        verdict="helps" if average.low > 0.0 else "harms" if average.high < 0.0 else "not shown",
        estimator=kind,
        qini=rank,
        ranking="shown" if rank is not None and ranking_shown(rank) else "not shown",
        groups=() if rank is None else groups(score, found.pseudo),
    )
    return fit_uplift(kind, own, treated, outcome, found, seed), told, tried


def _among_two(read: Treated, rows: Any, place: int) -> Any:
    """Return the probability of a treatment where only it or none could be given, from those of what was
    given.

    The mean of the known probabilities by arm stands for the arm that a row did not get.
    """
    given, own = read.propensity[rows], read.treatment[rows] == place
    means = {True: float(given[own].mean()), False: float(given[~own].mean())}
    treated = np.where(own, given, means[True])
    none = np.where(own, means[False], given)
    return treated / (treated + none)


def _notes(read: Treated, random: bool, fitted: Any) -> tuple[str, ...]:
    said = [*read.table.said]
    if not random:
        said.append(
            "the log states no probabilities of treatment: they are estimated, and effects hold only if all "
            "that drove the choice is among the features (assumed)"
        )
    said += [
        f"{name} was given to nobody: nothing is told of it" for name in read.names if name not in fitted
    ]
    return tuple(said)
