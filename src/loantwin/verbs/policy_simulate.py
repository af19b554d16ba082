"""`policy simulate`: what a policy would have decided on loans and applications of the past, and lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats
from loantwin.book.frames import TapeLike, tape_file
from loantwin.book.overrides import Assumed, overrides
from loantwin.book.tape import read_tape
from loantwin.decisions.graph_policy import OUTCOMES, open_policy
from loantwin.decisions.profiles import days_of, in_force, legal_rules, stands_against
from loantwin.decisions.simulating.compared import (
    Bounds,
    Estimate,
    Money,
    bounds,
    estimated,
    loss_difference,
    rate_difference,
    realised,
    verdict,
)
from loantwin.decisions.simulating.lent import Replayed, replayed
from loantwin.decisions.simulating.parts import labels
from loantwin.decisions.simulating.unseen import THIN, WAYS, Guess, guess
from loantwin.outlook.deciders import decider_of
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent

DONE = "what was done"
"""The policy in force where none is named: who was lent to was approved, in full."""


@dataclass(frozen=True)
class LossGuess:
    """The loss of what is approved by one way to guess the unseen: money, 95 % interval.

    words : what it takes for granted.
    """

    way: str
    value: float
    low: float
    high: float
    words: str


@dataclass(frozen=True)
class RuleBound:
    """A rule of law that stands against approvals of the policy: how many of them, and whom it binds.

    source : where its words were read, or "assumed".
    """

    id: str
    profile: str
    article: str
    words: str
    binds: str
    source: str
    approvals: int


@dataclass(frozen=True)
class SimulatedSegment:
    """A part of the applications under both policies; figures as in `PolicySimulated`."""

    segment: str
    applications: int
    unseen: int
    approved: int
    approved_against: int
    approved_amount: float
    approved_amount_against: float
    expected_loss: float | None
    realised_loss: float | None
    realised_loss_against: float | None
    estimated_loss: Estimate | None
    bounds: Bounds | None
    difference: Estimate | None
    rate_difference: Estimate | None
    verdict: str


@dataclass(frozen=True)
class PolicySimulated(Result):
    """A policy replayed over the past, beside the one in force (`against`); money in the tape's currency.

    lent, declined : applications; seen : whose end is known, losses : of them with a loss.
    decisions : outcome -> applications. approved_amount : granted. approved_unseen, unseen_amount : approved
    without a known end.
    expected_loss : of what is approved, by the twin or a probability of default; expected_by says which, None
    without. realised_loss : of what is approved and was seen. estimated_loss : that, and a guess of the rest
    by `way`.
    bounds : the least and most that it can be, whatever the unseen did. no_better : the least if the
    declined are no better than who was lent to. loss_rate : estimated loss / amount. difference,
    rate_difference : less those of the policy in force, paired, 95 %. verdict : of the rate, lower, higher or
    not shown. ways : every way to guess. by : fields that make segments. rules : of the profiles asked for,
    those in force on each application's day; one that stands against none is there with 0.
    """

    SCHEMA: ClassVar[str] = "loantwin.policy_simulate/1"

    policy: str
    against: str
    currency: str
    applications: int
    lent: int
    declined: int
    seen: int
    losses: int
    decisions: Mapping[str, int]
    decisions_against: Mapping[str, int]
    approved_amount: float
    approved_amount_against: float
    approved_unseen: int
    unseen_amount: float
    expected_loss: float | None
    expected_by: str
    realised_loss: float | None
    realised_loss_against: float | None
    way: str
    estimated_loss: Estimate | None
    estimated_loss_against: Estimate | None
    loss_rate: float | None
    loss_rate_against: float | None
    bounds: Bounds | None
    no_better: float | None
    difference: Estimate | None
    rate_difference: Estimate | None
    verdict: str
    ways: tuple[LossGuess, ...]
    by: tuple[str, ...]
    by_segment: tuple[SimulatedSegment, ...]
    rules: tuple[RuleBound, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def policy_simulate(
    policy: Path | str,
    tape: TapeLike,
    format: Path | str,  # noqa: A002  # the command's word
    *,
    against: Path | str | None = None,
    declined: Path | str | pl.DataFrame | None = None,
    model: Path | str | None = None,
    twin: Twin | Path | str | None = None,
    by: Sequence[str] = ("product",),
    way: str = "fuzzy",
    worse: float = 1.0,
    as_of: dt.date | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    profile: Sequence[str] = (),
    assume: Assumed = (),
    progress: Progress = silent,
) -> PolicySimulated:
    """Replay a policy over loans and applications of the past, and say what it would have lost.

    Dates in force are not asked. A loan asks for what it was approved for; a part of it loses its part.

    Parameters
    ----------
    policy : a decision graph (JDM). tape, format : loans that were lent, and what their columns mean.
        against : the policy in force; None takes what was done. declined : applications that were not lent
        to, as `loantwin schema application` says: nobody saw their end. model, twin : the score and the
        twin, as of `decide`. by : fields of an application that make segments; numbers are parted in
        quarters. way : how the unseen are guessed, fuzzy, parcelling or ignore. worse : factor on their odds
        of loss. as_of : the day up to which ends are known; None takes all that the tape holds. first, last :
        days of application, both included. profile : us, eu, cn, whose rules are held to what is
        approved. assume : overrides of the format's assumptions.

    Raises
    ------
    ConfigError : a file that is no policy. TapeError, MappingError : a tape or format that cannot be read.
    UsageError : no application in the period, an unknown field, way or score, an id both lent and declined.
    ModelError : a score whose columns the tape does not have.
    """
    check.one_of(WAYS, way=way)
    check.number(1e-6, 1e6, worse=worse)
    check.each(str, by=by)
    rules = open_policy(policy)
    force = None if against is None else open_policy(against)
    with tape_file(tape) as path:
        read = read_tape(path, format, overrides=overrides(assume), progress=progress)
    past = replayed(read, declined, as_of=as_of, first=first, last=last)
    with nullcontext(None) if twin is None else opened(twin) as seen:
        made = decider_of(rules, seen, model, None)
        progress(0.9, "deciding")
        said = made.replay(past.frame)
        before = _done(past) if force is None else replace(made, policy=force).replay(past.frame)
        versions = made.versions
    money = Money(
        past.frame["amount"].cast(pl.Float64).to_numpy(),
        past.loss,
        *(_granted(item) for item in (said, before)),
    )
    rules_said = _rules(profile, past, said)
    told = past.frame.with_columns(said["score"], said["annual_pd"])
    guesses = _guesses(told, money, worse)
    expected, expected_by = _expected(said, money)
    segments = labels(told, by)
    return _result(
        past, money, said, before, guesses, way, expected, expected_by, segments,
        names=(
            f"{rules.name} {rules.version}".strip(),
            DONE if force is None else f"{force.name} {force.version}".strip(),
        ),
        by=tuple(by),
        rules=rules_said,
        provenance={
            "program": versions.program, "policy": str(policy), "policy_hash": rules.hash,
            "against": None if force is None else str(against),
            "against_hash": None if force is None else force.hash,
            "tape_sha256": read.source.sha256, "format": read.mapping.name, "worse": worse,
            "as_of": None if as_of is None else as_of.isoformat(), "model_hash": versions.model_hash,
            "log_head": versions.twin,
        },
    )  # fmt: skip


def _rules(profile: Sequence[str], past: Replayed, said: pl.DataFrame) -> tuple[RuleBound, ...]:
    """Return the rules of profiles with the approvals that each stands against on its days in force."""
    days, made = days_of(past.frame, None), []
    for rule in legal_rules(profile):
        if rule.forbids or rule.actions:
            continue  # of what a policy may read, and of collection: `policy check`
        against = stands_against(rule, past.frame, said) & in_force(rule, days)
        made.append(
            RuleBound(
                rule.id, rule.profile, rule.article, rule.words, rule.binds, rule.source, int(against.sum())
            )
        )
    return tuple(made)


def _done(past: Replayed) -> pl.DataFrame:
    """Return what was done: who was lent to was approved for what was asked, the rest declined."""
    lent = pl.Series(past.lent)
    amount = past.frame["amount"].cast(pl.Float64)
    return pl.select(
        pl.when(lent).then(pl.lit("approve")).otherwise(pl.lit("decline")).alias("outcome"),
        pl.when(lent).then(amount).alias("amount"),
    )


def _granted(said: pl.DataFrame) -> Floats:
    """Return what each application is granted (N,), 0 where it is not approved."""
    approved = said["outcome"] == "approve"
    return np.asarray((said["amount"].fill_null(0.0) * approved.cast(pl.Float64)).to_numpy())


def _guesses(frame: pl.DataFrame, money: Money, worse: float) -> dict[str, Guess]:
    """Return every way to guess the unseen; none where fewer than 20 losses were seen."""
    if int((np.nan_to_num(money.loss) > 0).sum()) < THIN:
        return {}
    return {way: guess(way, frame, money.loss, worse) for way in WAYS}


def _expected(said: pl.DataFrame, money: Money) -> tuple[Floats | None, str]:
    """Return the loss expected of what is approved (N,), and by what; None where nothing says."""
    approved = money.granted > 0
    worth = said["expected_loss"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if approved.any() and np.isfinite(worth[approved]).all():
        return np.where(approved, worth, 0.0), "the twin, over the life of the loans"
    pd = said["annual_pd"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    lost = money.seen & (np.nan_to_num(money.loss) > 0)
    if not approved.any() or not np.isfinite(pd[approved]).all() or int(lost.sum()) < THIN:
        return None, ""
    severity = float(money.loss[lost].sum() / money.amount[lost].sum())
    words = (
        f"annual_pd x amount x {severity:.1%} of the amount, what the seen losses took; of its own horizon"
    )
    return np.where(approved, pd * money.granted * severity, 0.0), words


def _result(
    past: Replayed, money: Money, said: pl.DataFrame, before: pl.DataFrame, guesses: Mapping[str, Guess],
    way: str, expected: Floats | None, expected_by: str, segments: pl.Series,
    *, names: tuple[str, str], by: tuple[str, ...], rules: tuple[RuleBound, ...],
    provenance: Mapping[str, Any],
) -> PolicySimulated:  # fmt: skip
    chosen, every = guesses.get(way), np.ones(len(past), dtype=bool)
    whole = _segment("all", every, money, said, before, chosen, expected)
    unseen = ~money.seen
    held = None if chosen is None else estimated(money, money.against, chosen)
    rates = _rate(whole.estimated_loss, money.granted), _rate(held, money.against)
    limits = whole.bounds
    seen_rate = (
        None if not money.seen.any() else float(money.loss[money.seen].sum() / money.amount[money.seen].sum())
    )
    unseen_amount = float(money.granted[unseen].sum())
    return PolicySimulated(
        policy=names[0],
        against=names[1],
        currency=past.currency,
        applications=len(past),
        lent=int(past.lent.sum()),
        declined=int((~past.lent).sum()),
        seen=int(money.seen.sum()),
        losses=int((np.nan_to_num(money.loss) > 0).sum()),
        decisions=_counted(said["outcome"]),
        decisions_against=_counted(before["outcome"]),
        approved_amount=float(money.granted.sum()),
        approved_amount_against=float(money.against.sum()),
        approved_unseen=int((unseen & (money.granted > 0)).sum()),
        unseen_amount=unseen_amount,
        expected_loss=whole.expected_loss,
        expected_by=expected_by,
        realised_loss=whole.realised_loss,
        realised_loss_against=whole.realised_loss_against,
        way=way,
        estimated_loss=whole.estimated_loss,
        estimated_loss_against=held,
        loss_rate=rates[0],
        loss_rate_against=rates[1],
        bounds=limits,
        no_better=None if limits is None or seen_rate is None else limits.low + seen_rate * unseen_amount,
        difference=whole.difference,
        rate_difference=whole.rate_difference,
        verdict=whole.verdict,
        ways=tuple(_way(money, item) for item in guesses.values()),
        by=by,
        by_segment=_by_segment(segments, money, said, before, chosen, expected),
        rules=rules,
        notes=(*past.said, *_notes(past, money, said, chosen)),
        provenance=provenance,
    )  # fmt: skip


def _by_segment(
    segments: pl.Series, money: Money, said: pl.DataFrame, before: pl.DataFrame, chosen: Guess | None,
    expected: Floats | None,
) -> tuple[SimulatedSegment, ...]:  # fmt: skip
    order = segments.value_counts().sort("count", segments.name, descending=[True, False])[segments.name]
    return tuple(
        _segment(name, (segments == name).to_numpy(), money, said, before, chosen, expected) for name in order
    )


def _segment(
    name: str, here: Flags, money: Money, said: pl.DataFrame, before: pl.DataFrame, chosen: Guess | None,
    expected: Floats | None,
) -> SimulatedSegment:  # fmt: skip
    granted, against = np.where(here, money.granted, 0.0), np.where(here, money.against, 0.0)
    rate = None if chosen is None else rate_difference(money, chosen, here)
    enough = int((np.nan_to_num(money.loss[here]) > 0).sum()) >= THIN
    return SimulatedSegment(
        segment=name,
        applications=int(here.sum()),
        unseen=int((here & ~money.seen).sum()),
        approved=int((here & (said["outcome"] == "approve").to_numpy()).sum()),
        approved_against=int((here & (before["outcome"] == "approve").to_numpy()).sum()),
        approved_amount=float(granted.sum()),
        approved_amount_against=float(against.sum()),
        expected_loss=None if expected is None else float(expected[here].sum()),
        realised_loss=realised(money, granted),
        realised_loss_against=realised(money, against),
        estimated_loss=None if chosen is None else estimated(money, granted, chosen),
        bounds=bounds(money, granted),
        difference=None if chosen is None else loss_difference(money, chosen, here),
        rate_difference=rate,
        verdict=verdict(rate, enough),
    )


def _rate(loss: Estimate | None, granted: Floats) -> float | None:
    total = float(granted.sum())
    return None if loss is None or total == 0.0 else loss.value / total


def _way(money: Money, item: Guess) -> LossGuess:
    found = estimated(money, money.granted, item)
    return LossGuess(item.way, found.value, found.low, found.high, item.words)


def _counted(outcomes: pl.Series) -> dict[str, int]:
    return {name: int((outcomes == name).sum()) for name in OUTCOMES}


def _notes(past: Replayed, money: Money, said: pl.DataFrame, chosen: Guess | None) -> tuple[str, ...]:
    """Return what is taken for granted, and what is not told."""
    made = [
        "a loan is taken to end as it did, at whatever rate and term the policy grants; a part of it loses "
        "its part",
        "bounds are the least and the most that can be true of these applications: nothing, and all, of what "
        "is approved without a known end; no estimate narrows them",
    ]
    unseen = ~money.seen & (money.granted > 0)
    if unseen.any() and chosen is not None:
        made.append(f"estimated loss takes for granted that {chosen.words}")
        made.append("its interval holds the errors of that line, not that the line may be wrong: bounds do")
    if chosen is None:
        made.append(f"fewer than {THIN} losses were seen: no loss is estimated and no difference shown")
    referred = int((said["outcome"] == "refer").sum())
    if referred:
        made.append(f"applications referred, {referred:,}: what people make of them is in no figure")
    if past.lent.all():
        made.append("no declined applications were given: who was never lent to is in no figure")
    above = int((np.nan_to_num(money.loss) > money.amount).sum())
    if above:
        made.append(
            f"loans that lost more than they were approved for, {above:,}: the upper bound takes all, not "
            "more"
        )
    return tuple(made)
