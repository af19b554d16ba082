"""`score explain`: why one case has its score, in points and reasons, and what would have changed it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, logit

from loantwin.arrays import Floats
from loantwin.errors import UsageError, expected
from loantwin.models.scoring.changes import Changed, choices_of, find_changes
from loantwin.models.scoring.forms import FREE
from loantwin.models.scoring.reasons import Parts, in_words, parts_of, reasons_by_code
from loantwin.models.scoring.reasons_file import ReasonsFile, read_reasons
from loantwin.models.scoring.sample import column_of
from loantwin.models.scoring.scorecard import Scorecard, points, points_of_bins
from loantwin.models.scoring.store import RECORD, Score, predict, read_score
from loantwin.models.scoring.table import Table, read_table, take
from loantwin.types import Result

MOST_WAYS = 3
"""Ways to reach the cut-off that are shown at most."""
NOT_ASKED = "no cut-off was named"
NOT_DECLINED = "the case is not declined at this cut-off"
NOTHING_NAMED = "no reasons file names a feature that a person can change"
NONE = "no change of up to three features within policy reaches the cut-off"
NONE_FOUND = "none was found; not every change within policy was tried"


@dataclass(frozen=True)
class ContributionTold:
    """What one feature adds to the log-odds of bad, against the average case of training.

    value : as the model read it. log_odds : above 0 raises the risk. odds : the factor on the odds of bad.
    points : of its bin, of a scorecard; with the base points they sum to the score.
    """

    column: str
    value: str
    log_odds: float
    odds: float
    points: float | None


@dataclass(frozen=True)
class ReasonTold:
    """A reason: its code, its text in English and Chinese, the columns it sums, what they add, above 0."""

    code: str
    en: str
    zh: str
    columns: tuple[str, ...]
    log_odds: float


@dataclass(frozen=True)
class FeatureChanged:
    """A feature that changes: the value it has and the one it would have."""

    column: str
    was: str
    becomes: str


@dataclass(frozen=True)
class ChangeTold:
    """What would have changed a score: features changed together, and the case scored anew with them.

    pd : probability of bad then, at or below the cut-off. effort : shares of the range in training, summed.
    """

    changes: tuple[FeatureChanged, ...]
    pd: float
    effort: float


@dataclass(frozen=True)
class ScoreExplainResult(Result):
    """Why one case has its score.

    row : its number in the file, from 1. id : COLUMN=VALUE it was asked by, null by row. pd, log_odds :
    probability of bad. base_log_odds : of the average case of training; with the contributions it sums to
    log_odds. points, base_points : of a scorecard. contributions : of every feature, what raises risk most
    first. reasons : at most four, each raises the risk. unseen : columns with a text that training never
    showed. beyond : with a number outside its range. cut : probability of bad above which a case is
    declined. declined : null without a cut-off. changed : fewest features, least effort first. changed_said :
    why there is none, empty where there is. complete : whether everything within policy was tried.
    """

    SCHEMA: ClassVar[str] = "loantwin.score_explain/1"

    source: str
    model: str
    registry_id: str
    row: int
    id: str | None
    pd: float
    log_odds: float
    base_log_odds: float
    points: float | None
    base_points: float | None
    contributions: tuple[ContributionTold, ...]
    reasons: tuple[ReasonTold, ...]
    unseen: tuple[str, ...]
    beyond: tuple[str, ...]
    cut: float | None
    declined: bool | None
    changed: tuple[ChangeTold, ...]
    changed_said: str
    complete: bool | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def score_explain(
    scores: Path | str,
    data: Path | str,
    *,
    row: int | None = None,
    id: str | None = None,  # noqa: A002  # the word of the option
    model: str | None = None,
    cut: float | None = None,
    reasons: Path | str | None = None,
) -> ScoreExplainResult:
    """Say why one case of a file has its score, and what would have brought it to a cut-off.

    Parameters
    ----------
    scores : the folder of `score train`. data : a table as it was trained on; its target may be missing. row
        : number of the case from 1, or id : COLUMN=VALUE that it alone has. model : a name in the folder, its
        champion by default. cut : probability of bad above which a case is declined, between 0 and 1.
        reasons : a TOML file of codes, texts and what a person can change; without one reasons are plain
        sentences of the columns' names.

    Raises
    ------
    UsageError : no such file, row or case, row and id both or neither, a cut-off outside 0 to 1.
    ConfigError : a reasons file with an unknown key or a bad value.
    ModelError : no such model, a column that it knows is not there, a reason or change of a column or level
        that it does not know. TapeError : no table.
    """
    path = Path(data)
    if not path.is_file():
        raise UsageError(expected("a file of cases", "none"), file=data, field="data")
    if cut is not None and not 0 < cut < 1:
        raise UsageError(expected("a probability between 0 and 1", f"{cut:g}"), field="cut")
    file = ReasonsFile() if reasons is None else read_reasons(reasons)
    score = read_score(scores, model)
    record = json.loads((Path(scores) / RECORD).read_text(encoding="utf-8"))
    table = read_table(path)
    place = _place(table, row, id)
    case = take(table, np.array([place]))
    found = predict(score, case)
    values, pd = found.encoded.values, float(found.pd[0])
    parts = parts_of(score, values)
    made = ScoreExplainResult(
        source=path.name,
        model=score.kind,
        registry_id=str(record.get("registry_id", "")),
        row=place + 1,
        id=id,
        pd=pd,
        log_odds=float(found.log_odds[0]),
        base_log_odds=float(parts.base[0]),
        **_points(score, values),
        contributions=_contributions(score, values, parts),
        reasons=_reasons(score, values, file),
        unseen=tuple(found.encoded.unseen),
        beyond=tuple(found.encoded.beyond),
        cut=cut,
        declined=None if cut is None else pd > cut,
        changed=(),
        changed_said=NOT_ASKED if cut is None else NOT_DECLINED,
        complete=None,
        notes=table.said,
        provenance={
            "file": path.name,
            "sha256": table.sha256,
            "reasons": None if reasons is None else str(reasons),
        },
    )
    if cut is None or pd <= cut:
        return made
    groups = record.get("settings", {}).get("groups", ())
    return replace(made, **_changes(score, case, values[0], cut, file, groups))


def _place(table: Table, row: int | None, named: str | None) -> int:
    """Return the place of the case asked for, from 0."""
    if (row is None) == (named is None):
        raise UsageError(
            expected("row or id, one of them", "both" if row is not None else "neither"), field="row"
        )
    if row is not None:
        if not 1 <= row <= table.rows:
            raise UsageError(expected(f"a row from 1 to {table.rows:,}", row), field="row")
        return row - 1
    column, sign, value = str(named).partition("=")
    if not sign:
        raise UsageError(expected("COLUMN=VALUE", named), field="id")
    column = column_of(table, column, "id")
    places = np.flatnonzero(np.array([text == value.strip() for text in table.raw[column]], dtype=bool))
    if len(places) != 1:
        words = f"one case with {column} {value.strip()}"
        raise UsageError(expected(words, f"{len(places):,} of them" if len(places) else "none"), field="id")
    return int(places[0])


def _points(score: Score, values: Floats) -> dict[str, float | None]:
    if not isinstance(score.model, Scorecard):
        return {"points": None, "base_points": None}
    whole = float(points(score.model, values)[0])
    return {"points": whole, "base_points": whole - float(points_of_bins(score.model, values)[0].sum())}


def _contributions(score: Score, values: Floats, parts: Parts) -> tuple[ContributionTold, ...]:
    features, row = score.model.features, parts.log_odds[0]
    own = points_of_bins(score.model, values)[0] if isinstance(score.model, Scorecard) else None
    return tuple(
        ContributionTold(
            features[at].name,
            in_words(features[at], values[0, at]),
            float(row[at]),
            float(np.exp(row[at])),
            None if own is None else float(own[at]),
        )
        for at in np.argsort(-row, kind="stable")
    )


def _reasons(score: Score, values: Floats, file: ReasonsFile) -> tuple[ReasonTold, ...]:
    found = reasons_by_code(score, values, file)
    return tuple(
        ReasonTold(
            found.codes[at],
            found.texts["en"][at],
            found.texts["zh"][at],
            found.columns[at],
            float(worth),
        )
        for at, worth in zip(found.place[0], found.log_odds[0], strict=True)
        if at >= 0
    )


def _changes(
    score: Score, case: Table, row: Floats, cut: float, file: ReasonsFile, groups: Sequence[str]
) -> dict[str, Any]:
    """Return what of the result says what would have changed it."""
    if not file.changes:
        return {"changed_said": NOTHING_NAMED}
    choices = choices_of(score.model.features, row, file.changes, groups)
    found = find_changes(score, row, choices, float(logit(cut)))
    told = tuple(_told(score, case, row, item) for item in found.found[:MOST_WAYS])
    words = "" if told else NONE if found.complete else NONE_FOUND
    return {"changed": told, "changed_said": words, "complete": found.complete}


def _told(score: Score, case: Table, row: Floats, found: Changed) -> ChangeTold:
    """Return a change in words, its case scored anew from its columns."""
    features, parts = score.model.features, []
    numbers, texts, raw = dict(case.numbers), dict(case.texts), dict(case.raw)
    forms = dict(case.forms)
    for at, value in zip(found.at, found.values, strict=True):
        name, words = features[at].name, in_words(features[at], value)
        parts.append(FeatureChanged(name, in_words(features[at], row[at]), words))
        raw[name] = np.array([words], dtype=object)
        if features[at].is_category:
            texts[name] = raw[name]
        else:
            numbers[name], forms[name] = np.array([value]), FREE
    again = predict(score, replace(case, numbers=numbers, texts=texts, raw=raw, forms=forms))
    return ChangeTold(tuple(parts), float(expit(again.log_odds[0])), found.effort)
