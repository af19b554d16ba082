"""`decide`: approve, decline or refer applications, with terms, figures, reasons and counter-offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin.clock import SystemClock
from loantwin.decisions.application_file import check_application, checked, read_applications
from loantwin.decisions.deciding.answer import Decision, Versions, decision_of_row
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.lawful import law_of
from loantwin.decisions.deciding.out import write_decisions
from loantwin.decisions.deciding.scores import check_schema
from loantwin.decisions.graph_policy import OUTCOMES, GraphPolicy, nested, open_policy
from loantwin.decisions.letters.folder import check_folder, write_letters
from loantwin.decisions.letters.letter import letter_of
from loantwin.decisions.letters.wording import Wording, read_wording
from loantwin.decisions.limits import in_order as in_order_of
from loantwin.decisions.limits import read_owed
from loantwin.decisions.recording.recorder import Recorder
from loantwin.decisions.rollout.rollout import CHALLENGER, CHAMPION, Rollout
from loantwin.errors import UsageError, expected
from loantwin.language import spoken
from loantwin.outlook.deciders import Beside, asked_of, decider_of, rollout_of
from loantwin.outlook.valued import TwinValue, check_segments
from loantwin.results.rows_file import check_out
from loantwin.twin import Twin, opened
from loantwin.types import Result

Applications = Path | str | pl.DataFrame | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class OutcomeCount:
    """Applications of an outcome: how many, asked : money asked for, granted : money granted."""

    outcome: str
    applications: int
    asked: float
    granted: float


@dataclass(frozen=True)
class ReasonCount:
    """How many decisions of an outcome have a reason among theirs."""

    code: str
    text: str
    outcome: str
    applications: int


@dataclass(frozen=True)
class DeciderCount:
    """What decided, and how many applications. role : champion, challenger or shadow, which is not answered.

    share : of applicants, by a fixed random assignment; null of a shadow.
    """

    role: str
    policy: str
    model: str | None
    share: float | None
    applications: int


@dataclass(frozen=True)
class LetterWritten:
    """A letter. kind : declined or counter-offer. denial_codes : of the loan register, for a mortgage."""

    application_id: str
    file: str
    kind: str
    denial_codes: tuple[int, ...]


@dataclass(frozen=True)
class Decided(Result):
    """The decisions on applications.

    policy, model : by name and version; model is None without one. profiles : of law that decisions keep.
    outcomes, reasons : counts, the most
    frequent reason first. counter_offers : how many declined or referred applications have one. deciders :
    the champion, and what decides beside it. decisions : in the order of the applications. recorded : how
    many are in the twin's log. file : where all of them were written, None where not asked for. letters :
    that were written, none where not asked for.
    """

    SCHEMA: ClassVar[str] = "loantwin.decide/1"

    policy: str
    model: str | None
    profiles: tuple[str, ...]
    currency: str
    applications: int
    outcomes: tuple[OutcomeCount, ...]
    reasons: tuple[ReasonCount, ...]
    counter_offers: int
    deciders: tuple[DeciderCount, ...]
    decisions: tuple[Decision, ...]
    recorded: int
    file: str | None
    letters: tuple[LetterWritten, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def decide(
    applications: Applications,
    *,
    policy: Path | str | GraphPolicy,
    model: Path | str | None = None,
    twin: Twin | Path | str | None = None,
    on: date | None = None,
    profile: Sequence[str] = (),
    challenger: Path | str | GraphPolicy | None = None,
    share: float | None = None,
    shadows: Sequence[Path | str | GraphPolicy] = (),
    in_order: bool = False,
    owed: Path | str | pl.DataFrame | None = None,
    record: bool = False,
    out: Path | str | None = None,
    letters: Path | str | None = None,
    reasons: Path | str | None = None,
) -> Decided:
    """Decide applications: approve, decline or refer, with terms, figures, reasons and a counter-offer.

    Parameters
    ----------
    applications : a file as `loantwin schema application` says (JSON lines, JSON, CSV, Parquet), a frame of
        them, or a list of mappings. policy : a decision graph (JDM), or an open one. model : the score: the
        name of which it is champion, its id or NAME/VERSION in the twin's register, or SCORES[#NAME], a
        folder of `score train`; None decides by what applications hold. Of a name, challengers decide their
        shares. twin : whose register holds the
        score, and which values what is lent. on : the day, of the policy for applications without one and of
        the score's approval; None: the policy asks applications, the score today.
    profile : us, eu, cn: what their rules of law forbid is referred, with rule and source.
    challenger, share : another policy, and the share of applicants that it decides, 0 to 1. shadows :
        policies that decide beside and are recorded, never answered.
    in_order : decide each beside what was granted before it in the file to the same borrower, group, sector,
        product and year: `exposures` of its own are added to. owed : what is owed already, a table of keys
        and `balance`; it asks for in_order too.
    record : put every decision into the twin's log before it is answered, all by one commit. out : a file for
        all decisions, .jsonl, .csv or .parquet. letters : a new folder for the letters on declines and
        counter-offers, in the language spoken. reasons : TOML, what reason codes are called in letters, and
        the lender's name.

    Raises
    ------
    ConfigError : a file that is no policy, or one that is not in force. UsageError, TapeError : no
        applications, no such model, a model of the register without a twin; file, row and field are named.
    ModelError : a score whose columns the file does not have, or of another kind. ExtraError : zen-engine or
        what the score needs is not installed. HomeError : a home that cannot be written.
    """
    target, folder = check_out(out), check_folder(letters)
    wording = read_wording(reasons)
    if reasons is not None and folder is None:
        raise UsageError(expected("a folder of letters, in which reasons are told", "none"), field="letters")
    rules, beside = _policy(policy), _beside(challenger, share, shadows, record)
    law = law_of(profile)
    frame, whole = _frame(applications)
    if record and twin is None:
        raise UsageError(expected("a twin in whose log decisions are recorded", "none"), field="twin")
    with _opened(twin, record) as seen:
        rollout = rollout_of(rules, seen, model, on, beside, law)
        for made in rollout.deciders if whole else ():
            _check_columns(made, frame, applications)
        if in_order or owed is not None:
            book = read_owed(owed) if isinstance(owed, Path | str) else owed
            frame = in_order_of(frame, book, lambda asked: rollout.granted(asked, on=on))
        if record and seen is not None:
            keeper = Recorder(seen.home, rollout, asked_of(seen, on), seen.clock)
            found = keeper.columns(frame, on=on)
            each = [keeper.deciders[number].versions for number in found["decider_id"]]
        else:
            found = rollout.columns(frame, on=on)
            each = [rollout.deciders[arm].versions for arm in found["arm"]]
        told = found.drop("arm", "decider_id", strict=False)
        if target is not None:
            write_decisions(told, rollout.champion.versions, target, each)
        done = _result(rollout, frame, found, each, target, model, seen)
        return done if folder is None else _with_letters(done, frame, folder, wording, on)


@contextmanager
def decider(
    policy: Path | str | GraphPolicy,
    *,
    model: Path | str | None = None,
    twin: Twin | Path | str | None = None,
    on: date | None = None,
    profile: Sequence[str] = (),
) -> Iterator[Decider]:
    """Yield what decides one application after another in process: `decide(application)`, `columns(frame)`.

    The champion alone; nothing is recorded: see `recorder`.

    Parameters
    ----------
    policy, model, twin, on, profile : as of `decide`.

    Raises
    ------
    UsageError : no such model, or a model of the register without a twin. ModelError : a damaged folder.
    """
    rules = _policy(policy)
    with _opened(twin) as seen:
        yield decider_of(rules, seen, model, on, law_of(profile))


@contextmanager
def recorder(
    policy: Path | str | GraphPolicy,
    *,
    twin: Twin | Path | str,
    model: Path | str | None = None,
    on: date | None = None,
    profile: Sequence[str] = (),
    challenger: Path | str | GraphPolicy | None = None,
    share: float | None = None,
    shadows: Sequence[Path | str | GraphPolicy] = (),
    linger: float = 0.001,
) -> Iterator[Recorder]:
    """Yield what decides one application after another, for many threads at once: each decision is in the
    twin's log before it is answered. It is the home's one writer until the block ends.

    Parameters
    ----------
    policy, model, twin, on, profile, challenger, share, shadows : as of `decide`. linger : the longest that a
        commit waits for other callers where there were some, seconds, at most 0.003.

    Raises
    ------
    UsageError : no such model. ModelError : a damaged folder. HomeError : a home that cannot be written.
    """
    rules, beside = _policy(policy), _beside(challenger, share, shadows, True)
    with opened(twin, writable=True) as seen:
        seen = seen.refreshed()
        rollout = rollout_of(rules, seen, model, on, beside, law_of(profile))
        yield Recorder(seen.home, rollout, asked_of(seen, on), seen.clock, linger)


@contextmanager
def _opened(twin: Twin | Path | str | None, writable: bool = False) -> Iterator[Twin | None]:
    if twin is None:
        yield None
        return
    with opened(twin, writable=writable) as seen:
        yield seen.refreshed() if writable else seen


def _policy(policy: Path | str | GraphPolicy) -> GraphPolicy:
    return policy if isinstance(policy, GraphPolicy) else open_policy(policy)


def _beside(
    challenger: Path | str | GraphPolicy | None,
    share: float | None,
    shadows: Sequence[Path | str | GraphPolicy],
    record: bool,
) -> Beside:
    """Return what decides beside the policy, checked."""
    if shadows and not record:
        words = expected("decisions that are recorded: a shadow is answered to nobody", "none")
        raise UsageError(words, field="record")
    if (challenger is None) != (share is None):
        raise UsageError(expected("a challenging policy and its share", "one of them"), field="share")
    if share is not None and not (isinstance(share, int | float) and 0.0 < share <= 1.0):
        raise UsageError(expected("a share above 0, at most 1", share), field="share")
    others = tuple(_policy(item) for item in shadows)
    return Beside(None if challenger is None else _policy(challenger), float(share or 0.0), others)


def _frame(applications: Applications) -> tuple[pl.DataFrame, bool]:
    """Return applications as a frame, and whether it is a table whose columns must be there."""
    if isinstance(applications, Path | str):
        return read_applications(applications), True
    if isinstance(applications, pl.DataFrame):
        found, whole = checked(applications), True
    else:
        rows = list(applications)
        for row in rows:
            check_application(row)
        found, whole = (
            checked(pl.DataFrame(rows, infer_schema_length=None)) if rows else pl.DataFrame(),
            False,
        )
    if not len(found):
        raise UsageError(expected("at least one application", "none"), field="applications")
    return found, whole


def _check_columns(made: Decider, frame: pl.DataFrame, applications: Applications) -> None:
    file = applications if isinstance(applications, Path | str) else None
    if made.score is not None and made.score.score is not None:
        check_schema(made.score.score, frame.columns, file)
    if isinstance(made.value, TwinValue):
        check_segments(made.value, frame.columns, file)


def _result(
    rollout: Rollout, frame: pl.DataFrame, found: pl.DataFrame, each: Sequence[Versions],
    target: Path | None, model: Path | str | None, twin: Twin | None,
) -> Decided:  # fmt: skip
    made = rollout.champion
    rows = zip(found.iter_rows(named=True), each, strict=True)
    return Decided(
        policy=_name(made.policy),
        model=_score(made),
        profiles=() if made.law is None else made.law.profiles,
        currency="" if twin is None or twin.last("TapeLoaded") is None else twin.currency,
        applications=len(found),
        outcomes=_outcomes(frame, found),
        reasons=_reasons(found),
        counter_offers=found["counter_amount"].count(),
        deciders=_deciders(rollout, found),
        decisions=tuple(decision_of_row(row, versions) for row, versions in rows),
        recorded=len(found) if "decision_id" in found.columns else 0,
        file=None if target is None else str(target),
        letters=(),
        notes=_notes(rollout, frame, twin is not None),
        provenance={
            "program": made.versions.program, "policy": made.policy.file, "policy_hash": made.policy.hash,
            "model": None if model is None else str(model), "model_hash": made.versions.model_hash,
            "log_head": made.versions.twin,
        },
    )  # fmt: skip


def _with_letters(
    made: Decided, frame: pl.DataFrame, folder: Path, wording: Wording, on: date | None
) -> Decided:
    """Return decisions after their letters were written; what they could not say well stands in notes."""
    day, language = on or SystemClock().now().date(), spoken()
    both = zip(made.decisions, frame.iter_rows(named=True), strict=True)
    options: dict[str, Any] = {"day": day, "language": language, "currency": made.currency}
    every = (letter_of(item, nested(row), wording, **options) for item, row in both)
    letters = [item for item in every if item is not None]
    names = write_letters(folder, letters)
    told = tuple(
        LetterWritten(item.application_id, name, item.kind, item.denial_codes)
        for item, name in zip(letters, names, strict=True)
    )
    notes = list(made.notes)
    if own := sorted({code for item in letters for code in item.worded}):
        notes.append(f"in letters the policy's own words stand for {', '.join(own)} (assumed)")
    if vague := sum(any(reason.vague for reason in item.reasons.values()) for item in letters):
        notes.append(
            f"{vague:,} letters give a score as a reason, which says nothing specific: word its code"
        )
    return replace(made, letters=told, notes=tuple(notes))


def _numbers(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame[name].cast(pl.Float64) if name in frame.columns else pl.Series(name, [], dtype=pl.Float64)


def _name(policy: GraphPolicy) -> str:
    return f"{policy.name} {policy.version}".strip()


def _score(made: Decider) -> str | None:
    return None if made.score is None or not made.score.id else f"{made.score.name} ({made.score.id})"


def _deciders(rollout: Rollout, found: pl.DataFrame) -> tuple[DeciderCount, ...]:
    rest = max(0.0, 1.0 - sum(rollout.shares))
    told = zip(rollout.deciders, (rest, *rollout.shares), strict=True)
    made = [
        DeciderCount(
            CHALLENGER if arm else CHAMPION, _name(item.policy), _score(item), share,
            int((found["arm"] == arm).sum()),
        )
        for arm, (item, share) in enumerate(told)
    ]  # fmt: skip
    shadows = rollout.shadows if "decision_id" in found.columns else ()
    made += [DeciderCount("shadow", _name(item.policy), _score(item), None, len(found)) for item in shadows]
    return tuple(made)


def _outcomes(frame: pl.DataFrame, found: pl.DataFrame) -> tuple[OutcomeCount, ...]:
    both = found.select("outcome", "amount").with_columns(frame["amount"].cast(pl.Float64).alias("asked"))
    made = []
    for name in OUTCOMES:
        mine = both.filter(pl.col("outcome") == name)
        made.append(OutcomeCount(name, len(mine), float(mine["asked"].sum()), float(mine["amount"].sum())))
    return tuple(made)


def _reasons(found: pl.DataFrame) -> tuple[ReasonCount, ...]:
    counted = (
        found.select("outcome", "codes", "reasons")
        .filter(pl.col("codes").list.len() > 0)
        .explode("codes", "reasons")
        .group_by("codes", "reasons", "outcome")
        .len()
        .sort("len", "codes", "reasons", "outcome", descending=[True, False, False, False])
    )
    return tuple(
        ReasonCount(row["codes"], row["reasons"], row["outcome"], int(row["len"]))
        for row in counted.iter_rows(named=True)
    )


def _notes(rollout: Rollout, frame: pl.DataFrame, with_twin: bool) -> tuple[str, ...]:
    """Return in words what a reader must know of the score and of the twin."""
    made = rollout.champion
    use, said = made.score, []
    if twice := int(frame["application_id"].is_duplicated().sum()):
        said.append(
            f"{twice:,} applications have an application_id that is not theirs alone: each was decided"
        )
    if high := int((_numbers(frame, "annual_rate") > 1.0).sum()):
        said.append(
            f"{high:,} applications ask for more than 100 % a year: rates are decimals, 12 % a year is 0.12"
        )
    if use is None:
        return (*said, "no score was asked: the policy reads what applications hold")
    said += [
        f"the challenger's share is referred: {item.decider.score.refused[1]}"
        for item in rollout.challengers
        if item.decider.score is not None and item.decider.score.refused is not None
    ]
    if use.refused is not None:
        said.append(f"every application is referred: {use.refused[1]}")
    if not use.registered:
        said.append("the score is in no register: nobody approved it")
    if made.value is None:
        why = "the twin was not fitted with this score" if with_twin else "no twin was asked"
        said.append(f"{why}: annual_pd is the score's own, and what is lent is not valued")
    said += [
        f"{count:,} applications hold {name} beyond what training showed: they are scored as the model was "
        "made to"
        for name, count in made.beyond(frame).items()
    ]
    for name in ("score", "annual_pd"):
        own = frame[name].count() if name in frame.columns else 0
        if own:
            said.append(f"{own:,} applications hold {name} of their own: the model's is used")
    return tuple(said)
