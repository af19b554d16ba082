"""`score card`: what a committee reads of a score, from the record that its training left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.clock import Clock, SystemClock
from loantwin.errors import ModelError, UsageError, expected
from loantwin.events.register import read_register
from loantwin.models.scoring import measures
from loantwin.models.scoring.curves import ScoreCurves
from loantwin.models.scoring.judge import Judged, ScoreCompared
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.leaks import Suspect
from loantwin.models.scoring.measures import Decile
from loantwin.models.scoring.parts import PartJudged
from loantwin.models.scoring.periods import FeatureMoved
from loantwin.models.scoring.sample import sample_of
from loantwin.models.scoring.scorecard import Scale, table_of_points
from loantwin.models.scoring.store import RECORD, Score, predict, read_record, read_score
from loantwin.models.scoring.table import Table, read_table
from loantwin.models.scoring.told import FeatureTold, PointsTold
from loantwin.twin import Twin, opened
from loantwin.types import Result

NOT_RECORDED = "its record was written before cards and does not hold it; train it anew"
LEAST_CLASS = 10
"""Cases of either class below which other cases are not judged (assumed)."""
ASSUMED = (
    "Rows are taken as independent and like those to come.",
    "Applicants who were declined before are in no row: what the score says of such people is not tested.",
    "The thresholds of the leak check, and of what is shown of small parts, are assumed.",
    "Models kept are trained on all rows; the figures are of models like them on fewer rows.",
    "The bounds of settings that are tried are fixed for all data and assumed.",
)


@dataclass(frozen=True)
class RegisteredTold:
    """A model of the folder in a home's register. model : name and version. day, expires : ISO, or null."""

    model: str
    kind: str
    by: str | None
    day: str
    expires: str | None


@dataclass(frozen=True)
class ApprovalTold:
    """What a role said of a registered model. day : ISO. words : what was said, empty for nothing."""

    model: str
    role: str
    by: str
    day: str
    approved: bool
    words: str


@dataclass(frozen=True)
class OtherCases:
    """The champion on the cases of another file.

    same : whether it is the file of the training. unseen, beyond, missing : column -> cases. pd_mean : mean
    probability of bad. bads : null without a target. auc, brier : with 95 % intervals, null without enough
    cases of either class. deciles : calibration, likewise.
    """

    source: str
    sha256: str
    same: bool
    rows: int
    bads: int | None
    pd_mean: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    brier: float | None
    brier_low: float | None
    brier_high: float | None
    deciles: tuple[Decile, ...]
    unseen: Mapping[str, int]
    beyond: Mapping[str, int]
    missing: Mapping[str, int]


