"""`fairness-search`: models from the same cases that approve groups more alike, with what each costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.arrays import Array, Flags, Floats
from loantwin.clock import Clock, SystemClock
from loantwin.decisions.fairness.alternatives import PRESENT, Candidate, candidates, out_of_fold
from loantwin.decisions.fairness.cases import MOST_GROUPS, group_named, labels_of
from loantwin.decisions.fairness.figures import FEWEST
from loantwin.decisions.fairness.frontier import Alternative, safest, weigh
from loantwin.decisions.fairness.levels import levels_of
from loantwin.errors import ModelError, UsageError, choice, expected
from loantwin.extras import require
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.folds import stratified
from loantwin.models.scoring.kinds import KINDS, NEED_EXTRA
from loantwin.models.scoring.leaks import find_leaks
from loantwin.models.scoring.protected import without_groups
from loantwin.models.scoring.sample import Sample, column_of, sample_of
from loantwin.models.scoring.table import Table, read_table
from loantwin.types import Progress, Result, silent, stretch

MODELS = ("logistic", "additive", "scorecard")
"""The present model's kind first."""


@dataclass(frozen=True)
class FairnessSearchResult(Result):
    """Models beside the present one: what each gains in approvals of a group, and what it costs.

    rows, bads : with a known end. group_cases, reference_cases : of the groups compared. approved_share : of
    all cases that every model approves, by one cut-off for all groups. folds : of the cross-validation.
    alternatives : the present model first. found : those whose gain is shown and above zero. features : what
    the present model reads. left_out : columns that no model reads, and why.
    """

    SCHEMA: ClassVar[str] = "loantwin.fairness_search/1"

    source: str
    target: str
    good: str
    group: str
    compared: str
    reference: str
    rows: int
    bads: int
    group_cases: int
    reference_cases: int
    approved_share: float
    folds: int
    alternatives: tuple[Alternative, ...]
    found: tuple[str, ...]
    features: tuple[str, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def fairness_search(
    data: Path | str,
    *,
    target: str,
    good: str,
    group: str | Sequence[str],
    reference: str | None = None,
    compare: str | None = None,
    approve: float | None = None,
    models: Sequence[str] = MODELS,
    folds: int = 5,
    seed: int = 0,
    exclude: Sequence[str] = (),
    keep: Sequence[str] = (),
    train_on_groups: bool = False,
    progress: Progress = silent,
    clock: Clock | None = None,
) -> FairnessSearchResult:
    """Train alternatives to a score on the same cases and set what each gains beside what it costs.

    Every model is judged on cases that it was not trained on, at the same share approved and one cut-off
    for all. No model reads a group; with `train_on_groups` some are trained to bring groups' mean
    scores together, and still do not read the group of the cases that they score.

    Parameters
    ----------
    data, target, good, exclude, keep : as for `score_train`. group, reference : as for `fairness`.
    compare : the group beside the reference; where none is named, that with the lowest ratio of
        approval under the present model. approve : share of cases approved; the share that ended well, where
        none
        is given. models : kinds, the present one first. folds : of the cross-validation.

    Raises
    ------
    UsageError : no such column, value, group or model; a share outside (0, 1). ModelError : one class or
        group, fewer than 30 cases of a group. TapeError : a file that is no table. ExtraError : boosting
        without the extra `scoring`.
    """
    path = Path(data)
    if not path.is_file():
        raise UsageError(expected("a file of cases", "none"), file=data, field="data")
    kinds = _kinds(models)
    _check(approve, folds)
    table = read_table(path)
    columns = [group] if isinstance(group, str) else list(group)
    whole = sample_of(table, target, str(good), exclude=exclude)
    apart = without_groups(whole, columns, seed=seed)
    sample, leaks = _without_leaks(apart.sample, keep, table, seed)
    labels = labels_of(sample.table, columns)
    names = _groups(labels, ", ".join(columns))
    base = names[0] if reference is None else group_named(str(reference), names, "reference")
    part = float((~sample.bad).mean()) if approve is None else approve
    features = learn_features(sample.table, sample.names)
    values = encode(features, sample.table).values
    fold = stratified(sample.bad, folds, seed)
    present = (Candidate(PRESENT, kinds[0]),)
    nobody = np.zeros(len(labels), dtype=bool)
    first = next(out_of_fold(present, features, values, sample.bad, nobody, nobody, fold, seed))
    other = _compared(compare, first, labels, names, base, part)
    sides = labels == other, (labels == other) | (labels == base)
    tried = candidates(kinds, features, values, *sides, train_on_groups)
    told = stretch(progress, 0.1, 0.95)
    rest = out_of_fold(tried[1:], features, values, sample.bad, *sides, fold, seed, told)
    made = weigh(tried, [first, *rest], sample.bad, sides[0], labels == base, part, seed)
    return FairnessSearchResult(
        source=path.name,
        target=column_of(table, target, "target"),
        good=str(good),
        group=", ".join(columns),
        compared=other,
        reference=base,
        rows=len(sample.bad),
        bads=int(sample.bad.sum()),
        group_cases=int((labels == other).sum()),
        reference_cases=int((labels == base).sum()),
        approved_share=part,
        folds=folds,
        alternatives=made,
        found=tuple(item.name for item in made if item.gain_told == "shown" and (item.gain.value or 0) > 0),  # type: ignore[union-attr]
        features=sample.names,
        left_out={**sample.left_out, **leaks},
        notes=(*table.said, *apart.notes, *_notes(sample, made, train_on_groups)),
        provenance=_provenance(path, table, kinds, seed, clock or SystemClock()),
    )


def _kinds(models: Sequence[str]) -> list[str]:
    made = list(dict.fromkeys(choice(name, KINDS, "models") for name in models))
    if not made:
        raise UsageError(expected("at least one of " + ", ".join(KINDS), "none"), field="models")
    if set(made) & set(NEED_EXTRA):
        require("scoring")
    return made


def _check(approve: float | None, folds: int) -> None:
    if approve is not None and not 0 < approve < 1:
        raise UsageError(expected("a share approved between 0 and 1", approve), field="approve")
    if not 2 <= folds <= 100:
        raise UsageError(expected("2 to 100 folds", folds), field="folds")


def _without_leaks(
    sample: Sample, keep: Sequence[str], table: Table, seed: int
) -> tuple[Sample, dict[str, str]]:
    """Return a sample without the columns that are suspected to know the outcome, and those columns."""
    from dataclasses import replace

    kept = {column_of(table, name, "keep") for name in keep}
    features = learn_features(sample.table, sample.names)
    values = encode(features, sample.table).values
    gone = {item.column for item in find_leaks(features, values, sample.bad, seed=seed)} - kept
    names = tuple(name for name in sample.names if name not in gone)
    if not names:
        raise UsageError(
            expected("a feature that is not suspected to know the outcome", "none"), field="keep"
        )
    why = {name: "suspected to know the outcome" for name in sample.names if name in gone}
    return replace(sample, names=names), why


def _groups(labels: Array, field: str) -> tuple[str, ...]:
    """Return the groups, the largest first."""
    single, counts = np.unique(
        np.array([label for label in labels if label is not None], dtype=str), return_counts=True
    )
    if not 2 <= len(single) <= MOST_GROUPS:
        raise ModelError(expected(f"2 to {MOST_GROUPS} groups", len(single)), field=field)
    return tuple(str(single[place]) for place in np.lexsort((single, -counts)))


def _compared(
    asked: str | None, log_odds: Floats, labels: Array, names: Sequence[str], base: str, part: float
) -> str:
    """Return the group beside the reference: the one named, else the one of the lowest ratio of approval."""
    others = [name for name in names if name != base]
    if asked is not None:
        others = [group_named(str(asked), others, "compare")]
    approved: Flags = safest(log_odds, part)
    large = [name for name in others if (labels == name).sum() >= FEWEST]
    if not large or (labels == base).sum() < FEWEST:
        raise ModelError(
            expected(f"{FEWEST} cases of a group and of the reference {base}", "fewer"), field="group"
        )
    if not approved[labels == base].any():
        raise ModelError(expected(f"an approved case of {base}", "none at this share"), field="approve")
    return min(large, key=lambda name: float(approved[labels == name].mean()))


def _notes(sample: Sample, made: Sequence[Alternative], trained: bool) -> list[str]:
    goods = int((~sample.bad).sum())
    levels = levels_of(goods, len(sample.bad), None)
    told = [
        f"{len(made) - 1} alternatives were tried: a gain is shown only where its interval, widened "
        "for their number, "
        "leaves zero out",
        "The ratio is that of a cut-off at one share of these cases; policies, prices and limits are "
        "not in it",
    ]
    if not levels.kept:
        told.append(
            "Good and bad ends look chosen by number: ratios are then those of cases so chosen, not "
            "a lender's"
        )
    if trained:
        told.append(
            "Models held together were trained with the groups' labels, as asked; whether that is "
            "lawful is not judged here"
        )
    return told


def _provenance(path: Path, table: Table, kinds: Sequence[str], seed: int, clock: Clock) -> dict[str, Any]:
    from importlib.metadata import version

    return {
        "program": f"loantwin {version('loantwin')}", "source": path.name, "sha256": table.sha256,
        "computed": clock.now().isoformat(), "models": list(kinds), "seed": seed,
    }  # fmt: skip
