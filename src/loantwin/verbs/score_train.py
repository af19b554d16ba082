"""`score train`: scores trained on rows with a known end, judged on rows not trained on, kept as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import UsageError, choice, expected
from loantwin.extras import require
from loantwin.files import whole_folder
from loantwin.models.scoring.binning import learn_bins
from loantwin.models.scoring.code import code_hash
from loantwin.models.scoring.curves import curves_of
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import read_folds
from loantwin.models.scoring.judge import Judged, ScoreCompared, best_single, champion_of, compare
from loantwin.models.scoring.kinds import KINDS, NEED_EXTRA, STACK, available
from loantwin.models.scoring.leaks import Suspect
from loantwin.models.scoring.look import Looked, look_for_leaks
from loantwin.models.scoring.measures import characteristic_stability
from loantwin.models.scoring.parts import PartJudged, by_segment
from loantwin.models.scoring.periods import FeatureMoved, by_period, features_by_period
from loantwin.models.scoring.protected import without_groups
from loantwin.models.scoring.sample import Sample, column_of, columns_of, sample_of
from loantwin.models.scoring.scorecard import table_of_points
from loantwin.models.scoring.store import Score, write_scores
from loantwin.models.scoring.table import Table, read_table
from loantwin.models.scoring.told import FeatureTold, PointsTold
from loantwin.models.scoring.training import train_scores
from loantwin.models.scoring.trial import Trial, try_by_folds, try_out_of_time
from loantwin.types import Progress, Result, silent

BASE = "logistic"
"""The model that others are set beside."""


SLOPES = (0.5, 2.0)
"""Calibration slopes within which a champion is not warned of; assumed."""


@dataclass(frozen=True)
class ScoreTrainResult(Result):
    """Scores, each judged on rows that it was not trained on, and what may be wrong with the data.

    rows : with a target. bads : of them. good, bad_values : of the target. unknown : rows without a target.
    judged_on : folds, or the rows from a day on. models : name -> figures. champion : the one of least log
    loss; a stack only where it beats the best single model beyond chance. compared : each beside the logistic
    regression; monotone boosting beside free boosting: its cost; the stack beside the best single model.
    segments : each model in each part of the columns asked for. periods : likewise by quarter or year of the
    judged rows, with the score's stability; moved : that of each feature; both empty of folds.
    leaks : columns suspected to know the outcome. left_out : column -> why it is no feature. registry_id :
    hash of data, settings, versions and models. out : the folder, its files named after the models.
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
    segments: tuple[PartJudged, ...]
    periods: tuple[PartJudged, ...]
    moved: tuple[FeatureMoved, ...]
    leaks: tuple[Suspect, ...]
    features: tuple[FeatureTold, ...]
    left_out: Mapping[str, str]
    points: tuple[PointsTold, ...]
    registry_id: str
    out: str
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """What a training was asked for: names of columns as they stand in the table."""

    path: Path
    target: str
    good: str
    time: str | None
    repeats: int
    folds: int
    seed: int
    models: tuple[str, ...]
    segments: tuple[str, ...]
    keep: tuple[str, ...]
    groups: tuple[str, ...] = ()
    train_on_groups: bool = False

    def settings(self, columns: Sequence[str]) -> dict[str, Any]:
        """Return what models depend on besides the data and the versions."""
        return {
            "target": self.target, "good": self.good, "time": self.time,
            "folds": None if self.time else f"{self.repeats}x{self.folds}", "seed": self.seed,
            "columns": list(columns),
            **({"groups": list(self.groups), "train_on_groups": self.train_on_groups} if self.groups else {}),
        }  # fmt: skip


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
    segments: Sequence[str] = (),
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
        settings are chosen out of time inside them, and dates are read as days before the case. folds :
        repeats x folds, where no time is given.
    models : names of `KINDS`, all by default. segments : columns by whose values models are judged apart.
    exclude, keep : columns left out, and kept though suspected, or of numbers that seem to name cases.
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
        whole = sample_of(table, target, str(good), time=time, exclude=exclude, keep=keep)
        day = None if time is None else column_of(table, time, "time")
        apart = without_groups(whole, groups, train_on=train_on_groups, time=day, seed=seed)
        sample = apart.sample
        asked = _Asked(
            path,
            column_of(table, target, "target"),
            str(good),
            day,
            repeats,
            parts,
            seed,
            tuple(names),
            tuple(column_of(table, name, "segments") for name in segments),
            columns_of(table, keep, "keep"),
            tuple(apart.groups),
            train_on_groups,
        )
        looked = look_for_leaks(sample, time=asked.time, seed=seed, keep=asked.keep)
        progress(0.05, "looked for leaks")
        trial = _tried(asked, sample, looked.names, progress)
        compared, champion = _compared(trial, seed)
        progress(0.9, "training on all rows")
        made = train_scores(sample.table, looked.names, sample.bad, names, time=asked.time, seed=seed)
        told = ScoreTrainResult(
            source=path.name,
            target=asked.target,
            good=asked.good,
            bad_values=sample.bad_values,
            rows=len(sample.bad),
            bads=int(sample.bad.sum()),
            unknown=sample.unknown,
            judged_on=trial.words,
            models=trial.judged,
            champion=champion,
            compared=compared,
            segments=by_segment(trial, sample.table, asked.segments, seed),
            periods=() if asked.time is None else by_period(trial, asked.time, seed),
            moved=features_by_period(trial),
            leaks=looked.leaks,
            features=_features(made.features, made.values, sample, _moved(trial)),
            left_out={**sample.left_out, **looked.left_out},
            points=_points(made.scores),
            registry_id="",
            out=str(out),
            notes=(
                *table.said,
                *sample.bad_said(asked.target),
                *notes,
                *apart.notes,
                *looked.notes,
                *_poorly(trial.judged[champion], champion),
            ),
            provenance={
                "file": path.name,
                "sha256": table.sha256,
                **asked.settings(looked.names),
                "versions": _versions(names),
            },
        )
        record = {**_record(asked, table, sample, looked, trial, champion), "card": _card(told, trial)}
        number = write_scores(folder, made.scores, record)
    return replace(told, registry_id=number)


