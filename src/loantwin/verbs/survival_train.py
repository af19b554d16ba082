"""`survival train`: when loans end, from what was known, judged on what came later, kept as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.errors import ModelError, UsageError, expected
from loantwin.extras import require
from loantwin.files import whole_folder
from loantwin.macro.read import read_macro
from loantwin.macro.shipped import located
from loantwin.macro.source import MacroSource
from loantwin.models.scoring.features import encode, learn_features
from loantwin.models.scoring.leaks import Suspect, find_future, find_leaks
from loantwin.models.scoring.sample import column_of
from loantwin.models.scoring.table import Table, read_table
from loantwin.models.survival.judge import SurvivalCompared
from loantwin.models.survival.lives import COMPETING, EVENT, Asked, Lives, lives_of, rows_of
from loantwin.models.survival.looks import HAZARD, JudgedAt, Look, compare, judge, look, strongest
from loantwin.models.survival.model import Survival, contributions, train
from loantwin.models.survival.panel import panel_lives
from loantwin.models.survival.store import write_survival
from loantwin.months import day, label, month_of
from loantwin.types import Progress, Result, silent

HORIZONS = (12, 24)


@dataclass(frozen=True)
class FeatureWeight:
    """A column and how far apart it sets loans: standard deviation of what it adds to the log hazard."""

    name: str
    kind: str
    spread: float


@dataclass(frozen=True)
class MonthEffect:
    """A covariate that moves with the month: the hazard's factor for one more unit of it.

    Units: points of percent of unemployment; of the book's own year, a unit of log events over expected.
    """

    name: str
    factor: float


@dataclass(frozen=True)
class SurvivalTrainResult(Result):
    """When loans end: hazards trained on what was known, and how their probabilities did afterwards.

    loans : watched, in `spans` (a panel's loan has many). events, others : loans that ended with the event,
    with the other end. until : last month watched. judged : by look, group (new: begun in the year after it;
    live: alive then), horizon in months and model. compared : Brier of the hazards less a rival's, all looks
    together. features : the most telling first. effects : of month. penalties : chosen on later months of
    training. unknown : rows left out, by reason. leaks, left_out : as in `score train`. registry_id : hash of
    data, settings, versions and model.
    """

    SCHEMA: ClassVar[str] = "loantwin.survival_train/1"

    source: str
    event: str
    competing: str
    loans: int
    spans: int
    events: int
    others: int
    until: str
    judged: tuple[JudgedAt, ...]
    compared: tuple[SurvivalCompared, ...]
    features: tuple[FeatureWeight, ...]
    effects: tuple[MonthEffect, ...]
    penalties: Mapping[str, float]
    leaks: tuple[Suspect, ...]
    left_out: Mapping[str, str]
    unknown: Mapping[str, int]
    registry_id: str
    out: str
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def survival_train(
    data: Path | str,
    *,
    start: str,
    out: Path | str,
    as_of: Sequence[date | str],
    event: str | None = None,
    event_date: str | None = None,
    months: str | None = None,
    competing: str | None = None,
    loan: str | None = None,
    month: str | None = None,
    since: date | str | None = None,
    until: date | str | None = None,
    macro: Sequence[Path | str] = (),
    exclude: Sequence[str] = (),
    keep: Sequence[str] = (),
    cox: bool = False,
    seed: int = 0,
    progress: Progress = silent,
) -> SurvivalTrainResult:
    """Train hazards of an event and of another end, judge them at past dates on what came, and keep them.

    At each date the rows are seen as they were then: what ended later counts as not ended, what began later
    is not there. The model that is kept is trained on all that was watched. The same file, arguments and
    versions give the same model to the bit.

    Parameters
    ----------
    data : one row a loan; with `loan` and `month` one row a loan and month. start : column of the day of
        origin. event, competing : conditions such as `status=charged off` or `loss>0`; without `event` every
        loan with an `event_date` has it. event_date : column of the day of the end, empty of a loan that goes
        on; or months : months from the start to the end or to the last look. as_of : days to look back to.
    since : loans that began earlier are left out. until : last day watched, by default the latest end's.
    macro : histories with the unemployment rate, or `us`. exclude, keep : as in `score_train`. cox : also
        fit lifelines' Cox regression at each date (extra `scoring`; minutes on tens of thousands of loans).

    Raises
    ------
    UsageError : no such column or value, columns that do not say one story, a date outside what was watched.
    ModelError : fewer than 20 events, or no feature. TapeError : a file that is no table. ScenarioError : no
        macro history of those months. ExtraError : `cox` without the extra.
    """
    path = Path(data)
    if not path.is_file():
        raise UsageError(expected("a file of loans", "none"), file=data, field="data")
    if cox:
        require("scoring")
    days = _days(as_of)
    with whole_folder(Path(out)) as folder:
        table = read_table(path)
        asked = Asked(start, event, event_date, months, competing, loan, month, exclude)
        lives = _lives(table, asked, since, until)
        sources = [read_macro(located(name)) for name in macro]
        screened = _Screened(lives, seed, [column_of(table, name, "keep") for name in keep])
        looks, notes = _looks(screened, days, sources, cox, progress)
        judged, differences = judge(looks, HORIZONS, seed), compare(looks, HORIZONS, seed)
        progress(0.9, "training on all that was watched")
        model = train(lives, screened.names, sources)
        settings = {
            "start": start, "event": event, "event_date": event_date, "months": months,
            "competing": competing, "loan": loan, "month": month, "since": str(since or ""),
            "until": label(lives.until), "seed": seed, "as_of": [str(item) for item in days],
            "columns": list(screened.names), "macro": [source.sha256 for source in sources],
        }  # fmt: skip
        packages = ["loantwin", "numpy", "scipy", *(["lifelines"] if cox else [])]
        versions = {name: version(name) for name in packages}
        record = {
            "data": {"file": path.name, "sha256": table.sha256, "rows": len(lives.origin)},
            "settings": settings,
            "versions": versions,
            "figures": {HAZARD: [asdict(item) for item in judged if item.model == HAZARD]},
            "leaks": [asdict(item) for item in screened.leaks],
        }
        number = write_survival(folder, model, record)
    return SurvivalTrainResult(
        source=path.name,
        event=event or f"a date in {event_date}",
        competing=competing or "",
        loans=len(np.unique(lives.who)),
        spans=len(lives.origin),
        events=int((lives.cause == EVENT).sum()),
        others=int((lives.cause == COMPETING).sum()),
        until=label(lives.until),
        judged=judged,
        compared=differences,
        features=_weights(model, lives),
        effects=_effects(model),
        penalties={"features": model.event.penalty, "months": model.event.calendar_penalty},
        leaks=screened.leaks,
        left_out={**lives.left_out, **screened.left_out},
        unknown={why: count for why, count in lives.unknown.items() if count},
        registry_id=number,
        out=str(out),
        notes=(*table.said, *notes, *screened.notes),
        provenance={"file": path.name, "sha256": table.sha256, **settings, "versions": versions},
    )


def _days(as_of: Sequence[date | str]) -> list[date]:
    given = [as_of] if isinstance(as_of, date | str) else list(as_of)
    if not given:
        raise UsageError(expected("a date to look back to", "none"), field="as_of")
    return sorted({day(item, "as_of") for item in given})


def _lives(table: Table, asked: Asked, since: date | str | None, until: date | str | None) -> Lives:
    if (asked.loan is None) != (asked.month is None):
        raise UsageError(expected("the columns of loan and month of a panel", "one of them"), field="loan")
    limit = None if until is None else month_of(day(until, "until"))
    lives = panel_lives(table, asked, limit) if asked.loan is not None else lives_of(table, asked, limit)
    if since is None:
        return lives
    keep = np.flatnonzero(lives.origin >= month_of(day(since, "since")))
    if not len(keep):
        raise UsageError(expected("loans that began since then", "none"), field="since")
    gone = len(np.unique(lives.who)) - len(np.unique(lives.who[keep]))
    return replace(rows_of(lives, keep), unknown={**lives.unknown, f"begun before {since}": gone})


class _Screened:
    """Lives after the look for leaks: the suspects, and the columns that are left to learn from."""

    def __init__(self, lives: Lives, seed: int, keep: Sequence[str]) -> None:
        self.lives = lives
        future = () if lives.time is None else find_future(dict(lives.table.dates), lives.time)
        future = tuple(item for item in future if item.column in lives.names)
        known = [name for name in lives.names if name not in {item.column for item in future}]
        features = learn_features(lives.table, known, lives.time)
        values = encode(features, lives.table, lives.time).values
        ended = lives.cause == EVENT
        found = find_leaks(features, values, ended, seed=seed) if not ended.all() else ()
        self.leaks: tuple[Suspect, ...] = (*found, *future)
        gone = {item.column for item in self.leaks} - set(keep)
        self.names = tuple(name for name in lives.names if name not in gone)
        if not self.names:
            words = expected("a feature that is not suspected to know the outcome", "none")
            raise UsageError(words, field="keep")
        self.left_out = {name: "suspected to know the outcome" for name in lives.names if name in gone}
        kept = [item.column for item in self.leaks if item.column in keep]
        self.notes = (f"kept though suspected to know the outcome: {', '.join(kept)}",) if kept else ()


def _looks(
    screened: _Screened, days: Sequence[date], sources: Sequence[MacroSource], cox: bool, progress: Progress
) -> tuple[list[Look], tuple[str, ...]]:
    lives = screened.lives
    looks: list[Look] = []
    notes: list[str] = []
    for place, item in enumerate(days):
        progress(0.05 + 0.85 * place / len(days), f"looking back to {item}")
        month = month_of(item)
        if not lives.origin.min() <= month < lives.until:
            words = expected(
                f"a date from {label(int(lives.origin.min()))} to before {label(lives.until)}", str(item)
            )
            raise UsageError(words, field="as_of")
        found = look(lives, month, screened.names, sources, HORIZONS, cox)
        looks += found
        if not found:
            notes.append(f"no look at {item}: fewer than 20 events were known, or no loan was left to judge")
    if not looks:
        raise ModelError(
            expected("a date by which 20 events were known", ", ".join(map(str, days))), field="as_of"
        )
    return looks, tuple(notes)


def _weights(model: Survival, lives: Lives) -> tuple[FeatureWeight, ...]:
    kinds = {feature.name: feature.kind for feature in model.features}
    pairs = strongest(model, contributions(model, lives.table))
    return tuple(FeatureWeight(name, kinds[name], spread) for name, spread in pairs)


def _effects(model: Survival) -> tuple[MonthEffect, ...]:
    parts = zip(model.calendar.names, model.event.of_month, model.event.scale, strict=True)
    return tuple(MonthEffect(name, float(np.exp(size / scale))) for name, size, scale in parts)