@dataclass(frozen=True)
class ScoreCardResult(Result):
    """A model card: what a score is for, what it was made of, how good it is, and what was assumed.

    purpose : in the lender's words, empty where not told. target, good, bad_values, rows, bads, unknown,
    judged_on, models, champion, compared, segments, periods, moved, leaks, features, left_out, points : as of
    `score train`. dates : first and last day of the cases, null without. groups : columns measured by;
    trained_on_groups : whether models read them. curves : by model. other_cases : null without a file.
    settings, versions : of the training. hashes : of each model's file. registered, approvals : of the
    home that was named. assumed : in words. not_recorded : parts that an older record does not hold.
    """

    SCHEMA: ClassVar[str] = "loantwin.score_card/1"

    source: str
    sha256: str
    purpose: str
    target: str
    good: str
    bad_values: tuple[str, ...]
    rows: int
    bads: int | None
    unknown: int | None
    dates: tuple[str, ...]
    judged_on: str
    models: Mapping[str, Judged]
    champion: str
    compared: tuple[ScoreCompared, ...]
    curves: Mapping[str, ScoreCurves]
    segments: tuple[PartJudged, ...]
    periods: tuple[PartJudged, ...]
    moved: tuple[FeatureMoved, ...]
    leaks: tuple[Suspect, ...]
    features: tuple[FeatureTold, ...]
    left_out: Mapping[str, str]
    points: tuple[PointsTold, ...]
    scale: Scale | None
    groups: tuple[str, ...]
    trained_on_groups: bool
    other_cases: OtherCases | None
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    hashes: Mapping[str, str]
    registry_id: str
    registered: tuple[RegisteredTold, ...]
    approvals: tuple[ApprovalTold, ...]
    assumed: tuple[str, ...]
    not_recorded: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def score_card(
    scores: Path | str,
    *,
    data: Path | str | None = None,
    purpose: str = "",
    home: Twin | Path | str | None = None,
    clock: Clock | None = None,
) -> ScoreCardResult:
    """Return the model card of the scores in a folder, from their record.

    Parameters
    ----------
    scores : the folder of `score train`. data : cases that the champion is judged on too, as later ones are
        known; their target may be missing. purpose : what the score is for, in the lender's words.
    home : a twin, or its folder, in whose register approvals are looked up. clock : when the card is made.

    Raises
    ------
    UsageError : no such file of cases. ModelError : no record of scores, a score that does not match its
        hash, a column that it knows is not there. TapeError : a file that is no table.
    """
    place = Path(scores)
    record = _record(place)
    told, champion = record.get("card", {}), str(record["champion"])
    card = read_score(place, "scorecard") if "scorecard" in record["models"] else None
    settings = record["settings"]
    registered, approvals = ((), ()) if home is None else _register(home, record["models"])
    moment = (clock or SystemClock()).now()
    return ScoreCardResult(
        source=str(record["data"]["file"]),
        sha256=str(record["data"]["sha256"]),
        purpose=purpose.strip(),
        target=str(told.get("target", settings["target"])),
        good=str(settings["good"]),
        bad_values=tuple(told.get("bad_values", ())),
        rows=int(record["data"]["rows"]),
        bads=told.get("bads"),
        unknown=told.get("unknown"),
        dates=tuple(record["data"][end] for end in ("first", "last") if end in record["data"]),
        judged_on=str(told.get("judged_on", settings.get("folds") or "the latest rows")),
        models={name: _judged(record["figures"][name]) for name in KINDS if name in record["figures"]},
        champion=champion,
        compared=_many(ScoreCompared, told.get("compared", ())),
        curves={name: _made(ScoreCurves, item) for name, item in told.get("curves", {}).items()},
        segments=_many(PartJudged, told.get("segments", ())),
        periods=_many(PartJudged, told.get("periods", ())),
        moved=_many(FeatureMoved, told.get("moved", ())),
        leaks=_many(Suspect, record.get("leaks", ())),
        features=_many(FeatureTold, told.get("features", ())),
        left_out=told.get("left_out", {}),
        points=_points(card),
        scale=None if card is None else card.model.scale,
        groups=tuple(settings.get("groups", ())),
        trained_on_groups=bool(settings.get("train_on_groups", False)),
        other_cases=None if data is None else _other(place, record, Path(data)),
        settings={name: _words(value) for name, value in settings.items() if name not in ("target", "good")},
        versions=record["versions"],
        hashes=record["models"],
        registry_id=str(record["registry_id"]),
        registered=registered,
        approvals=approvals,
        assumed=ASSUMED,
        not_recorded=() if told else (NOT_RECORDED,),
        notes=tuple(told.get("notes", ())),
        provenance={
            "source": str(record["data"]["file"]),
            "program": f"loantwin {record['versions'].get('loantwin', '')}".strip(),
            "computed": moment.isoformat(),
        },
    )


