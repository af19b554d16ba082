"""`score train`: scores trained on rows with a known end, judged on rows not trained on, kept as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit

from loantwin.arrays import Floats
from loantwin.errors import UsageError, choice, expected
from loantwin.extras import EXTRAS, require
from loantwin.files import whole_folder
from loantwin.models.scoring.binning import learn_bins
from loantwin.models.scoring.code import code_hash
from loantwin.models.scoring.features import Encoded, Feature, encode, learn_features
from loantwin.models.scoring.folds import out_of_time, read_folds
from loantwin.models.scoring.judge import (
    Judged,
    ScoreCompared,
    compare,
    cross_validate,
    judge_folds,
    judge_later,
)
from loantwin.models.scoring.kinds import KINDS, NEED_EXTRA
from loantwin.models.scoring.leaks import Suspect, find_future, find_leaks
from loantwin.models.scoring.measures import characteristic_stability
from loantwin.models.scoring.protected import without_groups
from loantwin.models.scoring.sample import Sample, column_of, sample_of
from loantwin.models.scoring.scorecard import table_of_points
from loantwin.models.scoring.store import Score, write_scores
from loantwin.models.scoring.table import read_table, take
from loantwin.models.scoring.training import train_scores
from loantwin.types import Progress, Result, silent

BASE = "logistic"
"""The model that others are set beside."""


@dataclass(frozen=True)
class FeatureTold:
    """A column that the models read.

    missing : share of rows without it. levels : of a category, the rare ones left out. rare : how many texts
    share one level. information : information value of its bins. stability : index of how far it moved
    between training and later rows, null of folds.
    """

    name: str
    kind: str
    missing: float
    levels: int
    rare: int
    information: float
    stability: float | None


@dataclass(frozen=True)
class PointsTold:
    """A bin of the scorecard: points of a case in it, rows and share of bads there."""

    column: str
    bin: str
    points: float
    rows: int
    bad_rate: float | None


@dataclass(frozen=True)
class ScoreTrainResult(Result):
    """Scores, each judged on rows that it was not trained on, and what may be wrong with the data.

    rows : with a target. bads : of them. good, bad_values : of the target. unknown : rows without a target.
    judged_on : folds, or the rows from a day on. models : name -> figures. champion : the one of least log
    loss. compared : each beside the logistic regression; monotone boosting beside free boosting: its cost.
    leaks : columns suspected to know the outcome. left_out : column -> why it is no feature. registry_id :
    hash of data, settings, versions, code and models. out : the folder, its files named after the models.
    """

    SCHEMA: ClassVar[str] = "loantwin.score_train/1"

    source: str
    target: str
    good: str
    bad_values: tuple[str, ...]
    rows: int
    bads: int
    unknown: int
    judged_on: str
    models: Mapping[str, Judged]
    champion: str
    compared: tuple[ScoreCompared, ...]
    leaks: tuple[Suspect, ...]
    features: tuple[FeatureTold, ...]
    left_out: Mapping[str, str]
    points: tuple[PointsTold, ...]
    registry_id: str
    out: str
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def score_train(
    data: Path | str,
    *,
    target: str,
    good: str,
    out: Path | str,
    time: str | None = None,
    folds: str = "5x5",
    seed: int = 0,
    models: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    keep: Sequence[str] = (),
    groups: Sequence[str] = (),
    train_on_groups: bool = False,
    progress: Progress = silent,
) -> ScoreTrainResult:
    """Train scores, judge each on rows it had not seen, and keep them as text with a record.

    Columns that are suspected to know the outcome are named in `leaks` and left out, unless `keep` names
    them. The same file, arguments and versions give the same models to the bit.

    Parameters
    ----------
    data : a table: text, Excel or Parquet. target : column of the end. good : its value that is good; every
        other is bad, rows without one are left out. out : a new or empty folder.
    time : column of the day of each case: the latest 30 % of rows judge models that the earlier ones trained,
        and dates are read as days before it. folds : repeats x folds, where no time is given.
    models : names of `KINDS`, all by default. exclude, keep : columns left out, and kept though suspected.
    groups : columns that say who is of a group: measured by, no features unless `train_on_groups`.

    Raises
    ------
    UsageError : no such column, value or model, a folder that is not empty. ModelError : one class, too few
        rows. TapeError : a file that is no table, an infinite number. ExtraError : boosting asked for by name
        without the extra `scoring`.
    """
    path = Path(data)
    if not path.is_file():
        raise UsageError(expected("a file of cases", "none"), file=data, field="data")
    repeats, parts = read_folds(folds)
    names, notes = _kinds(models)
    with whole_folder(Path(out)) as folder:
        table = read_table(path)
        whole = sample_of(table, target, str(good), time=time, exclude=exclude)
        day = None if time is None else column_of(table, time, "time")
        apart = without_groups(whole, groups, train_on=train_on_groups, time=day, seed=seed)
        sample = apart.sample
        told = _Told(sample, day, seed, [column_of(table, name, "keep") for name in keep])
        progress(0.02, "looked for leaks")
        found = _by_time(told, names) if day else _by_folds(told, names, repeats, parts, progress)
        progress(0.9, "training on all rows")
        made = train_scores(sample.table, told.names, sample.bad, names, time=day, seed=seed)
        champion = min(names, key=lambda name: found.judged[name].log_loss)
        settings = {
            "target": target, "good": str(good), "time": day, "folds": None if day else f"{repeats}x{parts}",
            "seed": seed, "columns": list(told.names),
            **({"groups": list(apart.groups), "train_on_groups": train_on_groups} if apart.groups else {}),
        }  # fmt: skip
        record = {
            "data": {
                "file": path.name,
                "sha256": table.sha256,
                "rows": len(sample.bad),
                **_span(sample, day),
            },
            "settings": settings,
            "versions": _versions(names),
            "code": code_hash(),
            "champion": champion,
            "figures": {name: asdict(item) for name, item in found.judged.items()},
            "leaks": [asdict(item) for item in told.leaks],
        }
        number = write_scores(folder, made.scores, record)
    return ScoreTrainResult(
        source=path.name,
        target=column_of(table, target, "target"),
        good=str(good),
        bad_values=sample.bad_values,
        rows=len(sample.bad),
        bads=int(sample.bad.sum()),
        unknown=sample.unknown,
        judged_on=found.words,
        models=found.judged,
        champion=champion,
        compared=_compared(found, seed),
        leaks=told.leaks,
        features=_features(made.features, made.values, sample, found.moved),
        left_out={**sample.left_out, **told.left_out},
        points=_points(made.scores),
        registry_id=number,
        out=str(out),
        notes=(*table.said, *notes, *apart.notes, *told.notes),
        provenance={"file": path.name, "sha256": table.sha256, **settings, "versions": _versions(names)},
    )


@dataclass(frozen=True)
class _Found:
    """Figures by model, squared errors of each judged case (paired), how far each feature moved."""

    judged: Mapping[str, Judged]
    losses: Mapping[str, Floats]
    moved: Mapping[str, float]
    words: str


class _Told:
    """A sample after the look for leaks: its suspects, and the columns that are left to learn from."""

    def __init__(self, sample: Sample, time: str | None, seed: int, keep: Sequence[str]) -> None:
        self.sample, self.time, self.seed = sample, time, seed
        future = () if time is None else find_future(dict(sample.table.dates), time)
        future = tuple(item for item in future if item.column in sample.names)
        known = [name for name in sample.names if name not in {item.column for item in future}]
        features = learn_features(sample.table, known, time)
        values = encode(features, sample.table, time).values
        self.leaks: tuple[Suspect, ...] = (*find_leaks(features, values, sample.bad, seed=seed), *future)
        gone = {item.column for item in self.leaks} - set(keep)
        self.names = tuple(name for name in sample.names if name not in gone)
        if not self.names:
            raise UsageError(
                expected("a feature that is not suspected to know the outcome", "none"), field="keep"
            )
        self.left_out = {name: "suspected to know the outcome" for name in sample.names if name in gone}
        kept = [item.column for item in self.leaks if item.column in keep]
        self.notes = (f"kept though suspected to know the outcome: {', '.join(kept)}",) if kept else ()


def _kinds(models: Sequence[str] | None) -> tuple[list[str], tuple[str, ...]]:
    if models is not None:
        asked = {choice(name, KINDS, "models") for name in models}
        if not asked:
            raise UsageError(expected("at least one of " + ", ".join(KINDS), "none"), field="models")
        if asked & set(NEED_EXTRA):
            require("scoring")
        return [name for name in KINDS if name in asked], ()
    if all(find_spec(module) is not None for module in EXTRAS["scoring"]):
        return list(KINDS), ()
    words = "boosting is left out: the extra scoring is not installed; pip install 'loantwin[scoring]'"
    return [name for name in KINDS if name not in NEED_EXTRA], (words,)


def _by_folds(told: _Told, names: Sequence[str], repeats: int, parts: int, progress: Progress) -> _Found:
    sample = told.sample
    features = learn_features(sample.table, told.names)
    values = encode(features, sample.table).values
    judged, losses = {}, {}
    for place, name in enumerate(names):

        def tell(share: float, place: int = place, name: str = name) -> None:
            progress(0.05 + 0.85 * (place + share) / len(names), f"judging {name}")

        made = cross_validate(
            name, features, values, sample.bad, repeats=repeats, folds=parts, seed=told.seed, told=tell
        )
        judged[name] = judge_folds(made, sample.bad, told.seed)
        losses[name] = ((expit(made.log_odds) - sample.bad) ** 2).mean(axis=0)
    times = "" if repeats == 1 else f", {repeats} times anew"
    return _Found(judged, losses, {}, f"{parts} folds{times}")


def _by_time(told: _Told, names: Sequence[str]) -> _Found:
    sample, time = told.sample, str(told.time)
    before, after, cut = out_of_time(sample.table.dates[time], sample.bad)
    early, late = take(sample.table, before), take(sample.table, after)
    features = learn_features(early, told.names, time)
    near, far = encode(features, early, time), encode(features, late, time)
    judged, losses = {}, {}
    for name in names:
        model = KINDS[name].train(features, near.values, sample.bad[before], seed=told.seed)
        found = KINDS[name].log_odds(model, far.values)
        trained = KINDS[name].log_odds(model, near.values)
        judged[name] = judge_later(found, sample.bad[after], trained, told.seed)
        losses[name] = (expit(found) - sample.bad[after]) ** 2
    rates = [f"{len(rows):,} rows, {sample.bad[rows].mean():.1%} bad" for rows in (before, after)]
    words = f"rows after {cut} ({rates[1]}), trained on those until then ({rates[0]})"
    return _Found(judged, losses, _moved(features, near, far), words)


def _moved(features: Sequence[Feature], near: Encoded, far: Encoded) -> dict[str, float]:
    return {
        feature.name: characteristic_stability(near.values[:, at], far.values[:, at])
        for at, feature in enumerate(features)
    }


def _compared(found: _Found, seed: int) -> tuple[ScoreCompared, ...]:
    pairs = [(name, BASE) for name in found.judged if name != BASE and BASE in found.judged]
    if set(NEED_EXTRA) <= set(found.judged):
        pairs.append((NEED_EXTRA[1], NEED_EXTRA[0]))
    return tuple(compare(one, other, found.judged, found.losses, seed) for one, other in pairs)


def _features(
    features: Sequence[Feature], values: Floats, sample: Sample, moved: Mapping[str, float]
) -> tuple[FeatureTold, ...]:
    made = [
        FeatureTold(
            feature.name,
            feature.kind,
            feature.missing,
            len(feature.levels),
            len(feature.rare),
            learn_bins(feature, values[:, at], sample.bad).information,
            moved.get(feature.name),
        )
        for at, feature in enumerate(features)
    ]
    return tuple(sorted(made, key=lambda item: (-item.information, item.name)))


def _points(scores: Mapping[str, Score]) -> tuple[PointsTold, ...]:
    if "scorecard" not in scores:
        return ()
    return tuple(
        PointsTold(column, words, points, rows, bads / rows if rows else None)
        for column, words, points, rows, bads in table_of_points(scores["scorecard"].model)
    )


def _span(sample: Sample, day: str | None) -> dict[str, str]:
    """Return the first and the last day of the cases, empty where no column tells them."""
    if day is None:
        return {}
    days = sample.table.dates[day]
    return {"first": str(np.nanmin(days)), "last": str(np.nanmax(days))}


def _versions(names: Sequence[str]) -> dict[str, str]:
    packages = ["loantwin", "numpy", "scipy", *(["lightgbm"] if set(names) & set(NEED_EXTRA) else [])]
    return {name: version(name) for name in packages}
