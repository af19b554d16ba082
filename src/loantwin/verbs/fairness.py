"""`fairness`: approvals, ends and scores by group, each figure with its interval and its cases; no
verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin.arrays import Flags, Floats
from loantwin.clock import Clock, SystemClock
from loantwin.decisions.fairness import measure
from loantwin.decisions.fairness.adjusted import given_columns
from loantwin.decisions.fairness.cases import (
    Cases,
    cases_of,
    check_spread,
    ends_of,
    months_of,
    risk_of,
)
from loantwin.decisions.fairness.figures import FEWEST
from loantwin.decisions.fairness.levels import Levels, levels_of, refusal
from loantwin.errors import UsageError, choice, expected
from loantwin.models.scoring.sample import column_of
from loantwin.models.scoring.store import predict, read_score
from loantwin.models.scoring.table import read_table
from loantwin.types import Result

FIGURES = ("odds-ratio", "approval-ratio", "approval-difference")
"""Figures that may be asked for by name; all but the first need natural levels."""
BANDS = 5


@dataclass(frozen=True)
class FairnessResult(Result):
    """Decisions and scores by group: figures, never verdicts.

    rows : cases in the file. cases : decided, of a known group. approved : of them. groups : the figures of
    each, the reference first. levels : what shares of approval are worth here, in words; levels_kept :
    whether they are shown; where not, refused names each figure left out and why. good_cases : the same
    figures among cases that ended well (equal opportunity). ends : how cases ended by group, with what a
    score said.
    calibration : by band of risk. at_equal_risk : approvals within bands of the score. given,
    at_equal_columns : odds ratios at equal columns. months : approvals by month. comparisons : how many
    intervals against the reference are shown. left_out : rows by reason.
    """

    SCHEMA: ClassVar[str] = "loantwin.fairness/1"

    source: str
    outcome: str
    favourable: str
    unfavourable: str
    group: str
    reference: str
    rows: int
    cases: int
    approved: int
    levels: str
    levels_kept: bool
    refused: Mapping[str, str]
    groups: tuple[measure.GroupFigures, ...]
    good_cases: tuple[measure.GroupFigures, ...]
    ends: tuple[measure.EndFigures, ...]
    calibration: tuple[measure.CalibrationRow, ...]
    at_equal_risk: tuple[measure.RiskFigures, ...]
    given: tuple[str, ...]
    at_equal_columns: tuple[measure.AdjustedFigures, ...]
    months: tuple[measure.MonthFigures, ...]
    comparisons: int
    left_out: Mapping[str, int]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def fairness(
    data: Path | str,
    *,
    outcome: str,
    favourable: str,
    group: str | Sequence[str],
    unfavourable: str | None = None,
    reference: str | None = None,
    levels: str | None = None,
    figures: Sequence[str] = (),
    bad: str | None = None,
    score: str | None = None,
    scores: Path | str | None = None,
    bands: int = BANDS,
    given: Sequence[str] = (),
    month: str | None = None,
    least: int = FEWEST,
    clock: Clock | None = None,
) -> FairnessResult:
    """Set decisions and scores of groups beside each other, each figure with its 95 % interval and its cases.

    Shares, differences and ratios of approval are refused where the cases were chosen by their outcome, or
    look so and `levels` says nothing; odds ratios are always shown.

    Parameters
    ----------
    data : a table: text, Excel or Parquet, a row a case. outcome, favourable : the column of the decision and
        its value that is good for the applicant. unfavourable : the other value, where there are more.
    group : a column whose values are the groups, or several columns of marks 0 and 1 whose names are.
    reference : the group that others are beside; the largest where none is named.
    levels : `natural` or `sampled`: whether the file holds every decision, or cases drawn by the decision.
    figures : of `FIGURES`, those that must be shown: what the file cannot tell is then an error.
    bad : COLUMN=VALUE of cases that ended badly. score : a column of probabilities of bad. scores : folder of
        `score train`, DIR or DIR#NAME, whose model is applied. bands : of equal risk.
    given : columns at whose equal values approvals are compared. month : column of dates. least : cases of a
        group below which its figures are not shown.

    Raises
    ------
    UsageError : no such column, value, group or figure; a figure that the file cannot tell; score and scores.
    ModelError : one group, one outcome, probabilities that are none. TapeError : a file that is no table.
    """
    path = Path(data)
    if not path.is_file():
        raise UsageError(expected("a file of cases", "none"), file=data, field="data")
    _check(bands, least, score, scores)
    asked = [choice(name, FIGURES, "figures") for name in figures]
    table = read_table(path)
    columns = [group] if isinstance(group, str) else list(group)
    found = cases_of(table, outcome, favourable, columns, unfavourable=unfavourable, reference=reference)
    worth = levels_of(*found.whole, levels)
    refused = _refused(worth, asked)
    told = _Told(found, worth, least, bad, score, scores, bands)
    names = [column_of(table, name, "given") for name in given]
    shown = measure.by_group(
        found.approved, found.groups, found.names, found.reference, kept=worth.kept, least=least
    )
    equal_risk, equal_columns = told.at_equal_risk(), told.at_equal_columns(names)
    months = told.by_month(month)
    compared: tuple[Any, ...] = (*shown[1:], *told.good, *equal_risk, *equal_columns, *months)
    comparisons = sum(item.odds_ratio is not None for item in compared)
    now = (clock or SystemClock()).now()
    return FairnessResult(
        source=path.name,
        outcome=column_of(table, outcome, "outcome"),
        favourable=str(favourable),
        unfavourable=found.unfavourable,
        group=", ".join(columns),
        reference=found.reference,
        rows=table.rows,
        cases=len(found.rows),
        approved=int(found.approved.sum()),
        levels=worth.words,
        levels_kept=worth.kept,
        refused=refused,
        groups=shown,
        good_cases=told.good,
        ends=told.ends(),
        calibration=told.calibration(),
        at_equal_risk=equal_risk,
        given=tuple(names),
        at_equal_columns=equal_columns,
        months=months,
        comparisons=comparisons,
        left_out=_left_out(found),
        notes=(*table.said, *_notes(found, reference, comparisons), *told.notes),
        provenance={
            "program": _program(), "source": path.name, "sha256": table.sha256, "computed": now.isoformat(),
            "levels": levels, "bad": bad, "score": score, "scores": None if scores is None else str(scores),
            "bands": bands, "least": least,
        },
    )  # fmt: skip


def _refused(worth: Levels, asked: Sequence[str]) -> dict[str, str]:
    """Return figures that these levels do not tell, and why; refuse what was asked for by name."""
    made = {} if worth.kept else dict.fromkeys(FIGURES[1:], refusal(worth))
    for name in asked:
        if name in made:
            words = f"expected natural levels, which an {name} needs, was: {made[name]}"
            raise UsageError(words, field="levels")
    return made


def _left_out(found: Cases) -> dict[str, int]:
    rows = {"not decided": found.undecided, "of no group": found.ungrouped}
    return {name: count for name, count in rows.items() if count}


class _Told:
    """Cases with what else is known of them: how they ended, and their risk."""

    def __init__(
        self,
        cases: Cases,
        levels: Levels,
        least: int,
        bad: str | None,
        score: str | None,
        scores: Path | str | None,
        bands: int,
    ) -> None:
        self.cases, self.levels, self.least, self.bands = cases, levels, least, bands
        self.notes: list[str] = []
        self.known: Flags | None = None
        self.bad: Flags | None = None
        if bad is not None:
            self.known, self.bad = ends_of(cases, bad)
        self.risk = _risk(cases, score, scores, self.notes)
        self.good = self._good()

    def _good(self) -> tuple[measure.GroupFigures, ...]:
        """Return approvals among cases that ended well, the reference first."""
        if self.known is None or self.bad is None:
            return ()
        good = self.known & ~self.bad
        if self.cases.approved[good].all():
            self.notes.append(
                "Equal opportunity is not shown: of declined cases no good end is known, so that all "
                "whose end "
                "is known were approved"
            )
            return ()
        return measure.by_group(
            self.cases.approved[good], self.cases.groups[good], self.cases.names, self.cases.reference,
            kept=self.levels.kept, least=self.least,
        )  # fmt: skip

    def ends(self) -> tuple[measure.EndFigures, ...]:
        if self.known is None or self.bad is None:
            return ()
        names = (self.cases.reference, *self.cases.others)
        return measure.by_end(self.known, self.bad, self.cases.groups, names, self.risk, self.least)

    def calibration(self) -> tuple[measure.CalibrationRow, ...]:
        if self.known is None or self.bad is None or self.risk is None:
            return ()
        names = (self.cases.reference, *self.cases.others)
        return measure.calibration(
            self.known, self.bad, self.cases.groups, names, self.risk, self.bands, self.least
        )

    def at_equal_risk(self) -> tuple[measure.RiskFigures, ...]:
        if self.risk is None:
            return ()
        cases = self.cases
        return measure.at_equal_risk(
            cases.approved, cases.groups, cases.names, cases.reference, self.risk,
            bands=self.bands, kept=self.levels.kept, least=self.least,
        )  # fmt: skip

    def at_equal_columns(self, names: Sequence[str]) -> tuple[measure.AdjustedFigures, ...]:
        if not names:
            return ()
        cases = self.cases
        return measure.at_equal_columns(
            cases.approved, cases.groups, cases.names, cases.reference,
            given_columns(cases.table, names), self.least,
        )  # fmt: skip

    def by_month(self, month: str | None) -> tuple[measure.MonthFigures, ...]:
        if month is None:
            return ()
        cases, label = self.cases, months_of(self.cases, month)
        if lacking := int((label == "").sum()):
            self.notes.append(f"{lacking:,} cases have no month: they are in no month's figures")
        return measure.by_month(
            cases.approved, cases.groups, cases.names, cases.reference, label,
            kept=self.levels.kept, least=self.least,
        )  # fmt: skip


def _check(bands: int, least: int, score: str | None, scores: Path | str | None) -> None:
    if not 2 <= bands <= 100:
        raise UsageError(expected("2 to 100 bands of risk", bands), field="bands")
    if least < 1:
        raise UsageError(expected("at least 1 case", least), field="least")
    if score is not None and scores is not None:
        raise UsageError(expected("a column of scores or a folder of them", "both"), field="scores")


def _risk(cases: Cases, score: str | None, scores: Path | str | None, notes: list[str]) -> Floats | None:
    """Return the probability of bad of each case, None where nothing tells one; what must be said of it."""
    if score is not None:
        return risk_of(cases, score)
    if scores is None:
        return None
    folder, _, name = str(scores).partition("#") if not Path(scores).is_dir() else (str(scores), "", "")
    model = read_score(Path(folder), name or None)
    found = predict(model, cases.table)
    notes.append(
        f"The score is {model.kind} of {Path(folder).name}; of cases that it was trained on it says too much"
    )
    for column, many in found.encoded.unseen.items():
        notes.append(f"{column}: {many:,} cases have a text that the score had never seen")
    return check_spread(found.pd, "scores")


def _notes(cases: Cases, reference: str | None, comparisons: int) -> list[str]:
    made = []
    if reference is None:
        made.append(f"No reference was named: it is the largest group, {cases.reference}")
    if comparisons > 1:
        chance = 1 - 0.95**comparisons
        made.append(
            f"{comparisons} intervals against the reference are shown, each at 95 %: if no group differed "
            "and they were independent, one or more would miss equality with probability "
            f"{100 * chance:.0f} % by chance alone"
        )
    made.append(
        "Figures, no verdicts: a difference may have reasons that the file does not hold, and so may equality"
    )
    return made


def _program() -> str:
    from importlib.metadata import version

    return f"loantwin {version('loantwin')}"