def _poorly(judged: Judged, champion: str) -> tuple[str, ...]:
    """Return in words what a champion's probabilities are worth where they are far from what came."""
    slope = judged.calibration_slope
    if SLOPES[0] <= slope <= SLOPES[1]:
        return ()
    words = f"the probabilities of {champion} are not to be used as they are: calibration slope {slope:.2f}"
    return (f"{words} on rows it was not trained on, where 1 is right",)


def _tried(asked: _Asked, sample: Sample, columns: Sequence[str], progress: Progress) -> Trial:
    if asked.time is not None:
        return try_out_of_time(sample, columns, asked.models, asked.time, seed=asked.seed)
    return try_by_folds(
        sample,
        columns,
        asked.models,
        repeats=asked.repeats,
        folds=asked.folds,
        seed=asked.seed,
        told=lambda share: progress(0.05 + 0.85 * share, "judging"),
    )


def _record(
    asked: _Asked, table: Table, sample: Sample, looked: Looked, trial: Trial, champion: str
) -> dict[str, Any]:
    return {
        "data": {
            "file": asked.path.name,
            "sha256": table.sha256,
            "rows": len(sample.bad),
            **_span(sample, asked.time),
        },
        "settings": asked.settings(looked.names),
        "versions": _versions(asked.models),
        "code": code_hash(),
        "champion": champion,
        "figures": {name: asdict(item) for name, item in trial.judged.items()},
        "leaks": [asdict(item) for item in looked.leaks],
    }


CARD = (
    "target", "good", "bad_values", "rows", "bads", "unknown", "judged_on", "compared", "segments", "periods",
    "moved", "features", "left_out", "notes",
)  # fmt: skip
"""What a card tells of a training, as its result does."""


def _card(result: ScoreTrainResult, trial: Trial) -> dict[str, Any]:
    """Return what the record keeps for `score card`: parts of the result, and curves."""
    told = result.to_dict()
    curves = {name: asdict(curves_of(trial.bad, scores[0])) for name, scores in trial.log_odds.items()}
    return {**{name: told[name] for name in CARD}, "curves": curves}


def _kinds(models: Sequence[str] | None) -> tuple[list[str], tuple[str, ...]]:
    if models is not None:
        asked = {choice(name, KINDS, "models") for name in models}
        if not asked:
            raise UsageError(expected("at least one of " + ", ".join(KINDS), "none"), field="models")
        if asked & set(NEED_EXTRA):
            require("scoring")
        return [name for name in KINDS if name in asked], ()
    there = available(KINDS)
    if there == tuple(KINDS):
        return list(KINDS), ()
    words = "boosting is left out: the extra scoring is not installed; pip install 'loantwin[scoring]'"
    return list(there), (words,)


def _moved(trial: Trial) -> dict[str, float]:
    if trial.before is None:
        return {}
    near, far = trial.before.near.values, trial.before.far.values
    return {
        feature.name: characteristic_stability(near[:, at], far[:, at])
        for at, feature in enumerate(trial.before.features)
    }


def _compared(trial: Trial, seed: int) -> tuple[tuple[ScoreCompared, ...], str]:
    """Return models beside others, and the champion."""
    there = trial.judged
    pairs = [(name, BASE) for name in there if name != BASE and BASE in there]
    if set(NEED_EXTRA) <= set(there):
        pairs.append((NEED_EXTRA[1], NEED_EXTRA[0]))
    best = best_single(there)
    if STACK in there and best not in (STACK, BASE):
        pairs.append((STACK, best))
    made = tuple(compare(one, other, there, trial.log_odds, trial.bad, seed) for one, other in pairs)
    beside = [item for item in made if (item.model, item.against) == (STACK, best)]
    return made, champion_of(there, beside[0] if beside else None)


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
    packages = ["loantwin", "numpy", "scipy", *(["lightgbm"] if _boosted(names) else [])]
    return {name: version(name) for name in packages}


def _boosted(names: Sequence[str]) -> bool:
    """Return whether a model is one of trees, or made of one."""
    return bool({base for name in names for base in (name, *available(KINDS[name].base))} & set(NEED_EXTRA))