def _register(
    home: Twin | Path | str, hashes: Mapping[str, str]
) -> tuple[tuple[RegisteredTold, ...], tuple[ApprovalTold, ...]]:
    """Return what a home's register holds of the scores of a folder, which their hashes name."""
    with opened(home) as twin:
        register = read_register(twin.home, twin.head[0])
    found = [item for item in register.models.values() if item.data.get("model_blob") in hashes.values()]
    names = {item.id: item.words for item in found}
    made = tuple(
        RegisteredTold(
            item.words,
            item.kind,
            item.by,
            item.day.isoformat(),
            None if item.expires is None else item.expires.isoformat(),
        )
        for item in found
    )
    said = tuple(
        ApprovalTold(
            names[item.model_id], item.role, item.by, item.day.isoformat(), item.approved, item.words or ""
        )
        for item in register.judgements
        if item.model_id in names
    )
    return made, said


def _record(place: Path) -> dict[str, Any]:
    """Return the record of a folder, after its models are held to their hashes."""
    record = read_record(place)
    missing = [key for key in ("data", "settings", "versions", "figures") if key not in record]
    if missing:
        raise ModelError(
            expected("a record of scores", f"one without {', '.join(missing)}"), file=place / RECORD
        )
    for name in record["models"]:
        read_score(place, name)
    return record


def _made(kind: type[Any], parts: Mapping[str, Any]) -> Any:
    known = {item.name for item in fields(kind)}
    return kind(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in parts.items()
            if name in known
        }
    )


def _many(kind: type[Any], parts: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(_made(kind, item) for item in parts)


def _judged(parts: Mapping[str, Any]) -> Judged:
    made: Judged = _made(Judged, {**parts, "deciles": list(_many(Decile, parts["deciles"]))})
    return made


def _points(card: Score | None) -> tuple[PointsTold, ...]:
    return (
        ()
        if card is None
        else tuple(
            PointsTold(column, words, points, rows, bads / rows if rows else None)
            for column, words, points, rows, bads in table_of_points(card.model)
        )
    )


def _words(value: Any) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _other(place: Path, record: Mapping[str, Any], path: Path) -> OtherCases:
    """Return the champion on the cases of a file; with a target, on those that have one."""
    if not path.is_file():
        raise UsageError(expected("a file of cases", "none"), file=path, field="data")
    score, table = read_score(place), read_table(path)
    bad, cases = _ends(record, table)
    found = predict(score, cases)
    gone = np.isnan(found.encoded.values).sum(axis=0)
    names = [item.name for item in score.model.features]
    figures: dict[str, Any] = dict.fromkeys(
        ("auc", "auc_low", "auc_high", "brier", "brier_low", "brier_high")
    ) | {"deciles": ()}
    if bad is not None and min(bad.sum(), (~bad).sum()) >= LEAST_CLASS:
        area = measures.auc(bad, found.log_odds)
        low, high = measures.auc_interval(area, measures.auc_variance(bad, found.log_odds))
        losses = (found.pd - bad) ** 2
        less, more = measures.mean_interval(losses, 0)
        figures = {
            "auc": area, "auc_low": low, "auc_high": high, "brier": float(losses.mean()), "brier_low": less,
            "brier_high": more, "deciles": measures.deciles(bad, found.pd),
        }  # fmt: skip
    return OtherCases(
        source=path.name,
        sha256=table.sha256,
        same=table.sha256 == record["data"]["sha256"],
        rows=cases.rows,
        bads=None if bad is None else int(bad.sum()),
        pd_mean=float(found.pd.mean()),
        unseen=found.encoded.unseen,
        beyond=found.encoded.beyond,
        missing={name: int(count) for name, count in zip(names, gone, strict=True) if count},
        **figures,
    )


def _ends(record: Mapping[str, Any], table: Table) -> tuple[Any, Table]:
    """Return which cases ended badly, and those that have an end; None and all where the target is absent."""
    settings = record["settings"]
    if settings["target"] not in table.raw or not any(
        value is not None for value in table.raw[settings["target"]]
    ):
        return None, table
    try:
        sample = sample_of(table, settings["target"], settings["good"])
    except ModelError:  # one class or a few rows: there is nothing to judge by
        return None, table
    return sample.bad, sample.table
